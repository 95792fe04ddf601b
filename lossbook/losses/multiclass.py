"""Losses over several classes, which are on the last axis of the prediction."""

from dataclasses import dataclass
from math import inf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.domains import (
    DISTRIBUTIONS,
    LABELS,
    LOG_DISTRIBUTIONS,
    NON_NEGATIVE,
    UNIT_INTERVAL,
    ClassIndices,
    Interval,
    TwoValues,
)
from ..core.elementwise import log_ratio, positive_part, zero_if_nan
from ..core.inputs import Batch, Column, as_real_array, require_shape
from ..core.loss import ClassLoss, as_distributions, one_hot, parameter
from ..core.optimum import on_simplex
from ..core.streaming import stream, total
from ..core.traits import Traits
from .binary import SigmoidFocal
from .softmax import LabelSoftmax, TargetSoftmax, below_top, place_of, sum_of_others


def _at_targets(y_true, y_pred):
    """Return blocks of targets and predictions, and what puts terms of them where they belong.

    Of labels the blocks have one row only, as all terms at other classes are 0.
    """
    if y_true.ndim > 1:
        return y_true, y_pred, lambda terms: terms
    place = place_of(y_true)

    def put(terms):
        whole = np.zeros(y_pred.shape, y_pred.dtype)
        whole.put(place, terms)
        return whole

    at_label = y_pred.take(place)[None]
    return np.ones_like(at_label), at_label, put


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
        return _at_targets(y_true, y_pred)

    def _value(self, t, p, put):
        return np.add.reduce(zero_if_nan(-t * np.log(p)), axis=0)

    def _gradient(self, t, p, put):
        return put(-zero_if_nan(t / p))

    def _hessian(self, t, p, put):
        return put(zero_if_nan(t / p / p))

    def _optimal_constant(self, t, weight):
        return np.average(t, axis=1, weights=weight)


@dataclass(frozen=True, repr=False)
class NegativeLogLikelihood(ClassLoss):
    r"""Cross-entropy of predicted log-probabilities, :math:`\ell = -\sum_k t_k\, l_k`.

    Takes logarithms of probabilities, what a log-softmax returns; for raw scores use
    `SoftmaxCrossEntropy`, for probabilities `CategoricalCrossEntropy`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`l` of shape (..., K) hold log-probabilities, whose exponentials sum to 1 over
    the last axis; minus infinity is the logarithm of 0.  Targets are integer labels of shape (...)
    or distributions :math:`t` of shape (..., K).  Gradient :math:`-t_k`, second derivative 0, with
    :math:`0 \cdot (-\infty) = 0`: the :math:`l_k` count as free coordinates, not tied by their
    exponentials' sum.  The constant that minimises the loss is the logarithm of the mean target
    distribution [1]_.

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
       estimation", *Journal of the American Statistical Association* 102(477), 2007.

    Examples
    --------
    >>> import lossbook as lb
    >>> import numpy as np
    >>> loss = lb.NegativeLogLikelihood(reduction="none")
    >>> loss([0, 1], np.log([[0.5, 0.5], [0.75, 0.25]]))
    array([0.69314718, 1.38629436])
    """

    y_pred_domain = LOG_DISTRIBUTIONS
    link = "log"

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        lipschitz=1.0,
        proper=True,
        classification_calibrated=True,
        elicits="probability",
    )

    def _shared(self, y_true, y_pred):
        return _at_targets(y_true, y_pred)

    def _value(self, t, log_p, put):
        return -np.add.reduce(np.where(t > 0, t * log_p, 0), axis=0)

    def _gradient(self, t, log_p, put):
        return put(-t)

    def _hessian(self, t, log_p, put):
        return put(np.zeros_like(log_p))

    def _optimal_constant(self, t, weight):
        return np.log(np.average(t, axis=1, weights=weight))


