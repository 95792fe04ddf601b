"""Every loss of lossbook that PyTorch, optax or scikit-learn has too, and inputs for it.

The other libraries take predictions first.  That all compute the same is tested.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from optax import losses
from sklearn import metrics
from sklearn._loss import loss as compiled

import lossbook as lb

from .peers import of_lossbook, of_optax, of_sklearn, of_torch

FEW_SIZES = (10**2, 10**4, 10**6)
ALL_SIZES = (10**2, 10**4, 10**6, 10**7)
N_CLASSES = 10
MANY_CLASSES = 1000
N_COMPONENTS = 5
N_ENTRIES = 50
"""Entries of an embedding."""
N_VECTORS = 200
"""How many embeddings at most are compared with each other."""
N_FRAMES = 100
"""Frames of a sequence, at most."""


@dataclass(frozen=True)
class Case:
    """A loss, and who has it.

    Attributes
    ----------
    loss : Loss
        The loss here.
    draw : callable
        Takes a random generator and how many values a prediction has; returns the targets, of
        which there is one or none, and the predictions.
    torch, optax : callable, optional
        Functions of predictions and targets: the mean, and anything whose mean is taken.
    sklearn : BaseLoss or callable, optional
        A compiled loss, or a metric, which has no gradient.
    encode : dict of str to callable
        For a library that wants other targets, what makes them of those here.
    sizes : tuple of int
        How many values a prediction has in the benchmark.
    """

    loss: lb.Loss
    draw: Callable
    torch: Callable | None = None
    optax: Callable | None = None
    sklearn: compiled.BaseLoss | Callable | None = None
    encode: dict[str, Callable] = field(default_factory=dict)
    sizes: tuple[int, ...] = FEW_SIZES

    def functions(self, n, dtype, n_threads):
        """Return the functions of each library, on inputs of a size and a floating dtype."""
        targets, predictions = (
            [each if each.dtype.kind == "i" else each.astype(dtype) for each in arrays]
            for arrays in self.draw(np.random.default_rng(0), n)
        )
        makers = {
            "lossbook": (of_lossbook, self.loss),
            "lossbook, compiled": (of_lossbook, self.loss),
            "PyTorch": (of_torch, self.torch),
            "optax": (of_optax, self.optax),
            "scikit-learn": (of_sklearn, self.sklearn),
        }
        made = {}
        for library, (make, loss) in makers.items():
            if loss is not None:
                encode = self.encode.get(library, lambda target: target)
                made[library] = make(loss, [*map(encode, targets)], predictions, n_threads)
        return made


# Inputs, each a tuple of targets and a tuple of predictions.


def numbers(rng, n):
    return (rng.normal(size=n),), (3 * rng.normal(size=n),)


def positive_numbers(rng, n):
    return (rng.exponential(size=n),), (rng.exponential(size=n),)


def numbers_distributions(rng, n):
    return (rng.normal(size=n),), (rng.normal(size=n), rng.normal(size=n))


def numbers_mixtures(rng, n):
    shape = n // N_COMPONENTS, N_COMPONENTS
    return (rng.normal(size=shape[0]),), tuple(rng.normal(size=(3, *shape)))


def counts_log_means(rng, n):
    return (rng.poisson(3.0, n).astype(float),), (rng.normal(size=n),)


def positive_log_means(rng, n):
    return (rng.exponential(size=n),), (rng.normal(size=n),)


def zero_one_scores(rng, n):
    return (rng.integers(0, 2, n).astype(float),), (3 * rng.normal(size=n),)


def zero_one_probabilities(rng, n):
    return (rng.integers(0, 2, n).astype(float),), (rng.uniform(0.01, 0.99, n),)


def plus_minus_scores(rng, n):
    return (plus_minus(rng, n),), (3 * rng.normal(size=n),)


def plus_minus_distances(rng, n):
    return (plus_minus(rng, n),), (rng.exponential(size=n),)


def plus_minus_pairs(rng, n):
    return (plus_minus(rng, n),), (rng.normal(size=n), rng.normal(size=n))


def zero_one_pairs(rng, n):
    return (rng.integers(0, 2, n).astype(float),), (rng.normal(size=n), rng.normal(size=n))


def pairs(rng, n):
    return (), (rng.normal(size=n), rng.normal(size=n))


def class_scores(rng, n):
    return (rng.integers(0, N_CLASSES, n // N_CLASSES),), (scores(rng, n),)


def many_class_scores(rng, n):
    return (
        (rng.integers(0, MANY_CLASSES, n // MANY_CLASSES),),
        (3 * rng.normal(size=(n // MANY_CLASSES, MANY_CLASSES)),),
    )


def class_probabilities(rng, n):
    return (rng.integers(0, N_CLASSES, n // N_CLASSES),), (softmax(scores(rng, n)),)


def class_log_probabilities(rng, n):
    return (rng.integers(0, N_CLASSES, n // N_CLASSES),), (np.log(softmax(scores(rng, n))),)


def distribution_scores(rng, n):
    return (softmax(scores(rng, n)),), (scores(rng, n),)


def distribution_probabilities(rng, n):
    return (softmax(scores(rng, n)),), (softmax(scores(rng, n)),)


def several_labels_scores(rng, n):
    return (rng.integers(0, 2, (n // N_CLASSES, N_CLASSES)).astype(float),), (scores(rng, n),)


def relevances_scores(rng, n):
    return (rng.normal(size=(n // N_CLASSES, N_CLASSES)),), (scores(rng, n),)


def embeddings(rng, n, how_many):
    return tuple(rng.normal(size=(n // N_ENTRIES, N_ENTRIES)) for _ in range(how_many))


def two_embeddings(rng, n):
    return (), embeddings(rng, n, 2)


def plus_minus_embeddings(rng, n):
    return (plus_minus(rng, n // N_ENTRIES),), embeddings(rng, n, 2)


def three_embeddings(rng, n):
    return (), embeddings(rng, n, 3)


def batches(rng, n):
    size = min(n // N_ENTRIES, N_VECTORS)
    return (), tuple(each.reshape(-1, size, N_ENTRIES) for each in embeddings(rng, n, 2))


def labelled_batches(rng, n):
    _, (first, _) = batches(rng, n)
    labels = np.arange(first[..., 0].size).reshape(first.shape[:2]) // 2
    return (rng.permuted(labels, axis=-1),), (first,)


def sequences(rng, n):
    n_frames = min(n // N_CLASSES, N_FRAMES)
    predictions = scores(rng, n).reshape(-1, n_frames, N_CLASSES)
    return (rng.integers(1, N_CLASSES, (len(predictions), n_frames // 5)),), (predictions,)


def plus_minus(rng, n):
    return 2.0 * rng.integers(0, 2, n) - 1


def scores(rng, n):
    return 3 * rng.normal(size=(n // N_CLASSES, N_CLASSES))


def softmax(scores):
    exp = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


# Targets of another code.


def as_zero_one(labels):
    return (labels + 1) / 2


def as_indices(labels):
    """Return which classes a sample has, in front of entries of -1."""
    indices = np.where(labels == 1, np.arange(N_CLASSES), -1)
    return -np.sort(-indices, axis=-1)


# Losses that the libraries have no name for.


def torch_margin(p, t, margin):
    return F.margin_ranking_loss(p, torch.zeros_like(p), t, margin=margin)


def torch_squared_hinge(p, t):
    hinge = F.margin_ranking_loss(p, torch.zeros_like(p), t, margin=1, reduction="none")
    return (hinge**2).mean()


def torch_negative_binomial(p, t):
    return (
        -torch.distributions.NegativeBinomial(1.0, logits=p, validate_args=False).log_prob(t).mean()
    )


def torch_mixture(logits, mean, log_variance, t):
    components = torch.distributions.Normal(mean, (log_variance / 2).exp(), validate_args=False)
    shares = torch.distributions.Categorical(logits=logits, validate_args=False)
    mixture = torch.distributions.MixtureSameFamily(shares, components, validate_args=False)
    return -mixture.log_prob(t).mean()


def torch_list_mle(p, t):
    p = p.gather(-1, t.argsort(-1))
    return (torch.logcumsumexp(p, -1) - p).sum(-1).mean()


def torch_info_nce(query, key):
    cosines = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).mT
    labels = torch.arange(query.shape[1]).repeat(len(query))
    return F.cross_entropy(cosines.flatten(0, 1) / 0.07, labels)


def torch_ctc(p, t):
    log_p = p.log_softmax(-1).transpose(0, 1)
    lengths = (torch.full((len(p),), each.shape[1]) for each in (p, t))
    return F.ctc_loss(log_p, t, *lengths, reduction="sum") / len(p)


def optax_ctc(p, t):
    return losses.ctc_loss(p, jnp.zeros(p.shape[:2]), t, jnp.zeros(t.shape))


def optax_contrastive(p, t):
    return jax.vmap(lambda p, t: losses.ntxent(p, t, temperature=0.1))(p, t)


CASES = {
    type(case.loss).__name__: case
    for case in (
        Case(
            lb.SquaredError(),
            numbers,
            torch=F.mse_loss,
            optax=losses.squared_error,
            sizes=ALL_SIZES,
        ),
        Case(
            lb.HalfSquaredError(),
            numbers,
            torch=lambda p, t: 0.5 * F.mse_loss(p, t),
            optax=losses.l2_loss,
            sklearn=compiled.HalfSquaredError(),
            sizes=ALL_SIZES,
        ),
        Case(
            lb.AbsoluteError(),
            numbers,
            torch=F.l1_loss,
            sklearn=compiled.AbsoluteError(),
            sizes=ALL_SIZES,
        ),
        Case(
            lb.Huber(),
            numbers,
            torch=F.huber_loss,
            optax=losses.huber_loss,
            sklearn=compiled.HuberLoss(delta=1.0),
            sizes=ALL_SIZES,
        ),
        Case(
            lb.SmoothL1(beta=0.5),
            numbers,
            torch=lambda p, t: F.smooth_l1_loss(p, t, beta=0.5),
            optax=lambda p, t: 2 * losses.huber_loss(p, t, delta=0.5),
            sizes=ALL_SIZES,
        ),
        Case(lb.LogCosh(), numbers, optax=losses.log_cosh, sizes=ALL_SIZES),
        Case(
            lb.Pinball(quantile=0.9),
            numbers,
            sklearn=compiled.PinballLoss(quantile=0.9),
            sizes=ALL_SIZES,
        ),
        Case(lb.SquaredLogError(), positive_numbers, sklearn=metrics.mean_squared_log_error),
        Case(
            lb.AbsolutePercentageError(),
            positive_numbers,
            sklearn=metrics.mean_absolute_percentage_error,
        ),
        Case(
            lb.PoissonNLL(),
            counts_log_means,
            torch=F.poisson_nll_loss,
            sklearn=compiled.HalfPoissonLoss(),
            sizes=ALL_SIZES,
        ),
        Case(lb.GammaNLL(), positive_log_means, sklearn=compiled.HalfGammaLoss(), sizes=ALL_SIZES),
        Case(
            lb.TweedieNLL(),
            positive_log_means,
            sklearn=compiled.HalfTweedieLoss(power=1.5),
            sizes=ALL_SIZES,
        ),
        Case(
            lb.NegativeBinomialNLL(dispersion=1.0, constant_terms=True),
            counts_log_means,
            torch=torch_negative_binomial,
        ),
        Case(
            lb.GaussianNLL(),
            numbers_distributions,
            torch=lambda mean, log_variance, t: F.gaussian_nll_loss(mean, t, log_variance.exp()),
            sizes=ALL_SIZES,
        ),
        Case(
            lb.GaussianMixtureNLL(constant_terms=True),
            numbers_mixtures,
            torch=torch_mixture,
        ),
        Case(
            lb.BinaryCrossEntropy(),
            zero_one_probabilities,
            torch=F.binary_cross_entropy,
            sizes=ALL_SIZES,
        ),
        Case(
            lb.SigmoidCrossEntropy(),
            zero_one_scores,
            torch=F.binary_cross_entropy_with_logits,
            optax=losses.sigmoid_binary_cross_entropy,
            sklearn=compiled.HalfBinomialLoss(),
            sizes=ALL_SIZES,
        ),
        Case(
            lb.SigmoidFocal(),
            zero_one_scores,
            optax=losses.sigmoid_focal_loss,
            sizes=ALL_SIZES,
        ),
        Case(
            lb.Hinge(),
            plus_minus_scores,
            torch=lambda p, t: torch_margin(p, t, margin=1),
            optax=losses.hinge_loss,
            sizes=ALL_SIZES,
        ),
        Case(
            lb.SquaredHinge(),
            plus_minus_scores,
            torch=torch_squared_hinge,
            optax=lambda p, t: losses.hinge_loss(p, t) ** 2,
            sizes=ALL_SIZES,
        ),
        Case(
            lb.LogisticMargin(),
            plus_minus_scores,
            torch=F.soft_margin_loss,
            optax=lambda p, t: losses.sigmoid_binary_cross_entropy(p, (t + 1) / 2),
            sklearn=compiled.HalfBinomialLoss(),
            encode={"scikit-learn": as_zero_one},
            sizes=ALL_SIZES,
        ),
        Case(
            lb.Perceptron(),
            plus_minus_scores,
            torch=lambda p, t: torch_margin(p, t, margin=0),
            optax=losses.perceptron_loss,
            sizes=ALL_SIZES,
        ),
        Case(
            lb.Exponential(),
            plus_minus_scores,
            sklearn=compiled.ExponentialLoss(),
            encode={"scikit-learn": as_zero_one},
            sizes=ALL_SIZES,
        ),
        Case(
            lb.Brier(),
            zero_one_probabilities,
            torch=F.mse_loss,
            optax=losses.squared_error,
            sizes=ALL_SIZES,
        ),
        Case(
            lb.CategoricalCrossEntropy(),
            class_probabilities,
            torch=lambda p, t: F.nll_loss(p.log(), t),
            sizes=ALL_SIZES,
        ),
        Case(
            lb.SoftmaxCrossEntropy(),
            class_scores,
            torch=F.cross_entropy,
            optax=losses.softmax_cross_entropy_with_integer_labels,
            sklearn=compiled.HalfMultinomialLoss(n_classes=N_CLASSES),
            sizes=ALL_SIZES,
        ),
        Case(lb.NegativeLogLikelihood(), class_log_probabilities, torch=F.nll_loss),
        Case(
            lb.KLDivergence(),
            distribution_probabilities,
            torch=lambda p, t: F.kl_div(p.log(), t, reduction="batchmean"),
            optax=lambda p, t: losses.kl_divergence(jnp.log(p), t),
        ),
        Case(
            lb.Poly1CrossEntropy(),
            distribution_scores,
            optax=lambda p, t: losses.poly_loss_cross_entropy(p, t, epsilon=1.0),
        ),
        Case(lb.CrammerSinger(), class_scores, optax=losses.multiclass_hinge_loss),
        Case(
            lb.MultiMargin(),
            class_scores,
            torch=lambda p, t: N_CLASSES * F.multi_margin_loss(p, t),
        ),
        Case(lb.Sparsemax(), class_scores, optax=losses.multiclass_sparsemax_loss),
        Case(
            lb.MultilabelSoftMargin(),
            several_labels_scores,
            torch=F.multilabel_soft_margin_loss,
        ),
        Case(
            lb.MultilabelMargin(),
            several_labels_scores,
            torch=F.multilabel_margin_loss,
            encode={"PyTorch": as_indices},
        ),
        Case(
            lb.CosineDistance(),
            two_embeddings,
            torch=lambda a, b: (1 - F.cosine_similarity(a, b, dim=-1)).mean(),
            optax=losses.cosine_distance,
        ),
        Case(lb.CosineEmbedding(), plus_minus_embeddings, torch=F.cosine_embedding_loss),
        Case(
            lb.HingeEmbedding(), plus_minus_distances, torch=F.hinge_embedding_loss, sizes=ALL_SIZES
        ),
        Case(
            lb.Triplet(),
            three_embeddings,
            torch=lambda *points: F.triplet_margin_loss(*points, eps=0.0),
            optax=lambda *points: losses.triplet_margin_loss(*points, eps=0.0),
        ),
        Case(lb.InfoNCE(), batches, torch=torch_info_nce),
        Case(
            lb.SupervisedContrastive(),
            labelled_batches,
            optax=optax_contrastive,
            sizes=(10**2, 10**4, 10**5),  # more takes optax long
        ),
        Case(lb.MarginRanking(), plus_minus_pairs, torch=F.margin_ranking_loss, sizes=ALL_SIZES),
        Case(
            lb.RankNet(),
            zero_one_pairs,
            torch=lambda a, b, t: F.binary_cross_entropy_with_logits(a - b, t),
            optax=lambda a, b, t: losses.sigmoid_binary_cross_entropy(a - b, t),
            sizes=ALL_SIZES,
        ),
        Case(lb.BPR(), pairs, torch=lambda a, b: -F.logsigmoid(a - b).mean(), sizes=ALL_SIZES),
        Case(
            lb.ListNet(),
            relevances_scores,
            torch=lambda p, t: F.cross_entropy(p, t.softmax(-1)),
            optax=lambda p, t: losses.ranking_softmax_loss(p, jax.nn.softmax(t), reduce_fn=None),
        ),
        Case(lb.ListMLE(), relevances_scores, torch=torch_list_mle),
        Case(lb.CTC(), sequences, torch=torch_ctc, optax=optax_ctc),
    )
}

WITH_MANY_CLASSES = {
    f"SoftmaxCrossEntropy, {MANY_CLASSES} classes": Case(
        lb.SoftmaxCrossEntropy(),
        many_class_scores,
        torch=F.cross_entropy,
        optax=losses.softmax_cross_entropy_with_integer_labels,
        sklearn=compiled.HalfMultinomialLoss(n_classes=MANY_CLASSES),
        sizes=(10**4, 10**6, 10**7),
    )
}
"""The same for more classes than a vector register has room for."""
