"""Losses for classes of which some are rare, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="SigmoidFocal",
        library="torchvision",
        name="torchvision.ops.sigmoid_focal_loss",
        call="torchvision.ops.sigmoid_focal_loss("
        "y_pred, y_true, gamma=gamma, alpha=-1 if alpha is None else alpha)",
        targets="labels",
        parameters=(("gamma", "gamma"), ("alpha", "alpha")),
        defaults="alpha is 0.25, and -1 turns it off, whereas here it is off.",
        note="It weights the classes unless alpha=-1. Soft targets have another loss, with the "
        "power of 1 - y p - (1 - y)(1 - p).",
    ),
    Equivalent(
        loss="SigmoidFocal",
        library="Keras",
        name="keras.losses.binary_focal_crossentropy",
        call="keras.losses.binary_focal_crossentropy("
        "y_true[:, None], y_pred[:, None], from_logits=True, gamma=gamma, "
        "apply_class_balancing=alpha is not None, alpha=alpha)",
        targets="labels",
        parameters=(("gamma", "gamma"), ("alpha", "alpha")),
        defaults="alpha is 0.25 and ignored, whereas here it is off.",
        note="alpha has no effect without apply_class_balancing=True. Soft targets have the same "
        "loss as in torchvision.",
    ),
    Equivalent(
        loss="SigmoidFocal",
        library="optax",
        name="optax.losses.sigmoid_focal_loss",
        call="optax.losses.sigmoid_focal_loss(y_pred, y_true, gamma=gamma, alpha=alpha)",
        targets="labels",
        parameters=(("gamma", "gamma"), ("alpha", "alpha")),
        note="The prediction comes first. Soft targets have the same loss as in torchvision.",
    ),
    Equivalent(
        loss="SoftmaxFocal",
        library="Keras",
        name="keras.losses.categorical_focal_crossentropy",
        call="keras.losses.categorical_focal_crossentropy("
        "y_true, y_pred, from_logits=True, gamma=gamma, "
        "alpha=1.0 if alpha is None else y_pred.new_tensor(alpha))",
        targets="distributions",
        parameters=(("gamma", "gamma"), ("alpha", "alpha")),
        defaults="alpha is 0.25, a factor for every class, whereas here it is off.",
        note="Targets are distributions, and labels must be one-hot. Probabilities are clipped to "
        "[1e-7, 1 - 1e-7], even if they are computed from scores.",
    ),
    Equivalent(
        loss="Poly1CrossEntropy",
        library="optax",
        name="optax.losses.poly_loss_cross_entropy",
        call="optax.losses.poly_loss_cross_entropy(y_pred, y_true, epsilon=epsilon)",
        targets="distributions",
        parameters=(("epsilon", "epsilon"),),
        defaults="epsilon is 2, whereas here it is 1.",
        note="The prediction comes first.",
    ),
)
