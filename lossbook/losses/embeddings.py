"""Losses of embeddings: vectors whose directions or distances say what belongs together."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.domains import DIRECTIONS, NON_NEGATIVE, PLUS_MINUS_ONE, POSITIVE, ZERO_OR_ONE, Interval
from ..core.elementwise import positive_part, sum_entries
from ..core.loss import Call, JointLoss, Out, PointwiseLoss, parameter
from ..core.pairs import PairLoss
from ..core.traits import Traits
from ..core.vectors import Angle, Vector


class CosineDistance(JointLoss):
    r"""Cosine distance of two vectors, one minus the cosine of the angle between them.

    .. math::

        \ell = 1 - \frac{a \cdot b}{|a|\,|b|}

    Notes
    -----
    Called with `first` :math:`a` and `second` :math:`b`, of one shape (..., D); there are no other
    targets.  With the directions :math:`u = a/|a|` and :math:`v = b/|b|` the gradient by :math:`a`
    is :math:`-(v - (u \cdot v)\,u)/|a|` and the diagonal second derivative :math:`(2 u_k (v_k - (u
    \cdot v)\,u_k) + (u \cdot v)(1 - u_k^2))/|a|^2`; those by :math:`b` are the same with the roles
    exchanged.  The loss lies in [0, 2] and is computed as :math:`\tfrac12 |u - v|^2`, which does
    not cancel where the vectors are nearly parallel.  The zero vector has no direction: with it
    the loss is 1 and all derivatives are 0.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.CosineDistance(reduction="none")
    >>> loss([[1.0, 0.0], [3.0, 4.0], [0.0, 0.0]], [[0.0, 2.0], [6.0, 8.0], [1.0, 0.0]])
    array([1., 0., 1.])
    >>> loss.gradient([[1.0, 0.0]], [[0.0, 2.0]])
    (array([[ 0., -1.]]), array([[-0.5,  0. ]]))
    """

    def _inputs(
        self,
        first: ArrayLike,
        second: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], NDArray[Any]]]:
        return Call((first, second), sample_weight, curvature, out)

    entries = 1
    y_pred_domain = DIRECTIONS

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            bounded=True,
            elicits="the same direction",
        )

    def _formula(self, s):
        cosine, gradient, hessian, definitions = Angle.formula(s)
        return s.Formula(
            value=1 - cosine,
            gradient=gradient,
            hessian=hessian,
            y_true=None,
            y_pred=(s.vector("a"), s.vector("b")),
            definitions=definitions,
        )

    def _shared(self, first, second):
        return (Angle(first, second),)

    def _value(self, angle):
        return angle.distance

    def _gradient(self, angle):
        return angle.gradient()

    def _hessian(self, angle):
        return angle.hessian()


class CosineEmbedding(PairLoss):
    r"""Cosine loss of pairs: those that match shall be parallel, the others apart.

    .. math::

        \ell = \begin{cases} 1 - c & y = +1 \\ \max(0, c - m) & y = -1 \end{cases}
        \qquad c = \frac{a \cdot b}{|a|\,|b|}

    Parameters
    ----------
    margin : float, default 0.0
        Cosine :math:`m` up to which pairs that do not match cost nothing; in [-1, 1].

    Notes
    -----
    Called with targets :math:`y` of shape (...), +1 for a pair that matches and -1 for one that
    does not, and with `first` :math:`a` and `second` :math:`b` of shape (..., D).  The derivatives
    are those of `CosineDistance` where :math:`y = 1`, minus these where :math:`y = -1` and
    :math:`c > m`, and 0 elsewhere: so is the subgradient at the kink :math:`c = m`.  The zero
    vector has cosine 0 with every other, and its pairs have derivatives 0.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.CosineEmbedding(margin=0.5, reduction="none")
    >>> loss([1, -1, -1], [[1.0, 0.0]] * 3, [[0.0, 2.0], [0.0, 2.0], [3.0, 0.0]])
    array([1. , 0. , 0.5])
    """

    margin: float = parameter(default=0.0, domain=Interval(-1, 1))

    entries = 1
    y_true_domain = PLUS_MINUS_ONE
    y_pred_domain = DIRECTIONS

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=False,
            twice_differentiable=False,
            bounded=True,
            elicits="the same direction for pairs that match, others beyond the margin",
        )

    def _formula(self, s):
        cosine, gradient, hessian, definitions = Angle.formula(s)
        margin, parameters = (s.m, {s.m: "margin"}) if self.margin else (0, {})
        match = s.Eq(s.y, 1)

        def by_label(derivatives):
            return tuple(
                s.cases((each, match), (-each, cosine > margin), 0) for each in derivatives
            )

        return s.Formula(
            value=s.cases((1 - cosine, match), s.Max(0, cosine - margin)),
            gradient=by_label(gradient),
            hessian=by_label(hessian),
            y_true=s.y,
            y_pred=(s.vector("a"), s.vector("b")),
            definitions=definitions,
            parameters=parameters,
        )

    def _shared(self, y_true, first, second):
        angle = Angle(first, second)
        excess = positive_part((1 - self.margin) - angle.distance)
        slope = np.where(y_true > 0, 1, -np.sign(excess))
        return y_true, angle, excess, slope

    def _value(self, y, angle, excess, slope):
        return np.where(y > 0, angle.distance, excess)

    def _gradient(self, y, angle, excess, slope):
        return tuple(slope * by_one for by_one in angle.gradient())

    def _hessian(self, y, angle, excess, slope):
        return tuple(slope * by_one for by_one in angle.hessian())


class HingeEmbedding(PointwiseLoss):
    r"""Hinge loss of a distance: that of a pair that matches shall be small, others large.

    .. math::

        \ell = \begin{cases} x & y = +1 \\ \max(0, m - x) & y = -1 \end{cases}

    Parameters
    ----------
    margin : float, default 1.0
        Distance :math:`m` from which on pairs that do not match cost nothing; not negative.

    Notes
    -----
    Targets :math:`y` are +1 for a pair that matches and -1 for one that does not; predictions
    :math:`x` are the distances of the pairs, of any kind.  As in PyTorch they may be any real
    number, though below 0 the loss is negative, and falls without bound: so there is no best
    constant.  Gradient 1 where :math:`y = 1`, -1 where :math:`y = -1` and :math:`x < m`, else 0:
    the subgradient at the kink :math:`x = m` is 0.  The second derivative is 0.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.HingeEmbedding(margin=1.0, reduction="none")
    >>> loss([1, -1, -1], [0.25, 0.25, 2.0])
    array([0.25, 0.75, 0.  ])
    """

    margin: float = parameter(default=1.0, domain=NON_NEGATIVE)

    y_true_domain = PLUS_MINUS_ONE

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=1.0,
            elicits="a small distance for pairs that match, others beyond the margin",
        )

    def _formula(self, s):
        y, x, m = s.y, s.x, s.m
        match = s.Eq(y, 1)
        return s.Formula(
            value=s.cases((x, match), s.Max(0, m - x)),
            gradient=s.cases((1, match), (-1, x < m), 0),
            hessian=0,
            y_true=y,
            y_pred=x,
            parameters={m: "margin"},
        )

    def _shared(self, y_true, y_pred):
        return y_true, y_pred, positive_part(self.margin - y_pred)

    def _value(self, y, x, shortfall):
        return np.where(y > 0, x, shortfall)

    def _gradient(self, y, x, shortfall):
        return np.where(y > 0, 1, -np.sign(shortfall))

    def _hessian(self, y, x, shortfall):
        return np.zeros_like(x)


class Contrastive(PairLoss):
    r"""Contrastive loss of pairs by their Euclidean distance :math:`d = |a - b|` [1]_.

    .. math::

        \ell = \begin{cases} \tfrac12 d^2 & y = 1 \\ \tfrac12 \max(0, m - d)^2 & y = 0 \end{cases}

    Parameters
    ----------
    margin : float, default 1.0
        Distance :math:`m` from which on pairs that do not match cost nothing; positive.

    Notes
    -----
    Called with targets :math:`y` of shape (...) and with `first` :math:`a` and `second` :math:`b`
    of shape (..., D).  Here :math:`y = 1` marks a pair that matches and 0 one that does not, as a
    classifier of pairs would have it; in the paper it is the other way round.  With :math:`u = (a
    - b)/d` the gradient by :math:`a` is :math:`a - b` for :math:`y = 1` and :math:`-\max(0, m -
    d)\,u` for :math:`y = 0`; the diagonal second derivative is 1 and :math:`u_k^2 - (m - d)(1 -
    u_k^2)/d`, which becomes 0 from :math:`d = m` on.  By :math:`b` the gradient has the other sign
    and the second derivative is the same.  At :math:`d = 0` the loss of pairs that do not match
    has a peak; gradient and second derivative are 0 there.

    References
    ----------
    .. [1] R. Hadsell, S. Chopra and Y. LeCun, "Dimensionality reduction by learning an invariant
       mapping", *IEEE Conference on Computer Vision and Pattern Recognition*, 2006.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Contrastive(margin=6.0, reduction="none")
    >>> loss([1, 0], [[0.0, 0.0]] * 2, [[3.0, 4.0]] * 2)
    array([12.5,  0.5])
    """

    margin: float = parameter(default=1.0, domain=POSITIVE)

    entries = 1
    y_true_domain = ZERO_OR_ONE

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=False,
            twice_differentiable=False,
            elicits="distance 0 for pairs that match, others beyond the margin",
        )

    def _formula(self, s):
        y, m, d = s.y, s.m, s.d
        a, b, u = s.vector("a"), s.vector("b"), s.vector("u")
        match = s.Eq(y, 1)
        slope = s.cases((a - b, match), (-(m - d) * u, d < m), 0)
        bend = s.cases((1, match), (u**2 - (m - d) * (1 - u**2) / d, d < m), 0)
        return s.Formula(
            value=s.cases((d**2 / 2, match), s.Max(0, m - d) ** 2 / 2),
            gradient=(slope, -slope),
            hessian=(bend, bend),
            y_true=y,
            y_pred=(a, b),
            definitions={d: s.length(a - b), u: (a - b) / d},
            parameters={m: "margin"},
        )

    def _shared(self, y_true, first, second):
        gap = first - second
        vector = Vector(gap)
        return y_true, gap, vector, positive_part(self.margin - vector.length)

    def _value(self, y, gap, vector, shortfall):
        return np.where(y == 1, vector.length, shortfall) ** 2 / 2

    def _gradient(self, y, gap, vector, shortfall):
        by_first = np.where(y == 1, gap, -shortfall * vector.unit)
        return by_first, -by_first

    def _hessian(self, y, gap, vector, shortfall):
        inside = np.sign(shortfall) * vector.unit**2 - shortfall * vector.curvature()
        bend = np.where(y == 1, 1, inside)
        return bend, bend


class Triplet(JointLoss):
    r"""Triplet margin loss: the positive shall be nearer to the anchor than the negative.

    .. math::

        \ell = \max(0, |a - p| - |a - n| + m)

    Parameters
    ----------
    margin : float, default 1.0
        How much nearer, :math:`m`; positive.

    Notes
    -----
    Called with `anchor` :math:`a`, `positive` :math:`p` and `negative` :math:`n`, of one shape
    (..., D); there are no other targets.  The distances are Euclidean; FaceNet [1]_ squares them.
    With :math:`u = (a - p)/|a - p|` and :math:`v = (a - n)/|a - n|` the gradients by the three are
    :math:`u - v`, :math:`-u` and :math:`v` where the loss is positive, and 0 elsewhere and at that
    kink.  With :math:`A_k = (1 - u_k^2)/|a - p|` and :math:`B_k = (1 - v_k^2)/|a - n|` the
    diagonal second derivatives are :math:`A_k - B_k`, :math:`A_k` and :math:`-B_k`.  Where two
    points coincide, their direction, and with it their part in the derivatives, is taken to be 0.

    References
    ----------
    .. [1] F. Schroff, D. Kalenichenko and J. Philbin, "FaceNet: a unified embedding for face
       recognition and clustering", *IEEE Conference on Computer Vision and Pattern Recognition*,
       2015.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Triplet(margin=1.0)
    >>> loss(anchor=[[0.0, 0.0]], positive=[[3.0, 4.0]], negative=[[0.0, 5.5]])
    0.5
    >>> loss.gradient([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 5.5]])
    (array([[-0.6,  0.2]]), array([[0.6, 0.8]]), array([[ 0., -1.]]))
    """

    margin: float = parameter(default=1.0, domain=POSITIVE)

    def _inputs(
        self,
        anchor: ArrayLike,
        positive: ArrayLike,
        negative: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
        return Call((anchor, positive, negative), sample_weight, curvature, out)

    entries = 1

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=sqrt(6),
            elicits="the positive nearer than the negative, by the margin",
        )

    def _formula(self, s):
        m, h = s.m, s.Symbol("h", real=True)
        d_p, d_n = s.symbols("d_p d_n", positive=True)
        a, p, n, u, v = map(s.vector, "apnuv")
        near, far = (1 - u**2) / d_p, (1 - v**2) / d_n

        def where_active(*derivatives):
            return tuple(s.cases((each, h > 0), 0) for each in derivatives)

        return s.Formula(
            value=s.Max(0, h),
            gradient=where_active(u - v, -u, v),
            hessian=where_active(near - far, near, -far),
            y_true=None,
            y_pred=(a, p, n),
            definitions={
                d_p: s.length(a - p),
                d_n: s.length(a - n),
                u: (a - p) / d_p,
                v: (a - n) / d_n,
                h: m + d_p - d_n,
            },
            parameters={m: "margin"},
        )

    def _shared(self, anchor, positive, negative):
        to_positive, to_negative = anchor - positive, anchor - negative
        near, far = Vector(to_positive), Vector(to_negative)
        # The difference of the lengths is that of their squares over their sum.
        total = near.length + far.length
        total = np.where(total == 0, 1, total)
        power = np.ldexp(total.dtype.type(1), np.frexp(total)[1] - 1)
        scaled = (to_positive + to_negative) / power
        infinite = np.isinf(total)
        if infinite.any():
            scaled = np.where(infinite, near.unit + far.unit, scaled)
            total, power = np.where(infinite, 2, total), np.where(infinite, 1, power)
        difference = sum_entries((negative - positive) * scaled) / (total / power)
        loss = positive_part(difference + self.margin)
        return loss, np.sign(loss), near, far

    def _value(self, loss, active, near, far):
        return loss

    def _gradient(self, loss, active, near, far):
        u, v = active * near.unit, active * far.unit
        return u - v, -u, v

    def _hessian(self, loss, active, near, far):
        a, b = active * near.curvature(), active * far.curvature()
        return a - b, a, -b
