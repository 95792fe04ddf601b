"""Losses as objectives of the boosting libraries, which know them by their derivatives."""

from functools import partial

from .equivalent import Equivalent


def _objective(library, loss, objective, *, settings="", **row):
    call = f'{library.lower()}.train({{"objective": "{objective}"{settings}}}, data)'
    return Equivalent(loss=loss, library=library, name=objective, call=call, **row)


_xgboost, _lightgbm = partial(_objective, "XGBoost"), partial(_objective, "LightGBM")


def _both(loss, of_xgboost, of_lightgbm, **row):
    return _xgboost(loss, of_xgboost, **row), _lightgbm(loss, of_lightgbm, **row)


_RENEWED = "Leaves are given its best constant afterwards, not a Newton step."

ROWS = (
    _xgboost(
        "HalfSquaredError",
        "reg:squarederror",
        curvature="exact",
        note="Called the squared loss; its gradient is that of the half.",
    ),
    _lightgbm(
        "HalfSquaredError",
        "regression",
        curvature="exact",
        note="Called L2; its gradient is that of the half, its metric l2 has no half.",
    ),
    _xgboost(
        "AbsoluteError",
        "reg:absoluteerror",
        curvature="1",
        note=f"The exact one is 0. {_RENEWED}",
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
        note="So beyond delta a leaf makes no Newton step.",
    ),
    _xgboost(
        "PseudoHuber",
        "reg:pseudohubererror",
        settings=', "huber_slope": delta',
        parameters=(("delta", "huber_slope"),),
        curvature="exact",
        note="The curvature falls like the cube of the residual, so outliers make long steps.",
    ),
    _xgboost(
        "Pinball",
        "reg:quantileerror",
        settings=', "quantile_alpha": quantile',
        parameters=(("quantile", "quantile_alpha"),),
        curvature="1",
        note=f"The exact one is 0. {_RENEWED}",
    ),
    _lightgbm(
        "Pinball",
        "quantile",
        settings=', "alpha": quantile',
        parameters=(("quantile", "alpha"),),
        defaults="alpha=0.9",
        note=f"alpha is Huber's delta under another objective. {_RENEWED}",
    ),
    _xgboost(
        "SquaredLogError",
        "reg:squaredlogerror",
        factor="2",
        curvature="np.maximum(exact, 2e-6)",
        note="Half of it. Far above the target the exact second derivative is negative.",
    ),
    _lightgbm(
        "Fair",
        "fair",
        settings=', "fair_c": scale',
        parameters=(("scale", "fair_c"),),
        curvature="exact",
        note="The curvature falls like the square of the residual, so outliers make long steps.",
    ),
    _xgboost(
        "PoissonNLL",
        "count:poisson",
        settings=', "max_delta_step": 0',
        curvature="exact",
        note="By default max_delta_step=0.7: no leaf is larger, and the curvature is e^0.7 times "
        "this.",
    ),
    _lightgbm(
        "PoissonNLL",
        "poisson",
        settings=', "poisson_max_delta_step": 0.7',
        curvature="np.exp(0.7) * exact",
        note="The factor e^0.7, the default, makes steps shorter.",
    ),
    *_both(
        "GammaNLL",
        "reg:gamma",
        "gamma",
        curvature="exact",
        note="That is y e^-z; the Fisher information would be 1.",
    ),
    *_both(
        "TweedieNLL",
        "reg:tweedie",
        "tweedie",
        settings=', "tweedie_variance_power": power',
        parameters=(("power", "tweedie_variance_power"),),
        curvature="exact",
        note="Powers from 1 to 2.",
    ),
    _xgboost(
        "SigmoidCrossEntropy",
        "binary:logistic",
        settings=', "scale_pos_weight": pos_weight',
        targets="labels",
        parameters=(("pos_weight", "scale_pos_weight"),),
        curvature="exact",
        note="scale_pos_weight multiplies the weights of the samples, and so moves probabilities.",
    ),
    _lightgbm(
        "SigmoidCrossEntropy",
        "binary",
        settings=', "scale_pos_weight": pos_weight',
        targets="labels",
        parameters=(("pos_weight", "scale_pos_weight"),),
        curvature="exact",
        note="is_unbalance=True weights the classes by itself, and so moves probabilities.",
    ),
    _lightgbm(
        "SigmoidCrossEntropy",
        "cross_entropy",
        curvature="exact",
        note="Takes soft targets, which binary does not.",
    ),
    _xgboost(
        "Hinge",
        "binary:hinge",
        curvature="1.0 * (y_true * y_pred < 1)",
        note="Labels are 0 and 1, and so are predictions.",
    ),
    _xgboost(
        "SoftmaxCrossEntropy",
        "multi:softprob",
        settings=', "num_class": K',
        targets="labels",
        curvature="2 * exact",
        note="Twice the diagonal is at least the whole second derivative, so a Newton step of all "
        "classes at once is not too long.",
    ),
    _lightgbm(
        "SoftmaxCrossEntropy",
        "multiclass",
        settings=', "num_class": K',
        targets="labels",
        curvature="K / (K - 1) * exact",
        note="Each class has a tree of its own.",
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
