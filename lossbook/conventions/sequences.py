"""Losses of label sequences, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="CTC",
        library="PyTorch",
        name="torch.nn.functional.ctc_loss",
        call="torch.nn.functional.ctc_loss(torch.log_softmax(y_pred, -1).transpose(0, 1), y_true, "
        "torch.full((len(y_pred),), y_pred.shape[1]), (y_true >= 0).sum(1), "
        'blank=blank, reduction="none")',
        parameters=(("blank", "blank"),),
        note="It takes log-probabilities with the frames on the first axis. Its mean first divides "
        "each value by the number of labels. If there is no alignment, the gradient is NaN.",
    ),
    Equivalent(
        loss="CTC",
        library="Keras",
        name="keras.losses.ctc",
        call="keras.losses.ctc(y_true.clamp(min=0), y_pred)",
        note="Both the blank and the padding of the labels are 0.",
    ),
    Equivalent(
        loss="CTC",
        library="optax",
        name="optax.losses.ctc_loss",
        call="optax.losses.ctc_loss("
        "y_pred, 0 * y_pred[..., 0], abs(y_true), y_true < 0, blank_id=blank)",
        parameters=(("blank", "blank_id"),),
        note="Paddings are arrays of zeros and ones. If there is no alignment, the value is a "
        "large number and not infinity.",
    ),
)