@dataclass(frozen=True, repr=False)
class KLDivergence(CategoricalCrossEntropy):
    r"""Divergence of Kullback and Leibler, :math:`\ell = \sum_k t_k \log(t_k / p_k)` [1]_.

    Cross-entropy less the entropy of the target: 0 where the prediction is the target.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`p` of shape (..., K) hold probabilities that sum to 1 over the last axis;
    targets are distributions :math:`t` of shape (..., K) or integer labels of shape (...).
    Gradient :math:`-t_k/p_k`, second derivative :math:`t_k/p_k^2`, with
    :math:`0 \log 0 = 0/0 = 0`: the :math:`p_k` count as free coordinates, not tied by their sum.
    A class of the target that is predicted impossible costs ``inf``.  Where :math:`t_k` and
    :math:`p_k` are near each other, the logarithm is that of 1 plus their exact difference over the
    larger.  The constant that minimises the loss is the mean target distribution.

    References
    ----------
    .. [1] S. Kullback and R. A. Leibler, "On information and sufficiency", *The Annals of
       Mathematical Statistics* 22(1), 1951.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.KLDivergence(reduction="none")
    >>> loss([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]], [[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])
    array([0.        , 0.69314718])
    """

    def _value(self, t, p, put):
        return np.add.reduce(np.where(t > 0, t * log_ratio(t, p), 0), axis=0)


@dataclass(frozen=True, repr=False)
class JensenShannon(ClassLoss):
    r"""Divergence of target and prediction from their middle :math:`m = (t + p)/2` [1]_.

    .. math::

        \ell = \tfrac12 \sum_k t_k \log\frac{t_k}{m_k} + \tfrac12 \sum_k p_k \log\frac{p_k}{m_k}

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`p` of shape (..., K) hold probabilities that sum to 1 over the last axis;
    targets are distributions :math:`t` of shape (..., K) or integer labels of shape (...).  The
    loss does not change when the two are exchanged, is never more than :math:`\log 2`, which
    distributions with nothing in common cost, and its square root is a metric.  Logarithms are
    natural.  Gradient :math:`\tfrac12 \log(p_k / m_k)`, second derivative
    :math:`t_k / (2 p_k (t_k + p_k))`: the :math:`p_k` count as free coordinates, not tied by their
    sum.  Where both are 0 the gradient is :math:`\tfrac12 \log 2`, as it is for any
    :math:`p_k > 0 = t_k`, and the second derivative 0.  With :math:`u = |t_k - p_k|/(t_k + p_k)`
    a class contributes :math:`\tfrac14 (t_k + p_k)\,(2u \operatorname{artanh} u +
    \log(1 - u^2))`, in which nothing cancels where the two are near each other.  The constant that
    minimises the loss is found by bisection.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", *IEEE Transactions on
       Information Theory* 37(1), 1991.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.JensenShannon(reduction="none")
    >>> loss([0, 0, 0], [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    array([0.        , 0.21576155, 0.69314718])
    """

    y_pred_domain = DISTRIBUTIONS

    traits = Traits(
        convex=True,
        differentiable=True,
        twice_differentiable=True,
        bounded=True,
        classification_calibrated=True,
        elicits="sharpened probability",
    )

    def _shared(self, y_true, y_pred):
        t, p = as_distributions(y_true, y_pred), y_pred
        both = t + p
        return t, p, both, (p - t) / both

    def _value(self, t, p, both, u):
        near = both / 4 * (2 * u * np.arctanh(u) + np.log1p(-u * u))
        of_t = np.where(t > 0, t * _log_of_share(t, both, -u), 0)
        of_p = np.where(p > 0, p * _log_of_share(p, both, u), 0)
        return np.add.reduce(np.where(np.abs(u) < 0.5, near, (of_t + of_p) / 2), axis=0)

    def _gradient(self, t, p, both, u):
        return np.where(both > 0, _log_of_share(p, both, u), log(2)) / 2

    def _hessian(self, t, p, both, u):
        return zero_if_nan(t / p / both) / 2

    def _optimal_constant(self, t, weight):
        share = weight / weight.sum()
        return on_simplex(lambda p: self._gradient(*self._shared(t, p[:, None])) @ share, len(t))


