"""Losses of bounding boxes.

Each is one minus the intersection over the union, and penalties for lying apart.  Lengths are put
together from what both boxes cover, what only one does, and the gap between them, so nothing
cancels.  Derivatives are taken by moving an edge outwards, which looks the same from all four
edges: but for whether the edge is outside the true box or inside.
"""

from functools import cached_property
from math import pi
from typing import ClassVar

import numpy as np

from ..core.domains import BOXES
from ..core.elementwise import negative_part, positive_part
from ..core.loss import RowLoss
from ..core.traits import Traits

_OUTWARDS = np.array([-1, 1], np.int8)[:, None, None]
"""The way out at the lower and at the upper end of a box."""


class BoxLoss(RowLoss):
    """Base of losses of boxes (x1, y1, x2, y2), which are on the last axis.

    Each is `Missed` and the penalties that a subclass names.  Such a term has a ``value``, and
    methods ``slope`` and ``bend``: its derivatives when edges move outwards by lengths of the hull,
    outside the true box or inside it.  They broadcast to ends, x and y, and samples.
    """

    width: ClassVar[int] = 4
    """How long the last axis is."""

    penalties: ClassVar[tuple] = ()

    y_true_domain = BOXES
    y_pred_domain = BOXES

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=False,
            twice_differentiable=False,
            bounded=True,
            elicits="box of best expected overlap",
        )

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        if batch.shapes[0][-1] != self.width:
            raise ValueError(
                "y_pred must hold boxes, (x1, y1, x2, y2) on the last axis; "
                f"got shape {batch.shapes[0]}"
            )
        return batch

    def _shared(self, y_true, y_pred):
        pair = Pair(y_true, y_pred)
        return pair, [pair.missed, *(penalty(pair) for penalty in self.penalties)]

    def _value(self, pair, terms):
        return sum(term.value for term in terms)

    def _gradient(self, pair, terms):
        outside, inside = (sum(term.slope(side) for term in terms) for side in (True, False))
        nearest_to_0 = np.clip(0, np.minimum(outside, inside), np.maximum(outside, inside))
        slope = np.where(pair.beyond > 0, outside, inside)
        slope = np.where(pair.beyond == 0, nearest_to_0, slope)
        return (_OUTWARDS * _ratio(slope, pair.hull)).reshape(self.width, -1)

    def _hessian(self, pair, terms):
        outside, inside = (sum(term.bend(side) for term in terms) for side in (True, False))
        bend = np.where(pair.beyond > 0, outside, inside)
        return _ratio(_ratio(bend, pair.hull), pair.hull).reshape(self.width, -1)


def _ratio(numerator, denominator):
    """Return a ratio, 0 where the denominator is 0."""
    return np.where(denominator > 0, numerator / denominator, 0)


class Pair:
    """A predicted and a true box, measured along x and y.

    Attributes
    ----------
    beyond : ndarray
        How far predicted edges lie outside the true ones: at both ends, along x and y.
    size, true_size, hull : ndarray
        The sides of the boxes, and of the smallest box around both.
    overlap, excess, lack, gap : ndarray
        What both boxes cover, only the predicted, only the true one, and neither, in lengths of
        the hull: 1 together.
    across : ndarray
        How long the predicted edges are that move along x and along y, in lengths of the hull.
    """

    def __init__(self, y_true, y_pred):
        (low, high), (true_low, true_high) = (y.reshape(2, 2, -1) for y in (y_pred, y_true))
        self.beyond = np.stack([true_low - low, high - true_high])
        self.size, self.true_size = high - low, true_high - true_low
        self.hull = np.maximum(high, true_high) - np.minimum(low, true_low)
        shared = np.minimum(high, true_high) - np.maximum(low, true_low)
        excess = np.add.reduce(positive_part(self.beyond), axis=0)
        lack = -np.add.reduce(negative_part(self.beyond), axis=0)
        self.overlap = _ratio(positive_part(shared), self.hull)
        self.excess = _ratio(np.minimum(excess, self.size), self.hull)
        self.lack = _ratio(np.minimum(lack, self.true_size), self.hull)
        self.gap = _ratio(-negative_part(shared), self.hull)
        self.across = (self.overlap + self.excess)[::-1]

    @cached_property
    def missed(self):
        """What the boxes miss of each other."""
        return Missed(self)

    def growth(self, outside):
        """Return the growth of the union's area, in areas of the hull, when edges move."""
        if outside:
            return self.across
        return np.where(self.overlap > 0, self.excess[::-1], self.across)


