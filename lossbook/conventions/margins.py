"""Losses of margins, elsewhere."""

from .equivalent import Equivalent

_ZERO_AND_ONE = "It takes the labels 0 and 1."

ROWS = (
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
        loss="CrammerSinger",
        library="scikit-learn",
        name="sklearn.metrics.hinge_loss",
        call="sklearn.metrics.hinge_loss(y_true, y_pred, labels=range(y_pred.shape[1]))",
        reduction="mean",
        note="Without labels= a class that is missing from the batch is an error.",
    ),
    Equivalent(
        loss="CrammerSinger",
        library="optax",
        name="optax.losses.multiclass_hinge_loss",
        call="optax.losses.multiclass_hinge_loss(y_pred, y_true)",
        note="categorical_hinge of Keras is another loss: to it a score of 0 is a rival too.",
    ),
    Equivalent(
        loss="CrammerSinger",
        library="optax",
        name="optax.losses.multiclass_perceptron_loss",
        call="optax.losses.multiclass_perceptron_loss(y_pred, y_true)",
        given=(("margin", 0.0),),
        note="Without a margin.",
    ),
    Equivalent(
        loss="MultiMargin",
        library="PyTorch",
        name="torch.nn.functional.multi_margin_loss",
        call="torch.nn.functional.multi_margin_loss("
        'y_pred, y_true, p=int(power), margin=margin, reduction="none")',
        factor="K",
        parameters=(("margin", "margin"), ("power", "p")),
        note="The sum over the classes is divided by their number.",
    ),
)
