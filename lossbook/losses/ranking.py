"""Losses of scores whose order matters, for pairs of items and for whole lists."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.declared import with_parameter
from ..core.domains import NON_NEGATIVE, PLUS_MINUS_ONE, UNIT_INTERVAL
from ..core.elementwise import (
    decay,
    difference,
    negative_part,
    positive_part,
    running_dtype,
    sum_entries,
    two_sides,
)
from ..core.loss import Call, JointLoss, Out, RowLoss, parameter
from ..core.pairs import PairLoss
from ..core.recurrences import scan
from ..core.traits import Traits
from .log_loss import SigmoidCrossEntropy
from .softmax import SoftmaxCrossEntropy

_LOG_LOSS = SigmoidCrossEntropy()
_CROSS_ENTROPY = SoftmaxCrossEntropy()


class MarginRanking(PairLoss):
    r"""Hinge loss of the difference of two scores, :math:`\ell = \max(0, m - y(a - b))`.

    Parameters
    ----------
    margin : float, default 0.0
        The difference :math:`m` of the scores from which the loss is 0, a non-negative number.

    Notes
    -----
    The loss is called with the targets :math:`y` and with the scores `first` :math:`a` and `second`
    :math:`b`, all of the same shape.  A target is +1 if the first item should rank above the second
    one, and -1 if it should rank below.  Where the loss is positive, the gradients are :math:`-y`
    with respect to the first score and :math:`y` with respect to the second one.  Elsewhere they
    are 0, and the subgradient at the kink is 0 as well.  The second derivatives are 0.  With a
    margin of 1 and the scores of a linear model, the loss is that of the ranking support vector
    machine [1]_.

    References
    ----------
    .. [1] T. Joachims, "Optimizing search engines using clickthrough data", *ACM SIGKDD
       International Conference on Knowledge Discovery and Data Mining*, 2002.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.MarginRanking(margin=1.0, reduction="none")
    >>> loss([1, 1, -1], [3.0, 0.5, 0.5], [1.0, 0.0, 0.0])
    array([0. , 0.5, 1.5])
    """

    margin: float = parameter(default=0.0, domain=NON_NEGATIVE)

    y_true_domain = PLUS_MINUS_ONE

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=sqrt(2),
            elicits="the more probable order, by the margin",
        )

    def _formula(self, s):
        y, a, b = s.y, *s.symbols("a b", real=True)
        margin, parameters = (s.m, {s.m: "margin"}) if self.margin else (0, {})
        slope = s.cases((y, y * (a - b) < margin), 0)
        return s.Formula(
            value=s.Max(0, margin - y * (a - b)),
            gradient=(-slope, slope),
            hessian=(0, 0),
            y_true=y,
            y_pred=(a, b),
            parameters=parameters,
        )

    def _shared(self, y_true, first, second):
        return y_true, positive_part(self.margin - y_true * difference(first, second))

    def _value(self, y, loss):
        return loss

    def _gradient(self, y, loss):
        by_second = y * np.sign(loss)
        return -by_second, by_second

    def _hessian(self, y, loss):
        return np.zeros_like(loss), np.zeros_like(loss)


class _LogLossOfDifference(JointLoss):
    """The log loss of how much larger the first score is than the second."""

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2),
            elicits="the log-odds of the order, as a difference of scores",
        )

    def _value(self, *shared):
        return _LOG_LOSS._value(*shared)

    def _gradient(self, *shared):
        by_first = _LOG_LOSS._gradient(*shared)
        return by_first, -by_first

    def _hessian(self, *shared):
        bend = _LOG_LOSS._hessian(*shared)
        return bend, bend


class RankNet(_LogLossOfDifference, PairLoss):
    r"""Log loss of the difference of two scores, for which of two items ranks higher [1]_.

    .. math::

        \ell = y \log(1 + e^{b - a}) + (1 - y) \log(1 + e^{a - b})

    Notes
    -----
    The loss is called with the targets :math:`y` and with the scores `first` :math:`a` and `second`
    :math:`b`, all of the same shape.  A target is the probability, in [0, 1], that the first item
    ranks above the second one.  The loss is `SigmoidCrossEntropy` of the score :math:`a - b`.  The
    gradient is therefore :math:`\sigma(a - b) - y` with respect to the first score, and its
    negative with respect to the second one.  Both second derivatives are :math:`\sigma(a -
    b)\,\sigma(b - a)`.

    References
    ----------
    .. [1] C. Burges et al., "Learning to rank using gradient descent", *International Conference
       on Machine Learning*, 2005.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.RankNet(reduction="none")
    >>> loss([1, 1, 0.5], [0.0, -1000.0, 2.0], [0.0, 0.0, 2.0])
    array([6.93147181e-01, 1.00000000e+03, 6.93147181e-01])
    """

    y_true_domain = UNIT_INTERVAL

    def _formula(self, s):
        y, a, b = s.y, *s.symbols("a b", real=True)
        bend = s.sigma(a - b) * s.sigma(b - a)
        return s.Formula(
            value=-y * s.log(s.sigma(a - b)) - (1 - y) * s.log(s.sigma(b - a)),
            gradient=(s.sigma(a - b) - y, y - s.sigma(a - b)),
            hessian=(bend, bend),
            y_true=y,
            y_pred=(a, b),
        )

    def _shared(self, y_true, first, second):
        return _LOG_LOSS._shared(y_true, difference(first, second))


class BPR(_LogLossOfDifference):
    r"""Bayesian personalised ranking, the log loss of a chosen item above another one [1]_.

    .. math::

        \ell = -\log \sigma(p - n) = \log(1 + e^{n - p})

    Notes
    -----
    The loss is called with the score `positive` :math:`p` of an item that the user chose and the
    score `negative` :math:`n` of an item that the user did not choose, both of the same shape.  It
    has no targets.  It is `RankNet` with a target of 1.  The gradient is :math:`-\sigma(n - p)`
    with respect to the positive score, and :math:`\sigma(n - p)` with respect to the negative one.
    Both second derivatives are :math:`\sigma(p - n)\,\sigma(n - p)`.  The paper adds an L2 penalty
    on the parameters of the model, which is not part of the loss here.

    References
    ----------
    .. [1] S. Rendle, C. Freudenthaler, Z. Gantner and L. Schmidt-Thieme, "BPR: Bayesian
       personalized ranking from implicit feedback", *Conference on Uncertainty in Artificial
       Intelligence*, 2009.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.BPR(reduction="none")
    >>> loss(positive=[2.0, 0.0], negative=[2.0, 1000.0])
    array([6.93147181e-01, 1.00000000e+03])
    """

    def _inputs(
        self,
        positive: ArrayLike,
        negative: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], NDArray[Any]]]:
        return Call((positive, negative), sample_weight, curvature, out)

    def _formula(self, s):
        p, n = s.symbols("p n", real=True)
        bend = s.sigma(p - n) * s.sigma(n - p)
        return s.Formula(
            value=-s.log(s.sigma(p - n)),
            gradient=(-s.sigma(n - p), s.sigma(n - p)),
            hessian=(bend, bend),
            y_true=None,
            y_pred=(p, n),
        )

    def _shared(self, positive, negative):
        return _LOG_LOSS._shared(np.ones_like(positive), difference(positive, negative))


_PADDING_VALUE = """\
padding_value : float, optional, keyword only
    Target of entries that only fill up a list that is shorter than others, such as -1.  They have
    no part in the loss, whatever is predicted there, and derivative 0.  A list of padding alone
    does not count in the mean."""


class ListLoss(RowLoss):
    """Base of losses of lists, the shorter of which may be padded."""

    padding_value: float | None = parameter(default=None, optional=True, kw_only=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.__doc__ = with_parameter(cls.__doc__, "padding_value", _PADDING_VALUE)
        super().__init_subclass__(**kwargs)

    @property
    def _mark(self):
        return self.padding_value


class ListNet(ListLoss):
    r"""Cross-entropy between two distributions of the first item of a list [1]_.

    .. math::

        \ell = -\sum_k t_k \log p_k, \qquad
        t_k = \frac{e^{y_k}}{\sum_j e^{y_j}}, \quad p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}

    Notes
    -----
    The targets :math:`y` are the relevances of the items of a list, and the predictions :math:`z`
    are their scores.  Both have shape (..., K) and can be any real numbers.  Under the model of
    Plackett and Luce, :math:`p_k` is the probability that item :math:`k` comes first.  The gradient
    is :math:`p_k - t_k`, and the diagonal of the second derivative is :math:`p_k (1 - p_k)`.  The
    constant that minimises the loss is the logarithm of the mean of the vectors :math:`t`, up to a
    shift.

    References
    ----------
    .. [1] Z. Cao, T. Qin, T.-Y. Liu, M.-F. Tsai and H. Li, "Learning to rank: from pairwise
       approach to listwise approach", *International Conference on Machine Learning*, 2007.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.ListNet()
    >>> loss.gradient([[0.0, 0.0]], [[0.0, 1000.0]])
    array([[-0.5,  0.5]])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=sqrt(2),
            elicits="the probabilities of coming first, as logarithms up to a common shift",
        )

    def _formula(self, s):
        t, p, z, relevance = s.t_k, s.p_k, s.z_k, s.vector("y")
        return s.Formula(
            value=-s.sum_k(t * s.log(p)),
            gradient=p - t,
            hessian=p * (1 - p),
            y_true=relevance,
            y_pred=z,
            definitions={t: s.softmax(relevance), p: s.softmax(z)},
            optimum="the logarithms of the mean of the t" + s.SHIFT,
        )

    def _shared(self, y_true, y_pred):
        if self.padding_value is None:
            return _CROSS_ENTROPY._shared(_softmax(y_true), y_pred)
        kept = y_true != self.padding_value
        some = np.logical_or.reduce(kept, axis=0)
        t = np.where(kept, _softmax(np.where(kept, y_true, -np.inf)), 0)
        return _CROSS_ENTROPY._shared(t, np.where(kept | ~some, y_pred, -np.inf))

    def _value(self, *shared):
        return _CROSS_ENTROPY._value(*shared)

    def _gradient(self, *shared):
        return _CROSS_ENTROPY._gradient(*shared)

    def _hessian(self, *shared):
        return _CROSS_ENTROPY._hessian(*shared)

    def _hessian_vector_product(self, *shared_and_vector):
        return _CROSS_ENTROPY._hessian_vector_product(*shared_and_vector)

    def _optimal_constant(self, y_true, weight):
        if self.padding_value is not None:
            return super()._optimal_constant(y_true, weight)
        return np.log(np.average(_softmax(y_true), axis=1, weights=weight))