def _log_of_share(part, both, u):
    """Return log(2 part/both), where u is what 2 part/both exceeds 1 by."""
    return np.where(u > -0.5, np.log1p(u), np.log(2 * part / both))


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
    other classes, so nothing cancels.  `hessian_blocks` and `hessian_vector_product` give the
    second derivative whole.  No direction has a curvature above :math:`M/2`, two classes as likely
    as each other attain it, and so it is the majorizer [1]_.  The constant that minimises the loss
    is the logarithm of the mean target distribution, up to a shift [2]_.

    References
    ----------
    .. [1] D. Böhning, "Multinomial logistic regression algorithm", *Annals of the Institute of
       Statistical Mathematics* 44(1), 1992.
    .. [2] C. M. Bishop, *Pattern Recognition and Machine Learning*, Springer, 2006, section 4.3.4.

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

    def hessian_blocks(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NDArray:
        r"""Return the whole second derivative with respect to `y_pred`, one matrix a sample.

        Samples do not touch each other, so this is all of it: with :math:`M` as above, sample by
        sample :math:`M (\operatorname{diag}(p) - p p^\top)`, whose rows sum to 0.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            As in a call of the loss.

        Returns
        -------
        ndarray of shape (..., K, K)
            Of the reduced loss; with ``reduction="none"``, of each sample's own wℓ.

        Examples
        --------
        >>> import lossbook as lb
        >>> lb.SoftmaxCrossEntropy().hessian_blocks([0], [[0.0, 0.0]])
        array([[[ 0.25, -0.25],
                [-0.25,  0.25]]])
        """
        batch = self._read(y_true, y_pred)
        (shape,) = batch.shapes
        batch = Batch(batch.columns, ((*shape, shape[-1]),), batch.sample_shape, batch.dtype)
        return self._evaluate_batch(("hessian_blocks",), batch, sample_weight, None)[0]

    def hessian_vector_product(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        vector: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> NDArray:
        r"""Return the whole second derivative times a vector, without building its matrices.

        Entry k of a sample is :math:`M p_k (v_k - \sum_j p_j v_j)`.

        Parameters
        ----------
        y_true, y_pred : array_like
            As in a call of the loss.
        vector : array_like
            A direction :math:`v` of the shape of `y_pred`.
        sample_weight : array_like, optional
            As in a call of the loss.

        Returns
        -------
        ndarray of the shape of `y_pred`
            Of the reduced loss; with ``reduction="none"``, of each sample's own wℓ.

        Examples
        --------
        >>> import lossbook as lb
        >>> lb.SoftmaxCrossEntropy().hessian_vector_product([0], [[0.0, 0.0]], [[1.0, 0.0]])
        array([[ 0.25, -0.25]])
        """
        batch, vector = self._read(y_true, y_pred), as_real_array("vector", vector)
        require_shape("vector", vector, *batch.shapes, "that of y_pred")
        column = Column("vector", vector, batch.sample_shape, batch.dtype, None)
        columns = (*batch.columns, column)
        batch = Batch(columns, batch.shapes, batch.sample_shape, batch.dtype)
        return self._evaluate_batch(("hessian_vector_product",), batch, sample_weight, None)[0]

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "class_weight", _of_classes("class_weight", self.class_weight))
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
        _require_one_each("class_weight", self.class_weight, batch.shapes[0][-1])
        return batch

    def _shared(self, y_true, y_pred, *vector):
        below, kept = below_top(y_pred), self._kept(y_true)
        if y_true.ndim == 1 and self.class_weight is None and self.label_smoothing == 0:
            return LabelSoftmax(y_true if kept is None else y_true * kept, below, kept), *vector
        return TargetSoftmax(self._weighted_target(y_true, kept, below), below), *vector

    def _value(self, softmax):
        return softmax.value()

    def _gradient(self, softmax):
        return softmax.gradient()

    def _hessian(self, softmax):
        return softmax.hessian()

    def _majorizer(self, softmax):
        return softmax.majorizer()

    def _fisher(self, softmax):
        if not self.traits.proper:
            raise ValueError(
                "curvature='fisher' needs equal class weights and label_smoothing=0: "
                "otherwise the loss is not a log-likelihood"
            )
        return softmax.hessian()

    def _hessian_blocks(self, softmax):
        return softmax.hessian_blocks()

    def _hessian_vector_product(self, softmax, vector):
        return softmax.hessian_vector_product(vector)

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
        of_labels = targets.array.ndim == len(batch.sample_shape)
        ignoring = self.ignore_index is not None and of_labels
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
        _require_one_each("class_weight", self.class_weight, len(targets))
        kept = self._kept(y_true.reshape(-1)) if y_true.dtype.kind != "f" else None
        return targets if kept is None else targets * kept, sample_shape

    def _optimal_constant(self, t, weight):
        mass = self._weighted_target(t, t.any(axis=0), t) @ weight
        return np.log(mass / mass.sum())


def _of_classes(name, weights):
    """Return the weights of the classes as a checked tuple, or None where there are none."""
    if weights is None:
        return None
    given = as_real_array(name, weights)
    if given.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional; got {given.shape}")
    if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
        raise ValueError(f"{name} must be finite, not negative and not all zero; got {weights!r}")
    return tuple(map(float, given))


def _require_one_each(name, weights, n_classes):
    """Raise unless there is a weight for each class, or none at all."""
    if weights is not None and len(weights) != n_classes:
        raise ValueError(
            f"{name} must have one weight for each of the {n_classes} classes; got {len(weights)}"
        )


@dataclass(frozen=True, repr=False)
class _OfLabelProbability(ClassLoss):
    """Base of losses f(h) of the label's cross-entropy h = -log p_y, which vanish with q = 1 - p_y.

    A subclass gives the terms that its formulas share, and from them f(h), q f'(h) and q² f''(h):
    the derivatives of h by the scores are proportional to q.
    """

    y_true_domain = LABELS
    link = "multinomial_logit"

    def _shared(self, y_true, y_pred):
        softmax = LabelSoftmax(y_true, below_top(y_pred))
        return softmax, *self._terms(softmax)

    def _gradient(self, softmax, *terms):
        return self._slope(softmax, *terms) * softmax.direction

    def _hessian(self, softmax, *terms):
        slope, curvature = self._slope(softmax, *terms), self._curvature(softmax, *terms)
        return curvature * softmax.direction**2 + slope * softmax.bend


@dataclass(frozen=True, repr=False)
class SoftmaxFocal(_OfLabelProbability):
    r"""Focal loss over classes: cross-entropy that turns away from what is already easy [1]_.

    .. math::

        \ell = -\alpha_y\,(1 - p_y)^\gamma \log p_y, \qquad p_k = e^{z_k} / \textstyle\sum_j e^{z_j}

    Parameters
    ----------
    gamma : float, default 2.0
        Focusing exponent :math:`\gamma`; not negative.  With 0 the loss is the cross-entropy.
    alpha : sequence of float, optional
        Weight :math:`\alpha_k` of each class; not negative.  None weights nothing.  The mean
        divides by the number of samples all the same.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores; targets are integer labels
    :math:`y` of shape (...).  With :math:`p = p_y`, :math:`q = 1 - p` and the cross-entropy
    :math:`h = -\log p`, the loss is :math:`f(h) = \alpha_y q^\gamma h` with
    :math:`f' = \alpha_y q^{\gamma-1}(q + \gamma p h)` and
    :math:`f'' = \alpha_y \gamma q^{\gamma-2} p\,(2q + \gamma p h - h)`.  The gradient is
    :math:`f'\,(p_k - [k = y])`, the diagonal second derivative
    :math:`f''\,(p_k - [k = y])^2 + f'\,p_k (1 - p_k)`, which may be negative: the loss is not
    convex.  For two classes it is `SigmoidFocal` of the difference of their scores.  The constant
    that minimises the loss is found by bisection.  As the power takes over the rounding errors of
    :math:`q` :math:`\gamma` times, value and gradient are right to :math:`5 + 3\gamma` units in the
    last place, and the second derivative, a sum of three such terms, to :math:`8 + 3\gamma`.

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal loss for dense object
       detection", *Proceedings of the IEEE International Conference on Computer Vision*, 2017.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SoftmaxFocal(gamma=2.0, reduction="none")
    >>> loss([0, 0], [[0.0, 0.0], [-3.0, 0.0]]).round(4)
    array([0.1733, 2.7663])
    """

    gamma: float = parameter(2.0, NON_NEGATIVE)
    alpha: tuple[float, ...] | None = None

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "alpha", _of_classes("alpha", self.alpha))

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        alpha = self.alpha or (1.0,)
        even, focused = len(set(alpha)) == 1, self.gamma > 0
        return Traits(
            convex=not focused,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2) * SigmoidFocal(self.gamma).traits.lipschitz * max(alpha),
            proper=even and not focused,
            classification_calibrated=even,
            elicits=("flattened " if focused else "" if even else "shifted ") + "probability",
        )

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        _require_one_each("alpha", self.alpha, batch.shapes[0][-1])
        return batch

    def _terms(self, softmax):
        modulation = softmax.wrong**self.gamma
        if self.alpha is not None:
            modulation = np.array(self.alpha, modulation.dtype)[softmax.label] * modulation
        return modulation, zero_if_nan(softmax.right * softmax.cross_entropy)

    def _value(self, softmax, modulation, ph):
        return np.where(modulation == 0, 0, modulation * softmax.cross_entropy)

    def _slope(self, softmax, modulation, ph):
        return modulation * (softmax.wrong + self.gamma * ph)

    def _curvature(self, softmax, modulation, ph):
        p, q = softmax.right, softmax.wrong
        return modulation * self.gamma * (2 * p * q + (self.gamma * p - 1) * ph)

    def _n_classes(self, labels):
        return super()._n_classes(labels) if self.alpha is None else len(self.alpha)

    def _optimal_constant(self, t, weight):
        share = t @ weight / weight.sum()
        if self.alpha is not None:
            share = share * self.alpha

        def slope(p):
            q, h = 1 - p, -np.log(p)
            return -share * q**self.gamma / p * (1 + self.gamma * zero_if_nan(p * h / q))

        return np.log(on_simplex(slope, len(t)))


