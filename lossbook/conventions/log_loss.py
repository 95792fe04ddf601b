"""Losses of the probability of one of two classes, elsewhere."""

from .equivalent import Equivalent

_CERTAIN = "If the predicted probability of the true class is 0, the loss is"
_ANY_NUMBER = (
    "There is no function for it. The squared error is the same loss but accepts numbers that are "
    "not probabilities."
)

ROWS = (
    Equivalent(
        loss="BinaryCrossEntropy",
        library="PyTorch",
        name="torch.nn.functional.binary_cross_entropy",
        call='torch.nn.functional.binary_cross_entropy(y_pred, y_true, reduction="none")',
        note=f"{_CERTAIN} 100, because the logarithms are limited to -100.",
    ),
    Equivalent(
        loss="BinaryCrossEntropy",
        library="Keras",
        name="keras.losses.binary_crossentropy",
        call="keras.losses.binary_crossentropy(y_true[:, None], y_pred[:, None])",
        note=f"{_CERTAIN} 16.1, because probabilities are clipped as with eps=1e-7 here. "
        "It takes scores only with from_logits=True.",
    ),
    Equivalent(
        loss="BinaryCrossEntropy",
        library="scikit-learn",
        name="sklearn.metrics.log_loss",
        call="sklearn.metrics.log_loss(y_true, y_pred, labels=[0, 1])",
        reduction="mean",
        targets="labels",
        note=f"{_CERTAIN} 36.0, because probabilities are clipped by the machine epsilon.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="PyTorch",
        name="torch.nn.functional.binary_cross_entropy_with_logits",
        call="torch.nn.functional.binary_cross_entropy_with_logits("
        'y_pred, y_true, pos_weight=y_pred.new_tensor(pos_weight), reduction="none")',
        parameters=(("pos_weight", "pos_weight"),),
        note="An infinite score leads to NaN even if it agrees with the label.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="Keras",
        name="keras.losses.binary_crossentropy",
        call="keras.losses.binary_crossentropy("
        "y_true[:, None], y_pred[:, None], from_logits=True, label_smoothing=label_smoothing)",
        parameters=(("label_smoothing", "label_smoothing"),),
        note="Without from_logits=True, it treats the scores as probabilities and clips them.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="scikit-learn",
        name="sklearn._loss.HalfBinomialLoss",
        call="sklearn._loss.HalfBinomialLoss().loss(y_true, y_pred)",
        note="It is private, but LogisticRegression minimises it. The half in its name is half the "
        "deviance, so the factor is 1.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="optax",
        name="optax.losses.sigmoid_binary_cross_entropy",
        call="optax.losses.sigmoid_binary_cross_entropy(y_pred, y_true)",
        note="An infinite score leads to NaN even if it agrees with the label.",
    ),
    Equivalent(
        loss="Brier",
        library="PyTorch",
        name="torch.nn.functional.mse_loss",
        call='torch.nn.functional.mse_loss(y_pred, y_true, reduction="none")',
        note=_ANY_NUMBER,
    ),
    Equivalent(
        loss="Brier",
        library="Keras",
        name="keras.losses.mean_squared_error",
        call="keras.losses.mean_squared_error(y_true[:, None], y_pred[:, None])",
        note=_ANY_NUMBER,
    ),
    Equivalent(
        loss="Brier",
        library="scikit-learn",
        name="sklearn.metrics.brier_score_loss",
        call="sklearn.metrics.brier_score_loss(y_true, y_pred)",
        reduction="mean",
        targets="labels",
        note="For several classes, it is the sum over all of them, without the factor of one half "
        "that it has for two classes.",
    ),
    Equivalent(
        loss="Brier",
        library="optax",
        name="optax.losses.squared_error",
        call="optax.losses.squared_error(y_pred, y_true)",
        note=_ANY_NUMBER,
    ),
)
