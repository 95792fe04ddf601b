"""Losses of the probabilities of several classes, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="CategoricalCrossEntropy",
        library="PyTorch",
        name="torch.nn.functional.nll_loss",
        call='torch.nn.functional.nll_loss(torch.log(y_pred), y_true, reduction="none")',
        targets="labels",
        note="It takes log-probabilities and computes no logarithm, despite its name. The classes "
        "are on axis 1.",
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
        note="Without labels=, a class that is missing from the batch raises an error.",
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
        defaults="ignore_index is -100, whereas here nothing is ignored.",
        note="The classes are on axis 1. With class weights, the mean divides by the sum of the "
        "weights for labels, and by the number of samples for distributions.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="Keras",
        name="keras.losses.categorical_crossentropy",
        call="keras.losses.categorical_crossentropy("
        "y_true, y_pred, from_logits=True, label_smoothing=label_smoothing)",
        targets="distributions",
        parameters=(("label_smoothing", "label_smoothing"),),
        note="Without from_logits=True, it treats the scores as probabilities.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="Keras",
        name="keras.losses.sparse_categorical_crossentropy",
        call="keras.losses.sparse_categorical_crossentropy("
        "y_true, y_pred, from_logits=True, ignore_class=ignore_index)",
        targets="labels",
        parameters=(("ignore_index", "ignore_class"),),
        note="Without from_logits=True, it treats the scores as probabilities.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="scikit-learn",
        name="sklearn._loss.HalfMultinomialLoss",
        call="sklearn._loss.HalfMultinomialLoss(n_classes=y_pred.shape[1]).loss("
        "y_true.astype(y_pred.dtype), y_pred)",
        targets="labels",
        note="It is private, but LogisticRegression minimises it for several classes. The half in "
        "its name is half the deviance, so the factor is 1.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="optax",
        name="optax.losses.softmax_cross_entropy",
        call="optax.losses.softmax_cross_entropy(y_pred, "
        "optax.losses.smooth_labels(y_true, alpha=label_smoothing))",
        targets="distributions",
        parameters=(("label_smoothing", "alpha"),),
        note="Label smoothing is a separate function, smooth_labels.",
    ),
    Equivalent(
        loss="SoftmaxCrossEntropy",
        library="optax",
        name="optax.losses.softmax_cross_entropy_with_integer_labels",
        call="optax.losses.softmax_cross_entropy_with_integer_labels(y_pred, y_true)",
        targets="labels",
        note="A label out of range does not raise an error. Its value is NaN, and -1 means the "
        "last class.",
    ),
    Equivalent(
        loss="NegativeLogLikelihood",
        library="PyTorch",
        name="torch.nn.functional.nll_loss",
        call='torch.nn.functional.nll_loss(y_pred, y_true, reduction="none")',
        targets="labels",
        note="It treats all inputs as log-probabilities, even raw scores. The classes are on axis "
        "1.",
    ),
    Equivalent(
        loss="KLDivergence",
        library="PyTorch",
        name="torch.nn.functional.kl_div",
        call='torch.nn.functional.kl_div(torch.log(y_pred), y_true, reduction="none").sum(dim=-1)',
        targets="distributions",
        note='The logarithm of the prediction comes first. The reduction "mean" is over all '
        'entries, and the reduction "batchmean" is over the samples.',
    ),
    Equivalent(
        loss="KLDivergence",
        library="Keras",
        name="keras.losses.kl_divergence",
        call="keras.losses.kl_divergence(y_true, y_pred)",
        targets="distributions",
        note="Targets and predictions are clipped to [1e-7, 1].",
    ),
    Equivalent(
        loss="KLDivergence",
        library="optax",
        name="optax.losses.kl_divergence",
        call="optax.losses.kl_divergence(jax.numpy.log(y_pred), y_true)",
        targets="distributions",
        note="The logarithm of the prediction comes first.",
    ),
)
