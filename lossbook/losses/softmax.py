"""Cross-entropies of several classes, which are on the last axis of predictions."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.arrays import as_real_array, require_shape
from ..core.domains import DISTRIBUTIONS, LOG_DISTRIBUTIONS, UNIT_INTERVAL
from ..core.elementwise import sum_entries, zero_if_nan
from ..core.evaluation import evaluate
from ..core.ignored import index_or_none
from ..core.inputs import Batch, Column
from ..core.loss import ClassLoss, one_hot, parameter
from ..core.softmax import (
    LabelSoftmax,
    TargetSoftmax,
    below_top,
    class_weights,
    place_of,
    require_one_each,
)
from ..core.traits import Traits


def _at_targets(y_true, y_pred):
    """Return blocks of targets and predictions, and a function that puts their terms in place.

    If the targets are labels, the blocks have one row only, because all terms of the other classes
    are 0.
    """
    if y_true.ndim > 1:
        return y_true, y_pred, lambda terms: terms
    place = place_of(y_true)

    def put(terms):
        whole = np.zeros_like(y_pred)
        whole.put(place, terms)
        return whole

    at_label = y_pred.take(place)[None]
    return np.ones_like(at_label), at_label, put


class CategoricalCrossEntropy(ClassLoss):
    r"""Cross-entropy of predicted class probabilities, :math:`\ell = -\sum_k t_k \log p_k`.

    The predictions are probabilities.  If your model predicts raw scores, use
    `SoftmaxCrossEntropy`, which is accurate for scores of any size.

    Notes
    -----
    Predictions :math:`p` have the shape (..., K) and hold probabilities that sum to 1 over the last
    axis.  Targets are either integer labels of shape (...) or distributions :math:`t` of shape
    (..., K).  The gradient is :math:`-t_k/p_k` and the second derivative is :math:`t_k/p_k^2`,
    where :math:`0 \log 0` and :math:`0/0` count as 0.  Both treat the :math:`p_k` as independent
    variables, although their sum is 1.  If a class of the target is predicted to be impossible,
    the loss is ``inf``.  The constant that minimises the loss is the mean of the target
    distributions [1]_.

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

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _formula(self, s):
        t, p = s.t_k, s.p_k
        return s.Formula(
            value=-s.sum_k(t * s.log(p)),
            gradient=-t / p,
            hessian=t / p**2,
            y_true=t,
            y_pred=p,
            optimum="the mean of the target distributions: the share of each class",
        )

    def _shared(self, y_true, y_pred):
        return _at_targets(y_true, y_pred)

    def _value(self, t, p, put):
        return sum_entries(zero_if_nan(-t * np.log(p)))

    def _gradient(self, t, p, put):
        return put(-zero_if_nan(t / p))

    def _hessian(self, t, p, put):
        return put(zero_if_nan(t / p / p))

    def _optimal_constant(self, t, weight):
        return np.average(t, axis=1, weights=weight)


