"""Losses of whole masks: how far a predicted region overlaps the true one.

Overlap is never subtracted from 1: a loss is the share that errors have in the errors and what is
common, so a small loss keeps all its digits.
"""

from dataclasses import replace
from math import inf

import numpy as np

from ..core.domains import NON_NEGATIVE, POSITIVE, UNIT_INTERVAL
from ..core.elementwise import zero_if_nan
from ..core.loss import parameter
from ..core.masks import MaskLoss, sum_of_pixels
from ..core.traits import Traits


class OverlapLoss(MaskLoss):
    """Base of losses E/(E + C): what errors are of the errors E and what is common, C.

    A subclass says how false positives and false negatives weigh in E, and what C has beside the
    intersection.
    """

    y_true_domain = UNIT_INTERVAL
    y_pred_domain = UNIT_INTERVAL

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self._steepest,
            bounded=True,
            elicits="mask of best expected overlap",
        )

    def _steepest(self, n_pixels):
        """Return the largest slope: it is where all pixels but one are in neither mask."""
        sizes = np.append(0, np.logspace(-3, 0, 301))
        t, p = (np.stack([x.ravel(), 0 * x.ravel()]) for x in np.meshgrid(sizes, sizes))
        with np.errstate(all="ignore"):
            one, other = self._gradient(*self._shared(t, p))
        return float(np.sqrt(one**2 + (n_pixels - 1) * other**2).max())

    def _terms(self):
        raise NotImplementedError

    def _shared(self, t, p):
        alpha, beta, added = self._terms()
        errors = alpha * sum_of_pixels(p * (1 - t)) + beta * sum_of_pixels(t * (1 - p))
        common = sum_of_pixels(p * t) + added
        total = errors + common
        missed, common = zero_if_nan(errors / total), zero_if_nan(common / total)
        return t, missed, common, np.maximum(total, _LEAST_TOTAL)

    def _value(self, t, missed, common, total):
        return missed

    def _gradient(self, t, missed, common, total):
        alpha, beta, _ = self._terms()
        up, down = alpha * common / total, (beta * common + missed) / total
        return up * (1 - t) - down * t

    def _hessian(self, t, missed, common, total):
        return self._bend(t, total, self._gradient(t, missed, common, total))

    def _bend(self, t, total, slope):
        """Return the second derivative of the share, of which this is the first."""
        alpha, beta, _ = self._terms()
        return -2 * (alpha * (1 - t) + (1 - beta) * t) * (slope / total)


_LEAST_TOTAL = 1e-300
"""Masks that are emptier have slopes too steep for a float, in the pixels that they lack."""


class Dice(OverlapLoss):
    r"""Dice loss, one minus the Dice coefficient of two masks, which is also their F1 score.

    .. math::

        \ell = 1 - \frac{2 \sum_k t_k p_k + s}{\sum_k t_k + \sum_k p_k + s}

    Parameters
    ----------
    smooth : float, default 0.0
        What is added above and below, :math:`s`; not negative.  With 0 an empty target costs 1
        whatever is predicted, with gradient 0, unless the prediction is empty too.

    Notes
    -----
    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    Targets :math:`t` in [0, 1] (they may be soft), predictions :math:`p` in [0, 1].  With the
    denominator :math:`D` and the coefficient :math:`S = 1 - \ell` the gradient is
    :math:`(S - 2t_k)/D` and the second derivative :math:`-2(S - 2t_k)/D^2`.  Two empty masks cost
    0, with the gradient 0.  A soft target is not its own best prediction: only a target of zeros
    and ones is.  The loss was introduced with squares in the denominator [1]_; without them, as
    here, and with ``smooth=0`` the coefficient is that of Dice [2]_.

    References
    ----------
    .. [1] F. Milletari, N. Navab and S.-A. Ahmadi, "V-Net: fully convolutional neural networks for
       volumetric medical image segmentation", *International Conference on 3D Vision*, 2016.
    .. [2] L. R. Dice, "Measures of the amount of ecologic association between species", *Ecology*
       26(3), 1945.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.Dice()
    >>> loss([1, 1, 0, 0], [1.0, 0.5, 0.5, 0.0])
    0.25
    >>> loss.gradient([1, 1, 0, 0], [1.0, 0.5, 0.5, 0.0])
    array([-0.3125, -0.3125,  0.1875,  0.1875])
    """

    smooth: float = parameter(0.0, NON_NEGATIVE)

    def _terms(self):
        return 0.5, 0.5, self.smooth / 2


class Jaccard(OverlapLoss):
    r"""Jaccard loss, one minus the intersection over the union of two masks.

    .. math::

        \ell = 1 - \frac{\sum_k t_k p_k}{\sum_k t_k + \sum_k p_k - \sum_k t_k p_k}

    Notes
    -----
    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    Targets :math:`t` in [0, 1] (they may be soft), predictions :math:`p` in [0, 1].  With the
    denominator :math:`D` and the coefficient :math:`S = 1 - \ell` the gradient is
    :math:`(S(1 - t_k) - t_k)/D` and the second derivative :math:`-2(1 - t_k)/D` times that.  Two
    empty masks cost 0, with the gradient 0.  Products stand for intersections [1]_, so a soft
    target is not its own best prediction: only a target of zeros and ones is.

    References
    ----------
    .. [1] M. A. Rahman and Y. Wang, "Optimizing intersection-over-union in deep neural networks for
       image segmentation", *International Symposium on Visual Computing*, 2016.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.Jaccard()([1, 1, 0, 0], [1.0, 0.5, 0.5, 0.0])
    0.4
    """

    def _terms(self):
        return 1.0, 1.0, 0.0


