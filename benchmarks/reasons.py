"""Why the compiled engine is behind its goal in some cells of the table."""

from lossbook.core.loss import JointLoss, PointwiseLoss

from .cases import CASES, WITH_MANY_CLASSES

FIXED_COST = "the fixed cost of a call, most of it in Python, is a large part of the time"
MEMORY = "of the few operations, reading, checking and adding up in double precision take the time"
THREADS = (
    "the second thread, which is woken for every call, starts about 50 µs after the first, and the "
    "call takes only a few hundred microseconds"
)
ROWS = "the rows of a tile are transposed and transposed back, and every target is checked"
REASONS = {
    "BPR": "an exponential and a logarithm are each right to about one ulp",
    "CTC": "look-ups and softmax run in NumPy, and the recurrences, which are compiled, add "
    "logarithms in double precision for every dtype",
    "CosineDistance": "vectors are scaled by a power of two before they are squared",
    "InfoNCE": "not compiled, and computed in double precision for every dtype",
    "KLDivergence": "the distributions are checked, and log(t/p) is computed without cancellation",
    "ListMLE": "every list is sorted and its order put back inside the kernel",
    "LogCosh": "its exponentials, logarithms and tangents are each right to about one ulp",
    "NegativeBinomialNLL": "the constant terms are computed so that differences of log-factorials "
    "keep their digits",
    "NegativeLogLikelihood": "every log-probability is checked, which takes an exponential; the "
    "other library reads one number of a row",
    "SupervisedContrastive": "not compiled, and computed in double precision for every dtype",
    "Triplet": "vectors are scaled by a power of two before they are squared",
    **dict.fromkeys(
        WITH_MANY_CLASSES, "the exponentials, right to one ulp, take most of the time of a row"
    ),
}
"""What takes the time, for losses of which it is more than the number of operations."""


def reason(loss, n):
    """Return the reason why a loss is behind its goal for a number of values."""
    if loss in REASONS:
        return REASONS[loss]
    if n <= 10**4:
        return FIXED_COST
    kind = (CASES | WITH_MANY_CLASSES)[loss].loss
    of_numbers = isinstance(kind, PointwiseLoss) or (
        isinstance(kind, JointLoss) and not kind.entries
    )
    if of_numbers:
        return THREADS if n == 10**6 else MEMORY
    return ROWS
