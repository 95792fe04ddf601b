"""Losses and inputs on which other array libraries are compared with NumPy.

Nothing but NumPy is needed, so that a machine with an accelerator can use it, too.
"""

from dataclasses import dataclass, replace

import numpy as np

import lossbook as lb
from lossbook.base import (
    BOXES,
    DIRECTIONS,
    DISTRIBUTIONS,
    FINITE,
    LABELS,
    LOG_DISTRIBUTIONS,
    NONZERO,
    BatchLoss,
    ClassLoss,
    Interval,
    JointLoss,
    Loss,
    RowLoss,
    TwoValues,
)

N_SAMPLES, N_ENTRIES = 8, 3

TRACED = [
    lb.AbsoluteError(),
    lb.AbsolutePercentageError(),
    lb.BPR(),
    lb.BinaryCrossEntropy(),
    lb.BinaryCrossEntropy(eps=0.01),
    lb.Brier(),
    lb.CategoricalCrossEntropy(),
    lb.Cauchy(scale=2.5),
    lb.Contrastive(margin=3.0),
    lb.CosineDistance(),
    lb.CosineEmbedding(margin=0.25),
    lb.CrammerSinger(margin=0.3),
    lb.Dice(smooth=1.0),
    lb.EpsilonInsensitive(epsilon=0.5),
    lb.Expectile(level=0.9),
    lb.Exponential(),
    lb.Fair(scale=2.5),
    lb.FocalTversky(),
    lb.GammaNLL(),
    lb.GammaNLL(dispersion=0.25, constant_terms=True),
    lb.GaussianCRPS(),
    lb.GaussianMixtureNLL(constant_terms=True),
    lb.GaussianNLL(),
    lb.GemanMcClure(scale=2.5),
    lb.GeneralRobust(alpha=0.5),
    lb.GeneralRobust(alpha=-np.inf, scale=7.5),
    lb.GeneralizedCrossEntropy(q=0.7),
    lb.HalfSquaredError(),
    lb.Hinge(),
    lb.HingeEmbedding(margin=2.5),
    lb.Huber(delta=0.5),
    lb.Jaccard(),
    lb.JensenShannon(),
    lb.KLDivergence(),
    lb.ListNet(),
    lb.LogCosh(),
    lb.LogisticMargin(),
    lb.MarginRanking(margin=0.5),
    lb.ModifiedHuber(),
    lb.MultiMargin(margin=2.2, power=2.0),
    lb.MultilabelSoftMargin(),
    lb.NegativeBinomialNLL(dispersion=0.5),
    lb.NegativeBinomialNLL(dispersion=8.0, constant_terms=True),
    lb.NegativeLogLikelihood(),
    lb.OrdinalCoral(),
    lb.OrdinalCorn(),
    lb.Perceptron(),
    lb.Pinball(quantile=0.9),
    lb.PoissonNLL(),
    lb.PoissonNLL(constant_terms=True),
    lb.PseudoHuber(delta=0.3),
    lb.RankNet(),
    lb.SigmoidCrossEntropy(),
    lb.SigmoidCrossEntropy(pos_weight=0.5, label_smoothing=0.1),
    lb.SigmoidFocal(gamma=0.5, alpha=0.25),
    lb.SmoothL1(beta=0.3),
    lb.SmoothPinball(quantile=0.8, width=1.5),
    lb.SoftmaxCrossEntropy(),
    lb.SoftmaxCrossEntropy(label_smoothing=0.1),
    lb.SoftmaxCrossEntropy(label_smoothing=0.05, class_weight=(1.0, 0.5, 3.0), ignore_index=1),
    lb.SoftmaxFocal(gamma=0.5, alpha=(1.0, 0.5, 3.0)),
    lb.SoftmaxFocal(gamma=2.0),
    lb.SquaredEpsilonInsensitive(epsilon=0.5),
    lb.SquaredError(),
    lb.SquaredHinge(),
    lb.SquaredLogError(),
    lb.Triplet(margin=1.0),
    lb.Tukey(),
    lb.Tversky(alpha=0.25, beta=2.0),
    lb.TweedieNLL(power=1.5),
    lb.Welsch(scale=7.5),
    lb.MinimaxGAN().generator,
    lb.WassersteinGAN().discriminator.sides[0],
]
"""Losses whose formulas can be traced."""

BY_NUMPY = [
    lb.ApproxNDCG(temperature=0.5),
    lb.CIoU(),
    lb.CTC(),
    lb.DIoU(),
    lb.GIoU(),
    lb.InfoNCE(temperature=0.5),
    lb.IoU(),
    lb.LambdaRank(),
    lb.ListMLE(),
    lb.LovaszHinge(),
    lb.LovaszSoftmax(),
    lb.MultilabelMargin(),
    lb.Poly1CrossEntropy(),
    lb.Sparsemax(),
    lb.SupervisedContrastive(temperature=0.75),
]
"""Losses that are left to NumPy."""


