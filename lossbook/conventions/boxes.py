"""Losses of bounding boxes, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="IoU",
        library="torchvision",
        name="torchvision.ops.box_iou",
        call="1 - torchvision.ops.box_iou(y_pred, y_true).diagonal()",
        note="It compares every box with every other one. For two empty boxes it returns NaN.",
    ),
    Equivalent(
        loss="GIoU",
        library="torchvision",
        name="torchvision.ops.generalized_box_iou_loss",
        call='torchvision.ops.generalized_box_iou_loss(y_pred, y_true, reduction="none", eps=0.0)',
        note="It adds eps, which is 1e-7 by default, to every area that it divides by.",
    ),
    Equivalent(
        loss="DIoU",
        library="torchvision",
        name="torchvision.ops.distance_box_iou_loss",
        call='torchvision.ops.distance_box_iou_loss(y_pred, y_true, reduction="none", eps=0.0)',
        note="It adds eps, which is 1e-7 by default, to its divisors.",
    ),
    Equivalent(
        loss="CIoU",
        library="torchvision",
        name="torchvision.ops.complete_box_iou_loss",
        call='torchvision.ops.complete_box_iou_loss(y_pred, y_true, reduction="none", eps=0.0)',
        same_gradient=False,
        note="Its gradient treats alpha as a constant, as the paper does. The divisors of the "
        "overlap and of the distance contain 1e-7 whatever eps is.",
    ),
)
