"""Losses of bounding boxes.

Each is one minus the intersection over the union, and penalties for lying apart.
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

    penalties: ClassVar[tuple[type[Any], ...]] = (Void,)


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

    penalties: ClassVar[tuple[type[Any], ...]] = (Distance,)


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

    penalties: ClassVar[tuple[type[Any], ...]] = (Distance, Aspect)