def _softmax(scores):
    exp = np.exp(scores - np.maximum.reduce(scores, axis=0))
    return exp / sum_entries(exp)


def _slope_of_the_worst_order(n_items):
    return sqrt(n_items * (n_items - 1))


class ListMLE(ListLoss):
    r"""Negative log-likelihood of the order of a list, under the model of Plackett and Luce [1]_.

    .. math::

        \ell = \sum_{i=1}^{K} \Bigl(\log \sum_{j=i}^{K} e^{z_{\pi(j)}} - z_{\pi(i)}\Bigr)

    Notes
    -----
    The targets :math:`y` are the relevances of the items of a list, and the predictions :math:`z`
    are their scores.  Both have shape (..., K) and can be any real numbers.  Only the order
    :math:`\pi` of the relevances matters, from the largest to the smallest.  Items of equal
    relevance keep the order in which they are given.

    In the model, items are drawn one after another.  In step :math:`i`, the item in place :math:`r`
    is drawn with probability :math:`p_{ir} = e^{z_{\pi(r)}} / \sum_{j \ge i} e^{z_{\pi(j)}}` if it
    has not been drawn before.  The gradient with respect to its score is
    :math:`\sum_{i \le r} p_{ir} - 1`, and the diagonal of the second derivative is
    :math:`\sum_{i \le r} p_{ir} (1 - p_{ir})`.  The two sums are computed from place to place by
    recurrences with positive terms, which neither overflow nor cancel.

    References
    ----------
    .. [1] F. Xia, T.-Y. Liu, J. Wang, W. Zhang and H. Li, "Listwise approach to learning to rank:
       theory and algorithm", *International Conference on Machine Learning*, 2008.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.ListMLE(reduction="none")
    >>> loss([[3, 2, 1]] * 2, [[0.0, 0.0, 0.0], [2000.0, 1000.0, 0.0]])
    array([1.79175947, 0.        ])
    """

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=_slope_of_the_worst_order,
            elicits="scores that make the orders that occur probable",
        )

    def _formula(self, s):
        z, left, i, j, k = s.z_k, s.vector("S"), s.i, s.j, s.k
        share = s.exp(z) / s.at(left, i)
        return s.Formula(
            value=s.sum_k(s.log(left) - z),
            gradient=s.Sum(share, (i, 1, k)) - 1,
            hessian=s.Sum(share * (1 - share), (i, 1, k)),
            y_true=s.vector("y"),
            y_pred=z,
            definitions={left: s.Sum(s.at(s.exp(z), j), (j, k, s.K))},
            target="the relevance of item k; items are numbered from the most relevant down",
        )

    def _shared(self, y_true, y_pred):
        y, z = y_true, y_pred
        if self.padding_value is not None:
            kept = y_true != self.padding_value
            y, z = np.where(kept, y, -np.inf), np.where(kept, z, -np.inf)
        order = np.argsort(-y, axis=0, kind="stable")
        z = np.take_along_axis(z, order, axis=0)
        rest = np.full_like(z, -np.inf)
        rest[:-1] = np.logaddexp.accumulate(z[:0:-1], axis=0, dtype=running_dtype(z))[::-1]
        against, infinite = rest - z, np.isinf(z)
        if infinite.any():  # items of score -inf are never drawn, and no one is when all are left
            against = np.where(infinite & (rest == z), negative_part(z), against)
        e = decay(against)
        a, b = two_sides(against, e)
        return order, against, e, b / (1 + e), a / (1 + e)

    def _value(self, order, against, e, drawn, left):
        return sum_entries(positive_part(against) + np.log1p(e))

    def _gradient(self, order, against, e, drawn, left):
        (before,) = scan(_pass_item, (np.zeros_like(left[0]),), (left,))
        return _put_back(order, drawn * before - left)

    def _hessian(self, order, against, e, drawn, left):
        start = np.ones_like(left[0]), np.zeros_like(left[0])
        squares, others = scan(_pass_item_squared, start, (drawn, left))
        return _put_back(order, drawn * (left * squares + others))


def _pass_item(before, left):
    """Take one item more into before_r = S_r Σ_{i<r} 1/S_i, where S is the sum of what is left.

    Then Σ_{i<r} p_ir = drawn_r before_r.
    """
    return (left * (1 + before),), (before,)


def _pass_item_squared(squares, others, drawn, left):
    """Take one item more into S_r² Q_r and S_r Σ_{j<r} e_j Q_j, where Q_j = Σ_{i<=j} 1/S_i².

    With e_j = exp z_j, the sum of p (1 - p) is
    e_r (S_{r+1} Q_r + Σ_{j<r} e_j Q_j) = drawn_r (left_r squares_r + others_r).
    """
    after = 1 + left**2 * squares, left * (others + drawn * squares)
    return after, (squares, others)


def _put_back(order, in_order):
    """Return what was taken in an order at the places that it was taken from."""
    result = np.empty_like(in_order)
    np.put_along_axis(result, order, in_order, axis=0)
    return result