@dataclass(frozen=True, repr=False)
class GeneralizedCrossEntropy(_OfLabelProbability):
    r"""Generalised cross-entropy, :math:`\ell = (1 - p_y^q)/q`, for labels that may be wrong [1]_.

    Between the cross-entropy, its limit for :math:`q \to 0`, and :math:`1 - p_y` at
    :math:`q = 1`, half the absolute error of the probabilities: a label that the model finds
    impossible costs no more than :math:`1/q`, and pulls with less than full strength.

    Parameters
    ----------
    q : float, default 0.7
        How much less unlikely labels count; in (0, 1].
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores, of which
    :math:`p_k = e^{z_k} / \sum_j e^{z_j}`; targets are integer labels :math:`y` of shape (...).
    Gradient :math:`p_y^q\,(p_k - [k = y])`, diagonal second derivative
    :math:`p_y^q\,(p_k (1 - p_k) - q\,(p_k - [k = y])^2)`, which may be negative: the loss is not
    convex.  The constant that minimises the loss is :math:`\log s_k / (1 - q)` for the shares
    :math:`s_k` of the classes, up to a shift: sharper than the shares themselves, and at
    :math:`q = 1` all for the largest class.

    References
    ----------
    .. [1] Z. Zhang and M. R. Sabuncu, "Generalized cross entropy loss for training deep neural
       networks with noisy labels", *Advances in Neural Information Processing Systems* 31, 2018.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.GeneralizedCrossEntropy(q=0.5, reduction="none")
    >>> loss([0, 1], [[0.0, 0.0], [1000.0, 0.0]])
    array([0.58578644, 2.        ])
    """

    q: float = parameter(0.7, Interval(0, 1, include_low=False))

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2) * (self.q / (1 + self.q)) ** self.q / (1 + self.q),
            bounded=True,
            classification_calibrated=True,
            elicits="sharpened probability",
        )

    def _terms(self, softmax):
        return (-self.q * softmax.cross_entropy,)

    def _value(self, softmax, exponent):
        return -np.expm1(exponent) / self.q

    def _slope(self, softmax, exponent):
        return softmax.wrong * np.exp(exponent)

    def _curvature(self, softmax, exponent):
        return -self.q * softmax.wrong**2 * np.exp(exponent)

    def _optimal_constant(self, t, weight):
        mass = t @ weight
        below = np.log(mass / mass.max())
        score = np.where(below < 0, below / (1 - self.q), 0)
        return score - np.log(np.exp(score).sum())


