"""Losses of the softmax of cosines, of each row of a batch with the others."""

import numpy as np

from .domains import DIRECTIONS
from .loss import BatchLoss
from .softmax import TargetSoftmax, below_top
from .streaming import BLOCK_BYTES


class SimilarityLoss(BatchLoss):
    """Base of cross-entropies of the softmax of an anchor's cosines with the rows of its batch.

    The matrix of cosines is worked through in blocks of anchors, never held whole.
    """

    y_pred_domain = DIRECTIONS

    def _of_cosines(self, s, **stated):
        t, p, cosine, tau = s.t_k, s.p_k, s.vector("c"), s.tau
        total = s.sum_j(s.exp(cosine / tau))
        return s.Formula(
            value=s.log(total) - s.sum_k(t * cosine) / tau,
            gradient=(p - t) / tau,
            hessian=p * (1 - p) / tau**2,
            y_true=t,
            y_pred=cosine,
            definitions={p: s.exp(cosine / tau) / total},
            parameters={tau: "temperature"},
            **stated,
        )

    def _value(self, sides, values, slopes, bends):
        return values

    def _gradient(self, sides, values, slopes, bends):
        return tuple(x.gradient(slope) for x, slope in zip(sides, slopes, strict=True))

    def _hessian(self, sides, values, slopes, bends):
        return tuple(x.hessian(*by_one) for x, *by_one in zip(sides, slopes, bends, strict=True))

    def _targets(self, scores, some, *labels):
        """Return the target distributions of some anchors over the rows they are compared with."""
        raise NotImplementedError

    def _against(self, order, weight, anchors, others, *labels):
        """Return the values, and slopes and bends by the directions of anchors and of others.

        A slope is Σ_j g_ij v_j of the slopes g by the similarities, a bend the diagonal of the
        second derivative across the direction.  The others' sums grow from block to block.
        """
        n, dim, t = weight.shape[-1], len(anchors.unit), self.temperature
        u, v = (np.ascontiguousarray(np.moveaxis(x.unit, 0, -1)) for x in (anchors, others))
        values = np.empty_like(weight)
        slopes, bends = (np.zeros_like(u), np.zeros_like(v)), (np.zeros_like(u), np.zeros_like(v))
        moments = np.zeros_like(v), np.zeros_like(v), np.zeros_like(weight)
        step = max(BLOCK_BYTES // weight.nbytes, dim)
        for start in range(0, n, step):
            some = slice(start, start + step)
            w, a = weight[..., some], u[..., some, :]
            cosine = _product(v, a.mT)
            scores = np.moveaxis(cosine, -2, 0) / t
            target = self._targets(scores, some, *labels)
            softmax = TargetSoftmax(target, below_top(scores))
            values[..., some] = softmax.value()
            if order == 0:
                continue
            slope = softmax.gradient()
            weighted = np.moveaxis(w * slope / t, 0, -2)
            slopes[0][..., some, :] = _product(weighted.mT, v)
            slopes[1][...] += _product(weighted, a)
            if order == 1:
                continue
            p = np.moveaxis(slope + target, 0, -2) / t
            spread = _across(a, *_moments(w[..., None, :] * p / t, cosine, v))
            mean = _product(p.mT, v)
            mean -= np.sum(mean * a, axis=-1, keepdims=True) * a
            bends[0][..., some, :] = spread - w[..., None] * mean**2
            bend = np.moveaxis(w * softmax.hessian() / t**2, 0, -2)
            for moment, of_some in zip(moments, _moments(bend.mT, cosine.mT, a), strict=True):
                moment += of_some
        bends[1][...] = _across(v, *moments)
        return values, *([np.moveaxis(x, -1, 0) for x in by_both] for by_both in (slopes, bends))

    def _apart_from(self, order, weight, query, key, negative):
        """Return the same of queries against a key of their own and negatives for all of them."""
        n, t = weight.shape[-1], self.temperature
        u, k, v = (np.ascontiguousarray(np.moveaxis(x.unit, 0, -1)) for x in (query, key, negative))
        values, cosines = np.empty_like(weight), np.sum(u * k, axis=-1)
        slopes, bends = ([np.zeros_like(x) for x in (u, k, v)] for _ in range(2))
        moments = np.zeros_like(v), np.zeros_like(v), np.zeros(v.shape[:-1])
        step = max(BLOCK_BYTES // max(v.nbytes // v.shape[-1], 1), v.shape[-1])
        for start in range(0, n, step):
            some = slice(start, start + step)
            w, a, b = weight[..., some], u[..., some, :], k[..., some, :]
            own, cosine = cosines[..., some], v @ a.mT
            scores = np.concatenate([own[None], np.moveaxis(cosine, -2, 0)]) / t
            target = np.zeros_like(scores)
            target[0] = 1
            softmax = TargetSoftmax(target, below_top(scores))
            values[..., some] = softmax.value()
            if order == 0:
                continue
            slope = softmax.gradient()
            of_own, of_others = _one_and_rest(w * slope / t)
            slopes[0][..., some, :] = of_others.mT @ v + of_own * b
            slopes[1][..., some, :] = of_own * a
            slopes[2][...] += of_others @ a
            if order == 1:
                continue
            p, p_others = _one_and_rest((slope + target) / t)
            aside = b - own[..., None] * a
            spread = _across(a, *_moments(w[..., None, :] * p_others / t, cosine, v))
            mean = p_others.mT @ v + p * b
            mean -= np.sum(mean * a, axis=-1, keepdims=True) * a
            spread += w[..., None] * p / t * aside**2
            bends[0][..., some, :] = spread - w[..., None] * mean**2
            bend, bend_others = _one_and_rest(w * softmax.hessian() / t**2)
            bends[1][..., some, :] = bend * (a - own[..., None] * b) ** 2
            of_some = _moments(bend_others.mT, cosine.mT, a)
            for moment, each in zip(moments, of_some, strict=True):
                moment += each
        bends[2][...] = _across(v, *moments)
        return values, *([np.moveaxis(x, -1, 0) for x in by_all] for by_all in (slopes, bends))


def _one_and_rest(terms):
    """Return the terms of the first score, for rows of entries, and those of the others."""
    return terms[0][..., None], np.moveaxis(terms[1:], 0, -2)


def _moments(weight, cosine, rows):
    """Return Σ_j w_jk r_j², Σ_j w_jk c_jk r_j and Σ_j w_jk c_jk², of rows r_j with cosines c_jk."""
    turned = weight * cosine
    squares, products = _product(weight.mT, rows**2), _product(turned.mT, rows)
    return squares, products, np.sum(turned * cosine, axis=-2)


_ON_ONE_THREAD = 1 << 18
"""Most multiplications in a product of matrices for which BLAS does not start its threads."""


def _product(x, y):
    """Return the product of matrices, from pieces.

    In blocks as small as these, threads of BLAS wait for each other longer than they work.
    """
    (m, k), n = x.shape[-2:], y.shape[-1]
    if m * k * n <= _ON_ONE_THREAD:
        return x @ y
    product = np.empty((*x.shape[:-1], n))
    if m >= max(k, n):
        product[..., : m // 2, :] = _product(x[..., : m // 2, :], y)
        product[..., m // 2 :, :] = _product(x[..., m // 2 :, :], y)
    elif k >= n:
        product = _product(x[..., : k // 2], y[..., : k // 2, :])
        product += _product(x[..., k // 2 :], y[..., k // 2 :, :])
    else:
        product[..., : n // 2] = _product(x, y[..., : n // 2])
        product[..., n // 2 :] = _product(x, y[..., n // 2 :])
    return product


def _across(unit, squares, products, cosines):
    """Return Σ_j w_j (r_j - c_j u)², of the parts of rows across a unit vector, from moments."""
    return squares - 2 * unit * products + unit**2 * cosines[..., None]
