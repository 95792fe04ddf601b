"""Losses of ratios, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="SquaredLogError",
        library="Keras",
        name="keras.losses.mean_squared_logarithmic_error",
        call="keras.losses.mean_squared_logarithmic_error(y_true[:, None], y_pred[:, None])",
        note="Targets and predictions below 1e-7 are taken for 1e-7, so that those from -1 to 0, "
        "allowed here, cost something else.",
    ),
    Equivalent(
        loss="SquaredLogError",
        library="scikit-learn",
        name="sklearn.metrics.mean_squared_log_error",
        call="sklearn.metrics.mean_squared_log_error(y_true, y_pred)",
        reduction="mean",
        note="Targets and predictions of -1 and less are an error, as here.",
    ),
    Equivalent(
        loss="AbsolutePercentageError",
        library="Keras",
        name="keras.losses.mean_absolute_percentage_error",
        call="keras.losses.mean_absolute_percentage_error(y_true[:, None], y_pred[:, None])",
        factor="1 / 100",
        note="It is in per cent, and a target of 0 is taken for 1e-7; here it is an error.",
    ),
    Equivalent(
        loss="AbsolutePercentageError",
        library="scikit-learn",
        name="sklearn.metrics.mean_absolute_percentage_error",
        call="sklearn.metrics.mean_absolute_percentage_error(y_true, y_pred)",
        reduction="mean",
        note="It is not in per cent despite its name, and a target of 0 is taken for the machine "
        "epsilon; here it is an error.",
    ),
)
