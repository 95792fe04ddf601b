"""Losses of whole masks, elsewhere."""

from .equivalent import Equivalent

_OF_KERAS = (
    "Without axis= the whole batch is one mask; the denominator is larger by 1e-7, "
    "so two empty masks cost 1."
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
        note="For one image, whose pixels are on the first axis; labels must be one-hot. "
        "A class that is neither there nor predicted costs 1, because the denominator is larger "
        "by 1e-7.",
    ),
    Equivalent(
        loss="Tversky",
        library="Keras",
        name="keras.losses.tversky",
        call="keras.losses.tversky(y_true, y_pred, alpha=beta, beta=alpha, axis=1)",
        parameters=(("alpha", "beta"), ("beta", "alpha")),
        note="Its alpha weights the false negatives, though its documentation says the contrary; "
        "without axis= the whole batch is one mask.",
    ),
)
