"""Losses of whole masks: how far a predicted region overlaps the true one.

Overlap is never subtracted from 1: a loss is the share that errors have in the errors and what is
common, so a small loss keeps all its digits.
"""

from dataclasses import dataclass, field, replace
from math import inf

import numpy as np

from ..core.domains import (
    DISTRIBUTIONS,
    NON_NEGATIVE,
    PLUS_MINUS_ONE,
    POSITIVE,
    UNIT_INTERVAL,
    ClassIndices,
    Distributions,
)
from ..core.elementwise import positive_part, zero_if_nan
from ..core.inputs import Batch, Column, as_real_array, require_shape, working_dtype
from ..core.loss import Loss, RowLoss, parameter
from ..core.traits import Traits


def _masks(shape):
    """Return the sample shape of masks: the first axis counts them, all others are pixels."""
    return shape[:1] if len(shape) > 1 else ()


@dataclass(frozen=True, repr=False)
class MaskLoss(RowLoss):
    """Base of losses of whole masks.

    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    """

    def _sample_shape(self, shape):
        return _masks(shape)


@dataclass(frozen=True, repr=False)
class OverlapLoss(MaskLoss):
    """Base of losses E/(E + C): what errors are of the errors E and what is common, C.

    A subclass says how false positives and false negatives weigh in E, and what C has beside the
    intersection.
    """

    y_true_domain = UNIT_INTERVAL
    y_pred_domain = UNIT_INTERVAL

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
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
        errors = alpha * _sum(p * (1 - t)) + beta * _sum(t * (1 - p))
        common = _sum(p * t) + added
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


def _sum(terms):
    return np.add.reduce(terms, axis=0, dtype=np.float64)


@dataclass(frozen=True, repr=False)
class Dice(OverlapLoss):
    r"""Dice loss, one minus the Dice coefficient of two masks, which is also their F1 score.

    .. math::

        \ell = 1 - \frac{2 \sum_k t_k p_k + s}{\sum_k t_k + \sum_k p_k + s}

    Parameters
    ----------
    smooth : float, default 0.0
        What is added above and below, :math:`s`; not negative.  With 0 an empty target costs 1
        whatever is predicted, with gradient 0, unless the prediction is empty too.
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the masks, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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


@dataclass(frozen=True, repr=False)
class Jaccard(OverlapLoss):
    r"""Jaccard loss, one minus the intersection over the union of two masks.

    .. math::

        \ell = 1 - \frac{\sum_k t_k p_k}{\sum_k t_k + \sum_k p_k - \sum_k t_k p_k}

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the masks, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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


@dataclass(frozen=True, repr=False)
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
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the masks, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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


@dataclass(frozen=True, repr=False)
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
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the masks, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

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

    @property
    def traits(self):
        """What is known about the loss with these parameters."""
        known = super().traits
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


def _lovasz_weights(errors, positive):
    """Return what each error weighs in the Lovász extension of the Jaccard loss of a mask.

    In the order of the errors, the largest first, a weight is what the Jaccard loss grows by when
    its pixel joins the mispredicted ones.  With the positives not yet mispredicted, and their
    union with the false positives, that is 1/union for a positive, and
    remaining/(union (union + 1)) for a negative.
    """
    order = np.argsort(-errors, axis=0, kind="stable")
    ranked = np.take_along_axis(positive, order, axis=0)
    n_positive = np.count_nonzero(positive, axis=0)
    remaining = n_positive - np.cumsum(ranked, axis=0) + ranked
    union = n_positive + np.cumsum(~ranked, axis=0) - ~ranked
    growth = np.where(ranked, 1 / union, remaining / (union * (union + 1.0)))
    growth[0] = np.where(n_positive > 0, growth[0], 1)
    weights = np.empty_like(growth)
    np.put_along_axis(weights, order, growth, axis=0)
    return weights


@dataclass(frozen=True, repr=False)
class LovaszHinge(MaskLoss):
    r"""Lovász hinge: the convex surrogate of the Jaccard loss, on scores [1]_ [2]_.

    .. math::

        \ell = \sum_k g_k \max(0, e_k), \qquad e_k = 1 - y_k z_k

    With the pixels in the order of their errors :math:`e_k`, the largest first, :math:`g_k` is what
    the Jaccard loss :math:`|M| / |P \cup M|` of the positives :math:`P` grows by when pixel
    :math:`k` joins the mispredicted :math:`M`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the masks, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    The first axis counts the masks and all others are pixels; an array of one axis is one mask.
    Targets :math:`y` are -1 or +1, predictions :math:`z` any real score.  Gradient
    :math:`-y_k g_k` where :math:`e_k > 0`, else 0; the second derivative is 0.  Where errors tie,
    the loss has a kink; the subgradient is that of the pixels' order in the array.  In a mask
    without positives all weight is on the largest error.

    The weights depend on the order of the errors alone, and they sum to 1.  What the loss elicits
    is not the mask of least expected Jaccard loss: it may leave pixels open [3]_.

    References
    ----------
    .. [1] J. Yu and M. Blaschko, "Learning submodular losses with the Lovász hinge",
       *International Conference on Machine Learning*, 2015.
    .. [2] M. Berman, A. Rannen Triki and M. B. Blaschko, "The Lovász-softmax loss: a tractable
       surrogate for the optimization of the intersection-over-union measure in neural networks",
       *IEEE Conference on Computer Vision and Pattern Recognition*, 2018.
    .. [3] J. Finocchiaro, R. Frongillo and E. Nueve, "The structured abstain problem and the Lovász
       hinge", *Conference on Learning Theory*, 2022.

    Examples
    --------
    The first pixel is right by a margin, the second is missed:

    >>> import lossbook as lb
    >>> loss = lb.LovaszHinge()
    >>> loss([1, 1, -1, -1], [2.0, -0.5, -1.0, -3.0])
    0.75
    >>> loss.gradient([1, 1, -1, -1], [2.0, -0.5, -1.0, -3.0])
    array([-0. , -0.5,  0. ,  0. ])
    """

    y_true_domain = PLUS_MINUS_ONE

    traits = Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        lipschitz=1.0,
        elicits="labels of the pixels, some of them left open",
    )

    def _shared(self, y_true, y_pred):
        error = 1 - y_true * y_pred
        return y_true, positive_part(error), _lovasz_weights(error, y_true > 0)

    def _value(self, y, hinge, weights):
        return _sum(_weighted(hinge, weights))

    def _gradient(self, y, hinge, weights):
        return -y * np.sign(hinge) * weights

    def _hessian(self, y, hinge, weights):
        return np.zeros_like(hinge)


