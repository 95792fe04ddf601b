"""Losses of lists that compare all items in pairs, by their effect on the NDCG."""

from dataclasses import field, replace
from math import log, sqrt

import numpy as np

from ..core.domains import NON_NEGATIVE, POSITIVE
from ..core.elementwise import decay, difference, positive_part, sigmoid, sum_entries, two_sides
from ..core.loss import parameter
from ..core.parameters import whole_number
from ..core.streaming import BLOCK_BYTES
from ..core.traits import Traits
from .ranking import ListLoss


class _NDCGLoss(ListLoss):
    """Base of losses that look at what the items of a list add to its NDCG."""

    y_true_domain = NON_NEGATIVE

    def _kept(self, y_true):
        """Return which entries are items, and not padding."""
        return np.ones_like(y_true, bool) if self._mark is None else y_true != self._mark


def _pairs(kept, scores):
    """Yield some items after others, which items they are compared with, and how far below those.

    So many are taken at once that all their pairs fit into the cache.
    """
    step, items = max(1, BLOCK_BYTES // scores.nbytes), np.arange(len(scores))[:, None, None]
    for start in range(0, len(scores), step):
        some = slice(start, start + step)
        compared = kept[:, None] & kept[some] & (items != items[some, 0])
        yield some, compared, difference(scores[:, None], scores[some])


def _places(kept, *keys):
    """Return the place of each item, counted from 0, in the order of falling keys.

    The last key decides first.  Equal items keep the order in which they are given, and padding
    comes after all items.
    """
    order = np.lexsort((*(-key for key in keys), ~kept), axis=0)
    places = np.empty_like(keys[0])
    np.put_along_axis(places, order, np.arange(len(order), dtype=places.dtype)[:, None], axis=0)
    return places


def _shares(kept, y_true, discounts):
    """Return what each item gains, 2^y - 1, over the DCG of the ideal order; 0 for padding.

    The largest gain is divided out first, so that no relevance is too large for a power of 2.
    """
    y = np.where(kept, y_true, 0)
    largest = np.maximum.reduce(y, axis=0)
    gains = np.exp2(y - largest) * np.expm1(-log(2) * y)
    gains /= np.where(largest > 0, np.expm1(-log(2) * largest), -1)
    ideal = sum_entries(gains * discounts)
    return gains / np.where(ideal > 0, ideal, 1)


class LambdaRank(_NDCGLoss):
    r"""RankNet's loss of all pairs of a list, each weighted with its effect on the NDCG [1]_ [2]_.

    .. math::

        \ell = \sum_{y_i > y_j} w_{ij} \log\bigl(1 + e^{z_j - z_i}\bigr), \qquad
        w_{ij} = \frac{(2^{y_i} - 2^{y_j})\,|d_i - d_j|}{\sum_k (2^{y_k} - 1)\,d^*_k}

    Parameters
    ----------
    truncation : int, optional, keyword only
        Number of places at the top of the list that count, :math:`T`, as in NDCG@T.  The discount
        of all other places is 0.  By default all places count.

    Notes
    -----
    Targets :math:`y` and predictions :math:`z` have the same shape (..., K).  They are the
    relevances of the items of a list, which must not be negative, and their scores, which may be
    any real numbers.  An item gains :math:`2^y - 1`.  An item at place :math:`r` of a list, counted
    from 1, has the discount :math:`d = 1/\log_2(1 + r)`, which is :math:`d_k` for the place of item
    :math:`k` in the order of the scores and :math:`d^*_k` for its place in the order of the
    relevances.  The discounted cumulative gain (DCG) is the sum of the gains times the discounts,
    and the normalised one (NDCG) is the DCG divided by that of the ideal order.  Therefore
    :math:`w_{ij}` is the change of the NDCG if items :math:`i` and :math:`j` exchange places.
    Items with equal scores are ranked in the order in which they are given.  If no item is
    relevant, or if all are equally relevant, the loss is 0.  For gains :math:`g` other than
    :math:`2^y - 1`, pass the relevances :math:`\log_2(1 + g)`.

    **What is differentiated.**  The weights depend on the scores only through their order, so they
    are constant as long as no two items exchange places.  The gradient and the second derivative
    are the exact derivatives of :math:`\ell` with these weights,

    .. math::

        \frac{\partial \ell}{\partial z_k} = \sum_{y_i > y_k} w_{ik}\,\sigma(z_k - z_i)
        - \sum_{y_j < y_k} w_{kj}\,\sigma(z_j - z_k), \qquad
        \frac{\partial^2 \ell}{\partial z_k^2}
        = \sum_{j} w_{kj}\,\sigma(z_k - z_j)\,\sigma(z_j - z_k),

    where :math:`w_{kj}` of a pair does not depend on the order of its items.  Where two scores are
    equal, the weights can jump, and then the loss jumps, too.  It has no derivative there, and what
    is returned is the derivative for the order in which the items are given.  Because of the jumps
    the value can increase when a step along the negative gradient changes the order, so compare
    models by their NDCG and not by this loss.  Wang et al. derive the loss from a likelihood in
    which the order is hidden: at every step, the weights are computed from the current order and
    then held fixed.

    Without their normalisations, XGBoost and LightGBM use the same gradients, and XGBoost doubles
    the second derivative.  If these libraries truncate, they leave out the pairs of which neither
    item is among the first :math:`T`, but they do not set the discounts beyond :math:`T` to 0.

    The pairs of a list take time proportional to :math:`K^2`, and memory proportional to :math:`K`.

    References
    ----------
    .. [1] C. J. C. Burges, "From RankNet to LambdaRank to LambdaMART: an overview", technical
       report MSR-TR-2010-82, Microsoft Research, 2010.
    .. [2] X. Wang, C. Li, N. Golbandi, M. Bendersky and M. Najork, "The LambdaLoss framework for
       ranking metric optimization", *ACM International Conference on Information and Knowledge
       Management*, 2018.

    Examples
    --------
    The first item is the most relevant but has the lowest score, and the last item is the least
    relevant but has the highest score.  A step against the gradient mends both:

    >>> import lossbook as lb
    >>> loss = lb.LambdaRank()
    >>> loss.gradient([[2.0, 1.0, 0.0]], [[0.0, 0.5, 1.0]]).round(3)
    array([[-0.347, -0.018,  0.365]])
    """

    truncation: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.truncation is not None:
            object.__setattr__(self, "truncation", whole_number("truncation", self.truncation, 1))

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=self._steepest,
            elicits="an order with a high NDCG",
        )

    def _steepest(self, n_items):
        """Return the length of the longest gradient: where the order is reversed, or all tied."""
        relevances, each = np.tri(n_items), replace(self, reduction="none", padding_value=None)
        scores = [np.tile(gap * np.arange(n_items), (n_items, 1)) for gap in (1e3, 0.0)]
        slopes = [each.gradient(relevances, of_all) for of_all in scores]
        return float(np.linalg.norm(slopes, axis=-1).max())

    def _formula(self, s):
        z, gain, discount, i, j, k = s.z_k, s.vector("G"), s.vector("d"), s.i, s.j, s.k
        ideal = s.Symbol("N", positive=True)
        last = s.K if self.truncation is None else s.Min(s.K, self.truncation)
        beyond = "" if self.truncation is None else f", and 0 beyond place {self.truncation}"

        def weight(one, other):
            gaps = (s.sp.Abs(s.at(e, one) - s.at(e, other)) for e in (gain, discount))
            return s.sp.Mul(*gaps) / ideal

        def sigma(one, other):
            return s.sigma(s.at(z, one) - s.at(z, other))

        pair = weight(i, j) * s.log(1 + s.exp(s.at(z, j) - s.at(z, i)))
        too_high = s.Sum(weight(i, k) * sigma(k, i), (i, 1, k - 1))
        too_low = s.Sum(weight(k, j) * sigma(j, k), (j, k + 1, s.K))
        return s.Formula(
            value=s.Sum(pair, (j, i + 1, s.K), (i, 1, s.K)),
            gradient=too_high - too_low,
            hessian=s.Sum(weight(k, j) * sigma(k, j) * sigma(j, k), (j, 1, s.K)),
            y_true=s.vector("y"),
            y_pred=z,
            definitions={
                gain: 2 ** s.vector("y") - 1,
                ideal: s.Sum(s.at(gain, j) / (s.log(1 + j) / s.log(2)), (j, 1, last)),
            },
            in_words={
                discount: "1 over the binary logarithm of 1 plus the place of item k in the order "
                f"of the scores{beyond}; constant as long as no two items exchange places"
            },
            target="the relevance of item k; items are numbered from the most relevant down",
        )

    def _discounts(self, places):
        discounts = 1 / np.log2(2 + places)
        return discounts if self.truncation is None else discounts * (places < self.truncation)

    def _shared(self, y_true, y_pred):
        kept = self._kept(y_true)
        share = _shares(kept, y_true, self._discounts(_places(kept, y_true)))
        discount = self._discounts(_places(kept, y_pred))
        loss, slope, bend = np.empty_like(share), np.empty_like(share), np.empty_like(share)
        for some, compared, above in _pairs(kept, y_pred):
            more = (share[:, None] - share[some]) * np.abs(discount[:, None] - discount[some])
            weight = np.where(compared, np.abs(more), 0)
            wrong = np.where(weight > 0, -np.sign(more) * above, -np.inf)
            e = decay(wrong)
            a, _ = two_sides(wrong, e)
            loss[some] = sum_entries(weight * (positive_part(wrong) + np.log1p(e))) / 2
            slope[some] = sum_entries(np.copysign(weight, more) * a / (1 + e))
            bend[some] = sum_entries(weight * e / (1 + e) ** 2)
        return loss, slope, bend

    def _value(self, loss, slope, bend):
        return sum_entries(loss)

    def _gradient(self, loss, slope, bend):
        return slope

    def _hessian(self, loss, slope, bend):
        return bend


