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
        note="alpha is the quantile here, and the weight of a penalty in QuantileRegressor.",
    ),
    Equivalent(
        loss="Pinball",
        library="scikit-learn",
        name="sklearn._loss.PinballLoss",
        call="sklearn._loss.PinballLoss(quantile=quantile).loss(y_true, y_pred)",
        parameters=(("quantile", "quantile"),),
        note='Private, but what HistGradientBoostingRegressor minimises by loss="quantile". '
        "The gradient at the kink is -quantile; here it is 0.",
    ),
)
