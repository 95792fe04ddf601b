"""The overlap of the masks of several classes."""

from dataclasses import replace
from math import sqrt

import numpy as np

from ..core.arrays import require_shape, working_dtype
from ..core.domains import UNIT_INTERVAL
from ..core.elementwise import sum_entries
from ..core.ignored import kept_of
from ..core.inputs import Column
from ..core.masks import ClassMaskLoss, in_pieces
from ..core.softmax import class_weights, require_one_each
from .overlap import Dice, OverlapLoss


class MulticlassOverlap(ClassMaskLoss):
    r"""Weighted mean over the classes of an overlap loss, such as the multiclass Dice loss.

    .. math::

        \ell = \frac{\sum_k c_k\, \ell_k}{\sum_k c_k}

    Here :math:`\ell_k` is the overlap loss of two masks.  The first one contains the pixels of
    class :math:`k`, and the second one contains the probabilities that are predicted for this
    class.

    Parameters
    ----------
    loss : Dice, Jaccard, Tversky or FocalTversky, default Dice()
        The loss of each class.
    class_weight : sequence of float, optional
        Weight :math:`c_k` of each class.  It must not be negative.  A weight of 0 excludes a class,
        for example the background.  By default all classes have the same weight.

    Notes
    -----
    Predictions of shape (N, ..., K) are probabilities in [0, 1] with the classes on the last axis.
    The first axis indexes the images and the axes between index pixels.  Predictions of shape
    (pixels, K) are one image.  Targets are integer labels of shape (N, ...), or one mask per class,
    of shape (N, ..., K), whose entries lie in [0, 1].  The probabilities of a pixel need not sum to
    1, because regions may overlap.  In masks, `ignore_index` marks an entry of one class.

    The derivatives are those of the overlap losses of the classes, multiplied by
    :math:`c_k/\sum_j c_j`.  A class that does not occur in an image counts like every other class,
    with the loss of an empty mask.  With ``Dice(smooth=0)``, this loss is 1 and its gradient is 0
    unless nothing is predicted.  With a positive `smooth`, the loss depends on the prediction.

    The loss is averaged over the images.  To compute the overlap over a whole batch [1]_, turn the
    batch into one image with ``loss(y_true.reshape(-1), y_pred.reshape(-1, n_classes))``.

    References
    ----------
    .. [1] F. Isensee, P. F. Jaeger, S. A. A. Kohl, J. Petersen and K. H. Maier-Hein, "nnU-Net: a
       self-configuring method for deep learning-based biomedical image segmentation", *Nature
       Methods* 18, 2021.

    Examples
    --------
    This image has four pixels and two classes, and the last pixel has no label:

    >>> import lossbook as lb
    >>> loss = lb.MulticlassOverlap(lb.Dice(), ignore_index=255)
    >>> probabilities = [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.5, 0.5]]
    >>> round(loss([0, 1, 1, 255], probabilities), 4)
    0.1714
    """

    loss: OverlapLoss = Dice()
    class_weight: tuple[float, ...] | None = None

    y_true_domain = UNIT_INTERVAL

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.loss, OverlapLoss):
            raise TypeError(f"loss must be Dice() or another overlap loss; got {self.loss!r}")
        if self.loss.reduction != "mean" or self.loss.ignore_index is not None:
            raise ValueError(
                "loss must have neither a reduction nor an ignore_index of its own, because "
                f"MulticlassOverlap takes these for all classes; got {self.loss!r}"
            )
        object.__setattr__(self, "class_weight", class_weights("class_weight", self.class_weight))

    def _traits(self):
        share = self._shares(len(self.class_weight or (1, 1)))
        of_mask = self.loss.traits
        return replace(of_mask, lipschitz=lambda n: self._slope(n, share, of_mask.lipschitz))

    def _slope(self, n_entries, share, of_mask):
        """Return the largest slope, which all classes can have at the same time."""
        steepest = of_mask(n_entries // len(share)) if callable(of_mask) else of_mask
        return steepest * sqrt(share @ share)

    def _formula(self, s):
        of_mask, share = self.loss._formula(s), s.Symbol("w", positive=True)
        return replace(
            of_mask,
            value=share * of_mask.value,
            gradient=share * of_mask.gradient,
            hessian=share * of_mask.hessian,
            in_words={
                **of_mask.in_words,
                share: "the weight of the class, divided by the sum of all of them",
            },
            target="1 for the pixels of a class, 0 for the others; the loss is summed over the "
            "classes",
        )

    def _shares(self, n_classes):
        weight = np.array(self.class_weight or (1.0,) * n_classes)
        return weight / weight.sum()

    def _read(self, y_true, y_pred):
        batch = super()._read(y_true, y_pred)
        n_classes, shape = batch.shapes[0][-1], batch.sample_shape
        require_one_each("class_weight", self.class_weight, n_classes)
        share, dtype = self._shares(n_classes), batch.columns[1].dtype
        each = np.broadcast_to(share, (*shape, n_classes))
        batch.columns = *batch.columns, Column("class_weight", each, shape, dtype, None)
        return in_pieces(self, batch, batch.shapes[0][:-1], self.loss, share[:, None].astype(dtype))

    def _targets(self, y_true, y_pred, sample_shape):
        if y_true.shape == y_pred.shape[:-1]:
            return super()._targets(y_true, y_pred, sample_shape)
        why = f"one mask per class, or {y_pred.shape[:-1]}, one label per pixel"
        require_shape("y_true", y_true, y_pred.shape, why)
        dtype = working_dtype(y_true.dtype, y_pred.dtype)
        return Column("y_true", y_true, sample_shape, dtype, self.y_true_domain)

    def _shared(self, y_true, y_pred, share):
        p = y_pred.reshape(-1, *share.shape)
        return share, *self.loss._overlap(*self._sides(y_true, p), p)

    def _sides(self, y_true, p):
        """Return how far pixels are in the mask of each class and out of it."""
        if y_true.size < p.size:
            y = y_true[:, None]
            t = (y == np.arange(p.shape[1])[:, None]).astype(p.dtype)
        else:
            y = t = y_true.reshape(p.shape)
        return kept_of(y, self._mark, t, 1 - t)

    def _value(self, share, *of_masks):
        return sum_entries(share * self.loss._value(*of_masks))

    def _gradient(self, share, *of_masks):
        return (share * self.loss._gradient(*of_masks)).reshape(-1, share.shape[-1])

    def _hessian(self, share, *of_masks):
        return (share * self.loss._hessian(*of_masks)).reshape(-1, share.shape[-1])
