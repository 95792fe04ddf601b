"""Losses of ratios, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="SquaredLogError",
        library="Keras",
        name="keras.losses.mean_squared_logarithmic_error",
        call="keras.losses.mean_squared_logarithmic_error(y_true[:, None], y_pred[:, None])",
        note="Targets and predictions below 1e-7 are replaced by 1e-7. For numbers between -1 and "
        "0, which are allowed here, the loss is therefore different.",
    ),
    Equivalent(
        loss="SquaredLogError",
        library="scikit-learn",
        name="sklearn.metrics.mean_squared_log_error",
        call="sklearn.metrics.mean_squared_log_error(y_true, y_pred)",
        reduction="mean",
        note="Targets and predictions of -1 or less raise an error, as here.",
    ),
    Equivalent(
        loss="AbsolutePercentageError",
        library="Keras",
        name="keras.losses.mean_absolute_percentage_error",
        call="keras.losses.mean_absolute_percentage_error(y_true[:, None], y_pred[:, None])",
        factor="1 / 100",
        note="It is in per cent. A target of 0 is replaced by 1e-7, whereas here it raises an "
        "error.",
    ),
    Equivalent(
        loss="AbsolutePercentageError",
        library="scikit-learn",
        name="sklearn.metrics.mean_absolute_percentage_error",
        call="sklearn.metrics.mean_absolute_percentage_error(y_true, y_pred)",
        reduction="mean",
        note="It is not in per cent despite its name. A target of 0 is replaced by the machine "
        "epsilon, whereas here it raises an error.",
    ),
)