@dataclass(frozen=True)
class Case:
    """A loss, and inputs of it: the predictions last, in double precision."""

    loss: Loss
    inputs: tuple

    def __repr__(self):
        of_labels = "-labels" if np.asarray(self.inputs[0]).dtype.kind == "i" else ""
        return f"{self.loss!r}{of_labels}"

    @property
    def n_predictions(self):
        return len(self.inputs) - (self.loss.inputs[0] == "y_true")

    @property
    def weight(self):
        """Weights of the samples, one of which is absent."""
        shape = self.loss._read(*self.inputs).sample_shape
        return np.linspace(2, 0, int(np.prod(shape))).reshape(shape)

    def with_reduction(self, reduction):
        return replace(self, loss=replace(self.loss, reduction=reduction))

    def in_single_precision(self):
        """Return the case with inputs of single precision."""
        inputs = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in self.inputs]
        return replace(self, inputs=tuple(inputs))


def cases(losses, scale=1.0, seed=0):
    """Return cases of some losses, one for each kind of target."""
    return [
        Case(loss, inputs)
        for loss in losses
        for inputs in _inputs(loss, np.random.default_rng(seed), scale)
    ]


def _inputs(loss, rng, scale):
    one, row = (N_SAMPLES,), (N_SAMPLES, N_ENTRIES)
    if isinstance(loss, lb.CTC):
        labels = np.array([[1, 2], [2, 2], [1, -1]])
        return [(labels, rng.normal(size=(3, 5, N_ENTRIES)))]
    if isinstance(loss, lb.LovaszSoftmax):
        images = rng.integers(0, N_ENTRIES, (2, 4))
        return [(images, rng.dirichlet(np.ones(N_ENTRIES), (2, 4)))]
    if isinstance(loss, ClassLoss):
        scores = draw(loss.y_pred_domain, rng, row, scale)
        n_labels = int(loss._label_domain(N_ENTRIES).n_classes)
        pairs = [(np.arange(N_SAMPLES) % n_labels, scores)]
        if loss.y_true_domain is not LABELS:
            pairs.append((draw(DISTRIBUTIONS, rng, row, scale), scores))
        return pairs
    if isinstance(loss, BatchLoss):
        targets = [np.arange(N_SAMPLES) % 3] * loss.inputs.count("y_true")
        return [(*targets, *rng.normal(size=(len(loss.inputs) - len(targets), *row)))]
    of_rows = isinstance(loss, RowLoss) or getattr(loss, "entries", 0)
    if loss.y_pred_domain is BOXES:
        row = N_SAMPLES, 4
    shape = row if of_rows else one
    predictions = [
        draw(loss.y_pred_domain, rng, shape, scale) for name in loss.inputs if name != "y_true"
    ]
    if "y_true" not in loss.inputs:
        return [tuple(predictions)]
    y_true = draw(loss.y_true_domain, rng, one if isinstance(loss, JointLoss) else shape, scale)
    return [(y_true, *predictions)]


def draw(domain, rng, shape, scale):
    """Return members of a domain that single precision holds, on no kink."""
    if domain in (None, FINITE, NONZERO, DIRECTIONS):
        members = rng.normal(0, 1.5 * scale, shape)
    elif domain is BOXES:
        low = rng.uniform(-1, 1, (*shape[:-1], 2))
        members = np.concatenate([low, low + rng.uniform(0.5, 2, low.shape)], axis=-1)
    elif domain is DISTRIBUTIONS:
        members = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    elif domain is LOG_DISTRIBUTIONS:
        members = np.log(rng.dirichlet(np.ones(shape[-1]), shape[:-1]))
    elif isinstance(domain, TwoValues):
        members = np.resize([domain.first, domain.second], shape)
    elif isinstance(domain, Interval):
        share = rng.uniform(0.05, 0.95, shape)
        far = share * min(domain.high - domain.low, 4 * scale)
        members = domain.low + far if np.isfinite(domain.low) else far
    else:
        raise TypeError(f"no members of {domain} can be drawn")
    return members.astype(np.float32).astype(np.float64)


def parts(case, weight=None):
    """Return the value, the gradients and the diagonal second derivatives, with NumPy."""
    loss, inputs = case.loss, case.inputs
    gradient = loss.gradient(*inputs, sample_weight=weight)
    hessian = loss.hessian(*inputs, sample_weight=weight)
    as_tuple = lambda part: part if isinstance(part, tuple) else (part,)  # noqa: E731
    return loss(*inputs, sample_weight=weight), as_tuple(gradient), as_tuple(hessian)


def assert_close(actual, expected, tolerance):
    """Assert that arrays agree, relative to the largest entry of each row."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape
    size = np.abs(np.where(np.isfinite(expected), expected, 0))
    scale = size.max(axis=-1, keepdims=True) if size.ndim > 1 else size
    with np.errstate(invalid="ignore"):
        off = np.where(actual == expected, 0, np.abs(actual - expected)) - tolerance * scale
    both_nan = np.isnan(actual) & np.isnan(expected)
    wrong = ~((off <= 1e-300) | both_nan)
    assert not wrong.any(), f"{actual[wrong]} instead of {expected[wrong]}"