class Missed:
    """One minus the intersection over the union; of two empty boxes 0 if they are equal, else 1."""

    def __init__(self, pair):
        self.pair = pair
        (x, y), (more_x, more_y), (less_x, less_y) = pair.overlap, pair.excess, pair.lack
        both, lacking = x * y, less_x * (y + less_y) + x * less_y
        missed = more_x * (y + more_y) + x * more_y + lacking
        self.true_area, self.union = both + lacking, both + missed
        self.covered = _ratio(both, self.union)
        apart = (pair.beyond != 0).any(axis=(0, 1))
        self.value = np.where(self.union > 0, missed / self.union, apart)

    def slope(self, outside):
        """Return the first derivative."""
        overlap, excess, across = self.pair.overlap, self.pair.excess, self.pair.across
        if outside:
            return self.covered * _ratio(across, self.union)
        towards = _ratio(overlap[::-1], self.union)
        return np.where(
            overlap > 0, -towards * _ratio(excess * across + self.true_area, self.union), 0
        )

    def bend(self, outside):
        """Return the second derivative."""
        return -2 * self.slope(outside) * _ratio(self.pair.growth(outside), self.union)


class Void:
    """The share of the hull that neither box covers."""

    def __init__(self, pair):
        self.pair = pair
        (more_x, more_y), (less_x, less_y), (gap_x, gap_y) = pair.excess, pair.lack, pair.gap
        self.value = more_x * less_y + less_x * more_y + gap_x + gap_y * (1 - gap_x)

    def slope(self, outside):
        """Return the first derivative."""
        if outside:
            return (self.pair.lack + self.pair.gap)[::-1] - self.value
        return -self.pair.growth(outside)

    def bend(self, outside):
        """Return the second derivative."""
        return -2 * outside * self.slope(outside)


class Distance:
    """The squared distance of the centres over the squared diagonal of the hull."""

    def __init__(self, pair):
        diagonal = np.hypot(*pair.hull)
        self.hull = _ratio(pair.hull, diagonal)
        self.offset = _ratio((pair.beyond[1] - pair.beyond[0]) / 2, diagonal)
        self.value = np.add.reduce(self.offset**2, axis=0)

    def slope(self, outside):
        """Return the first derivative."""
        return self.hull * (_OUTWARDS * self.offset - 2 * outside * self.hull * self.value)

    def bend(self, outside):
        """Return the second derivative."""
        curved = 0.5 * self.hull**2
        return curved - 2 * outside * self.hull**2 * (2 * self.slope(outside) + self.value)


