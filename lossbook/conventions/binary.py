"""Losses for two classes, elsewhere."""

from .equivalent import Equivalent

_CERTAIN = "A wrong prediction made with certainty costs"
_ZERO_AND_ONE = "It takes the labels 0 and 1."
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
    Equivalent(
        loss="LogisticMargin",
        library="PyTorch",
        name="torch.nn.functional.soft_margin_loss",
        call='torch.nn.functional.soft_margin_loss(y_pred, y_true, reduction="none")',
        note="A margin below -89 in single precision costs inf, and its gradient is NaN.",
    ),
    Equivalent(
        loss="LogisticMargin",
        library="Keras",
        name="keras.losses.binary_crossentropy",
        call="keras.losses.binary_crossentropy("
        "(y_true[:, None] + 1) / 2, y_pred[:, None], from_logits=True)",
        note=_ZERO_AND_ONE,
    ),
    Equivalent(
        loss="LogisticMargin",
        library="scikit-learn",
        name="sklearn._loss.HalfBinomialLoss",
        call="sklearn._loss.HalfBinomialLoss().loss((y_true + 1) / 2, y_pred)",
        note=_ZERO_AND_ONE + ' It is loss="log_loss" in SGDClassifier.',
    ),
    Equivalent(
        loss="LogisticMargin",
        library="optax",
        name="optax.losses.sigmoid_binary_cross_entropy",
        call="optax.losses.sigmoid_binary_cross_entropy(y_pred, (y_true + 1) / 2)",
        note=_ZERO_AND_ONE,
    ),
    Equivalent(
        loss="ModifiedHuber",
        library="scikit-learn",
        name="sklearn.linear_model._sgd_fast.ModifiedHuber",
        call="np.vectorize(sklearn.linear_model._sgd_fast.ModifiedHuber().py_loss)(y_pred, y_true)",
        note='Private, and of one number at a time; it is loss="modified_huber" in SGDClassifier.',
    ),
    Equivalent(
        loss="Perceptron",
        library="PyTorch",
        name="torch.nn.functional.margin_ranking_loss",
        call="torch.nn.functional.margin_ranking_loss("
        'y_pred, torch.zeros_like(y_pred), y_true, reduction="none")',
        note="A ranking of the score above 0, with the margin 0 that is its default.",
    ),
    Equivalent(
        loss="Perceptron",
        library="scikit-learn",
        name="sklearn.linear_model._sgd_fast.Hinge",
        call="np.vectorize(sklearn.linear_model._sgd_fast.Hinge(0.0).py_loss)(y_pred, y_true)",
        note='Private, and of one number at a time; it is loss="perceptron" in SGDClassifier. '
        "The gradient at the kink is -y; here it is 0.",
    ),
    Equivalent(
        loss="Perceptron",
        library="optax",
        name="optax.losses.perceptron_loss",
        call="optax.losses.perceptron_loss(y_pred, y_true)",
        note="The gradient at the kink is half the slope; here it is 0.",
    ),
    Equivalent(
        loss="Exponential",
        library="scikit-learn",
        name="sklearn._loss.loss.ExponentialLoss",
        call="sklearn._loss.loss.ExponentialLoss().loss((y_true + 1) / 2, y_pred)",
        note='Private, with labels 0 and 1; it is loss="exponential" in '
        "GradientBoostingClassifier.",
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
