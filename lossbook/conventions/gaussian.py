"""Losses of predicted Gaussian distributions, elsewhere."""

from .equivalent import Equivalent

ROWS = (
    Equivalent(
        loss="GaussianNLL",
        library="PyTorch",
        name="torch.nn.functional.gaussian_nll_loss",
        call="torch.nn.functional.gaussian_nll_loss("
        'mean, y_true, torch.exp(log_variance), full=constant_terms, reduction="none")',
        parameters=(("constant_terms", "full"),),
        note="It takes the variance and not its logarithm, and it replaces variances below "
        "eps=1e-6 by eps.",
    ),
    Equivalent(
        loss="GaussianMixtureNLL",
        library="PyTorch",
        name="torch.distributions.MixtureSameFamily",
        call="-torch.distributions.MixtureSameFamily("
        "torch.distributions.Categorical(logits=logits), "
        "torch.distributions.Normal(mean, torch.exp(log_variance / 2))).log_prob(y_true)",
        given=(("constant_terms", True),),
        note="It takes the standard deviations, so halve the log-variances before the exponential.",
    ),
)