class Aspect:
    r"""The penalty v²/(L + v) for sides of another ratio: L is missed, v = (2θ/π)².

    θ is the angle between the diagonals of the boxes, turned to start in one corner.
    """

    def __init__(self, pair):
        self.missed = pair.missed
        diagonal, true_diagonal = np.hypot(*pair.size), np.hypot(*pair.true_size)
        self.direction, direction = (
            _ratio(pair.size, diagonal),
            _ratio(pair.true_size, true_diagonal),
        )
        longer = _ratio(-np.add.reduce(pair.beyond, axis=0), true_diagonal)
        self.angle = np.arctan2(
            longer[0] * self.direction[1] - longer[1] * self.direction[0],
            np.add.reduce(self.direction * direction, axis=0),
        )
        self.hull = _ratio(pair.hull, diagonal)
        self.v = (2 / pi * self.angle) ** 2
        self.total = self.missed.value + self.v
        self.alpha = _ratio(self.v, self.total)
        self.value = self.alpha * self.v

    def _turns(self):
        """Return the derivatives of the angle."""
        sign = np.array([-1, 1], np.int8)[:, None]
        first = sign * self.direction[::-1] * self.hull
        return first, -2 * sign * self.direction[0] * self.direction[1] * self.hull**2

    def _slope_of_v(self):
        return 8 / pi**2 * self.angle * self._turns()[0]

    def slope(self, outside):
        """Return the first derivative."""
        a = self.alpha
        return a * (2 - a) * self._slope_of_v() - a**2 * self.missed.slope(outside)

    def bend(self, outside):
        """Return the second derivative."""
        a, (first, second) = self.alpha, self._turns()
        across = (
            a * self.missed.slope(outside)
            - _ratio(self.missed.value, self.total) * self._slope_of_v()
        )
        bend_of_v = 8 / pi**2 * (first**2 + self.angle * second)
        return (
            a * (2 - a) * bend_of_v
            - a**2 * self.missed.bend(outside)
            + 2 * _ratio(across**2, self.total)
        )


class IoU(BoxLoss):
    r"""Jaccard loss of boxes, :math:`\ell = 1 - I/U`: one minus intersection over union.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` with :math:`x_1 \le x_2` and
    :math:`y_1 \le y_2` on the last axis; a box that is turned inside out is refused.  With the
    derivatives :math:`A'` of the predicted area, :math:`I'` of the intersection and
    :math:`U' = A' - I'`, each in one coordinate, the gradient is :math:`(I U' - U I')/U^2` and the
    second derivative :math:`-2 U'/U` times that.  Boxes that do not meet cost 1 with gradient 0,
    wherever they are.  UnitBox [1]_ minimises :math:`-\log(I/U)` instead.

    Where a predicted edge lies on the true one, or boxes touch, the loss has a kink.  The
    subgradient there is the one nearest to 0, and the second derivative that of the side of
    smaller boxes.  Two empty boxes cost 0 if they are equal, else 1, with gradient 0.

    References
    ----------
    .. [1] J. Yu, Y. Jiang, Z. Wang, Z. Cao and T. Huang, "UnitBox: an advanced object detection
       network", *ACM International Conference on Multimedia*, 2016.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.IoU(reduction="none")
    >>> loss([[0, 0, 2, 2], [0, 0, 2, 2]], [[1, 0, 3, 2], [3, 0, 5, 2]])
    array([0.66666667, 1.        ])
    """


class GIoU(BoxLoss):
    r"""Generalised IoU loss: what is in neither box but in the box around both counts too [1]_.

    .. math::

        \ell = 1 - \frac{I}{U} + \frac{C - U}{C}

    with the intersection :math:`I`, the union :math:`U` and the hull :math:`C`, the smallest box
    around both.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` with :math:`x_1 \le x_2` and
    :math:`y_1 \le y_2` on the last axis; a box that is turned inside out is refused.  The
    gradient is that of `IoU` plus :math:`V' = (U C' - C U')/C^2`, and the second derivative that of
    `IoU` minus :math:`2 V' C'/C`.  Boxes that do not meet still have a gradient, which draws them
    together.

    Where a predicted edge lies on the true one, or boxes touch, the loss has a kink.  The
    subgradient there is the one nearest to 0, and the second derivative that of the side of
    smaller boxes.  A box and its copy cost 0, empty or not.

    References
    ----------
    .. [1] H. Rezatofighi, N. Tsoi, J. Gwak, A. Sadeghian, I. Reid and S. Savarese, "Generalized
       intersection over union: a metric and a loss for bounding box regression", *IEEE/CVF
       Conference on Computer Vision and Pattern Recognition*, 2019.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.GIoU(reduction="none")
    >>> loss([[0, 0, 2, 2], [0, 0, 2, 2]], [[1, 0, 3, 2], [3, 0, 5, 2]])
    array([0.66666667, 1.2       ])
    """

    penalties = (Void,)


