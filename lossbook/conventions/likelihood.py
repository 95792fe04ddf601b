"""Negative log-likelihoods, elsewhere."""

from .equivalent import Equivalent

_DEVIANCE = "the half is one of the deviance, so the factor is 1."
_WHOLE = "A distribution, which takes whole counts only unless validate_args=False."

ROWS = (
    Equivalent(
        loss="PoissonNLL",
        library="PyTorch",
        name="torch.nn.functional.poisson_nll_loss",
        call='torch.nn.functional.poisson_nll_loss(y_pred, y_true, reduction="none")',
        note="full=True adds Stirling's approximation of the log-factorial, which is off by 0.04 "
        "at a count of 2; with log_input=False it takes rates.",
    ),
    Equivalent(
        loss="PoissonNLL",
        library="PyTorch",
        name="torch.distributions.Poisson",
        call="-torch.distributions.Poisson(torch.exp(y_pred)).log_prob(y_true)",
        given=(("constant_terms", True),),
        note=_WHOLE,
    ),
    Equivalent(
        loss="PoissonNLL",
        library="Keras",
        name="keras.losses.poisson",
        call="keras.losses.poisson(y_true[:, None], torch.exp(y_pred)[:, None])",
        note="It takes rates, and adds 1e-7 to them in the logarithm.",
    ),
    Equivalent(
        loss="PoissonNLL",
        library="scikit-learn",
        name="sklearn._loss.HalfPoissonLoss",
        call="sklearn._loss.HalfPoissonLoss().loss(y_true, y_pred)",
        note=f"Private, but what PoissonRegressor minimises; {_DEVIANCE}",
    ),
    Equivalent(
        loss="GammaNLL",
        library="PyTorch",
        name="torch.distributions.Gamma",
        call="-torch.distributions.Gamma("
        "concentration=1 / dispersion, rate=torch.exp(-y_pred) / dispersion).log_prob(y_true)",
        parameters=(("dispersion", "concentration"),),
        given=(("constant_terms", True),),
        note="A distribution, given by its shape, one over the dispersion, and its rate.",
    ),
    Equivalent(
        loss="GammaNLL",
        library="scikit-learn",
        name="sklearn._loss.HalfGammaLoss",
        call="sklearn._loss.HalfGammaLoss().loss(y_true, y_pred)",
        note=f"Private, but what GammaRegressor minimises; {_DEVIANCE}",
    ),
    Equivalent(
        loss="TweedieNLL",
        library="scikit-learn",
        name="sklearn._loss.HalfTweedieLoss",
        call="sklearn._loss.HalfTweedieLoss(power=power).loss(y_true, y_pred)",
        parameters=(("power", "power"),),
        note="Private, but what TweedieRegressor minimises where its link is the logarithm; "
        "at power 0 it has half the squared target in it.",
    ),
    Equivalent(
        loss="NegativeBinomialNLL",
        library="PyTorch",
        name="torch.distributions.NegativeBinomial",
        call="-torch.distributions.NegativeBinomial("
        "total_count=1 / dispersion, logits=y_pred + np.log(dispersion)).log_prob(y_true)",
        parameters=(("dispersion", "total_count"),),
        given=(("constant_terms", True),),
        note=f"{_WHOLE} total_count is one over the dispersion.",
    ),
)