class NegativeLogLikelihood(ClassLoss):
    r"""Cross-entropy of predicted log-probabilities, :math:`\ell = -\sum_k t_k\, l_k`.

    The predictions are logarithms of probabilities, as a log-softmax returns them.  If your model
    predicts raw scores, use `SoftmaxCrossEntropy`, and if it predicts probabilities, use
    `CategoricalCrossEntropy`.

    Notes
    -----
    Predictions :math:`l` have the shape (..., K) and hold log-probabilities, whose exponentials sum
    to 1 over the last axis.  Minus infinity stands for the logarithm of 0.  Targets are either
    integer labels of shape (...) or distributions :math:`t` of shape (..., K).  The gradient is
    :math:`-t_k` and the second derivative is 0, where :math:`0 \cdot (-\infty)` counts as 0.
    Both treat the :math:`l_k` as independent variables, although the sum of their exponentials
    is 1.  The constant that minimises the loss is the logarithm of the mean of the target
    distributions [1]_.

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

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=1.0,
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _formula(self, s):
        t, log_p = s.t_k, s.l_k
        return s.Formula(
            value=-s.sum_k(t * log_p),
            gradient=-t,
            hessian=0,
            y_true=t,
            y_pred=log_p,
            optimum="the logarithms of the class shares",
        )

    def _shared(self, y_true, y_pred):
        return _at_targets(y_true, y_pred)

    def _value(self, t, log_p, put):
        return -sum_entries(np.where(t > 0, t * log_p, 0))

    def _gradient(self, t, log_p, put):
        return put(-t)

    def _hessian(self, t, log_p, put):
        return put(np.zeros_like(log_p))

    def _optimal_constant(self, t, weight):
        return np.log(np.average(t, axis=1, weights=weight))


class SoftmaxCrossEntropy(ClassLoss):
    r"""Cross-entropy of raw class scores, with :math:`p_k = e^{z_k} / \sum_j e^{z_j}`.

    .. math::

        \ell = -\sum_k c_k\, t_k \log p_k

    Parameters
    ----------
    label_smoothing : float, default 0.0
        The :math:`\varepsilon` in [0, 1] by which targets are moved towards the uniform
        distribution, :math:`t \leftarrow (1-\varepsilon)\,t + \varepsilon/K`, before the loss is
        computed.
    class_weight : sequence of float, optional
        The weight :math:`c_k` of each class, which must not be negative.  With weights, the mean
        divides by the total weight :math:`\sum_k c_k t_k` of the unsmoothed targets instead of by
        the number of samples.
    ignore_index : int, optional
        Samples with this label have the loss 0 and the gradient 0, and the mean does not count
        them.

    Notes
    -----
    Predictions :math:`z` have the shape (..., K) and hold any real scores.  Targets are either
    integer labels of shape (...) or distributions :math:`t` of shape (..., K).  With
    :math:`u_k = c_k t_k` and :math:`M = \sum_k u_k`, the gradient is :math:`M p_k - u_k`.
    Without class weights, this is :math:`p_k - t_k`.  The diagonal of the second derivative is
    :math:`M p_k (1 - p_k)`, and the methods `hessian_blocks` and `hessian_vector_product` give the
    whole matrix.

    The largest score is subtracted from all scores first, so that no exponential overflows, and
    :math:`1 - p_k` is computed as the sum of the other probabilities, so that no digits cancel.
    The curvature along a direction of length 1 is at most :math:`M/2` and attains this value for
    two equally probable classes, so :math:`M/2` is the majorizer [1]_.  The constant that minimises
    the loss is the logarithm of the mean of the target distributions, after smoothing and
    weighting, up to a common shift [2]_.

    References
    ----------
    .. [1] D. Böhning, "Multinomial logistic regression algorithm", *Annals of the Institute of
       Statistical Mathematics* 44(1), 1992.
    .. [2] C. M. Bishop, *Pattern Recognition and Machine Learning*,
       Springer, 2006, section 4.3.4.

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

    label_smoothing: float = parameter(default=0.0, domain=UNIT_INTERVAL)
    class_weight: tuple[float, ...] | None = None
    ignore_index: int | None = None

    link = "multinomial_logit"

    def hessian_blocks(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NDArray[Any]:
        r"""Return the whole second derivative with respect to `y_pred`, one matrix per sample.

        The loss of a sample depends on no other sample's scores, so these matrices contain all
        second derivatives.  With :math:`M` as in the notes on the class, the matrix of a sample is
        :math:`M (\operatorname{diag}(p) - p p^\top)`, and its rows sum to 0.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            The same as in a call of the loss.

        Returns
        -------
        ndarray of shape (..., K, K)
            It belongs to the reduced loss, or with ``reduction="none"`` to each sample's wℓ.

        Examples
        --------
        >>> import lossbook as lb
        >>> lb.SoftmaxCrossEntropy().hessian_blocks([0], [[0.0, 0.0]])
        array([[[ 0.25, -0.25],
                [-0.25,  0.25]]])
        """
        batch = self._read(y_true, y_pred)
        (shape,) = batch.shapes
        shapes = ((*shape, shape[-1]),)
        batch = Batch(batch.columns, shapes, batch.sample_shape, batch.dtype, batch.mass)
        return evaluate(self, ("hessian_blocks",), batch, sample_weight, None)[0]

    def hessian_vector_product(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        vector: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> NDArray[Any]:
        r"""Return the product of the whole second derivative and a vector, without its matrices.

        Entry k of the product for a sample is :math:`M p_k (v_k - \sum_j p_j v_j)`.

        Parameters
        ----------
        y_true, y_pred : array_like
            The same as in a call of the loss.
        vector : array_like
            A direction :math:`v` of the same shape as `y_pred`.
        sample_weight : array_like, optional
            The same as in a call of the loss.

        Returns
        -------
        ndarray of the shape of `y_pred`
            It belongs to the reduced loss, or with ``reduction="none"`` to each sample's wℓ.

        Examples
        --------
        >>> import lossbook as lb
        >>> lb.SoftmaxCrossEntropy().hessian_vector_product([0], [[0.0, 0.0]], [[1.0, 0.0]])
        array([[ 0.25, -0.25]])
        """
        batch, given = self._read(y_true, y_pred), as_real_array("vector", vector)
        require_shape("vector", given, batch.shapes[0], "that of y_pred")
        column = Column("vector", given, batch.sample_shape, batch.dtype, None)
        batch.columns = (*batch.columns, column)
        return evaluate(self, ("hessian_vector_product",), batch, sample_weight, None)[0]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "class_weight", class_weights("class_weight", self.class_weight))
        ignored = index_or_none("ignore_index", self.ignore_index)
        object.__setattr__(self, "ignore_index", ignored)

    @property
    def _is_plain(self):
        """Whether the loss is the negative log-likelihood."""
        return self.label_smoothing == 0 and len(set(self.class_weight or (1.0,))) == 1

    def _traits(self):
        weights = self.class_weight or (1.0,)
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=np.sqrt(2) * max(weights),
            proper=self._is_plain,
            classification_calibrated=len(set(weights)) == 1 and self.label_smoothing < 1,
            elicits="probability" if self._is_plain else "shifted probability",
        )

    def _formula(self, s):
        t, p, mass = s.t_k, s.p_k, 1
        definitions, parameters, optimum = {}, {}, "the logarithms of the class shares"
        if self.label_smoothing != 0:
            t = (1 - s.epsilon) * t + s.epsilon / s.K
            parameters[s.epsilon] = "label_smoothing"
        if self.class_weight is not None:
            t, mass = s.c_k * t, s.M
            parameters[s.c_k] = "class_weight"
        if parameters:
            t, definitions = s.u_k, {s.u_k: t}
            optimum += ", smoothed and weighted"
        if self.class_weight is not None:
            definitions[mass] = s.sum_j(t)
        return s.Formula(
            value=-s.sum_k(t * s.log(p)),
            gradient=mass * p - t,
            hessian=mass * p * (1 - p),
            y_true=s.t_k,
            y_pred=s.z_k,
            definitions={**definitions, p: s.SOFTMAX},
            optimum=optimum + s.SHIFT,
            parameters=parameters,
        )

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        if self.class_weight is not None or self.ignore_index is not None:
            require_one_each("class_weight", self.class_weight, batch.shapes[0][-1])
            ignoring = self.ignore_index is not None and batch.columns[0].dtype.kind == "i"
            if self.class_weight is not None or ignoring:
                batch.mass = self._mass
        return batch

    def _shared(self, y_true, y_pred, *vector):
        below = below_top(y_pred)
        kept = None if self.ignore_index is None else self._kept(y_true)
        if y_true.ndim == 1 and self.class_weight is None and self.label_smoothing == 0:
            return LabelSoftmax(y_true if kept is None else y_true * kept, below, kept), *vector
        return TargetSoftmax(self._weighted_target(y_true, kept, below), below), *vector

    def _value(self, softmax):
        return softmax.value()

    def _gradient(self, softmax):
        return softmax.gradient()

    def _hessian(self, softmax):
        return softmax.hessian()

    def _curvatures(self):
        of_likelihood = {"fisher": self._hessian} if self._is_plain else {}
        return {"majorizer": self._majorizer, **of_likelihood}

    def _majorizer(self, softmax):
        return softmax.majorizer()

    def _part(self, part):
        if part in ("hessian_blocks", "hessian_vector_product"):
            return getattr(self, f"_{part}")
        return super()._part(part)

    def _hessian_blocks(self, softmax):
        return softmax.hessian_blocks()

    def _hessian_vector_product(self, softmax, vector):
        return softmax.hessian_vector_product(vector)

    def _weighted_target(self, y_true, kept, like):
        """Return u, the smoothed targets times the class weights, with 0 for ignored samples."""
        n_classes = len(like)
        u = y_true if y_true.ndim > 1 else one_hot(y_true, n_classes, like.dtype)
        if self.label_smoothing:
            u = (1 - self.label_smoothing) * u + self.label_smoothing / n_classes
        if self.class_weight is not None:
            u = np.array(self.class_weight, like.dtype)[:, None] * u
        return u if kept is None else u * kept

    def _mass(self, y_true):
        """Return the weight of each sample in the mean, which is that of its unsmoothed target."""
        kept = self._kept(y_true)
        if self.class_weight is None:
            return kept.astype(np.float64)
        weight = np.array(self.class_weight)
        if y_true.ndim > 1:
            return np.add.reduce(weight[:, None] * y_true, axis=0)
        if kept is None:
            return np.take_along_axis(weight, y_true, axis=0)
        return np.take_along_axis(weight, y_true * kept, axis=0) * kept

    def _n_classes(self, labels):
        return super()._n_classes(labels) if self.class_weight is None else len(self.class_weight)

    def _read_targets(self, y_true, sample_weight):
        targets, weight = super()._read_targets(y_true, sample_weight)
        require_one_each("class_weight", self.class_weight, len(targets))
        return targets, weight

    def _optimal_constant(self, t, weight):
        mass = self._weighted_target(t, None, t) @ weight
        return np.log(mass / mass.sum())
