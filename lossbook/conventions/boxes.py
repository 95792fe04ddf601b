"""Losses of bounding boxes, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="IoU",
        library="torchvision",
        name="torchvision.ops.box_iou",
        call="1 - torchvision.ops.box_iou(y_pred, y_true).diagonal()",
        note="It compares every box with every other one; NaN for two empty boxes.",
    ),
    Equivalent(
        loss="GIoU",
        library="torchvision",
        name="torchvision.ops.generalized_box_iou_loss",
        call='torchvision.ops.generalized_box_iou_loss(y_pred, y_true, reduction="none", eps=0.0)',
        note="It adds eps, 1e-7 unless told otherwise, to every area that it divides by.",
    ),
    Equivalent(
        loss="DIoU",
        library="torchvision",
        name="torchvision.ops.distance_box_iou_loss",
        call='torchvision.ops.distance_box_iou_loss(y_pred, y_true, reduction="none", eps=0.0)',
        note="It adds eps, 1e-7 unless told otherwise, to what it divides by.",
    ),
    Equivalent(
        loss="CIoU",
        library="torchvision",
        name="torchvision.ops.complete_box_iou_loss",
        call='torchvision.ops.complete_box_iou_loss(y_pred, y_true, reduction="none", eps=0.0)',
        same_gradient=False,
        note="Its gradient holds alpha constant, as the paper does; the overlap and the distance "
        "keep 1e-7 in their divisors whatever eps is.",
    ),
)