def _weighted(errors, weights):
    """Return the products, 0 where an infinite error has no weight."""
    return np.where((weights == 0) & np.isinf(errors), 0, errors * weights)


@dataclass(frozen=True)
class _OfPixels(Distributions):
    """Distributions over the classes, one for each pixel, the entries of a pixel side by side."""

    n_classes: int = field(kw_only=True)

    def contains(self, values):
        """Return which of the values are in the domain."""
        return np.repeat(super().contains(self._of_classes(values)), self.n_classes, axis=0)

    def holds(self, block):
        """Return whether all values of a block are in the domain."""
        return super().holds(self._of_classes(block))

    def _of_classes(self, values):
        return np.moveaxis(values.reshape(-1, self.n_classes, values.shape[-1]), 1, 0)


@dataclass(frozen=True, repr=False)
class LovaszSoftmax(Loss):
    r"""Lovász-softmax: a surrogate of the mean Jaccard loss of the classes, on probabilities [1]_.

    .. math::

        \ell = \frac{1}{M} \sum_k \sum_i g_{ik}\, e_{ik}, \qquad
        e_{ik} = \begin{cases} 1 - p_{ik} & y_i = k \\ p_{ik} & y_i \ne k \end{cases}

    The outer sum is over the :math:`M` classes that occur in the image.  With the pixels in the
    order of their errors :math:`e_{ik}` for a class, the largest first, :math:`g_{ik}` is what the
    Jaccard loss of the class grows by when pixel :math:`i` joins the mispredicted ones.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, keyword only
        ``"mean"`` is Σwℓ/Σw over the images, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ.

    Notes
    -----
    Predictions :math:`p` of shape (N, ..., K) hold probabilities that sum to 1 over the last axis,
    targets of shape (N, ...) the integer labels of the pixels: the first axis counts the images and
    the axes between are pixels.  Predictions of shape (pixels, K) are one image.  It takes
    probabilities: apply a softmax to scores first.

    Gradient :math:`-g_{ik}/M` for the class of the pixel and :math:`g_{ik}/M` for the others in the
    image, else 0: the :math:`p_{ik}` count as free coordinates, not tied by their sum.  The second
    derivative is 0.  Where errors tie, the loss has a kink; the subgradient is that of the
    pixels' order in the array.

    References
    ----------
    .. [1] M. Berman, A. Rannen Triki and M. B. Blaschko, "The Lovász-softmax loss: a tractable
       surrogate for the optimization of the intersection-over-union measure in neural networks",
       *IEEE Conference on Computer Vision and Pattern Recognition*, 2018.

    Examples
    --------
    One image of three pixels and two classes:

    >>> import lossbook as lb
    >>> loss = lb.LovaszSoftmax()
    >>> loss([0, 0, 1], [[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]])
    0.3333333333333333
    """

    y_true_domain = ClassIndices()
    y_pred_domain = DISTRIBUTIONS

    traits = Traits(
        convex=True,
        differentiable=False,
        twice_differentiable=False,
        lipschitz=1.0,
        bounded=True,
        elicits="classes of the pixels",
    )

    def _read(self, y_true, y_pred):
        y_true, y_pred = as_real_array("y_true", y_true), as_real_array("y_pred", y_pred)
        if y_pred.ndim < 2 or y_pred.shape[-1] < 2:
            raise ValueError(
                "y_pred must have pixels, and two classes or more on its last axis; "
                f"got shape {y_pred.shape}"
            )
        require_shape("y_true", y_true, y_pred.shape[:-1], "one label a pixel")
        if y_true.dtype.kind == "f":
            raise TypeError(f"y_true must hold integer labels; got dtype {y_true.dtype}")
        sample_shape, n_classes = _masks(y_true.shape), y_pred.shape[-1]
        labels, dtype = ClassIndices(n_classes), working_dtype(y_true.dtype, y_pred.dtype)
        columns = (
            Column("y_true", y_true, sample_shape, np.dtype(np.intp), labels),
            Column("y_pred", y_pred, sample_shape, dtype, _OfPixels(n_classes=n_classes)),
        )
        return Batch(columns, (y_pred.shape,), sample_shape, dtype)

    def _shared(self, y, p):
        p = p.reshape(len(y), -1, y.shape[-1])
        own = y[:, None] == np.arange(p.shape[1])[:, None]
        errors = np.where(own, 1 - p, p)
        present = own.any(axis=0)
        share = present / np.count_nonzero(present, axis=0)
        return own, errors, _lovasz_weights(errors, own) * share

    def _value(self, own, errors, weights):
        return np.add.reduce(errors * weights, axis=(0, 1))

    def _gradient(self, own, errors, weights):
        return np.where(own, -weights, weights).reshape(-1, weights.shape[-1])

    def _hessian(self, own, errors, weights):
        return np.zeros_like(errors).reshape(-1, weights.shape[-1])
