"""The absolute error, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="AbsoluteError",
        library="PyTorch",
        name="torch.nn.functional.l1_loss",
        call='torch.nn.functional.l1_loss(y_pred, y_true, reduction="none")',
        note="The gradient at the kink is 0, as here.",
    ),
    Equivalent(
        loss="AbsoluteError",
        library="Keras",
        name="keras.losses.mean_absolute_error",
        call="keras.losses.mean_absolute_error(y_true[:, None], y_pred[:, None])",
        note="It averages over the last axis, which is the axis of the outputs of one sample in "
        "Keras.",
    ),
    Equivalent(
        loss="AbsoluteError",
        library="scikit-learn",
        name="sklearn.metrics.mean_absolute_error",
        call="sklearn.metrics.mean_absolute_error(y_true, y_pred)",
        reduction="mean",
        note="mean_pinball_loss with its default alpha=0.5 is half of it.",
    ),
)