class ApproxNDCG(_NDCGLoss):
    r"""One minus the NDCG with ranks that are smoothed by sigmoids [1]_.

    .. math::

        \ell = 1 - \frac{\sum_k (2^{y_k} - 1) / \log_2(1 + r_k)}{\sum_k (2^{y_k} - 1)\,d^*_k},
        \qquad r_k = 1 + \sum_{j \ne k} \sigma\Bigl(\frac{z_j - z_k}{\tau}\Bigr)

    Parameters
    ----------
    temperature : float, default 0.1
        Difference of scores at which a pair counts as ordered for the most part, :math:`\tau`, in
        the unit of the scores.  The smaller it is, the nearer is the loss to the NDCG, and the more
        pairs have a gradient near 0.

    Notes
    -----
    Targets :math:`y` and predictions :math:`z` have the same shape (..., K).  They are the
    relevances of the items of a list, which must not be negative, and their scores, which may be
    any real numbers.  An item gains :math:`2^y - 1`, and :math:`d^*_k = 1/\log_2(1 + r^*_k)` is the
    discount of its place :math:`r^*_k` in the order of the relevances.  If no item is relevant, the
    loss is 0.  For gains :math:`g` other than :math:`2^y - 1`, pass the relevances
    :math:`\log_2(1 + g)`.

    The sigmoids replace the counts of items with higher scores, so each rank :math:`r_k` lies
    between 1 and K and all of them have the same sum as the places.  The loss lies between 0 and 1,
    and it converges to one minus the NDCG as :math:`\tau \to 0`, unless two scores are equal.  With
    :math:`b_{kj} = \sigma((z_k - z_j)/\tau)\,\sigma((z_j - z_k)/\tau)`, the derivative of the
    sigmoid, and :math:`a_k = -(2^{y_k} - 1)\,\tfrac{d}{dr_k} [1/\log_2(1 + r_k)] / \sum_i (2^{y_i}
    - 1)\,d^*_i`, the gradient is

    .. math::

        \frac{\partial \ell}{\partial z_k} = \frac1\tau \sum_{j \ne k} b_{kj}\,(a_j - a_k).

    The second derivative, which can be negative, is given by the card.  The value is summed from
    the differences between the discounts of :math:`r_k` and :math:`r^*_k`, so it keeps its digits
    where it is nearly 0.

    TensorFlow Ranking's loss of this name is smaller by 1, and its gradient is the same.

    The pairs of a list take time proportional to :math:`K^2`, and memory proportional to :math:`K`.

    References
    ----------
    .. [1] T. Qin, T.-Y. Liu and H. Li, "A general approximation framework for direct optimization
       of information retrieval measures", *Information Retrieval* 13, 2010.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.ApproxNDCG(temperature=0.1, reduction="none")
    >>> loss([[1.0, 0.0]] * 3, [[0.6, 0.8], [0.7, 0.7], [0.8, 0.6]]).round(4)
    array([0.3449, 0.2435, 0.0771])
    """

    temperature: float = parameter(default=0.1, domain=POSITIVE)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self._steepest,
            bounded=True,
            elicits="an order with a high NDCG",
        )

    def _steepest(self, n_items):
        """Return the length of the longest gradient: where one relevant item leads all others."""
        n_others, wrong = n_items - 1, sigmoid(-np.linspace(0, 40, 40_001))
        fall, _ = _falls(1, 2, n_others * wrong)
        slope = wrong * (1 - wrong) * fall * sqrt(n_others * n_items)
        return float(slope.max()) / self.temperature

    def _formula(self, s):
        z, gain, rank, tau, k = s.z_k, s.vector("G"), s.vector("r"), s.tau, s.k
        ideal, fall, bend = s.Symbol("N", positive=True), s.vector("a"), s.vector("c")

        def sigma(one, other):
            return s.sigma((s.at(z, one) - s.at(z, other)) / tau)

        b = sigma(k, s.j) * sigma(s.j, k)
        tilt = sigma(k, s.j) - sigma(s.j, k)
        each, total = (s.j, 1, s.K), s.Sum(b, (s.j, 1, s.K)) - s.Rational(1, 4)
        fall_j, bend_j = s.at(fall, s.j), s.at(bend, s.j)
        log = s.log(1 + rank)
        return s.Formula(
            value=1 - s.sum_k(gain / (log / s.log(2))) / ideal,
            gradient=s.Sum(b * (fall_j - fall), each) / tau,
            hessian=(
                s.Sum(b * tilt * (fall - fall_j) - bend_j * b**2, each)
                - bend * (total**2 - s.Rational(1, 16))
            )
            / tau**2,
            y_true=s.vector("y"),
            y_pred=z,
            definitions={
                rank: s.Rational(1, 2) + s.sum_i(sigma(s.i, k)),
                gain: 2 ** s.vector("y") - 1,
                ideal: s.sum_j(gain / (s.log(1 + k) / s.log(2))),
                fall: gain * s.log(2) / (ideal * (1 + rank) * log**2),
                bend: gain * s.log(2) * (log + 2) / (ideal * (1 + rank) ** 2 * log**3),
            },
            parameters={tau: "temperature"},
            target="the relevance of item k; items are numbered from the most relevant down",
        )

    def _shared(self, y_true, y_pred):
        kept = self._kept(y_true)
        # Of equally relevant items, the one with the higher score is ideally first.
        place = _places(kept, y_pred, y_true)
        share = _shares(kept, y_true, 1 / np.log2(2 + place))
        off = np.empty_like(share)
        for some, x, e in self._compared(kept, y_pred):
            a, b = two_sides(x, e)
            off[some] = sum_entries(np.where(place[:, None] < place[some], -b, a) / (1 + e))
        return kept, y_pred, share, 2 + place, off

    def _compared(self, kept, y_pred):
        """Yield some items, how far they are below the others in temperatures, and its decay."""
        for some, compared, above in _pairs(kept, y_pred):
            x = np.where(compared, above / self.temperature, -np.inf)
            yield some, x, decay(x)

    def _value(self, kept, z, share, ideal, off):
        start, change = np.log(ideal), np.log1p(off / ideal)
        return sum_entries(share * log(2) * change / (start * (start + change)))

    def _gradient(self, kept, z, share, ideal, off):
        fall, _ = _falls(share, ideal, off)
        slope = np.empty_like(share)
        for some, _, e in self._compared(kept, z):
            slope[some] = sum_entries(e / (1 + e) ** 2 * (fall[:, None] - fall[some]))
        return slope / self.temperature

    def _hessian(self, kept, z, share, ideal, off):
        fall, bend = _falls(share, ideal, off)
        hessian = np.empty_like(share)
        for some, x, e in self._compared(kept, z):
            b = e / (1 + e) ** 2
            turned = b * np.tanh(x / 2) * (fall[:, None] - fall[some])
            hessian[some] = sum_entries(turned - bend[:, None] * b**2)
            hessian[some] -= bend[some] * sum_entries(b) ** 2
        return hessian / self.temperature**2


def _falls(share, ideal, off):
    """Return how fast what each item adds falls with its rank, and how fast the fall abates."""
    after, log_after = ideal + off, np.log(ideal) + np.log1p(off / ideal)
    fall = share * log(2) / (after * log_after**2)
    return fall, fall * (log_after + 2) / (after * log_after)