@dataclass(frozen=True, repr=False)
class Poly1CrossEntropy(ClassLoss):
    r"""Cross-entropy with its first polynomial term changed [1]_.

    .. math::

        \ell = \sum_k t_k\,(-\log p_k + \varepsilon\,(1 - p_k)), \qquad
        p_k = e^{z_k} / \textstyle\sum_j e^{z_j}

    The cross-entropy is :math:`-\log p = (1 - p) + (1 - p)^2/2 + \dots`; here the first of these
    terms counts :math:`1 + \varepsilon` times.

    Parameters
    ----------
    epsilon : float, default 1.0
        What is added to the first coefficient, :math:`\varepsilon`; at least -1.  With 0 the loss
        is the cross-entropy.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores; targets are integer labels of
    shape (...) or distributions :math:`t` of shape (..., K).  With
    :math:`u_k = t_k (1 + \varepsilon p_k)` and :math:`U = \sum_k u_k` the gradient is
    :math:`U p_k - u_k`, and the diagonal second derivative
    :math:`U p_k (1 - p_k) - \varepsilon\,(p_k^2 \sum_{j \ne k} t_j p_j + t_k p_k (1 - p_k)^2)`.
    The loss is convex up to :math:`\varepsilon = 1`.  The constant that minimises it is found by
    bisection.  For a negative :math:`\varepsilon` a series takes the place of the difference
    :math:`-\log p_k - (1 - p_k)` below :math:`1 - p_k = \tfrac12`; just beyond, the value is right
    to 6 units in the last place.

    References
    ----------
    .. [1] Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng and D. Anguelov, "PolyLoss: A
       polynomial expansion perspective of classification loss functions", *International Conference
       on Learning Representations*, 2022.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Poly1CrossEntropy(epsilon=1.0, reduction="none")
    >>> loss([0, 1], [[0.0, 0.0], [1000.0, 0.0]])
    array([   1.19314718, 1001.        ])
    """

    epsilon: float = parameter(1.0, Interval(-1, inf, include_high=False))

    link = "multinomial_logit"

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        epsilon = self.epsilon
        steepest = (1 + epsilon) ** 2 / (4 * epsilon) if epsilon > 1 else 1.0
        changed = "sharpened " if epsilon > 0 else "flattened " if epsilon < 0 else ""
        return Traits(
            convex=epsilon <= 1,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2) * steepest,
            proper=epsilon == 0,
            classification_calibrated=True,
            elicits=changed + "probability",
        )

    # For either sign of epsilon, sums of terms of one sign: none of them cancels up to epsilon = 1.

    def _shared(self, y_true, y_pred):
        softmax = TargetSoftmax(as_distributions(y_true, y_pred), below_top(y_pred))
        p, q = softmax.right, softmax.wrong
        slope = 1 + self.epsilon * p if self.epsilon >= 0 else (1 + self.epsilon) - self.epsilon * q
        return softmax, p, q, softmax.target * slope

    def _value(self, softmax, p, q, u):
        h = softmax.cross_entropies
        if self.epsilon >= 0:
            each = h + self.epsilon * q
        else:
            each = (1 + self.epsilon) * h - self.epsilon * _after_first_order(q, h)
        return np.add.reduce(np.where(softmax.target > 0, softmax.target * each, 0), axis=0)

    def _gradient(self, softmax, p, q, u):
        return p * sum_of_others(u) - u * q

    def _hessian(self, softmax, p, q, u):
        t, mass, epsilon = softmax.target, softmax.mass, self.epsilon
        agreed = sum_of_others(t * p)
        if epsilon >= 0:
            # Σ t_j p_i over the other classes j and i that are not the same.
            apart = np.where(t == mass, 0, sum_of_others(p * (mass - t)) - t * q)
            others = apart + ((1 - epsilon) + 2 * epsilon * q) * agreed
            own = (1 - epsilon) + 2 * epsilon * p
        else:
            others = q * sum_of_others(u) - epsilon * p * agreed
            own = (1 + epsilon) - 2 * epsilon * q
        return p * (others + t * q * own)

    def _optimal_constant(self, t, weight):
        share = t @ weight / weight.sum()
        return np.log(on_simplex(lambda p: -share * (1 / p + self.epsilon), len(t)))


