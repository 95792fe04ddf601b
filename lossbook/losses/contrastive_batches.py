"""Losses of batches of embeddings, in which each embedding is compared with all the others."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.arrays import DOUBLE, as_real_array, working_dtype
from ..core.domains import POSITIVE
from ..core.inputs import Column
from ..core.loss import Call, Out, parameter
from ..core.similarity import SimilarityLoss
from ..core.traits import Traits
from ..core.vectors import Vector


def _own(scores, some):
    """Return where the scores of some anchors, samples on the last axis, are those of one row."""
    rows = np.arange(len(scores))
    return rows.reshape(-1, *(1,) * (scores.ndim - 1)) == rows[some]


class InfoNCE(SimilarityLoss):
    r"""Cross-entropy of recognising the key of a query among all keys of a batch [1]_ [2]_.

    .. math::

        \ell_i = -\log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}, \qquad
        s_{ij} = \frac{1}{\tau}\,\frac{q_i \cdot k_j}{|q_i|\,|k_j|}

    Parameters
    ----------
    temperature : float, default 0.07
        Positive number :math:`\tau` by which the cosines are divided.

    Notes
    -----
    The loss is called with `query` and `key`, both of shape (N, D).  Row :math:`i` of the keys
    belongs to row :math:`i` of the queries, and the other keys are the negatives of this query.  If
    `negatives` of shape (M, D) are given, they replace the other keys for every query.  The sum in
    the denominator then contains the query's own key and all the negatives, as in momentum contrast
    [2]_, and the derivatives with respect to the negatives are the third element of the tuple.  Any
    leading axes stand for separate batches.  There is one value and one weight for each query.
    Because every key contributes to the losses of all queries, the derivatives are those of the sum
    Σwℓ, also with ``reduction="none"``.

    Let :math:`\hat q_i = q_i/|q_i|` and :math:`\hat k_j = k_j/|k_j|` be the directions,
    :math:`p_{ij} = e^{s_{ij}}/\sum_l e^{s_{il}}` the softmax of the scores, and
    :math:`g_{ij} = w_i (p_{ij} - [i = j])/\tau`.  The gradients are

    .. math::

        \frac{1}{|q_i|} (I - \hat q_i \hat q_i^\top) \sum_j g_{ij} \hat k_j, \qquad
        \frac{1}{|k_j|} (I - \hat k_j \hat k_j^\top) \sum_i g_{ij} \hat q_i,

    and the diagonal second derivatives are exact as well.  Everything is computed in double
    precision and for one block of queries after another, so the whole N×N matrix of cosines is
    never in memory.  The cosine of a zero vector and any other vector counts as 0, and its
    derivatives are 0.  The queries look for their keys, but not the keys for their queries.  CLIP
    [3]_ uses the mean of both losses, as the first example shows.

    References
    ----------
    .. [1] A. van den Oord, Y. Li and O. Vinyals, "Representation learning with contrastive
       predictive coding", arXiv:1807.03748, 2018.
    .. [2] K. He, H. Fan, Y. Wu, S. Xie and R. Girshick, "Momentum contrast for unsupervised visual
       representation learning", *IEEE/CVF Conference on Computer Vision and Pattern Recognition*,
       2020.
    .. [3] A. Radford et al., "Learning transferable visual models from natural language
       supervision", *International Conference on Machine Learning*, 2021.

    Examples
    --------
    Images and texts, in both directions:

    >>> import lossbook as lb
    >>> image, text = [[2.0, 0.5], [1.0, 3.0]], [[3.0, 1.0], [1.0, 1.0]]
    >>> loss = lb.InfoNCE(temperature=0.5)
    >>> round((loss(image, text) + loss(text, image)) / 2, 4)
    0.5086
    >>> by_image, by_text = loss.gradient(image, text)
    >>> by_text_too, by_image_too = loss.gradient(text, image)
    >>> ((by_image + by_image_too) / 2).round(4)
    array([[-0.0243,  0.097 ],
           [ 0.0239, -0.008 ]])

    With negatives that belong to no query:

    >>> round(loss(image, text, negatives=[[-1.0, 2.0], [0.0, -1.0], [1.0, 0.0]]), 4)
    0.729
    """

    temperature: float = parameter(default=0.07, domain=POSITIVE)

    def _inputs(
        self,
        query: ArrayLike,
        key: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        negatives: ArrayLike | None = None,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], ...]]:
        inputs = (query, key) if negatives is None else (query, key, negatives)
        return Call(inputs, sample_weight, curvature, out)

    def _read(self, query, key, *negatives):
        batch = super()._read(query, key)
        for given in negatives:
            array, shape = as_real_array("negatives", given), batch.shapes[0]
            if array.ndim != len(shape) or (*array.shape[:-2], array.shape[-1]) != (
                *shape[:-2],
                shape[-1],
            ):
                expected = ", ".join(map(str, (*shape[:-2], "M", shape[-1])))
                raise ValueError(
                    f"negatives must have shape ({expected}), rows like those of query; "
                    f"got {array.shape}"
                )
            column = Column("negatives", array, array.shape[:-1], DOUBLE, self.y_pred_domain)
            batch.columns, batch.shapes = (*batch.columns, column), (*batch.shapes, array.shape)
            batch.dtype = working_dtype(array.dtype, batch.dtype)
        return batch

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            bounded=True,
            elicits="each query nearer in direction to its own key than to any other",
        )

    def _compare(self, order, weight, query, *others):
        sides = Vector(np.where(weight > 0, query, 0)), *map(Vector, others)
        compare = self._against if len(sides) == 2 else self._apart_from
        return sides, *compare(order, weight, *sides)

    def _targets(self, scores, some):
        return _own(scores, some).astype(scores.dtype)

    def _formula(self, s):
        return self._of_cosines(
            s,
            target="1 for the query's own key, 0 for the others",
            prediction="the cosine of the angle between the query and key k",
        )


class SupervisedContrastive(SimilarityLoss):
    r"""Cross-entropy of recognising the samples that have the same class as an anchor [1]_.

    .. math::

        \ell_i = -\frac{1}{|P_i|} \sum_{j \in P_i} \log
        \frac{e^{s_{ij}}}{\sum_{l \ne i} e^{s_{il}}}, \qquad
        s_{ij} = \frac{1}{\tau}\,\frac{x_i \cdot x_j}{|x_i|\,|x_j|}, \quad
        P_i = \{j \ne i : y_j = y_i\}

    Parameters
    ----------
    temperature : float, default 0.1
        Positive number :math:`\tau` by which the cosines are divided.

    Notes
    -----
    Targets :math:`y` of shape (N,) are labels, which may be any finite numbers.  Predictions
    :math:`x` of shape (N, D) are embeddings.  If a sample has several views, each view has its own
    row.  Any leading axes stand for separate batches.  The loss is the one of the paper in which
    the sum is outside the logarithm.  An anchor whose label occurs only once has a loss of 0 and is
    counted in the mean.

    There is one value and one weight for each anchor.  Because every embedding contributes to the
    losses of all anchors, the derivatives are those of the sum Σwℓ, also with ``reduction="none"``.
    With the softmax :math:`p_{ij} = e^{s_{ij}}/\sum_{l \ne i} e^{s_{il}}`, the derivative with
    respect to :math:`s_{ij}` is :math:`w_i (p_{ij} - [j \in P_i]/|P_i|)`.  The gradient and the
    diagonal second derivative follow as in `InfoNCE`, where each embedding is the anchor in one
    term and a key in the others.  Everything is computed in double precision and for one block of
    anchors after another, so the whole N×N matrix of cosines is never in memory.  The cosine of a
    zero vector and any other vector counts as 0, and its derivatives are 0.

    References
    ----------
    .. [1] P. Khosla et al., "Supervised contrastive learning", *Advances in Neural Information
       Processing Systems* 33, 2020.

    Examples
    --------
    >>> import lossbook as lb
    >>> loss = lb.SupervisedContrastive(temperature=0.5, reduction="none")
    >>> loss([0, 0, 1], [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]).round(4)
    array([0.2176, 0.6931, 0.    ])
    """

    temperature: float = parameter(default=0.1, domain=POSITIVE)

    def _inputs(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[NDArray[Any]]:
        return Call((y_true, y_pred), sample_weight, curvature, out)

    def _traits(self):
        return Traits(
            convex=False,
            differentiable=True,
            twice_differentiable=True,
            bounded=True,
            elicits="one direction for each class",
        )

    def _compare(self, order, weight, y_true, y_pred):
        x = Vector(y_pred)
        values, slopes, bends = self._against(order, weight, x, x, y_true)
        return [x], values, [sum(slopes)], [sum(bends)]

    def _targets(self, scores, some, labels):
        own = _own(scores, some)
        positive = (np.moveaxis(labels, -1, 0)[..., None] == labels[..., some]) & ~own
        np.copyto(scores, np.finfo(scores.dtype).min, where=own)
        return positive / np.maximum(np.add.reduce(positive, axis=0), 1)

    def _formula(self, s):
        return self._of_cosines(
            s,
            target="equal shares of 1 for samples of the anchor's class, 0 for the others",
            prediction="the cosine of the angle between the anchor and sample k, one of the others",
        )
