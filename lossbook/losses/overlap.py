"""Losses of whole masks, which measure how well a predicted region overlaps the true region.

With the errors E and the intersection C, a loss is computed as E/(E + C).  The overlap is never
subtracted from 1, so a small loss keeps all its digits.
"""

from dataclasses import replace
from math import inf

import numpy as np

from ..core.domains import NON_NEGATIVE, POSITIVE, UNIT_INTERVAL
from ..core.elementwise import zero_if_nan
from ..core.ignored import kept_of
from ..core.loss import parameter
from ..core.masks import MaskLoss, in_pieces, sum_of_pixels
from ..core.traits import Traits


class OverlapLoss(MaskLoss):
    """Base of the losses E/(E + C) of the errors E and the intersection C of two masks.

    A subclass defines the weights of false positives and false negatives in E and the number that
    is added to the intersection.
    """

    y_true_domain = UNIT_INTERVAL
    y_pred_domain = UNIT_INTERVAL

    def _traits(self):
        alpha, beta, _ = self._terms()
        # Below 1, the overlap is concave in the intersection, so fractions may be best.
        best = "mask" if alpha + beta >= 1 else "prediction"
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=self._steepest,
            bounded=True,
            elicits=f"{best} of best expected overlap",
        )

    def _steepest(self, n_pixels):
        """Return the largest slope, which occurs if all pixels but one are in neither mask."""
        sizes = np.append(0, np.logspace(-3, 0, 301))
        t, p = (np.stack([x.ravel(), 0 * x.ravel()]) for x in np.meshgrid(sizes, sizes))
        with np.errstate(all="ignore"):
            one, other = self._gradient(*self._overlap(t, 1 - t, p))
        return float(np.sqrt(one**2 + (n_pixels - 1) * other**2).max())

    def _terms(self):
        raise NotImplementedError

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        return in_pieces(self, batch, batch.shapes[0], self)

    def _shared(self, y_true, y_pred):
        return self._overlap(*self._sides(y_true, y_pred), y_pred)

    def _sides(self, y_true, y_pred):
        """Return how far pixels are in the true mask and out of it."""
        return kept_of(y_true, self._mark, y_true, 1 - y_true)

    def _overlap(self, t, u, p):
        """Return what formulas share, of how far pixels are in the true mask and out of it."""
        return t, u, *self._of_sums(*self._sums(t, u, p))

    def _sums(self, t, u, p):
        """Return the false positives, the false negatives and what is common."""
        return sum_of_pixels(p * u), sum_of_pixels(t * (1 - p)), sum_of_pixels(p * t)

    def _of_sums(self, wrong, lacking, common):
        alpha, beta, added = self._terms()
        errors, common = alpha * wrong + beta * lacking, common + added
        total = errors + common
        missed, common = zero_if_nan(errors / total), zero_if_nan(common / total)
        return missed, common, np.maximum(total, _LEAST_TOTAL)

    def _value(self, t, u, missed, common, total):
        return missed

    def _gradient(self, t, u, missed, common, total):
        alpha, beta, _ = self._terms()
        up, down = alpha * common / total, (beta * common + missed) / total
        return up * u - down * t

    def _hessian(self, t, u, missed, common, total):
        return self._bend(t, u, total, self._gradient(t, u, missed, common, total))

    def _bend(self, t, u, total, slope):
        """Return the second derivative of the share, of which this is the first."""
        alpha, beta, _ = self._terms()
        return -2 * (alpha * u + (1 - beta) * t) * (slope / total)


_LEAST_TOTAL = 1e-300
"""Masks that are emptier have slopes too steep for a float, in the pixels that they lack."""