class DIoU(BoxLoss):
    r"""Distance-IoU loss: the distance of the centres counts too [1]_.

    .. math::

        \ell = 1 - \frac{I}{U} + \frac{\rho^2}{c^2}

    with the distance :math:`\rho` of the centres, and the diagonal :math:`c` of the smallest box
    around both.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` with :math:`x_1 \le x_2` and
    :math:`y_1 \le y_2` on the last axis; a box that is turned inside out is refused.  To the
    derivatives of `IoU` those of :math:`Q = \rho^2/c^2` are added: with :math:`s` for
    :math:`c^2`, :math:`Q' = ((\rho^2)' - Q s')/s` and
    :math:`Q'' = ((\rho^2)'' - 2 Q' s' - Q s'')/s`.

    Where a predicted edge lies on the true one, or boxes touch, the loss has a kink.  The
    subgradient there is the one nearest to 0, and the second derivative that of the side of
    smaller boxes.  A box and its copy cost 0, empty or not.

    References
    ----------
    .. [1] Z. Zheng, P. Wang, W. Liu, J. Li, R. Ye and D. Ren, "Distance-IoU loss: faster and better
       learning for bounding box regression", *AAAI Conference on Artificial Intelligence*, 2020.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.DIoU(reduction="none")
    >>> loss([[0, 0, 2, 2], [0, 0, 2, 2]], [[0, 0, 1, 1], [0.5, 0.5, 1.5, 1.5]])
    array([0.8125, 0.75  ])
    """

    penalties = (Distance,)


class CIoU(BoxLoss):
    r"""Complete IoU loss: the distance of the centres and the ratio of the sides count too [1]_.

    .. math::

        \ell = 1 - \frac{I}{U} + \frac{\rho^2}{c^2} + \alpha v, \qquad
        v = \frac{4}{\pi^2} \left(\arctan\frac{w^*}{h^*} - \arctan\frac{w}{h}\right)^2, \qquad
        \alpha = \frac{v}{1 - I/U + v}

    with the sides :math:`w^*, h^*` of the true and :math:`w, h` of the predicted box, the
    distance :math:`\rho` of the centres, and the diagonal :math:`c` of the smallest box around
    both.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` with :math:`x_1 \le x_2` and
    :math:`y_1 \le y_2` on the last axis; a box that is turned inside out is refused.

    The gradient is that of the value.  The paper, and torchvision with it, holds :math:`\alpha`
    constant and adds :math:`\alpha v'` to the gradient of `DIoU`; here, with
    :math:`L = 1 - I/U`, it is :math:`\alpha(2 - \alpha) v' - \alpha^2 L'`, and
    :math:`\alpha(2 - \alpha) v'' - \alpha^2 L'' + 2 (\alpha L' - (1 - \alpha) v')^2/(L + v)` is
    added to the second derivative.

    Where a predicted edge lies on the true one, or boxes touch, the loss has a kink.  The
    subgradient there is the one nearest to 0, and the second derivative that of the side of
    smaller boxes.  A box and its copy cost 0, empty or not; a box without extent has no ratio of
    sides, and :math:`v = 0`.

    References
    ----------
    .. [1] Z. Zheng, P. Wang, W. Liu, J. Li, R. Ye and D. Ren, "Distance-IoU loss: faster and better
       learning for bounding box regression", *AAAI Conference on Artificial Intelligence*, 2020.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.CIoU(reduction="none")
    >>> loss([[0, 0, 2, 2], [0, 0, 2, 2]], [[0.5, 0.5, 1.5, 1.5], [0.5, 0, 1.5, 2]]).round(6)
    array([0.75    , 0.503248])
    """

    penalties = (Distance, Aspect)
