"""Losses of embeddings, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="CosineDistance",
        library="PyTorch",
        name="torch.nn.functional.cosine_similarity",
        call="1 - torch.nn.functional.cosine_similarity(first, second, dim=-1)",
        note="It returns the cosine, which must be subtracted from 1. Its default axis is 1. A "
        "zero vector has a gradient of the order of 1e8.",
    ),
    Equivalent(
        loss="CosineDistance",
        library="Keras",
        name="keras.losses.cosine_similarity",
        call="1 + keras.losses.cosine_similarity(first, second)",
        note="It returns minus the cosine, which lies between -1 and 1. It is smaller than the "
        "loss here by 1 and has the same gradient.",
    ),
    Equivalent(
        loss="CosineDistance",
        library="optax",
        name="optax.losses.cosine_distance",
        call="optax.losses.cosine_distance(first, second)",
        note="A zero vector leads to NaN unless epsilon is set.",
    ),
    Equivalent(
        loss="CosineEmbedding",
        library="PyTorch",
        name="torch.nn.functional.cosine_embedding_loss",
        call="torch.nn.functional.cosine_embedding_loss("
        'first, second, y_true, margin=margin, reduction="none")',
        parameters=(("margin", "margin"),),
        note="The targets come last. The number 1e-12 is added to the squared lengths.",
    ),
    Equivalent(
        loss="HingeEmbedding",
        library="PyTorch",
        name="torch.nn.functional.hinge_embedding_loss",
        call="torch.nn.functional.hinge_embedding_loss("
        'y_pred, y_true, margin=margin, reduction="none")',
        parameters=(("margin", "margin"),),
        note="It is a loss of distances. The hinge loss of the support vector machine is another "
        "loss.",
    ),
    Equivalent(
        loss="Triplet",
        library="PyTorch",
        name="torch.nn.functional.triplet_margin_loss",
        call="torch.nn.functional.triplet_margin_loss("
        'anchor, positive, negative, margin=margin, eps=0.0, reduction="none")',
        parameters=(("margin", "margin"),),
        defaults="eps is 1e-6, added to every entry of the differences, whereas here it is 0.",
        note="With eps=0, the gradient is finite if the anchor and the positive coincide.",
    ),
    Equivalent(
        loss="Triplet",
        library="optax",
        name="optax.losses.triplet_margin_loss",
        call="optax.losses.triplet_margin_loss(anchor, positive, negative, margin=margin, eps=0.0)",
        parameters=(("margin", "margin"),),
        defaults="eps is 1e-6, added to the squared distances, whereas here it is 0.",
        note="With eps=0, the gradient is NaN if the anchor and the positive coincide.",
    ),
    Equivalent(
        loss="InfoNCE",
        library="PyTorch",
        name="torch.nn.functional.cross_entropy",
        call="torch.nn.functional.cross_entropy(torch.nn.functional.normalize(query, dim=-1) "
        "@ torch.nn.functional.normalize(key, dim=-1).T / temperature, "
        'torch.arange(len(query)), reduction="none")',
        parameters=(("temperature", "temperature"),),
        note="There is no function for it. The cosines are the scores, and the number of a row is "
        "its label.",
    ),
    Equivalent(
        loss="SupervisedContrastive",
        library="optax",
        name="optax.losses.ntxent",
        call="optax.losses.ntxent(y_pred, y_true, temperature=temperature)",
        reduction="mean",
        parameters=(("temperature", "temperature"),),
        defaults="temperature is 0.07, whereas here it is 0.1.",
        note="It is the same loss if each label occurs twice. If a label occurs more often, the "
        "other positives are omitted from the sum, and the mean is over pairs.",
    ),
)
