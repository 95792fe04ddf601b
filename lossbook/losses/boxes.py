"""Losses of bounding boxes.

Each loss is one minus the intersection over the union, plus penalties for boxes that lie apart.
"""

from functools import reduce
from operator import or_
from typing import Any, ClassVar

import numpy as np

from ..core.boxes import OUTWARDS, Aspect, Distance, Missed, Pair, Void, ratio
from ..core.domains import BOXES
from ..core.loss import RowLoss
from ..core.traits import Traits


class BoxLoss(RowLoss):
    """Base of losses of boxes (x1, y1, x2, y2), which are on the last axis.

    Each is `Missed` and the penalties that a subclass names.  Such a term has a ``value``, and
    methods ``slope`` and ``bend``: its derivatives when edges move outwards by lengths of the hull,
    outside the true box or inside it.  They broadcast to ends, x and y, and samples.
    """

    width: ClassVar[int] = 4
    """How long the last axis is."""

    penalties: ClassVar[tuple[type[Any], ...]] = ()

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

    def _formula(self, s):
        missed, *others = (term.formula(s) for term in (Missed, *self.penalties))
        return s.Formula(
            value=sum((term.value for term in others), missed.value),
            gradient=sum((term.slope for term in others), missed.slope),
            hessian=(1 + sum(term.of_missed for term in others)) * missed.bend
            + sum(term.bend for term in others),
            y_true=s.vector("t"),
            y_pred=s.vector("b"),
            definitions=reduce(or_, (term.definitions for term in others), missed.definitions),
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
        return (OUTWARDS * ratio(slope, pair.hull)).reshape(self.width, -1)

    def _hessian(self, pair, terms):
        outside, inside = (sum(term.bend(side) for term in terms) for side in (True, False))
        bend = np.where(pair.beyond > 0, outside, inside)
        return ratio(ratio(bend, pair.hull), pair.hull).reshape(self.width, -1)


class IoU(BoxLoss):
    r"""Jaccard loss of boxes, one minus the intersection over the union, :math:`\ell = 1 - I/U`.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` on the last axis, with
    :math:`x_1 \le x_2` and :math:`y_1 \le y_2`.  Other boxes raise an error.  Let
    :math:`A'`, :math:`I'` and :math:`U' = A' - I'` be the derivatives of the predicted area, of the
    intersection and of the union with respect to one coordinate.  The gradient is
    :math:`(I U' - U I')/U^2`, and the second derivative is the gradient times :math:`-2 U'/U`.  If
    the boxes do not overlap, the loss is 1 and the gradient is 0, however far apart they are.
    UnitBox [1]_ minimises :math:`-\log(I/U)` instead.

    If a predicted edge lies on a true edge, or if the boxes touch, the loss has a kink.  The
    subgradient that is nearest to 0 is returned there, and the second derivative is its limit as
    the predicted box shrinks.  The loss of two empty boxes is 0 if they are equal and 1 otherwise,
    and its gradient is 0.

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
    r"""Generalised IoU loss, which adds the share of the hull that neither box covers [1]_.

    .. math::

        \ell = 1 - \frac{I}{U} + \frac{C - U}{C}

    Here :math:`I` is the area of the intersection, :math:`U` that of the union, and :math:`C` that
    of the hull, which is the smallest box that contains both boxes.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` on the last axis, with
    :math:`x_1 \le x_2` and :math:`y_1 \le y_2`.  Other boxes raise an error.  The
    gradient is that of `IoU` plus :math:`V' = (U C' - C U')/C^2`, and the second derivative is that
    of `IoU` minus :math:`2 V' C'/C`.  If the boxes do not overlap, the gradient still draws them
    together.

    If a predicted edge lies on a true edge, or if the boxes touch, the loss has a kink.  The
    subgradient that is nearest to 0 is returned there, and the second derivative is its limit as
    the predicted box shrinks.  The loss of two equal boxes is 0, even if they are empty.

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

    penalties: ClassVar[tuple[type[Any], ...]] = (Void,)


class DIoU(BoxLoss):
    r"""Distance-IoU loss, which adds the squared distance between the centres [1]_.

    .. math::

        \ell = 1 - \frac{I}{U} + \frac{\rho^2}{c^2}

    Here :math:`\rho` is the distance between the centres, and :math:`c` is the diagonal of the
    smallest box that contains both boxes.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` on the last axis, with
    :math:`x_1 \le x_2` and :math:`y_1 \le y_2`.  Other boxes raise an error.  The
    derivatives are those of `IoU` plus those of :math:`Q = \rho^2/c^2`.  With :math:`s = c^2`, the
    latter are :math:`Q' = ((\rho^2)' - Q s')/s` and
    :math:`Q'' = ((\rho^2)'' - 2 Q' s' - Q s'')/s`.

    If a predicted edge lies on a true edge, or if the boxes touch, the loss has a kink.  The
    subgradient that is nearest to 0 is returned there, and the second derivative is its limit as
    the predicted box shrinks.  The loss of two equal boxes is 0, even if they are empty.

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

    penalties: ClassVar[tuple[type[Any], ...]] = (Distance,)


class CIoU(BoxLoss):
    r"""Complete IoU loss, which also compares the centres and the ratios of the sides [1]_.

    .. math::

        \ell = 1 - \frac{I}{U} + \frac{\rho^2}{c^2} + \alpha v, \qquad
        v = \frac{4}{\pi^2} \left(\arctan\frac{w^*}{h^*} - \arctan\frac{w}{h}\right)^2, \qquad
        \alpha = \frac{v}{1 - I/U + v}

    Here :math:`w^*` and :math:`h^*` are the width and the height of the true box, and :math:`w` and
    :math:`h` are those of the predicted box.  As in `DIoU`, :math:`\rho` is the distance between
    the centres, and :math:`c` is the diagonal of the smallest box that contains both boxes.

    Notes
    -----
    Targets and predictions hold boxes :math:`(x_1, y_1, x_2, y_2)` on the last axis, with
    :math:`x_1 \le x_2` and :math:`y_1 \le y_2`.  Other boxes raise an error.

    The gradient is the derivative of the value.  The paper and torchvision treat :math:`\alpha` as
    a constant, so they add :math:`\alpha v'` to the gradient of `DIoU`.  Here :math:`\alpha` is
    differentiated too.  With :math:`L = 1 - I/U`, we add
    :math:`\alpha(2 - \alpha) v' - \alpha^2 L'` to the gradient of `DIoU` and
    :math:`\alpha(2 - \alpha) v'' - \alpha^2 L'' + 2 (\alpha L' - (1 - \alpha) v')^2/(L + v)` to its
    second derivative.

    If a predicted edge lies on a true edge, or if the boxes touch, the loss has a kink.  The
    subgradient that is nearest to 0 is returned there, and the second derivative is its limit as
    the predicted box shrinks.  The loss of two equal boxes is 0, even if they are empty.  A box
    whose sides are both 0 has no ratio of sides, so :math:`v` is taken to be 0.

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

    penalties: ClassVar[tuple[type[Any], ...]] = (Distance, Aspect)