class Dice(OverlapLoss):
    r"""Dice loss, one minus the Dice coefficient of two masks, which is also their F1 score.

    .. math::

        \ell = 1 - \frac{2 \sum_k t_k p_k + s}{\sum_k t_k + \sum_k p_k + s}

    Parameters
    ----------
    smooth : float, default 0.0
        Number :math:`s` that is added to the numerator and the denominator.  It must not be
        negative.  With 0, the loss of an empty target is 1 and its gradient is 0 for every
        prediction that is not empty too.

    Notes
    -----
    The first axis of an array indexes the masks and all other axes index pixels.  An array with a
    single axis is one mask.  Targets :math:`t` lie in [0, 1] and may be soft, and predictions
    :math:`p` lie in [0, 1].  Let :math:`D` be the denominator and :math:`S = 1 - \ell` the
    coefficient.  The gradient is :math:`(S - 2t_k)/D`, and the second derivative is
    :math:`-2(S - 2t_k)/D^2`.  If both masks are empty, the loss and the gradient are 0.  A target
    of zeros and ones is its own best prediction, but a soft target is not.  The loss was introduced
    with squares in the denominator [1]_.  Without these squares, as here, and with ``smooth=0``,
    the coefficient is the one of Dice [2]_.

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

    smooth: float = parameter(default=0.0, domain=NON_NEGATIVE)

    def _formula(self, s):
        t, p, D, S = s.t_k, s.p_k, *s.symbols("D S", positive=True)
        added, parameters = (s.s, {s.s: "smooth"}) if self.smooth else (0, {})
        gradient = (S - 2 * t) / D
        return s.Formula(
            value=1 - S,
            gradient=gradient,
            hessian=-2 * gradient / D,
            y_true=t,
            y_pred=p,
            definitions={
                D: s.sum_j(t) + s.sum_j(p) + added,
                S: (2 * s.sum_j(t * p) + added) / D,
            },
            parameters=parameters,
        )

    def _terms(self):
        return 0.5, 0.5, self.smooth / 2


class Jaccard(OverlapLoss):
    r"""Jaccard loss, one minus the intersection over the union of two masks.

    .. math::

        \ell = 1 - \frac{\sum_k t_k p_k}{\sum_k t_k + \sum_k p_k - \sum_k t_k p_k}

    Notes
    -----
    The first axis of an array indexes the masks and all other axes index pixels.  An array with a
    single axis is one mask.  Targets :math:`t` lie in [0, 1] and may be soft, and predictions
    :math:`p` lie in [0, 1].  Let :math:`D` be the denominator and :math:`S = 1 - \ell` the
    coefficient.  The gradient is :math:`(S(1 - t_k) - t_k)/D`, and the second derivative is
    :math:`-2(1 - t_k)/D` times the gradient.  If both masks are empty, the loss and the gradient
    are 0.  The intersection is computed with products [1]_.  For this reason, a target of zeros and
    ones is its own best prediction, but a soft target is not.

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

    def _formula(self, s):
        t, p, D, i, S = s.t_k, s.p_k, *s.symbols("D I S", positive=True)
        gradient = (S * (1 - t) - t) / D
        return s.Formula(
            value=1 - S,
            gradient=gradient,
            hessian=-2 * gradient * (1 - t) / D,
            y_true=t,
            y_pred=p,
            definitions={i: s.sum_j(t * p), D: s.sum_j(t) + s.sum_j(p) - i, S: i / D},
        )

    def _terms(self):
        return 1.0, 1.0, 0.0