def _after_first_order(q, h):
    """Return h - q, where h = -log(1 - q): the series q²/2 + q³/3 + ..., but a faster one."""
    s = q / (2 - q)
    series = np.zeros_like(s)
    for power in range(35, 1, -2):
        series = s * s * (series + 2 / power)
    return np.where(q < 0.5, s * (q + series), h - q)


@dataclass(frozen=True, repr=False)
class _ClassHinge(ClassLoss):
    """Base of losses of the scores' shortfalls s_k = margin - z_y + z_k, where positive."""

    margin: float = parameter(1.0, NON_NEGATIVE)

    y_true_domain = LABELS

    def _shared(self, y_true, y_pred):
        label = y_true, np.arange(y_true.size)
        shortfall = positive_part((y_pred - y_pred[label]) + self.margin)
        shortfall[label] = 0
        return shortfall, label


@dataclass(frozen=True, repr=False)
class CrammerSinger(_ClassHinge):
    r"""Multiclass hinge loss of the strongest rival [1]_.

    .. math::

        \ell = \max_k \bigl(z_k + \text{margin} \cdot [k \ne y]\bigr) - z_y

    Parameters
    ----------
    margin : float, default 1.0
        How far the label's score is to lie above all others; not negative.  With 0 the loss is that
        of the multiclass perceptron.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores; targets are integer labels
    :math:`y` of shape (...).  Where the loss is positive, the gradient is -1 for the label and 1
    for the class of the largest score among the others, shared equally if several have it; where
    the loss is 0 the gradient is 0.  These are the subgradients nearest to 0.  The second
    derivative is 0.  For two classes and margin 1 it is the `Hinge` of the difference of the
    scores.  The constant that minimises it puts a class with more than half of the labels ahead by
    the margin; where there is no such class all scores are equal, so the loss is not calibrated
    for more than two classes [2]_.

    References
    ----------
    .. [1] K. Crammer and Y. Singer, "On the algorithmic implementation of multiclass kernel-based
       vector machines", *Journal of Machine Learning Research* 2, 2001.
    .. [2] Y. Liu, "Fisher consistency of multicategory support vector machines", *Proceedings of
       the 11th International Conference on Artificial Intelligence and Statistics*, 2007.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.CrammerSinger(reduction="none")
    >>> loss([0, 0], [[2.0, 0.5, 0.0], [0.5, 0.0, 2.0]])
    array([0. , 2.5])
    >>> loss.gradient([0, 0], [[2.0, 0.5, 0.0], [0.5, 0.0, 2.0]])
    array([[-0.,  0.,  0.],
           [-1.,  0.,  1.]])
    """

    traits = Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        lipschitz=sqrt(2),
        elicits="a label of more than half the probability",
    )

    def _value(self, shortfall, label):
        return np.maximum.reduce(shortfall, axis=0)

    def _gradient(self, shortfall, label):
        worst = np.maximum.reduce(shortfall, axis=0)
        rivals, positive = shortfall == worst, np.sign(worst)
        gradient = rivals * (positive / np.add.reduce(rivals, axis=0, dtype=worst.dtype))
        gradient[label] = -positive
        return gradient

    def _hessian(self, shortfall, label):
        return np.zeros_like(shortfall)

    def _optimal_constant(self, t, weight):
        mass = t @ weight
        return self.margin * (2 * mass > mass.sum())


