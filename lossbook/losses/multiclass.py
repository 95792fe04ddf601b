"""Losses over several classes, which are on the last axis of the prediction."""

from dataclasses import dataclass

import numpy as np

from ..core.domains import DISTRIBUTIONS, UNIT_INTERVAL, ClassIndices
from ..core.elementwise import zero_if_nan
from ..core.inputs import as_real_array
from ..core.loss import ClassLoss, one_hot, parameter
from ..core.streaming import stream, total
from ..core.traits import Traits


@dataclass(frozen=True, repr=False)
class CategoricalCrossEntropy(ClassLoss):
    r"""Cross-entropy of predicted class probabilities, :math:`\ell = -\sum_k t_k \log p_k`.

    Takes probabilities; for raw scores use `SoftmaxCrossEntropy`, which cannot overflow.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`p` of shape (..., K) hold probabilities that sum to 1 over the last axis;
    targets are integer labels of shape (...) or distributions :math:`t` of shape (..., K).
    Gradient :math:`-t_k/p_k`, second derivative :math:`t_k/p_k^2`, with
    :math:`0 \log 0 = 0/0 = 0`: the :math:`p_k` count as free coordinates, not tied by their sum.
    A target class predicted impossible costs ``inf``.  The constant that minimises the loss is the
    mean target distribution [1]_.

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
       estimation", *Journal of the American Statistical Association* 102(477), 2007.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.CategoricalCrossEntropy(reduction="none")
    >>> loss([0, 2], [[0.5, 0.5, 0.0], [0.5, 0.25, 0.25]])
    array([0.69314718, 1.38629436])
    """

    y_pred_domain = DISTRIBUTIONS

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        proper=True,
        classification_calibrated=True,
        elicits="probability",
    )

    def _shared(self, y_true, y_pred):
        if y_true.ndim == 1:
            y_true = one_hot(y_true, len(y_pred), y_pred.dtype)
        return y_true, y_pred

    def _value(self, t, p):
        return np.add.reduce(zero_if_nan(-t * np.log(p)), axis=0)

    def _gradient(self, t, p):
        return -zero_if_nan(t / p)

    def _hessian(self, t, p):
        return zero_if_nan(t / p / p)

    def _optimal_constant(self, t, weight):
        return np.average(t, axis=1, weights=weight)


