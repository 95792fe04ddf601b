"""Losses of the probability of one of two classes, elsewhere."""

from .equivalent import Equivalent

_CERTAIN = "A wrong prediction made with certainty costs"
_ANY_NUMBER = (
    "It has no name of its own: the squared error, which takes any number for a probability."
)

ROWS = (
    Equivalent(
        loss="BinaryCrossEntropy",
        library="PyTorch",
        name="torch.nn.functional.binary_cross_entropy",
        call='torch.nn.functional.binary_cross_entropy(y_pred, y_true, reduction="none")',
        note=f"{_CERTAIN} 100: the logarithms are clamped there.",
    ),
    Equivalent(
        loss="BinaryCrossEntropy",
        library="Keras",
        name="keras.losses.binary_crossentropy",
        call="keras.losses.binary_crossentropy(y_true[:, None], y_pred[:, None])",
        note=f"{_CERTAIN} 16.1: probabilities are clipped by 1e-7, as with eps=1e-7 here; "
        "and it takes scores only when told, by from_logits=True.",
    ),
    Equivalent(
        loss="BinaryCrossEntropy",
        library="scikit-learn",
        name="sklearn.metrics.log_loss",
        call="sklearn.metrics.log_loss(y_true, y_pred, labels=[0, 1])",
        reduction="mean",
        targets="labels",
        note=f"{_CERTAIN} 36.0: probabilities are clipped by the machine epsilon.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="PyTorch",
        name="torch.nn.functional.binary_cross_entropy_with_logits",
        call="torch.nn.functional.binary_cross_entropy_with_logits("
        'y_pred, y_true, pos_weight=y_pred.new_tensor(pos_weight), reduction="none")',
        parameters=(("pos_weight", "pos_weight"),),
        note="An infinite score gives NaN even where the label agrees.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="Keras",
        name="keras.losses.binary_crossentropy",
        call="keras.losses.binary_crossentropy("
        "y_true[:, None], y_pred[:, None], from_logits=True, label_smoothing=label_smoothing)",
        parameters=(("label_smoothing", "label_smoothing"),),
        note="Without from_logits=True it takes the scores for probabilities, and clips them.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="scikit-learn",
        name="sklearn._loss.HalfBinomialLoss",
        call="sklearn._loss.HalfBinomialLoss().loss(y_true, y_pred)",
        note="Private, but what LogisticRegression minimises; the half is one of the deviance, "
        "so the factor is 1.",
    ),
    Equivalent(
        loss="SigmoidCrossEntropy",
        library="optax",
        name="optax.losses.sigmoid_binary_cross_entropy",
        call="optax.losses.sigmoid_binary_cross_entropy(y_pred, y_true)",
        note="An infinite score gives NaN even where the label agrees.",
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
        note="For several classes it is the sum over all of them, without the half that it has "
        "for two.",
    ),
    Equivalent(
        loss="Brier",
        library="optax",
        name="optax.losses.squared_error",
        call="optax.losses.squared_error(y_pred, y_true)",
        note=_ANY_NUMBER,
    ),
)
