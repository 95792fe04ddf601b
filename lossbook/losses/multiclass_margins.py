"""Losses of the margins between the score of the label and the scores of all other classes."""

from math import inf, sqrt

import numpy as np

from ..core.domains import TwoValues
from ..core.elementwise import sum_entries
from ..core.loss import parameter
from ..core.margin import ClassMarginLoss
from ..core.traits import Traits


class CrammerSinger(ClassMarginLoss):
    r"""Crammer and Singer's multiclass hinge loss, the largest of all shortfalls [1]_.

    .. math::

        \ell = \max_k \bigl(z_k + \text{margin} \cdot [k \ne y]\bigr) - z_y

    Parameters
    ----------
    margin : float, default 1.0
        How far the score of the label should lie above every other score.  It must not be negative.
        With 0 the loss is that of the multiclass perceptron.

    Notes
    -----
    The predictions :math:`z` have the shape (..., K) and may be any real scores.  The targets
    :math:`y` are integer labels of shape (...).  Where the loss is positive, the gradient is -1 for
    the label and 1 for the other class with the largest score.  If several classes share this
    score, each of them gets an equal part of the 1.  Where the loss is 0, the gradient is 0.  These
    are the subgradients nearest to 0.  The second derivative is 0.  For two classes and the margin
    1, the loss is the `Hinge` of the difference of the scores.  If one class has more than half of
    the labels, then the constant that minimises the loss gives this class a score that exceeds the
    others by the margin.  If no class has more than half, all scores of this constant are equal.
    The loss is therefore not classification-calibrated for more than two classes [2]_.

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

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=sqrt(2),
            elicits="a label of more than half the probability",
        )

    def _formula(self, s):
        shortfall = s.s_k
        worst = s.max_j(shortfall)
        return self._of_shortfalls(
            s,
            value=worst,
            gradient=s.one_if(s.Eq(shortfall, worst)) - s.t_k,
            hessian=0,
            optimum="the margin for a class with more than half of the labels, 0 for the others",
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


class MultiMargin(ClassMarginLoss):
    r"""Weston and Watkins' multiclass hinge loss, the sum of all shortfalls [1]_.

    .. math::

        \ell = \sum_{k \ne y} \max(0, \text{margin} - z_y + z_k)^\text{power}

    Parameters
    ----------
    margin : float, default 1.0
        How far the score of the label should lie above every other score.  It must not be negative.
    power : {1, 2}, default 1
        The power to which each shortfall is raised.

    Notes
    -----
    The predictions :math:`z` have the shape (..., K) and may be any real scores.  The targets
    :math:`y` are integer labels of shape (...).  Let
    :math:`s_k = \max(0, \text{margin} - z_y + z_k)` be the shortfall with respect to another class
    :math:`k \ne y`.  The gradient for this class is :math:`[s_k > 0]` with power 1 and
    :math:`2 s_k` with power 2.  The gradient for the label is minus the sum over all the other
    classes.  The second derivative is 0 with power 1.  With power 2 it is :math:`2\,[s_k > 0]` for
    another class, and the sum of these numbers for the label.  At :math:`s_k = 0`, the gradient and
    the second derivative for class :math:`k` are 0.  For more than two classes, only power 2 is
    classification-calibrated [2]_.  PyTorch divides this loss by the number of classes.

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

    power: float = parameter(default=1, domain=TwoValues(1, 2))

    def _traits(self):
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

    def _formula(self, s):
        t, shortfall = s.t_k, s.s_k
        push, hessian = s.one_if(shortfall > 0), 0
        if self.power == 2:
            rivals = (1 - t) * push
            push, hessian = 2 * s.Max(0, shortfall), 2 * rivals + 2 * t * s.sum_j(rivals)
        push = (1 - t) * push
        return self._of_shortfalls(
            s,
            value=s.sum_k((1 - t) * s.Max(0, shortfall) ** int(self.power)),
            gradient=push - t * s.sum_j(push),
            hessian=hessian,
        )

    def _value(self, shortfall, label):
        return sum_entries(shortfall**self.power)

    def _gradient(self, shortfall, label):
        if self.power == 2:
            return self._against(2 * shortfall, label, -1)
        return self._against(np.sign(shortfall), label, -1)

    def _hessian(self, shortfall, label):
        if self.power == 2:
            return self._against(2 * np.sign(shortfall), label, 1)
        return np.zeros_like(shortfall)

    def _against(self, rivals, label, sign):
        rivals[label] = sign * sum_entries(rivals)
        return rivals


def _all_rivals_against_the_label(n_classes):
    return sqrt(n_classes * (n_classes - 1))