@dataclass(frozen=True, repr=False)
class SoftmaxCrossEntropy(ClassLoss):
    r"""Cross-entropy of class scores, with :math:`p_k = e^{z_k} / \sum_j e^{z_j}`.

    .. math::

        \ell = -\sum_k c_k\, t_k \log p_k

    Parameters
    ----------
    label_smoothing : float, default 0.0
        Targets are first moved towards the uniform distribution,
        :math:`t \leftarrow (1-\varepsilon)\,t + \varepsilon/K`; in [0, 1].
    class_weight : sequence of float, optional
        Weight :math:`c_k` of each class; not negative.  The mean then divides by the total weight
        :math:`\sum_k c_k t_k` of the unsmoothed targets instead of their number.
    ignore_index : int, optional
        Label of samples to leave out of everything, the mean's divisor included.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores; targets are integer labels of
    shape (...) or distributions :math:`t` of shape (..., K).  With :math:`u_k = c_k t_k` and
    :math:`M = \sum_k u_k` the gradient is :math:`M p_k - u_k`, which is :math:`p_k - t_k` where no
    class is weighted, and the diagonal second derivative :math:`M p_k (1 - p_k)`.  The scores are
    taken relative to the largest one, so nothing overflows, and :math:`1 - p_k` is the sum of the
    other classes, so nothing cancels.  The constant that minimises the loss is the logarithm of
    the mean target distribution, up to a shift [1]_.

    References
    ----------
    .. [1] C. M. Bishop, *Pattern Recognition and Machine Learning*, Springer, 2006, section 4.3.4.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SoftmaxCrossEntropy(reduction="none")
    >>> loss([0, 1], [[0.0, 0.0], [1e4, 0.0]])
    array([6.93147181e-01, 1.00000000e+04])
    >>> loss.gradient([0, 1], [[0.0, 0.0], [1e4, 0.0]])
    array([[-0.5,  0.5],
           [ 1. , -1. ]])
    """

    label_smoothing: float = parameter(0.0, UNIT_INTERVAL)
    class_weight: tuple[float, ...] | None = None
    ignore_index: int | None = None

    link = "multinomial_logit"

    def __post_init__(self):
        super().__post_init__()
        if self.class_weight is not None:
            weight = as_real_array("class_weight", self.class_weight)
            if weight.ndim != 1:
                raise ValueError(f"class_weight must be one-dimensional; got {weight.shape}")
            if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
                raise ValueError(
                    "class_weight must be finite, not negative and not all zero; "
                    f"got {self.class_weight!r}"
                )
            object.__setattr__(self, "class_weight", tuple(map(float, weight)))
        if self.ignore_index is not None:
            if isinstance(self.ignore_index, bool) or not isinstance(
                self.ignore_index, int | np.integer
            ):
                raise TypeError(f"ignore_index must be an integer; got {self.ignore_index!r}")
            object.__setattr__(self, "ignore_index", int(self.ignore_index))

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        weights = self.class_weight or (1.0,)
        plain = self.label_smoothing == 0 and len(set(weights)) == 1
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=np.sqrt(2) * max(weights),
            proper=plain,
            classification_calibrated=len(set(weights)) == 1 and self.label_smoothing < 1,
            elicits="probability" if plain else "shifted probability",
        )

    def _label_domain(self, n_classes):
        return ClassIndices(n_classes, self.ignore_index)

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        self._require_classes(batch.shapes[0][-1])
        return batch

    def _require_classes(self, n_classes):
        if self.class_weight is not None and len(self.class_weight) != n_classes:
            raise ValueError(
                f"class_weight must have one weight for each of the {n_classes} classes; "
                f"got {len(self.class_weight)}"
            )

    def _shared(self, y_true, y_pred):
        below = np.maximum.reduce(y_pred, axis=0) - y_pred
        kept = self._kept(y_true)
        if y_true.ndim == 1 and self.class_weight is None and self.label_smoothing == 0:
            return (_LabelSoftmax(y_true if kept is None else y_true * kept, below, kept),)
        return (_TargetSoftmax(self._weighted_target(y_true, kept, below), below),)

    def _value(self, softmax):
        return softmax.value()

    def _gradient(self, softmax):
        return softmax.gradient()

    def _hessian(self, softmax):
        return softmax.hessian()

    def _kept(self, y_true):
        if self.ignore_index is None or y_true.ndim > 1:
            return None
        return y_true != self.ignore_index

    def _weighted_target(self, y_true, kept, like):
        """Return u: smoothed targets times class weights, zero for ignored samples."""
        n_classes = len(like)
        u = y_true if y_true.ndim > 1 else one_hot(y_true, n_classes, like.dtype)
        if self.label_smoothing:
            u = (1 - self.label_smoothing) * u + self.label_smoothing / n_classes
        if self.class_weight is not None:
            u = np.array(self.class_weight, like.dtype)[:, None] * u
        return u if kept is None else u * kept

    def _total_weight(self, batch, weights):
        targets = batch.columns[0]
        ignoring = self.ignore_index is not None and targets.array.ndim < len(batch.shapes[0])
        if self.class_weight is None and not ignoring:
            return super()._total_weight(batch, weights)

        def mass(start, stop):
            each = self._mass(targets.block(start, stop))
            return each.sum() if weights is None else each @ weights.block(start, stop)

        divisor = total(stream(mass, batch.n_samples, batch.block_size))
        if divisor == 0:
            raise ValueError(
                "y_true must hold a sample that counts; each has the ignore_index, "
                "the class_weight 0 or the sample_weight 0"
            )
        return divisor

    def _mass(self, y_true):
        """Return how much each sample counts in the mean: its unsmoothed target's weight."""
        kept = self._kept(y_true)
        if self.class_weight is None:
            return kept.astype(np.float64)
        weight = np.array(self.class_weight)
        if y_true.ndim > 1:
            return weight @ y_true
        return weight[y_true] if kept is None else weight[y_true * kept] * kept

    def _n_classes(self, labels):
        if self.class_weight is not None:
            return len(self.class_weight)
        labels = labels[labels != self.ignore_index]
        if labels.size == 0:
            raise ValueError(f"y_true must hold a label other than {self.ignore_index}")
        return super()._n_classes(labels)

    def _read_targets(self, y_true):
        targets, sample_shape = super()._read_targets(y_true)
        self._require_classes(len(targets))
        kept = self._kept(y_true.reshape(-1)) if y_true.dtype.kind != "f" else None
        return targets if kept is None else targets * kept, sample_shape

    def _optimal_constant(self, t, weight):
        mass = self._weighted_target(t, t.any(axis=0), t) @ weight
        return np.log(mass / mass.sum())


class _LabelSoftmax:
    """Softmax cross-entropy of one label a sample; its class is kept out of the sums."""

    def __init__(self, label, below, kept):
        self.label = label, np.arange(label.size)
        self.kept = kept
        self.below = below[self.label]
        self.exp = np.exp(-below)
        self.exp_label = self.exp[self.label]
        self.exp[self.label] = 0
        self.others = np.add.reduce(self.exp, axis=0)

    def _of_kept(self, terms):
        return terms if self.kept is None else np.where(self.kept, terms, 0)

    def value(self):
        return self._of_kept(self.below + np.log1p(self.others + (self.exp_label - 1)))

    def gradient(self):
        total = self.others + self.exp_label
        gradient = self.exp / total
        gradient[self.label] = -self.others / total
        return self._of_kept(gradient)

    def hessian(self):
        exp = self.exp.copy()
        exp[self.label] = self.exp_label
        total, rest = _totals(exp)
        return self._of_kept(exp * rest / total**2)


class _TargetSoftmax:
    """Softmax cross-entropy of any weighted target distribution."""

    def __init__(self, target, below):
        self.target, self.below = target, below
        self.mass = np.add.reduce(target, axis=0)
        self.exp = np.exp(-below)
        self.total, self.rest = _totals(self.exp)

    def value(self):
        linear = np.add.reduce(zero_if_nan(self.target * self.below), axis=0)
        return linear + self.mass * np.log1p(np.minimum.reduce(self.rest, axis=0))

    def gradient(self):
        pushed_down = self.exp * (self.mass - self.target)
        return (pushed_down - self.target * self.rest) / self.total

    def hessian(self):
        return self.mass * self.exp * self.rest / self.total**2


def _totals(exp):
    """Return Σ_j e_j, and for each class the sum of the others, without cancellation.

    The largest terms are 1; the smaller ones are summed apart from them.
    """
    smaller = np.add.reduce(exp * (exp < 1), axis=0)
    largest = np.add.reduce(exp == 1, axis=0, dtype=np.intp)
    total = smaller + largest.astype(exp.dtype)
    return total, np.where(exp < 1, total - exp, smaller + (largest - 1).astype(exp.dtype))
