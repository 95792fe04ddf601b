"""Losses for several labels at once, for ordered labels and for sparse probabilities."""

from math import sqrt

import numpy as np

from ..core.domains import LABELS, POSITIVE, UNIT_INTERVAL, ZERO_OR_ONE, ClassIndices
from ..core.elementwise import decay, difference, positive_part, sum_entries, zero_if_nan
from ..core.loss import ClassLoss, RowLoss, as_distributions, parameter, require_one_per_output
from ..core.softmax import below_top
from ..core.traits import Traits
from .log_loss import SigmoidCrossEntropy

_ONE_SCORE = SigmoidCrossEntropy()


class Sparsemax(ClassLoss):
    r"""Loss of sparsemax, which turns scores into probabilities of which many are exactly 0 [1]_.

    .. math::

        \ell = \tfrac12 \|t - z\|^2 - \tfrac12 \|p - z\|^2, \qquad p_k = \max(0, z_k - \tau)

    The threshold :math:`\tau` is chosen such that the :math:`p_k` sum to 1.  This makes :math:`p`
    the distribution nearest to :math:`z`.

    Notes
    -----
    Predictions :math:`z` of shape (..., K) may be any real scores.  Targets are integer labels of
    shape (...) or distributions :math:`t` of shape (..., K).  The gradient is :math:`p - t`, as for
    softmax.  The support consists of the :math:`s` classes with :math:`p_k > 0`.  The diagonal
    second derivative is :math:`1 - 1/s` for a class in the support and 0 for the other classes, so
    it jumps where a class enters the support.  The loss is 0 if the score of the label exceeds all
    other scores by at least 1.  The loss is computed as
    :math:`\tfrac12 \|t - p\|^2 + \sum_k t_k \max(0, \tau - z_k)`, because no digits cancel in this
    form.  The constant that minimises it is the mean of the target distributions, up to a shift
    [2]_.

    References
    ----------
    .. [1] A. F. T. Martins and R. F. Astudillo, "From softmax to sparsemax: A sparse model of
       attention and multi-label classification", *Proceedings of the 33rd International Conference
       on Machine Learning*, 2016.
    .. [2] M. Blondel, A. F. T. Martins and V. Niculae, "Learning with Fenchel-Young losses",
       *Journal of Machine Learning Research* 21, 2020.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Sparsemax(reduction="none")
    >>> loss([0, 0], [[2.0, 1.0, 0.0], [0.5, 1.0, -1.0]])
    array([0.    , 0.5625])
    >>> loss.gradient([0, 0], [[2.0, 1.0, 0.0], [0.5, 1.0, -1.0]])
    array([[ 0.  ,  0.  ,  0.  ],
           [-0.75,  0.75,  0.  ]])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=False,
            lipschitz=sqrt(2),
            proper=True,
            classification_calibrated=True,
            elicits="probability",
        )

    def _formula(self, s):
        t, z, p, tau = s.t_k, s.z_k, s.p_k, s.threshold
        inside, size = s.u_k, s.s
        return s.Formula(
            value=s.sum_k((t - z) ** 2 - (p - z) ** 2) / 2,
            gradient=p - t,
            hessian=inside * (1 - 1 / size),
            y_true=t,
            y_pred=z,
            definitions={
                inside: s.one_if(s.sum_i(s.Max(0, s.at(z, s.i) - z)) < 1),
                size: s.sum_j(inside),
                tau: (s.sum_j(inside * z) - 1) / size,
                p: inside * (z - tau),
            },
            optimum="the mean of the target distributions" + s.SHIFT,
        )

    def _shared(self, y_true, y_pred):
        t, below = as_distributions(y_true, y_pred), below_top(y_pred)
        # The classes of the support are the first ones, as long as the differences fit into 1.
        descending = np.sort(below, axis=0)
        count = np.arange(1, len(below) + 1, dtype=below.dtype)[:, None]
        reach = np.add.accumulate(descending, axis=0)
        inside = count * descending < 1 + reach
        size = np.add.reduce(inside, axis=0, dtype=below.dtype)
        threshold = (1 + sum_entries(np.where(inside, descending, 0))) / size
        return t, sum_entries(t), threshold - below

    def _value(self, t, mass, above):
        short = sum_entries((t - mass * positive_part(above)) ** 2) / mass
        return short / 2 + sum_entries(zero_if_nan(-t * above))

    def _gradient(self, t, mass, above):
        return mass * positive_part(above) - t

    def _hessian(self, t, mass, above):
        inside = above > 0
        size = np.add.reduce(inside, axis=0, dtype=above.dtype)
        return mass * (inside * (1 - 1 / size))

    def _optimal_constant(self, t, weight):
        return np.average(t, axis=1, weights=weight)


class MultilabelSoftMargin(RowLoss):
    r"""Log loss of several labels at once, averaged over the classes [1]_.

    .. math::

        \ell = \frac1K \sum_k \bigl( t_k \log(1 + e^{-z_k}) + (1 - t_k) \log(1 + e^{z_k}) \bigr)

    Each class is treated as a separate two-class problem with the `SigmoidCrossEntropy`.  Unlike
    there, a sample weight applies to a whole row.

    Parameters
    ----------
    pos_weight : float or sequence of float, default 1.0, keyword only
        Factor :math:`w` of the first term, which is the loss of the labels that a sample has.  It
        must be positive.  A sequence contains one factor for each class.

    Notes
    -----
    Targets :math:`t` of shape (..., K) are 1 for the labels of a sample and 0 for the other
    classes.  Soft targets between 0 and 1 are possible.  Predictions :math:`z` have the same shape
    and may be any real scores.  With :math:`u_k = w t_k` and :math:`v_k = 1 - t_k`, the gradient is
    :math:`(v_k\,\sigma(z_k) - u_k\,\sigma(-z_k))/K`, which is :math:`(\sigma(z_k) - t_k)/K` for
    :math:`w = 1`.  The diagonal second derivative is
    :math:`(u_k + v_k)\,\sigma(z_k)\,\sigma(-z_k)/K`.  The constant that minimises the loss is the
    log-odds of the mean target of each class, plus :math:`\log w`.

    References
    ----------
    .. [1] M.-L. Zhang and Z.-H. Zhou, "A review on multi-label learning algorithms", *IEEE
       Transactions on Knowledge and Data Engineering* 26(8), 2014.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.MultilabelSoftMargin(reduction="none")
    >>> loss([[1, 0], [1, 1]], [[0.0, 0.0], [1000.0, -1000.0]])
    array([  0.69314718, 500.        ])
    """

    pos_weight: float | tuple[float, ...] = parameter(
        default=1.0, domain=POSITIVE, several=True, kw_only=True
    )

    y_true_domain = UNIT_INTERVAL
    link = "logit"

    def _traits(self):
        weight, plain = np.maximum(self.pos_weight, 1), self.pos_weight == 1
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=lambda n_classes: float(
                np.sqrt(np.sum(np.broadcast_to(weight, n_classes) ** 2)) / n_classes
            ),
            proper=plain,
            classification_calibrated=plain,
            elicits="probability" if plain else "shifted probability",
        )

    def _formula(self, s):
        t, z, w, parameters = s.t_k, s.z_k, 1, {}
        optimum = "the log-odds of the mean of each class's targets"
        if self.pos_weight != 1:
            w = s.vector("w") if type(self.pos_weight) is tuple else s.w_plus
            parameters, optimum = {w: "pos_weight"}, optimum + ", plus the logarithm of its weight"
        mass = w * t + 1 - t
        return s.Formula(
            value=s.sum_k(-w * t * s.log(s.sigma(z)) - (1 - t) * s.log(s.sigma(-z))) / s.K,
            gradient=(mass * s.sigma(z) - w * t) / s.K,
            hessian=mass * s.sigma(z) * s.sigma(-z) / s.K,
            y_true=t,
            y_pred=z,
            optimum=optimum,
            parameters=parameters,
        )

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        if type(self.pos_weight) is tuple:
            require_one_per_output("pos_weight", self.pos_weight, "y_pred", batch.shapes[0])
        return batch

    def _shared(self, y_true, y_pred):
        if self.pos_weight == 1:
            return _ONE_SCORE._shared(y_true, y_pred)
        weight = np.array(self.pos_weight, y_pred.dtype)[..., None]
        return _ONE_SCORE._shared(y_true, y_pred, weight)

    def _value(self, *shared):
        each = _ONE_SCORE._value(*shared)
        return sum_entries(each) / len(each)

    def _gradient(self, *shared):
        each = _ONE_SCORE._gradient(*shared)
        return each / len(each)

    def _hessian(self, *shared):
        each = _ONE_SCORE._hessian(*shared)
        return each / len(each)

    def _optimal_constant(self, y_true, weight):
        if type(self.pos_weight) is tuple:
            require_one_per_output("pos_weight", self.pos_weight, "y_true", y_true.shape[:1])
        share = np.average(y_true, axis=1, weights=weight)
        return np.log(self.pos_weight) + np.log(share) - np.log1p(-share)


class MultilabelMargin(RowLoss):
    r"""Sum of the hinge losses of all pairs of a label and another class, divided by K [1]_.

    .. math::

        \ell = \frac1K \sum_{j:\,t_j = 1}\ \sum_{i:\,t_i = 0} \max(0, 1 - (z_j - z_i))

    Notes
    -----
    Targets :math:`t` of shape (..., K) are 1 for the labels of a sample and 0 for the other
    classes.  Predictions :math:`z` have the same shape and may be any real scores.  If all classes
    of a row are labels, or if none is, the loss of the row is 0.  Every pair with
    :math:`z_j - z_i < 1` adds :math:`-1/K` to the gradient with respect to the score of the label
    and :math:`1/K` to the gradient with respect to the score of the other class.  At the kink
    :math:`z_j - z_i = 1`, the pair adds 0.  The second derivative is 0.  In PyTorch, the target
    consists of the indices of the labels instead, followed by -1.

    References
    ----------
    .. [1] A. Elisseeff and J. Weston, "A kernel method for multi-labelled classification",
       *Advances in Neural Information Processing Systems* 14, 2001.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.MultilabelMargin(reduction="none")
    >>> loss([[1, 0, 0, 1]], [[0.5, 0.25, 1.0, 2.0]])
    array([0.5625])
    >>> loss.gradient([[1, 0, 0, 1]], [[0.5, 0.25, 1.0, 2.0]])
    array([[-0.5 ,  0.25,  0.25,  0.  ]])
    """

    y_true_domain = ZERO_OR_ONE

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=lambda n_classes: sqrt((n_classes // 2) * (-n_classes // 2) / -n_classes),
            elicits="scores that separate the labels from the other classes",
        )

    def _formula(self, s):
        t, z, K = s.t_k, s.z_k, s.K
        t_j, z_j = s.at(t, s.j), s.at(z, s.j)
        of_labels = s.Sum(t_j * s.one_if(z_j - z < 1), (s.j, 1, K))
        of_others = s.Sum((1 - t_j) * s.one_if(z - z_j < 1), (s.j, 1, K))
        return s.Formula(
            value=s.Sum(t_j * (1 - t) * s.Max(0, 1 - z_j + z), (s.k, 1, K), (s.j, 1, K)) / K,
            gradient=((1 - t) * of_labels - t * of_others) / K,
            hessian=0,
            y_true=t,
            y_pred=z,
        )

    def _shared(self, y_true, y_pred):
        return y_true == 1, y_pred

    def _shortfalls(self, t, z):
        """Yield a class, and by how much each other falls short of a margin, if it is a label."""
        for j, (is_label, score) in enumerate(zip(t, z, strict=True)):
            yield j, np.where(is_label & ~t, positive_part(1 + difference(z, score)), 0)

    def _value(self, t, z):
        total = np.zeros_like(z[0])
        for _, shortfall in self._shortfalls(t, z):
            total += sum_entries(shortfall)
        return total / len(z)

    def _gradient(self, t, z):
        gradient = np.zeros_like(z)
        for j, shortfall in self._shortfalls(t, z):
            pairs = np.sign(shortfall)
            gradient += pairs
            gradient[j] -= sum_entries(pairs)
        return gradient / len(z)

    def _hessian(self, t, z):
        return np.zeros_like(z)


class _OrdinalLoss(ClassLoss):
    """Base of sums of log losses, one for each threshold between neighbouring classes."""

    y_true_domain = LABELS

    def _label_domain(self, n_entries):
        return ClassIndices(n_entries + 1)

    def _n_classes(self, labels):
        return max(2, super()._n_classes(labels))

    def _of_thresholds(self, s, counted, definitions, optimum):
        """Return the formula of log losses of thresholds, each `counted` so many times."""
        t, z, y = s.t_k, s.z_k, s.label
        log_loss = -t * s.log(s.sigma(z)) - (1 - t) * s.log(s.sigma(-z))
        return s.Formula(
            value=s.Sum(counted * log_loss, (s.k, 1, s.K - 1)),
            gradient=counted * (s.sigma(z) - t),
            hessian=counted * s.sigma(z) * s.sigma(-z),
            y_true=y,
            y_pred=z,
            definitions={t: s.one_if(y > s.k), **definitions},
            optimum=optimum,
        )

    def _value(self, *shared):
        return sum_entries(_ONE_SCORE._value(*shared))

    def _gradient(self, *shared):
        return _ONE_SCORE._gradient(*shared)

    def _hessian(self, *shared):
        return _ONE_SCORE._hessian(*shared)


class OrdinalCoral(_OrdinalLoss):
    r"""Sum of the log losses of an ordered label, one for each threshold between the classes [1]_.

    .. math::

        \ell = \sum_{k=0}^{K-2}
        \bigl( [y > k] \log(1 + e^{-z_k}) + [y \le k] \log(1 + e^{z_k}) \bigr)

    Notes
    -----
    Targets are integer labels :math:`y` of shape (...), from 0 to :math:`K - 1`.  Predictions
    :math:`z` of shape (..., K - 1) may be any real scores, and :math:`\sigma(z_k)` is the
    probability of a label above :math:`k`.  The gradient is :math:`\sigma(z_k) - [y > k]`, and the
    diagonal second derivative is :math:`\sigma(z_k)\,\sigma(-z_k)`.  The predicted label is the
    number of positive scores, which is the median and not the most probable label.  The loss does
    not require that the scores decrease with :math:`k`.  In the paper they do, because they consist
    of one common score and a bias for each threshold.  The constant that minimises the loss is the
    log-odds of the share of labels above each threshold.

    References
    ----------
    .. [1] W. Cao, V. Mirjalili and S. Raschka, "Rank consistent ordinal regression for neural
       networks with application to age estimation", *Pattern Recognition Letters* 140, 2020.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.OrdinalCoral(reduction="none")
    >>> loss([0, 2], [[0.0, 0.0], [1000.0, -1000.0]])
    array([   1.38629436, 1000.        ])
    >>> loss.gradient([0, 2], [[0.0, 0.0], [1000.0, -1000.0]])
    array([[ 0.5,  0.5],
           [ 0. , -1. ]])
    """

    link = "cumulative_logit"

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt,
            proper=True,
            elicits="probability above each threshold",
        )

    def _formula(self, s):
        return self._of_thresholds(
            s,
            counted=1,
            definitions={},
            optimum="the log-odds of the share of labels above each threshold",
        )

    def _shared(self, y_true, y_pred):
        thresholds = np.arange(len(y_pred))[:, None]
        return _ONE_SCORE._shared((y_true > thresholds).astype(y_pred.dtype), y_pred)

    def _optimal_constant(self, t, weight):
        mass = t @ weight
        above = np.cumsum(mass[:0:-1])[::-1]
        return np.log(above) - np.log(np.cumsum(mass)[:-1])


class OrdinalCorn(_OrdinalLoss):
    r"""Negative log-likelihood of an ordered label that is reached threshold by threshold [1]_.

    .. math::

        \ell = \sum_{k=0}^{\min(y,\,K-2)}
        \bigl( [y > k] \log(1 + e^{-z_k}) + [y = k] \log(1 + e^{z_k}) \bigr)

    The threshold :math:`k` counts only for labels that reach it, so the score :math:`z_k` belongs
    to the conditional probability :math:`\sigma(z_k) = P(y > k \mid y \ge k)`.

    Notes
    -----
    Targets are integer labels :math:`y` of shape (...), from 0 to :math:`K - 1`.  Predictions
    :math:`z` of shape (..., K - 1) may be any real scores.  By the chain rule, the probability of a
    label above :math:`k` is the product :math:`\sigma(z_0) \cdots \sigma(z_k)`.  It decreases
    with :math:`k` whatever the scores are, so the scores may come from any model, whereas the
    paper of `OrdinalCoral` has to restrict its scores to one function of the features.

    For :math:`k \le y` the gradient is :math:`\sigma(z_k) - [y > k]` and the diagonal second
    derivative is :math:`\sigma(z_k)\,\sigma(-z_k)`.  For :math:`k > y` both are 0, and the result
    does not depend on :math:`z_k`, even if it is infinite or NaN.  The predicted label is
    the number of thresholds that the label exceeds with a probability above one half, which is the
    median and not the most probable label.  The constant that minimises the loss consists of the
    log-odds of the labels above each threshold among the labels that reach it.

    One value per sample is the negative logarithm of the probability that the scores assign to its
    label, as in the continuation-ratio model of statistics.  The mean therefore divides by the
    number of samples (or by the sum of their weights), as for all losses here.  The paper and the
    package ``coral_pytorch`` (from version 1.3) divide the same sum by the number of pairs of a
    sample and a threshold that it reaches.  This mean is smaller by a factor that depends on the
    labels of the batch.  It has the same minimiser on the whole data set, but another scale and
    other gradients in a mini-batch.

    References
    ----------
    .. [1] X. Shi, W. Cao and S. Raschka, "Deep neural networks for rank-consistent ordinal
       regression based on conditional probabilities", *Pattern Analysis and Applications* 26,
       2023.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.OrdinalCorn(reduction="none")
    >>> loss([0, 2], [[0.0, 0.0], [1000.0, -1000.0]])
    array([6.93147181e-01, 1.00000000e+03])
    >>> loss.gradient([0, 2], [[0.0, 0.0], [1000.0, -1000.0]])
    array([[ 0.5,  0. ],
           [ 0. , -1. ]])
    """

    link = "continuation_ratio_logit"

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt,
            proper=True,
            elicits="conditional probability above each threshold",
        )

    def _formula(self, s):
        return self._of_thresholds(
            s,
            counted=s.u_k,
            definitions={s.u_k: s.one_if(s.label >= s.k)},
            optimum="the log-odds of the labels above each threshold among those that reach it",
        )

    def _shared(self, y_true, y_pred):
        thresholds = np.arange(len(y_pred))[:, None]
        above, at = y_true > thresholds, y_true == thresholds
        z = np.where(above | at, y_pred, 0)
        return above.astype(z.dtype), at.astype(z.dtype), z, decay(z)

    def _optimal_constant(self, t, weight):
        mass = t @ weight
        above, at = np.cumsum(mass[:0:-1])[::-1], mass[:-1]
        # Where no label reaches a threshold, every score is as good as 0.
        return np.where(above + at > 0, np.log(above) - np.log(at), 0)
