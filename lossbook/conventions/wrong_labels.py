"""Losses for labels of which some are wrong, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="GeneralizedCrossEntropy",
        library="Keras",
        name="keras.losses.categorical_generalized_cross_entropy",
        call="keras.losses.categorical_generalized_cross_entropy("
        "y_true, torch.softmax(y_pred, -1), q=q)",
        targets="labels",
        parameters=(("q", "q"),),
        note="It takes probabilities, so apply a softmax to the scores. The function has no "
        "default for q. In the class of the same name it is 0.5, whereas here it is 0.7.",
    ),
)