@dataclass(frozen=True, repr=False)
class MultiMargin(_ClassHinge):
    r"""Multiclass hinge loss of all rivals [1]_.

    .. math::

        \ell = \sum_{k \ne y} \max(0, \text{margin} - z_y + z_k)^\text{power}

    Parameters
    ----------
    margin : float, default 1.0
        How far the label's score is to lie above each other; not negative.
    power : {1, 2}, default 1
        Of each shortfall.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the samples, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) hold any real scores; targets are integer labels
    :math:`y` of shape (...).  With the shortfalls
    :math:`s_k = \max(0, \text{margin} - z_y + z_k)` of the other classes, the gradient is
    :math:`[s_k > 0]` for :math:`k \ne y` at power 1, :math:`2 s_k` at power 2, and minus their sum
    for the label.  The second derivative is 0 at power 1; at power 2 it is
    :math:`2\,[s_k > 0]`, and their sum for the label.  At the kinks :math:`s_k = 0` both are 0.
    Only the square is calibrated [2]_.  PyTorch divides by the number of classes.

    References
    ----------
    .. [1] J. Weston and C. Watkins, "Support vector machines for multi-class pattern recognition",
       *Proceedings of the 7th European Symposium on Artificial Neural Networks*, 1999.
    .. [2] T. Zhang, "Statistical analysis of some multi-category large margin classification
       methods", *Journal of Machine Learning Research* 5, 2004.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.MultiMargin(reduction="none")
    >>> loss([0, 0], [[2.0, 0.5, 1.5], [0.0, 0.0, 2.0]])
    array([0.5, 4. ])
    >>> loss.gradient([0, 0], [[2.0, 0.5, 1.5], [0.0, 0.0, 2.0]])
    array([[-1.,  0.,  1.],
           [-2.,  1.,  1.]])
    """

    power: float = parameter(1, TwoValues(1, 2))

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        squared = self.power == 2
        return Traits(
            convex=True,
            differentiable=squared,
            twice_differentiable=False,
            lipschitz=inf if squared else _all_rivals_against_the_label,
            classification_calibrated=squared,
            elicits="scores in the order of the probabilities"
            if squared
            else "scores that keep a margin",
        )

    def _value(self, shortfall, label):
        return np.add.reduce(shortfall**self.power, axis=0)

    def _gradient(self, shortfall, label):
        if self.power == 2:
            return self._against(2 * shortfall, label, -1)
        return self._against(np.sign(shortfall), label, -1)

    def _hessian(self, shortfall, label):
        if self.power == 2:
            return self._against(2 * np.sign(shortfall), label, 1)
        return np.zeros_like(shortfall)

    def _against(self, rivals, label, sign):
        rivals[label] = sign * np.add.reduce(rivals, axis=0)
        return rivals


def _all_rivals_against_the_label(n_classes):
    return sqrt(n_classes * (n_classes - 1))
