"""Losses for two classes, elsewhere."""

from .equivalent import Equivalent

_CERTAIN = "A wrong prediction made with certainty costs"

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
        loss="SigmoidFocal",
        library="torchvision",
        name="torchvision.ops.sigmoid_focal_loss",
        call="torchvision.ops.sigmoid_focal_loss("
        "y_pred, y_true, gamma=gamma, alpha=-1 if alpha is None else alpha)",
        parameters=(("gamma", "gamma"), ("alpha", "alpha")),
        defaults="alpha is 0.25, and -1 turns it off; here it is off.",
        note="It weights the classes unless told not to.",
    ),
    Equivalent(
        loss="SigmoidFocal",
        library="Keras",
        name="keras.losses.binary_focal_crossentropy",
        call="keras.losses.binary_focal_crossentropy("
        "y_true[:, None], y_pred[:, None], from_logits=True, gamma=gamma, "
        "apply_class_balancing=alpha is not None, alpha=alpha)",
        parameters=(("gamma", "gamma"), ("alpha", "alpha")),
        defaults="alpha is 0.25 and ignored; here it is off.",
        note="alpha does nothing without apply_class_balancing=True.",
    ),
    Equivalent(
        loss="SigmoidFocal",
        library="optax",
        name="optax.losses.sigmoid_focal_loss",
        call="optax.losses.sigmoid_focal_loss(y_pred, y_true, gamma=gamma, alpha=alpha)",
        parameters=(("gamma", "gamma"), ("alpha", "alpha")),
        note="The prediction comes first.",
    ),
    Equivalent(
        loss="Hinge",
        library="PyTorch",
        name="torch.nn.functional.margin_ranking_loss",
        call="torch.nn.functional.margin_ranking_loss("
        'y_pred, torch.zeros_like(y_pred), y_true, margin=1, reduction="none")',
        note="A ranking of the score above 0, whose margin defaults to 0; "
        "hinge_embedding_loss is another loss.",
    ),
    Equivalent(
        loss="Hinge",
        library="Keras",
        name="keras.losses.hinge",
        call="keras.losses.hinge(y_true[:, None], y_pred[:, None])",
        note="Labels are guessed from the batch: where all are 0 or 1, 0 is taken for -1.",
    ),
    Equivalent(
        loss="Hinge",
        library="scikit-learn",
        name="sklearn.metrics.hinge_loss",
        call="sklearn.metrics.hinge_loss(y_true, y_pred)",
        reduction="mean",
        note="LinearSVC minimises the squared hinge unless told otherwise, SGDClassifier this one.",
    ),
    Equivalent(
        loss="Hinge",
        library="optax",
        name="optax.losses.hinge_loss",
        call="optax.losses.hinge_loss(y_pred, y_true)",
        note="The gradient at the kink is half the slope; here it is 0.",
    ),
    Equivalent(
        loss="SquaredHinge",
        library="PyTorch",
        name="torch.nn.functional.margin_ranking_loss",
        call="torch.nn.functional.margin_ranking_loss("
        'y_pred, torch.zeros_like(y_pred), y_true, margin=1, reduction="none") ** 2',
        note="It has no name of its own: square the values before they are reduced.",
    ),
    Equivalent(
        loss="SquaredHinge",
        library="Keras",
        name="keras.losses.squared_hinge",
        call="keras.losses.squared_hinge(y_true[:, None], y_pred[:, None])",
        note="Labels are guessed from the batch: where all are 0 or 1, 0 is taken for -1.",
    ),
    Equivalent(
        loss="SquaredHinge",
        library="optax",
        name="optax.losses.hinge_loss",
        call="optax.losses.hinge_loss(y_pred, y_true) ** 2",
        note="It has no name of its own: square the values before they are reduced.",
    ),
)
