"""Losses as objectives of the boosting libraries, which know them by their derivatives."""

from functools import partial

from .equivalent import Equivalent


def _objective(library, loss, objective, *, settings="", **row):
    call = f'{library.lower()}.train({{"objective": "{objective}"{settings}}}, data)'
    return Equivalent(loss=loss, library=library, name=objective, call=call, **row)


_xgboost, _lightgbm = partial(_objective, "XGBoost"), partial(_objective, "LightGBM")


def _both(loss, of_xgboost, of_lightgbm, **row):
    return _xgboost(loss, of_xgboost, **row), _lightgbm(loss, of_lightgbm, **row)


_RENEWED = "Each leaf is then set to the optimal constant of the loss instead of a Newton step."

ROWS = (
    _xgboost(
        "HalfSquaredError",
        "reg:squarederror",
        curvature="exact",
        note="It is called the squared loss, but its gradient is that of half the squared error.",
    ),
    _lightgbm(
        "HalfSquaredError",
        "regression",
        curvature="exact",
        note="It is called L2, but its gradient is that of half the squared error. Its metric l2 "
        "has no factor of one half.",
    ),
    _xgboost(
        "AbsoluteError",
        "reg:absoluteerror",
        curvature="1",
        note=f"The exact second derivative is 0. {_RENEWED}",
    ),
    _lightgbm(
        "AbsoluteError",
        "regression_l1",
        note=f"Its metric is called l1. {_RENEWED}",
    ),
    _lightgbm(
        "Huber",
        "huber",
        settings=', "alpha": delta',
        parameters=(("delta", "alpha"),),
        defaults="alpha=0.9",
        curvature="1",
        note="Beyond delta, a leaf therefore makes no Newton step.",
    ),
    _xgboost(
        "PseudoHuber",
        "reg:pseudohubererror",
        settings=', "huber_slope": delta',
        parameters=(("delta", "huber_slope"),),
        curvature="exact",
        note="The curvature is proportional to the inverse cube of large residuals, so outliers "
        "lead to long steps.",
    ),
    _xgboost(
        "Pinball",
        "reg:quantileerror",
        settings=', "quantile_alpha": quantile',
        parameters=(("quantile", "quantile_alpha"),),
        curvature="1",
        note=f"The exact second derivative is 0. {_RENEWED}",
    ),
    _lightgbm(
        "Pinball",
        "quantile",
        settings=', "alpha": quantile',
        parameters=(("quantile", "alpha"),),
        defaults="alpha=0.9",
        note=f"In the objective huber, alpha is delta instead. {_RENEWED}",
    ),
    _xgboost(
        "SquaredLogError",
        "reg:squaredlogerror",
        factor="2",
        curvature="np.maximum(exact, 2e-6)",
        note="It is half of the loss here. Far above the target, the exact second derivative is "
        "negative.",
    ),
    _lightgbm(
        "Fair",
        "fair",
        settings=', "fair_c": scale',
        parameters=(("scale", "fair_c"),),
        curvature="exact",
        note="The curvature is proportional to the inverse square of large residuals, so outliers "
        "lead to long steps.",
    ),
    _xgboost(
        "PoissonNLL",
        "count:poisson",
        settings=', "max_delta_step": 0',
        curvature="exact",
        note="The default is max_delta_step=0.7, which limits the leaves to 0.7 and multiplies the "
        "curvature by e^0.7.",
    ),
    _lightgbm(
        "PoissonNLL",
        "poisson",
        settings=', "poisson_max_delta_step": 0.7',
        curvature="np.exp(0.7) * exact",
        note="The factor e^0.7, which is the default, shortens the steps.",
    ),
    *_both(
        "GammaNLL",
        "reg:gamma",
        "gamma",
        curvature="exact",
        note="The second derivative is y e^-z, whereas the Fisher information is 1.",
    ),
    *_both(
        "TweedieNLL",
        "reg:tweedie",
        "tweedie",
        settings=', "tweedie_variance_power": power',
        parameters=(("power", "tweedie_variance_power"),),
        curvature="exact",
        note="The power must lie between 1 and 2.",
    ),
    _xgboost(
        "SigmoidCrossEntropy",
        "binary:logistic",
        settings=', "scale_pos_weight": pos_weight',
        targets="labels",
        parameters=(("pos_weight", "scale_pos_weight"),),
        curvature="exact",
        note="scale_pos_weight multiplies the weights of the samples, which changes the predicted "
        "probabilities.",
    ),
    _lightgbm(
        "SigmoidCrossEntropy",
        "binary",
        settings=', "scale_pos_weight": pos_weight',
        targets="labels",
        parameters=(("pos_weight", "scale_pos_weight"),),
        curvature="exact",
        note="is_unbalance=True chooses weights for the classes, which changes the predicted "
        "probabilities.",
    ),
    _lightgbm(
        "SigmoidCrossEntropy",
        "cross_entropy",
        curvature="exact",
        note="It takes soft targets, whereas binary does not.",
    ),
    _xgboost(
        "Hinge",
        "binary:hinge",
        curvature="1.0 * (y_true * y_pred < 1)",
        note="The labels and the predictions are 0 and 1.",
    ),
    _xgboost(
        "SoftmaxCrossEntropy",
        "multi:softprob",
        settings=', "num_class": K',
        targets="labels",
        curvature="2 * exact",
        note="Twice the diagonal is an upper bound of the complete second derivative, so a Newton "
        "step of all classes at once is not too long.",
    ),
    _lightgbm(
        "SoftmaxCrossEntropy",
        "multiclass",
        settings=', "num_class": K',
        targets="labels",
        curvature="K / (K - 1) * exact",
        note="Each class has its own tree.",
    ),
    _xgboost(
        "LambdaRank",
        "rank:ndcg",
        settings=', "lambdarank_normalization": False, "lambdarank_score_normalization": False, '
        '"lambdarank_num_pair_per_sample": K',
        curvature="2 * exact",
        defaults="gradients are normalised twice, and only pairs with an item among the first 32 "
        "of K count",
        note="Twice the diagonal is at least the whole second derivative of the pairs.",
    ),
    _lightgbm(
        "LambdaRank",
        "lambdarank",
        settings=', "lambdarank_norm": False, "lambdarank_truncation_level": K',
        curvature="exact",
        defaults="gradients are normalised, and only pairs with an item among the first 30 of K "
        "count",
        note="K is the length of the longest list.",
    ),
)