class Tversky(OverlapLoss):
    r"""Tversky loss: false positives and false negatives have weights of their own [1]_.

    .. math::

        \ell = 1 - \frac{I}{I + \alpha \sum_k (1 - t_k)\, p_k + \beta \sum_k t_k (1 - p_k)},
        \qquad I = \sum_k t_k p_k

    Parameters
    ----------
    alpha : float, default 0.5
        Weight :math:`\alpha` of the false positives; positive.
    beta : float, default 0.5
        Weight :math:`\beta` of the false negatives; positive.  A larger one brings recall at the
        price of precision.

    Notes
    -----
    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    Targets :math:`t` in [0, 1] (they may be soft), predictions :math:`p` in [0, 1].  With the
    denominator :math:`D`, which grows by :math:`a_k = \alpha(1 - t_k) + (1 - \beta)t_k` with
    :math:`p_k`, and the index :math:`S = 1 - \ell` the gradient is :math:`(S a_k - t_k)/D` and the
    second derivative :math:`-2 a_k/D` times that.  Two empty masks cost 0, with the gradient 0.
    Weights of 0.5 give `Dice`, weights of 1 `Jaccard`.

    References
    ----------
    .. [1] S. S. M. Salehi, D. Erdogmus and A. Gholipour, "Tversky loss function for image
       segmentation using 3D fully convolutional deep networks", *Machine Learning in Medical
       Imaging*, 2017.

    Examples
    --------
    What is predicted too much costs less here than what is missed:

    >>> import lossbook as lb
    >>> loss = lb.Tversky(alpha=0.25, beta=0.75, reduction="none")
    >>> loss([[1, 1, 0, 0], [1, 1, 0, 0]], [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    array([0.11111111, 0.42857143])
    """

    alpha: float = parameter(0.5, POSITIVE)
    beta: float = parameter(0.5, POSITIVE)

    def _terms(self):
        return self.alpha, self.beta, 0.0


class FocalTversky(OverlapLoss):
    r"""Focal Tversky loss, the power :math:`\ell = u^\gamma` of the Tversky loss :math:`u` [1]_.

    .. math::

        u = 1 - \frac{I}{I + \alpha \sum_k (1 - t_k)\, p_k + \beta \sum_k t_k (1 - p_k)},
        \qquad I = \sum_k t_k p_k

    Parameters
    ----------
    alpha : float, default 0.3
        Weight :math:`\alpha` of the false positives; positive.
    beta : float, default 0.7
        Weight :math:`\beta` of the false negatives; positive.
    gamma : float, default 0.75
        The exponent :math:`\gamma` itself; positive.  Above 1 it turns from masks that are nearly
        right to those that are not, below 1 the other way.

    Notes
    -----
    The paper calls the exponent :math:`1/\gamma` and recommends :math:`\gamma = 4/3`, and it
    exchanges the two weights: its 0.7 for false negatives, 0.3 for false positives and exponent
    3/4 are the defaults here.

    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    Targets :math:`t` in [0, 1] (they may be soft), predictions :math:`p` in [0, 1].  With the
    derivatives :math:`u'` and :math:`u''` of `Tversky` the gradient is
    :math:`\gamma u^{\gamma-1} u'` and the second derivative
    :math:`\gamma u^{\gamma-1} u'' + \gamma(\gamma - 1) u^{\gamma-2} u'^2`.  Where the masks
    coincide, :math:`u = 0`, powers of :math:`u` that would be infinite are taken as 0: the gradient
    of a loss with :math:`\gamma < 1` is 0 there, though it grows without bound on the way.

    References
    ----------
    .. [1] N. Abraham and N. M. Khan, "A novel focal Tversky loss function with improved attention
       U-Net for lesion segmentation", *International Symposium on Biomedical Imaging*, 2019.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.FocalTversky(alpha=0.5, beta=0.5, gamma=2.0)
    >>> loss([1, 1, 0, 0], [1.0, 0.5, 0.5, 0.0])
    0.0625
    """

    alpha: float = parameter(0.3, POSITIVE)
    beta: float = parameter(0.7, POSITIVE)
    gamma: float = parameter(0.75, POSITIVE)

    def _traits(self):
        known = super()._traits()
        return known if self.gamma >= 1 else replace(known, lipschitz=inf)

    def _terms(self):
        return self.alpha, self.beta, 0.0

    def _value(self, t, u, *rest):
        return u**self.gamma

    def _gradient(self, t, u, *rest):
        return self.gamma * _finite_power(u, self.gamma - 1) * super()._gradient(t, u, *rest)

    def _hessian(self, t, u, common, total):
        slope = super()._gradient(t, u, common, total)
        bend = self._bend(t, total, slope)
        first = self.gamma * _finite_power(u, self.gamma - 1)
        second = self.gamma * (self.gamma - 1) * _finite_power(u, self.gamma - 2)
        return first * bend + second * slope**2


def _finite_power(u, exponent):
    """Return a power, but 0 where it is infinite."""
    power = u**exponent
    return np.where(np.isinf(power), 0, power)