class Tversky(OverlapLoss):
    r"""Tversky loss, with separate weights for false positives and false negatives [1]_.

    .. math::

        \ell = 1 - \frac{I}{I + \alpha \sum_k (1 - t_k)\, p_k + \beta \sum_k t_k (1 - p_k)},
        \qquad I = \sum_k t_k p_k

    Parameters
    ----------
    alpha : float, default 0.5
        Weight :math:`\alpha` of the false positives.  It must be positive.
    beta : float, default 0.5
        Weight :math:`\beta` of the false negatives.  It must be positive.  A larger weight improves
        the recall and lowers the precision.

    Notes
    -----
    The first axis of an array indexes the masks and all other axes index pixels.  An array with a
    single axis is one mask.  Targets :math:`t` lie in [0, 1] and may be soft, and predictions
    :math:`p` lie in [0, 1].  Let :math:`D` be the denominator, :math:`S = 1 - \ell` the Tversky
    index, and :math:`a_k = \alpha(1 - t_k) + (1 - \beta)t_k` the derivative of :math:`D` with
    respect to :math:`p_k`.  The gradient is :math:`(S a_k - t_k)/D`, and the second derivative is
    :math:`-2 a_k/D` times the gradient.  If both masks are empty, the loss and the gradient are 0.
    If both weights are 0.5, the loss is `Dice`.  If both are 1, it is `Jaccard`.

    References
    ----------
    .. [1] S. S. M. Salehi, D. Erdogmus and A. Gholipour, "Tversky loss function for image
       segmentation using 3D fully convolutional deep networks", *Machine Learning in Medical
       Imaging*, 2017.

    Examples
    --------
    One false positive has a smaller loss here than one false negative:

    >>> import lossbook as lb
    >>> loss = lb.Tversky(alpha=0.25, beta=0.75, reduction="none")
    >>> loss([[1, 1, 0, 0], [1, 1, 0, 0]], [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    array([0.11111111, 0.42857143])
    """

    alpha: float = parameter(default=0.5, domain=POSITIVE)
    beta: float = parameter(default=0.5, domain=POSITIVE)

    def _formula(self, s):
        t, p, alpha, beta = s.t_k, s.p_k, s.alpha, s.beta
        D, i, S, grown = *s.symbols("D I S", positive=True), s.vector("a")
        gradient = (S * grown - t) / D
        return s.Formula(
            value=1 - S,
            gradient=gradient,
            hessian=-2 * gradient * grown / D,
            y_true=t,
            y_pred=p,
            definitions={
                i: s.sum_j(t * p),
                D: i + alpha * s.sum_j((1 - t) * p) + beta * s.sum_j(t * (1 - p)),
                S: i / D,
                grown: alpha * (1 - t) + (1 - beta) * t,
            },
            parameters={alpha: "alpha", beta: "beta"},
        )

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
        Weight :math:`\alpha` of the false positives.  It must be positive.
    beta : float, default 0.7
        Weight :math:`\beta` of the false negatives.  It must be positive.
    gamma : float, default 0.75
        Exponent :math:`\gamma`.  It must be positive.  An exponent above 1 reduces the influence
        of masks that are nearly right, and an exponent below 1 increases it.

    Notes
    -----
    In the paper, the exponent is :math:`1/\gamma` with the recommended value :math:`\gamma = 4/3`,
    and the names of the two weights are exchanged.  The defaults here are the recommended values of
    the paper, which are the weight 0.7 for false negatives, the weight 0.3 for false positives and
    the exponent 3/4.

    The first axis of an array indexes the masks and all other axes index pixels.  An array with a
    single axis is one mask.  Targets :math:`t` lie in [0, 1] and may be soft, and predictions
    :math:`p` lie in [0, 1].  Let :math:`u'` and :math:`u''` be the derivatives of `Tversky`.  The
    gradient is :math:`\gamma u^{\gamma-1} u'`, and the second derivative is
    :math:`\gamma u^{\gamma-1} u'' + \gamma(\gamma - 1) u^{\gamma-2} u'^2`.  If the masks coincide,
    then :math:`u = 0`, and powers of :math:`u` that would be infinite are replaced by 0.  For
    :math:`\gamma < 1`, the gradient is therefore 0 at this point, although it grows without bound
    as :math:`u` approaches 0.

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

    alpha: float = parameter(default=0.3, domain=POSITIVE)
    beta: float = parameter(default=0.7, domain=POSITIVE)
    gamma: float = parameter(default=0.75, domain=POSITIVE)

    def _traits(self):
        known = super()._traits()
        if self.gamma < 1:
            known = replace(known, lipschitz=inf)
        if self.gamma == 1:
            return known
        power = "prediction with the smallest expected power of one minus the overlap"
        return replace(known, elicits=power)

    def _formula(self, s):
        index, gamma = Tversky(self.alpha, self.beta)._formula(s), s.gamma
        u, D, d, grown = *s.symbols("u D", positive=True), s.vector("d"), s.vector("a")
        slope = gamma * u ** (gamma - 1)
        return replace(
            index,
            value=u**gamma,
            gradient=slope * d,
            hessian=-2 * slope * d * grown / D + gamma * (gamma - 1) * u ** (gamma - 2) * d**2,
            definitions={**index.definitions, u: index.value, d: index.gradient},
            parameters={**index.parameters, gamma: "gamma"},
        )

    def _terms(self):
        return self.alpha, self.beta, 0.0

    def _value(self, t, u, missed, *rest):
        return missed**self.gamma

    def _gradient(self, t, u, missed, *rest):
        first = self.gamma * _finite_power(missed, self.gamma - 1)
        return first * super()._gradient(t, u, missed, *rest)

    def _hessian(self, t, u, missed, common, total):
        slope = super()._gradient(t, u, missed, common, total)
        bend = self._bend(t, u, total, slope)
        first = self.gamma * _finite_power(missed, self.gamma - 1)
        second = self.gamma * (self.gamma - 1) * _finite_power(missed, self.gamma - 2)
        return first * bend + second * slope**2


def _finite_power(u, exponent):
    """Return a power, but 0 where it is infinite."""
    power = u**exponent
    return np.where(np.isinf(power), 0, power)
