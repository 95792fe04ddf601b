"""Losses of every kind that an engine meets, and inputs for them."""

import numpy as np

import lossbook as lb
from lossbook.core.domains import DISTRIBUTIONS, FINITE
from lossbook.core.loss import ClassLoss, JointLoss, RowLoss
from lossbook.testing.samples import draw

PARTS = "value", "gradient", "exact", "abs", "majorizer", "fisher"
NOT_TRACEABLE = {
    # The formula takes a box apart into its corners.
    "CIoU": "uses reshape of an array",
    "DIoU": "uses reshape of an array",
    "GIoU": "uses reshape of an array",
    "IoU": "uses reshape of an array",
    # The pixels of an image have classes, and the frames of a sequence.
    "CTC": "2 axes of entries",
    "LovaszSoftmax": "2 axes of entries",
    "MulticlassOverlap": "2 axes of entries",
    # All pairs of a list are compared, in an order by several keys.
    "ApproxNDCG": "lexsort",
    "LambdaRank": "lexsort",
    # NumPy sorts long rows faster than a kernel would.
    "Sparsemax": "sort",
    # Every sample is compared with all others, so there is no formula of one sample.
    "InfoNCE": "does not compute sample by sample",
    "SupervisedContrastive": "does not compute sample by sample",
}
"""The losses that cannot be traced, each with words from the reason that the engine gives."""
OF_LOSSES = {"Loss", "UncertaintyWeighted", "WeightedSum"}
"""Classes without a formula of their own: the base class, and sums of other losses."""
KINDS = {
    name
    for name in lb.__all__
    if isinstance(kind := getattr(lb, name), type) and issubclass(kind, lb.Loss)
}
PLAIN = [
    getattr(lb, name)()
    for name in sorted(KINDS - OF_LOSSES - set(NOT_TRACEABLE) - {"NegativeBinomialNLL"})
]
CHOSEN = [
    lb.BinaryCrossEntropy(eps=1e-3),
    lb.Expectile(level=0.8),
    lb.GammaNLL(dispersion=0.4, constant_terms=True),
    lb.GaussianNLL(constant_terms=True),
    lb.GeneralRobust(alpha=-np.inf, scale=1.5),
    lb.GeneralRobust(alpha=0.0),
    lb.GeneralRobust(alpha=1.5),
    lb.GeneralRobust(alpha=2.0),
    lb.GeneralRobust(alpha=-2.0, scale=0.7),
    lb.Huber(delta=1.345),
    lb.ListMLE(padding_value=-1.0),
    lb.LovaszHinge(ignore_index=0),
    lb.MultiMargin(margin=0.5, power=2),
    lb.NegativeBinomialNLL(dispersion=0.7),
    lb.NegativeBinomialNLL(dispersion=0.7, constant_terms=True),
    lb.PoissonNLL(constant_terms=True),
    lb.Poly1CrossEntropy(epsilon=-0.5),
    lb.SigmoidCrossEntropy(pos_weight=2.0, label_smoothing=0.1),
    lb.SigmoidFocal(gamma=1.5, alpha=0.25),
    lb.SoftmaxCrossEntropy(label_smoothing=0.1, class_weight=(1, 2, 3, 4), ignore_index=2),
    lb.SoftmaxCrossEntropy(ignore_index=-1),
    lb.SoftmaxFocal(gamma=0.5, alpha=(1, 2, 3, 4)),
    lb.TweedieNLL(power=1.0),
    lb.TweedieNLL(power=2.0),
    lb.TweedieNLL(power=3.0),
]
LOSSES = PLAIN + CHOSEN
"""Losses whose formulas can be traced, and are compiled."""
OTHERS = [getattr(lb, name)() for name in NOT_TRACEABLE]
"""Losses that are left to NumPy."""


def labelled_pixels(rng):
    """Return the classes of the pixels of a few images, and their predicted probabilities."""
    return rng.integers(0, 3, (5, 4)), rng.dirichlet(np.ones(3), (5, 4))


SHAPED = {
    "CTC": lambda rng: (rng.integers(1, 3, (5, 2)), rng.normal(size=(5, 6, 3))),
    "InfoNCE": lambda rng: rng.normal(size=(2, 2, 4, 3)),
    "LovaszSoftmax": labelled_pixels,
    "MulticlassOverlap": labelled_pixels,
    "SupervisedContrastive": lambda rng: (rng.integers(0, 2, (5, 4)), rng.normal(size=(5, 4, 3))),
}
"""Inputs of losses that take more than a row for each sample."""


def inputs(loss, n=60, n_entries=4, dtype=np.float64, soft=False, seed=0):
    """Return inputs as a call of a loss takes them."""
    rng = np.random.default_rng(seed)
    if type(loss).__name__ in SHAPED:
        return SHAPED[type(loss).__name__](rng)
    target, prediction = loss.y_true_domain, loss.y_pred_domain or FINITE
    if isinstance(loss, ClassLoss):
        scores = draw(prediction, rng, (n, n_entries)).astype(dtype)
        if soft and target is DISTRIBUTIONS:
            return draw(target, rng, (n, n_entries)).astype(dtype), scores
        n_classes = loss._label_domain(n_entries).n_classes
        return rng.integers(0, n_classes, n), scores
    if isinstance(loss, JointLoss):
        shape = (n, n_entries) if loss.entries else (n,)
        targets = [draw(target, rng, n).astype(dtype)] if loss.inputs[0] == "y_true" else []
        n_predictions = len(loss.inputs) - len(targets)
        return *targets, *(draw(prediction, rng, shape).astype(dtype) for _ in range(n_predictions))
    shape = (n, n_entries) if isinstance(loss, RowLoss) else (n,)
    return draw(target, rng, shape).astype(dtype), draw(prediction, rng, shape).astype(dtype)
