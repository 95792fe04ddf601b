"""Lovász extensions of the Jaccard loss, which weight the errors of pixels by their order."""

from dataclasses import dataclass, field

import numpy as np

from ..core.domains import DISTRIBUTIONS, LABELS, PLUS_MINUS_ONE, Distributions
from ..core.elementwise import positive_part
from ..core.inputs import Column
from ..core.masks import ClassMaskLoss, MaskLoss, sum_of_pixels
from ..core.traits import Traits


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


class LovaszHinge(MaskLoss):
    r"""Lovász hinge, a convex surrogate of the Jaccard loss for scores [1]_ [2]_.

    .. math::

        \ell = \sum_k g_k \max(0, e_k), \qquad e_k = 1 - y_k z_k

    Let :math:`P` be the set of positive pixels and :math:`M` the set of mispredicted pixels, whose
    Jaccard loss is :math:`|M| / |P \cup M|`.  We add the pixels to :math:`M` one after another,
    beginning with the one whose error :math:`e_k` is largest.  The weight :math:`g_k` is the amount
    by which the Jaccard loss increases when pixel :math:`k` is added.

    Notes
    -----
    The first axis of an array indexes the masks and all other axes index pixels.  An array with a
    single axis is one mask.  Targets :math:`y` are -1 or +1, and predictions :math:`z` may be any
    real scores.  The gradient is :math:`-y_k g_k` for :math:`e_k > 0` and 0 otherwise, and the
    second derivative is 0.  If two errors are equal, the loss has a kink, and the subgradient is
    that of the pixels in the order of the array.  In a mask without positive pixels, the largest
    error has all the weight.  The errors of a mask are sorted together, so a mask is read as a
    whole, however large it is.

    The weights depend only on the order of the errors, and they sum to 1.  The mask that minimises
    the expected loss is in general not the mask with the smallest expected Jaccard loss, because
    the best score of a pixel can be 0, which decides nothing [3]_.

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
    The first pixel is predicted correctly with a margin of more than 1, and the second is missed:

    >>> import lossbook as lb
    >>> loss = lb.LovaszHinge()
    >>> loss([1, 1, -1, -1], [2.0, -0.5, -1.0, -3.0])
    0.75
    >>> loss.gradient([1, 1, -1, -1], [2.0, -0.5, -1.0, -3.0])
    array([-0. , -0.5,  0. ,  0. ])
    """

    y_true_domain = PLUS_MINUS_ONE

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ignore_index in (-1, 1):
            raise ValueError(f"ignore_index must not be a label, -1 or 1; got {self.ignore_index}")

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=1.0,
            elicits="labels of the pixels, some of them left open",
        )

    def _formula(self, s):
        y, z, error, weight = s.vector("y"), s.z_k, s.vector("e"), s.vector("g")
        return s.Formula(
            value=s.sum_k(weight * s.Max(0, error)),
            gradient=s.cases((-y * weight, error > 0), 0),
            hessian=0,
            y_true=y,
            y_pred=z,
            definitions={error: 1 - y * z},
            in_words={
                weight: "what the Jaccard loss of the mispredicted pixels grows by when pixel k "
                "joins them, in the order of the errors, the largest first"
            },
        )

    def _shared(self, y_true, y_pred):
        y, error = y_true, 1 - y_true * y_pred
        if self.ignore_index is not None:
            kept = y_true != self.ignore_index
            y, error = np.where(kept, y, 0), np.where(kept, error, -np.inf)
        return y, positive_part(error), _lovasz_weights(error, y > 0)

    def _value(self, y, hinge, weights):
        return sum_of_pixels(_weighted(hinge, weights))

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


class LovaszSoftmax(ClassMaskLoss):
    r"""Lovász-softmax, a surrogate of the mean Jaccard loss of the classes for probabilities [1]_.

    .. math::

        \ell = \frac{1}{M} \sum_k \sum_i g_{ik}\, e_{ik}, \qquad
        e_{ik} = \begin{cases} 1 - p_{ik} & y_i = k \\ p_{ik} & y_i \ne k \end{cases}

    The outer sum is over the :math:`M` classes that occur in the image.  For each class :math:`k`,
    we add the pixels to the set of mispredicted pixels one after another, beginning with the one
    whose error :math:`e_{ik}` is largest.  The weight :math:`g_{ik}` is the amount by which the
    Jaccard loss of the class increases when pixel :math:`i` is added.

    Notes
    -----
    Predictions :math:`p` of shape (N, ..., K) hold probabilities that sum to 1 over the last axis,
    and targets of shape (N, ...) hold the integer labels of the pixels.  The first axis indexes the
    images, and the axes between the first and the last index pixels.  Predictions of shape
    (pixels, K) are one image.  If your model predicts scores, apply a softmax to them first.

    The gradient is :math:`-g_{ik}/M` for the class of the pixel, :math:`g_{ik}/M` for the other
    classes that occur in the image, and 0 for classes that do not.  It treats the :math:`p_{ik}` as
    independent variables, although their sum is 1.  The second derivative is 0.  If two errors are
    equal, the loss has a kink, and the subgradient is that of the pixels in the order of the array.
    The errors of an image are sorted together, so an image is read as a whole, however large it is.

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

    y_true_domain = LABELS
    y_pred_domain = DISTRIBUTIONS

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=False,
            twice_differentiable=False,
            lipschitz=1.0,
            bounded=True,
            elicits="classes of the pixels",
        )

    def _formula(self, s):
        t, p, error, weight, M = s.t_k, s.p_k, s.vector("e"), s.vector("g"), s.M
        return s.Formula(
            value=s.sum_k(weight * error) / M,
            gradient=weight * (1 - 2 * t) / M,
            hessian=0,
            y_true=t,
            y_pred=p,
            definitions={error: t * (1 - p) + (1 - t) * p},
            target="1 for the class of a pixel, 0 for the others",
            prediction="probabilities of the classes that sum to 1 for each pixel",
            in_words={
                s.k: "a class at a pixel",
                M: "the number of classes in the image",
                weight: "what the Jaccard loss of the class grows by when the pixel joins the "
                "mispredicted ones, in the order of the errors, the largest first; 0 if the image "
                "does not have the class",
            },
        )

    def _predictions(self, y_pred, sample_shape, dtype):
        of_pixels = _OfPixels(n_classes=y_pred.shape[-1])
        return Column("y_pred", y_pred, sample_shape, dtype, of_pixels)

    def _shared(self, y, p):
        p = p.reshape(len(y), -1, y.shape[-1])
        own = y[:, None] == np.arange(p.shape[1])[:, None]
        errors = np.where(own, 1 - p, p)
        if self.ignore_index is not None:
            # Behind all other errors, the ignored ones have no weight in a class that occurs.
            kept = (y != self.ignore_index)[:, None]
            own, errors = own & kept, np.where(kept, errors, -1)
        present = own.any(axis=0)
        share = present / np.maximum(np.count_nonzero(present, axis=0), 1)
        return own, errors, _lovasz_weights(errors, own) * share

    def _value(self, own, errors, weights):
        return np.add.reduce(errors * weights, axis=(0, 1))

    def _gradient(self, own, errors, weights):
        return np.where(own, -weights, weights).reshape(-1, weights.shape[-1])

    def _hessian(self, own, errors, weights):
        return np.zeros_like(errors).reshape(-1, weights.shape[-1])
