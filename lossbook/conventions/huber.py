"""Losses of one shape near zero and another far off, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="Huber",
        library="PyTorch",
        name="torch.nn.functional.huber_loss",
        call='torch.nn.functional.huber_loss(y_pred, y_true, delta=delta, reduction="none")',
        parameters=(("delta", "delta"),),
        note="smooth_l1_loss is this loss divided by delta.",
    ),
    Equivalent(
        loss="Huber",
        library="Keras",
        name="keras.losses.huber",
        call="keras.losses.huber(y_true[:, None], y_pred[:, None], delta=delta)",
        parameters=(("delta", "delta"),),
        note="With PyTorch as the backend, the mean over the last axis is computed in single "
        "precision.",
    ),
    Equivalent(
        loss="Huber",
        library="optax",
        name="optax.losses.huber_loss",
        call="optax.losses.huber_loss(y_pred, y_true, delta=delta)",
        parameters=(("delta", "delta"),),
        note="The prediction comes first.",
    ),
    Equivalent(
        loss="Huber",
        library="scikit-learn",
        name="sklearn._loss.HuberLoss",
        call="sklearn._loss.HuberLoss(delta=delta).loss(y_true, y_pred)",
        parameters=(("delta", "delta"),),
        note="It is private. The public HuberRegressor minimises twice this loss of the residual "
        "divided by a scale that it estimates, and it calls delta epsilon.",
    ),
    Equivalent(
        loss="SmoothL1",
        library="PyTorch",
        name="torch.nn.functional.smooth_l1_loss",
        call='torch.nn.functional.smooth_l1_loss(y_pred, y_true, beta=beta, reduction="none")',
        parameters=(("beta", "beta"),),
        note="beta=0 is allowed and means the absolute error.",
    ),
    Equivalent(
        loss="SmoothL1",
        library="Keras",
        name="keras.losses.huber",
        call="keras.losses.huber(y_true[:, None], y_pred[:, None], delta=beta)",
        factor="1 / beta",
        parameters=(("beta", "delta"),),
        note="Only the scaling of Huber's loss is available.",
    ),
    Equivalent(
        loss="SmoothL1",
        library="optax",
        name="optax.losses.huber_loss",
        call="optax.losses.huber_loss(y_pred, y_true, delta=beta)",
        factor="1 / beta",
        parameters=(("beta", "delta"),),
        note="Only the scaling of Huber's loss is available.",
    ),
    Equivalent(
        loss="LogCosh",
        library="Keras",
        name="keras.losses.log_cosh",
        call="keras.losses.log_cosh(y_true[:, None], y_pred[:, None])",
        note="For small residuals, two nearly equal numbers are subtracted. In single precision, "
        "the loss of the residual 1e-4 is 0.",
    ),
    Equivalent(
        loss="LogCosh",
        library="optax",
        name="optax.losses.log_cosh",
        call="optax.losses.log_cosh(y_pred, y_true)",
        note="For small residuals, two nearly equal numbers are subtracted. In single precision, "
        "the loss of the residual 1e-4 is 0.",
    ),
    Equivalent(
        loss="EpsilonInsensitive",
        library="scikit-learn",
        name="sklearn.linear_model._sgd_fast.EpsilonInsensitive",
        call="np.vectorize(sklearn.linear_model._sgd_fast.EpsilonInsensitive(epsilon).py_loss)("
        "y_pred, y_true)",
        parameters=(("epsilon", "epsilon"),),
        note="It is private and takes one number at a time. In SGDRegressor it is "
        'loss="epsilon_insensitive".',
    ),
    Equivalent(
        loss="SquaredEpsilonInsensitive",
        library="scikit-learn",
        name="sklearn.linear_model._sgd_fast.SquaredEpsilonInsensitive",
        call="np.vectorize(sklearn.linear_model._sgd_fast.SquaredEpsilonInsensitive(epsilon)"
        ".py_loss)(y_pred, y_true)",
        parameters=(("epsilon", "epsilon"),),
        note="It is private and takes one number at a time. In SGDRegressor it is "
        'loss="squared_epsilon_insensitive".',
    ),
)
