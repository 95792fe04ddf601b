"""Squared errors, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="SquaredError",
        library="PyTorch",
        name="torch.nn.functional.mse_loss",
        call='torch.nn.functional.mse_loss(y_pred, y_true, reduction="none")',
        note="The prediction comes first. Shapes that differ are broadcast with a warning.",
    ),
    Equivalent(
        loss="SquaredError",
        library="Keras",
        name="keras.losses.mean_squared_error",
        call="keras.losses.mean_squared_error(y_true[:, None], y_pred[:, None])",
        note="It averages over the last axis, which is the axis of the outputs of one sample in "
        "Keras. With sample weights, the class MeanSquaredError divides by their number and not "
        "by their sum.",
    ),
    Equivalent(
        loss="SquaredError",
        library="scikit-learn",
        name="sklearn.metrics.mean_squared_error",
        call="sklearn.metrics.mean_squared_error(y_true, y_pred)",
        reduction="mean",
        note='A model\'s loss="squared_error" is half of it in HistGradientBoostingRegressor '
        "and SGDRegressor.",
    ),
    Equivalent(
        loss="SquaredError",
        library="optax",
        name="optax.losses.squared_error",
        call="optax.losses.squared_error(y_pred, y_true)",
        note="The prediction comes first.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="PyTorch",
        name="torch.nn.functional.mse_loss",
        call='torch.nn.functional.mse_loss(y_pred, y_true, reduction="none")',
        factor="1 / 2",
        note="It has no factor of one half.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="Keras",
        name="keras.losses.mean_squared_error",
        call="keras.losses.mean_squared_error(y_true[:, None], y_pred[:, None])",
        factor="1 / 2",
        note="It has no factor of one half.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="scikit-learn",
        name="sklearn._loss.HalfSquaredError",
        call="sklearn._loss.HalfSquaredError().loss(y_true, y_pred)",
        note="It is private, but HistGradientBoostingRegressor minimises it by default.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="optax",
        name="optax.losses.l2_loss",
        call="optax.losses.l2_loss(y_pred, y_true)",
        note="It has the factor of one half, although its name does not mention it.",
    ),
)
