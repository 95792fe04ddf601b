"""Losses of quantiles and expectiles, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="Pinball",
        library="scikit-learn",
        name="sklearn.metrics.mean_pinball_loss",
        call="sklearn.metrics.mean_pinball_loss(y_true, y_pred, alpha=quantile)",
        reduction="mean",
        parameters=(("quantile", "alpha"),),
        note="In this function alpha is the quantile, whereas in QuantileRegressor it is the "
        "weight of a penalty.",
    ),
    Equivalent(
        loss="Pinball",
        library="scikit-learn",
        name="sklearn._loss.PinballLoss",
        call="sklearn._loss.PinballLoss(quantile=quantile).loss(y_true, y_pred)",
        parameters=(("quantile", "quantile"),),
        note="It is private, but HistGradientBoostingRegressor minimises it with "
        'loss="quantile". The gradient at the kink is -quantile, whereas here it is 0.',
    ),
)
