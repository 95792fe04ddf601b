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
        note="It ranks the score above or below 0, and its default margin is 0. "
        "hinge_embedding_loss is another loss.",
    ),
    Equivalent(
        loss="Hinge",
        library="Keras",
        name="keras.losses.hinge",
        call="keras.losses.hinge(y_true[:, None], y_pred[:, None])",
        note="The coding of the labels is inferred from the batch. If all labels are 0 or 1, then "
        "0 is converted to -1.",
    ),
    Equivalent(
        loss="Hinge",
        library="scikit-learn",
        name="sklearn.metrics.hinge_loss",
        call="sklearn.metrics.hinge_loss(y_true, y_pred)",
        reduction="mean",
        note="By default, SGDClassifier minimises this loss, whereas LinearSVC minimises the "
        "squared hinge loss.",
    ),
    Equivalent(
        loss="Hinge",
        library="optax",
        name="optax.losses.hinge_loss",
        call="optax.losses.hinge_loss(y_pred, y_true)",
        note="The gradient at the kink is half the slope, whereas here it is 0.",
    ),
    Equivalent(
        loss="SquaredHinge",
        library="PyTorch",
        name="torch.nn.functional.margin_ranking_loss",
        call="torch.nn.functional.margin_ranking_loss("
        'y_pred, torch.zeros_like(y_pred), y_true, margin=1, reduction="none") ** 2',
        note="There is no function for it. Square the values before they are reduced.",
    ),
    Equivalent(
        loss="SquaredHinge",
        library="Keras",
        name="keras.losses.squared_hinge",
        call="keras.losses.squared_hinge(y_true[:, None], y_pred[:, None])",
        note="The coding of the labels is inferred from the batch. If all labels are 0 or 1, then "
        "0 is converted to -1.",
    ),
    Equivalent(
        loss="SquaredHinge",
        library="optax",
        name="optax.losses.hinge_loss",
        call="optax.losses.hinge_loss(y_pred, y_true) ** 2",
        note="There is no function for it. Square the values before they are reduced.",
    ),
    Equivalent(
        loss="LogisticMargin",
        library="PyTorch",
        name="torch.nn.functional.soft_margin_loss",
        call='torch.nn.functional.soft_margin_loss(y_pred, y_true, reduction="none")',
        note="In single precision, the loss of a margin below -89 is inf, and its gradient is NaN.",
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
        note="It is private and takes one number at a time. In SGDClassifier it is "
        'loss="modified_huber".',
    ),
    Equivalent(
        loss="Perceptron",
        library="PyTorch",
        name="torch.nn.functional.margin_ranking_loss",
        call="torch.nn.functional.margin_ranking_loss("
        'y_pred, torch.zeros_like(y_pred), y_true, reduction="none")',
        note="It ranks the score above or below 0 with the margin 0, which is its default.",
    ),
    Equivalent(
        loss="Perceptron",
        library="scikit-learn",
        name="sklearn.linear_model._sgd_fast.Hinge",
        call="np.vectorize(sklearn.linear_model._sgd_fast.Hinge(0.0).py_loss)(y_pred, y_true)",
        note="It is private and takes one number at a time. In SGDClassifier it is "
        'loss="perceptron". The gradient at the kink is -y, whereas here it is 0.',
    ),
    Equivalent(
        loss="Perceptron",
        library="optax",
        name="optax.losses.perceptron_loss",
        call="optax.losses.perceptron_loss(y_pred, y_true)",
        note="The gradient at the kink is half the slope, whereas here it is 0.",
    ),
    Equivalent(
        loss="Exponential",
        library="scikit-learn",
        name="sklearn._loss.loss.ExponentialLoss",
        call="sklearn._loss.loss.ExponentialLoss().loss((y_true + 1) / 2, y_pred)",
        note='It is private and takes the labels 0 and 1. It is loss="exponential" in '
        "GradientBoostingClassifier.",
    ),
    Equivalent(
        loss="CrammerSinger",
        library="scikit-learn",
        name="sklearn.metrics.hinge_loss",
        call="sklearn.metrics.hinge_loss(y_true, y_pred, labels=range(y_pred.shape[1]))",
        reduction="mean",
        note="Without labels=, a class that is missing from the batch raises an error.",
    ),
    Equivalent(
        loss="CrammerSinger",
        library="optax",
        name="optax.losses.multiclass_hinge_loss",
        call="optax.losses.multiclass_hinge_loss(y_pred, y_true)",
        note="categorical_hinge of Keras is another loss, in which the score of the label is also "
        "compared with 0.",
    ),
    Equivalent(
        loss="CrammerSinger",
        library="optax",
        name="optax.losses.multiclass_perceptron_loss",
        call="optax.losses.multiclass_perceptron_loss(y_pred, y_true)",
        given=(("margin", 0.0),),
        note="It has no margin.",
    ),
    Equivalent(
        loss="MultiMargin",
        library="PyTorch",
        name="torch.nn.functional.multi_margin_loss",
        call="torch.nn.functional.multi_margin_loss("
        'y_pred, y_true, p=int(power), margin=margin, reduction="none")',
        factor="K",
        parameters=(("margin", "margin"), ("power", "p")),
        note="The sum over the classes is divided by the number of classes.",
    ),
)
