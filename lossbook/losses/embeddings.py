"""Losses of embeddings, which are vectors that are close to each other if they belong together."""

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
    The loss is called with `first` :math:`a` and `second` :math:`b`, which have the same shape
    (..., D).  There are no separate targets.  With the directions :math:`u = a/|a|` and
    :math:`v = b/|b|`, the gradient with respect to :math:`a` is
    :math:`-(v - (u \cdot v)\,u)/|a|`, and the diagonal second derivative is
    :math:`(2 u_k (v_k - (u \cdot v)\,u_k) + (u \cdot v)(1 - u_k^2))/|a|^2`.  The derivatives with
    respect to :math:`b` follow by exchanging :math:`a` and :math:`b`.  The loss lies in [0, 2].  It
    is computed as :math:`\tfrac12 |u - v|^2`, because no digits cancel in this form if the vectors
    are nearly parallel.  The zero vector has no direction.  If one of the vectors is zero, the loss
    is 1 and all derivatives are 0.

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
    r"""Cosine loss of pairs, small if matching pairs are parallel and other pairs are not.

    .. math::

        \ell = \begin{cases} 1 - c & y = +1 \\ \max(0, c - m) & y = -1 \end{cases}
        \qquad c = \frac{a \cdot b}{|a|\,|b|}

    Parameters
    ----------
    margin : float, default 0.0
        Cosine :math:`m`, in [-1, 1], up to which the loss of a pair that does not match is 0.

    Notes
    -----
    The loss is called with targets :math:`y` of shape (...) and with `first` :math:`a` and `second`
    :math:`b` of shape (..., D).  The target is +1 for a pair that matches and -1 for a pair that
    does not.  For :math:`y = 1`, the derivatives are those of `CosineDistance`.  For
    :math:`y = -1` and :math:`c > m`, they have the opposite sign.  Otherwise they are 0, and the
    subgradient 0 is also returned at the kink :math:`c = m`.  The cosine of the zero vector and any
    other vector counts as 0, and the derivatives of such a pair are 0.

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
    r"""Hinge loss of a distance, small if matching pairs are near and other pairs are far apart.

    .. math::

        \ell = \begin{cases} x & y = +1 \\ \max(0, m - x) & y = -1 \end{cases}

    Parameters
    ----------
    margin : float, default 1.0
        Distance :math:`m` beyond which the loss of a pair that does not match is 0.  It must not
        be negative.

    Notes
    -----
    Targets :math:`y` are +1 for a pair that matches and -1 for a pair that does not.  Predictions
    :math:`x` are the distances of the pairs, and any kind of distance may be used.  As in PyTorch,
    they may be any real numbers, although the loss of a matching pair is negative for negative
    :math:`x` and unbounded below.  There is therefore no constant that minimises the loss.  The
    gradient is 1 for :math:`y = 1`, it is -1 for :math:`y = -1` and :math:`x < m`, and it is 0
    otherwise.  At the kink :math:`x = m`, the subgradient 0 is returned.  The second derivative
    is 0.

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
    r"""Contrastive loss of the Euclidean distance :math:`d = |a - b|` of a pair [1]_.

    .. math::

        \ell = \begin{cases} \tfrac12 d^2 & y = 1 \\ \tfrac12 \max(0, m - d)^2 & y = 0 \end{cases}

    Parameters
    ----------
    margin : float, default 1.0
        Distance :math:`m` beyond which the loss of a pair that does not match is 0.  It must be
        positive.

    Notes
    -----
    The loss is called with targets :math:`y` of shape (...) and with `first` :math:`a` and `second`
    :math:`b` of shape (..., D).  The target is 1 for a pair that matches and 0 for a pair that does
    not.  The paper uses the opposite labels.  Let :math:`u = (a - b)/d`.  For :math:`y = 1`, the
    gradient with respect to :math:`a` is :math:`a - b` and the diagonal second derivative is 1.
    For :math:`y = 0`, the gradient is :math:`-\max(0, m - d)\,u`.  The second derivative is then
    :math:`u_k^2 - (m - d)(1 - u_k^2)/d` for :math:`d < m` and 0 for :math:`d \ge m`.  The gradient
    with respect to :math:`b` has the opposite sign, and the second derivative is the same.  At
    :math:`d = 0`, the loss of a pair that does not match has a peak, where 0 is returned for both
    derivatives.

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
    r"""Triplet loss, zero if the positive is nearer to the anchor than the negative by a margin.

    .. math::

        \ell = \max(0, |a - p| - |a - n| + m)

    Parameters
    ----------
    margin : float, default 1.0
        Number :math:`m` by which the distance to the negative must exceed the distance to the
        positive for the loss to be 0.  It must be positive.

    Notes
    -----
    The loss is called with `anchor` :math:`a`, `positive` :math:`p` and `negative` :math:`n`, which
    have the same shape (..., D).  There are no separate targets.  The distances are Euclidean,
    whereas FaceNet [1]_ uses their squares.  Let :math:`u = (a - p)/|a - p|` and
    :math:`v = (a - n)/|a - n|`.  Where the loss is positive, the gradients with respect to
    :math:`a`, :math:`p` and :math:`n` are :math:`u - v`, :math:`-u` and :math:`v`.  Elsewhere, and
    at the kink, they are 0.  With :math:`A_k = (1 - u_k^2)/|a - p|` and
    :math:`B_k = (1 - v_k^2)/|a - n|`, the diagonal second derivatives are :math:`A_k - B_k`,
    :math:`A_k` and :math:`-B_k`.  If two points coincide, the direction from one to the other
    counts as 0, and so does its contribution to the derivatives.

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
