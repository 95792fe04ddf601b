"""The same losses in other libraries: names, factors, parameters and traps, as data.

Every row of `TABLE` is evaluated by the tests against the installed library.

>>> import lossbook as lb
>>> from lossbook import conventions
>>> for row in conventions.equivalents(lb.SmoothL1(beta=2.0)):
...     print(f"{row.library}: {row.factor} * {row.name}")
PyTorch: 1 * torch.nn.functional.smooth_l1_loss
Keras: 1 / beta * keras.losses.huber
optax: 1 / beta * optax.losses.huber_loss
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """How another library has one of the losses.

    Attributes
    ----------
    loss : str
        The class here.
    library : str
        Whose function it is.
    name : str
        Its dotted name.
    call : str
        A Python expression that evaluates it: in `y_true` and `y_pred`, arrays or tensors of the
        library, and in the parameters of the loss, by their names here.
    factor : str
        What it is to be multiplied by, as an expression in the same parameters.
    reduction : {"none", "mean"}
        Whether the call returns a value for each sample or their mean.
    targets : {"any", "labels", "distributions"}
        Whether it takes all the targets that the loss takes, or only one kind.
    parameters : tuple of (str, str)
        Parameters here, and what they are called there.  The others must have their defaults.
    same_gradient : bool
        Whether its gradient, multiplied by the factor, is that of the loss here.
    defaults : str
        How the defaults of these differ, where they do.
    note : str
        What to beware of.
    """

    loss: str
    library: str
    name: str
    call: str
    factor: str = "1"
    reduction: str = "none"
    targets: str = "any"
    parameters: tuple[tuple[str, str], ...] = ()
    same_gradient: bool = True
    defaults: str = ""
    note: str = ""


def equivalents(loss):
    """Return what a loss is called elsewhere.

    Parameters
    ----------
    loss : Loss
        An instance: a row that lacks a parameter is left out where the instance makes use of it.

    Returns
    -------
    tuple of Equivalent
    """
    used = {f.name for f in fields(loss) if getattr(loss, f.name) != f.default} - {"reduction"}
    return tuple(
        row
        for row in TABLE
        if row.loss == type(loss).__name__ and used <= dict(row.parameters).keys()
    )


_CERTAIN = "A wrong prediction made with certainty costs"

TABLE = (
    Equivalent(
        loss="SquaredError",
        library="PyTorch",
        name="torch.nn.functional.mse_loss",
        call='torch.nn.functional.mse_loss(y_pred, y_true, reduction="none")',
        note="The prediction comes first, and shapes that differ are broadcast, with a warning.",
    ),
    Equivalent(
        loss="SquaredError",
        library="Keras",
        name="keras.losses.mean_squared_error",
        call="keras.losses.mean_squared_error(y_true[:, None], y_pred[:, None])",
        note="It averages over the last axis, which Keras takes for the outputs of one sample; "
        "with sample weights the class MeanSquaredError divides by their number, not their sum.",
    ),
    Equivalent(
        loss="SquaredError",
        library="scikit-learn",
        name="sklearn.metrics.mean_squared_error",
        call="sklearn.metrics.mean_squared_error(y_true, y_pred)",
        reduction="mean",
        note='A model\'s loss="squared_error" is half of it in HistGradientBoostingRegressor '
        "and SGDRegressor.",
    ),
    Equivalent(
        loss="SquaredError",
        library="optax",
        name="optax.losses.squared_error",
        call="optax.losses.squared_error(y_pred, y_true)",
        note="The prediction comes first.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="PyTorch",
        name="torch.nn.functional.mse_loss",
        call='torch.nn.functional.mse_loss(y_pred, y_true, reduction="none")',
        factor="1 / 2",
        note="There is no half in it.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="Keras",
        name="keras.losses.mean_squared_error",
        call="keras.losses.mean_squared_error(y_true[:, None], y_pred[:, None])",
        factor="1 / 2",
        note="There is no half in it.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="scikit-learn",
        name="sklearn._loss.HalfSquaredError",
        call="sklearn._loss.HalfSquaredError().loss(y_true, y_pred)",
        note="Private, but what HistGradientBoostingRegressor minimises by default.",
    ),
    Equivalent(
        loss="HalfSquaredError",
        library="optax",
        name="optax.losses.l2_loss",
        call="optax.losses.l2_loss(y_pred, y_true)",
        note="The half is in it, though the name does not say so.",
    ),
    Equivalent(
        loss="AbsoluteError",
        library="PyTorch",
        name="torch.nn.functional.l1_loss",
        call='torch.nn.functional.l1_loss(y_pred, y_true, reduction="none")',
        note="The gradient at the kink is 0, as here.",
    ),
    Equivalent(
        loss="AbsoluteError",
        library="Keras",
        name="keras.losses.mean_absolute_error",
        call="keras.losses.mean_absolute_error(y_true[:, None], y_pred[:, None])",
        note="It averages over the last axis, which Keras takes for the outputs of one sample.",
    ),
    Equivalent(
        loss="AbsoluteError",
        library="scikit-learn",
        name="sklearn.metrics.mean_absolute_error",
        call="sklearn.metrics.mean_absolute_error(y_true, y_pred)",
        reduction="mean",
        note="mean_pinball_loss is half of it at its default alpha=0.5.",
    ),
    Equivalent(
        loss="Huber",
        library="PyTorch",
        name="torch.nn.functional.huber_loss",
        call='torch.nn.functional.huber_loss(y_pred, y_true, delta=delta, reduction="none")',
        parameters=(("delta", "delta"),),
        note="smooth_l1_loss is another scaling of it: this one divided by delta.",
    ),
    Equivalent(
        loss="Huber",
        library="Keras",
        name="keras.losses.huber",
        call="keras.losses.huber(y_true[:, None], y_pred[:, None], delta=delta)",
        parameters=(("delta", "delta"),),
        note="On PyTorch the average over the last axis is taken in single precision.",
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
        note="Private. The public HuberRegressor minimises twice this of the residual over a "
        "scale that it estimates, with delta called epsilon.",
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
        note="Only Huber's scaling exists.",
    ),
    Equivalent(
        loss="SmoothL1",
        library="optax",
        name="optax.losses.huber_loss",
        call="optax.losses.huber_loss(y_pred, y_true, delta=beta)",
        factor="1 / beta",
        parameters=(("beta", "delta"),),
        note="Only Huber's scaling exists.",
    ),
    Equivalent(
        loss="LogCosh",
        library="Keras",
        name="keras.losses.log_cosh",
        call="keras.losses.log_cosh(y_true[:, None], y_pred[:, None])",
        note="Two nearly equal numbers are subtracted for small residuals: in single precision "
        "that of 1e-4 costs 0.",
    ),
    Equivalent(
        loss="LogCosh",
        library="optax",
        name="optax.losses.log_cosh",
        call="optax.losses.log_cosh(y_pred, y_true)",
        note="Two nearly equal numbers are subtracted for small residuals: in single precision "
        "that of 1e-4 costs 0.",
    ),
    Equivalent(
        loss="Pinball",
        library="scikit-learn",
        name="sklearn.metrics.mean_pinball_loss",
        call="sklearn.metrics.mean_pinball_loss(y_true, y_pred, alpha=quantile)",
        reduction="mean",
        parameters=(("quantile", "alpha"),),
        note="alpha is the quantile here, and the weight of a penalty in QuantileRegressor.",
    ),
    Equivalent(
        loss="Pinball",
        library="scikit-learn",
        name="sklearn._loss.PinballLoss",
        call="sklearn._loss.PinballLoss(quantile=quantile).loss(y_true, y_pred)",
        parameters=(("quantile", "quantile"),),
        note='Private, but what HistGradientBoostingRegressor minimises by loss="quantile". '
        "The gradient at the kink is -quantile; here it is 0.",
    ),
    Equivalent(
        loss="SquaredLogError",
        library="Keras",
        name="keras.losses.mean_squared_logarithmic_error",
        call="keras.losses.mean_squared_logarithmic_error(y_true[:, None], y_pred[:, None])",
        note="Targets and predictions below 1e-7 are taken for 1e-7, so that those from -1 to 0, "
        "allowed here, cost something else.",
    ),
    Equivalent(
        loss="SquaredLogError",
        library="scikit-learn",
        name="sklearn.metrics.mean_squared_log_error",
        call="sklearn.metrics.mean_squared_log_error(y_true, y_pred)",
        reduction="mean",
        note="Targets and predictions of -1 and less are an error, as here.",
    ),
    Equivalent(
        loss="AbsolutePercentageError",
        library="Keras",
        name="keras.losses.mean_absolute_percentage_error",
        call="keras.losses.mean_absolute_percentage_error(y_true[:, None], y_pred[:, None])",
        factor="1 / 100",
        note="It is in per cent, and a target of 0 is taken for 1e-7; here it is an error.",
    ),
    Equivalent(
        loss="AbsolutePercentageError",
        library="scikit-learn",
        name="sklearn.metrics.mean_absolute_percentage_error",
        call="sklearn.metrics.mean_absolute_percentage_error(y_true, y_pred)",
        reduction="mean",
        note="It is not in per cent despite its name, and a target of 0 is taken for the machine "
        "epsilon; here it is an error.",
    ),
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
        loss="CategoricalCrossEntropy",
        library="PyTorch",
        name="torch.nn.functional.nll_loss",
        call='torch.nn.functional.nll_loss(torch.log(y_pred), y_true, reduction="none")',
        targets="labels",
        note="It takes log-probabilities, computes no logarithm despite its name, "
        "and has the classes on axis 1.",
    ),
    Equivalent(
        loss="CategoricalCrossEntropy",
        library="Keras",
        name="keras.losses.categorical_crossentropy",
        call="keras.losses.categorical_crossentropy(y_true, y_pred)",
        targets="distributions",
        same_gradient=False,
        note="Predictions are divided by their sum and clipped by 1e-7, "
        "so every entry of the gradient is larger by 1.",
    ),
    Equivalent(
        loss="CategoricalCrossEntropy",
        library="Keras",
        name="keras.losses.sparse_categorical_crossentropy",
        call="keras.losses.sparse_categorical_crossentropy(y_true, y_pred)",
        targets="labels",
        same_gradient=False,
        note="Predictions are divided by their sum and clipped by 1e-7, "
        "so every entry of the gradient is larger by 1.",
    ),
    Equivalent(
        loss="CategoricalCrossEntropy",
        library="scikit-learn",
        name="sklearn.metrics.log_loss",
        call="sklearn.metrics.log_loss(y_true, y_pred, labels=range(y_pred.shape[1]))",
        reduction="mean",
        targets="labels",
        note="Without labels= a class that is missing from the batch is an error.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="PyTorch",
        name="torch.nn.functional.cross_entropy",
        call="torch.nn.functional.cross_entropy("
        "y_pred, y_true, label_smoothing=label_smoothing, "
        "weight=class_weight and y_pred.new_tensor(class_weight), "
        'ignore_index=-100 if ignore_index is None else ignore_index, reduction="none")',
        parameters=(
            ("label_smoothing", "label_smoothing"),
            ("class_weight", "weight"),
            ("ignore_index", "ignore_index"),
        ),
        defaults="ignore_index is -100; here nothing is ignored.",
        note="Classes are on axis 1; with weights the mean divides by their sum for labels, "
        "by the number of samples for distributions.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="Keras",
        name="keras.losses.categorical_crossentropy",
        call="keras.losses.categorical_crossentropy("
        "y_true, y_pred, from_logits=True, label_smoothing=label_smoothing)",
        targets="distributions",
        parameters=(("label_smoothing", "label_smoothing"),),
        note="Without from_logits=True it takes the scores for probabilities.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="Keras",
        name="keras.losses.sparse_categorical_crossentropy",
        call="keras.losses.sparse_categorical_crossentropy("
        "y_true, y_pred, from_logits=True, ignore_class=ignore_index)",
        targets="labels",
        parameters=(("ignore_index", "ignore_class"),),
        note="Without from_logits=True it takes the scores for probabilities.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="scikit-learn",
        name="sklearn._loss.HalfMultinomialLoss",
        call="sklearn._loss.HalfMultinomialLoss(n_classes=y_pred.shape[1]).loss("
        "y_true.astype(y_pred.dtype), y_pred)",
        targets="labels",
        note="Private, but what LogisticRegression minimises on several classes; the half is one "
        "of the deviance, so the factor is 1.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="optax",
        name="optax.losses.softmax_cross_entropy",
        call="optax.losses.softmax_cross_entropy(y_pred, "
        "optax.losses.smooth_labels(y_true, alpha=label_smoothing))",
        targets="distributions",
        parameters=(("label_smoothing", "alpha"),),
        note="Smoothing is a function of its own, smooth_labels.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="optax",
        name="optax.losses.softmax_cross_entropy_with_integer_labels",
        call="optax.losses.softmax_cross_entropy_with_integer_labels(y_pred, y_true)",
        targets="labels",
        note="A label out of range is no error: the value is NaN, and -1 means the last class.",
    ),
)
"""Every loss in every library that has it."""
