"""Losses of whole masks, elsewhere."""

from .equivalent import Equivalent

_OF_KERAS = (
    "Without axis=, the whole batch is one mask. The denominator is larger by 1e-7, so the loss of "
    "two empty masks is 1."
)

ROWS = (
    Equivalent(
        loss="Dice",
        library="Keras",
        name="keras.losses.dice",
        call="keras.losses.dice(y_true, y_pred, axis=1)",
        note=_OF_KERAS,
    ),
    Equivalent(
        loss="Jaccard",
        library="Keras",
        name="keras.losses.tversky",
        call="keras.losses.tversky(y_true, y_pred, alpha=1.0, beta=1.0, axis=1)",
        note=_OF_KERAS,
    ),
    Equivalent(
        loss="MulticlassOverlap",
        library="Keras",
        name="keras.losses.dice",
        call="keras.ops.mean(keras.losses.dice(y_true, y_pred, axis=0))",
        note="It is for one image, whose pixels are on the first axis. Labels must be one-hot. The "
        "loss of a class that is neither present nor predicted is 1, because the denominator is "
        "larger by 1e-7.",
    ),
    Equivalent(
        loss="Tversky",
        library="Keras",
        name="keras.losses.tversky",
        call="keras.losses.tversky(y_true, y_pred, alpha=beta, beta=alpha, axis=1)",
        parameters=(("alpha", "beta"), ("beta", "alpha")),
        note="Its alpha weights the false negatives, although its documentation states the "
        "opposite. Without axis=, the whole batch is one mask.",
    ),
)
