"""Losses for labels with a structure, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="Sparsemax",
        library="optax",
        name="optax.losses.multiclass_sparsemax_loss",
        call="optax.losses.multiclass_sparsemax_loss(y_pred, y_true)",
        targets="labels",
        note="sparsemax_loss is the loss for two classes and one score.",
    ),
    Equivalent(
        loss="MultilabelSoftMargin",
        library="PyTorch",
        name="torch.nn.functional.multilabel_soft_margin_loss",
        call='torch.nn.functional.multilabel_soft_margin_loss(y_pred, y_true, reduction="none")',
        note="An infinite score leads to NaN even if it agrees with the label.",
    ),
    Equivalent(
        loss="MultilabelMargin",
        library="PyTorch",
        name="torch.nn.functional.multilabel_margin_loss",
        call="torch.nn.functional.multilabel_margin_loss(y_pred, torch.where("
        "y_true == 1, torch.arange(y_true.shape[1]), -1).sort(descending=True).values, "
        'reduction="none")',
        note="Targets are the indices of the labels, followed by -1.",
    ),
)
