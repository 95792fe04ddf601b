"""Losses of scores that shall put things in order, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="MarginRanking",
        library="PyTorch",
        name="torch.nn.functional.margin_ranking_loss",
        call="torch.nn.functional.margin_ranking_loss("
        'first, second, y_true, margin=margin, reduction="none")',
        parameters=(("margin", "margin"),),
        note="The targets come last. The gradient at the kink is the slope, whereas here it is 0.",
    ),
    Equivalent(
        loss="RankNet",
        library="PyTorch",
        name="torch.nn.functional.binary_cross_entropy_with_logits",
        call="torch.nn.functional.binary_cross_entropy_with_logits("
        'first - second, y_true, reduction="none")',
        note="There is no function for it. It is the log loss of the difference.",
    ),
    Equivalent(
        loss="RankNet",
        library="optax",
        name="optax.losses.sigmoid_binary_cross_entropy",
        call="optax.losses.sigmoid_binary_cross_entropy(first - second, y_true)",
        note="There is no function for it. It is the log loss of the difference.",
    ),
    Equivalent(
        loss="BPR",
        library="PyTorch",
        name="torch.nn.functional.logsigmoid",
        call="-torch.nn.functional.logsigmoid(positive - negative)",
        note="There is no function for it. It is minus the log-sigmoid of the difference.",
    ),
    Equivalent(
        loss="ListNet",
        library="PyTorch",
        name="torch.nn.functional.cross_entropy",
        call='torch.nn.functional.cross_entropy(y_pred, y_true.softmax(-1), reduction="none")',
        note="There is no function for it. The relevances must first be converted to probabilities "
        "by a softmax.",
    ),
    Equivalent(
        loss="ListNet",
        library="optax",
        name="optax.losses.ranking_softmax_loss",
        call="optax.losses.ranking_softmax_loss(y_pred, jax.nn.softmax(y_true), reduce_fn=None)",
        note="It uses the relevances themselves as the weights of the logarithms.",
    ),
    Equivalent(
        loss="ListMLE",
        library="PyTorch",
        name="torch.logcumsumexp",
        call="(torch.logcumsumexp(y_pred.gather(-1, y_true.argsort(-1)), -1) - y_pred).sum(-1)",
        note="There is no function for it. The scores are accumulated from the least relevant item "
        "upwards.",
    ),
)
