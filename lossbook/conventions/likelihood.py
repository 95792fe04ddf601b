"""Negative log-likelihoods, elsewhere."""

from .equivalent import Equivalent

_DEVIANCE = "The half in its name is half the deviance, so the factor is 1."
_WHOLE = "It is a distribution, which takes only whole counts unless validate_args=False."

ROWS = (
    Equivalent(
        loss="PoissonNLL",
        library="PyTorch",
        name="torch.nn.functional.poisson_nll_loss",
        call='torch.nn.functional.poisson_nll_loss(y_pred, y_true, reduction="none")',
        note="full=True adds Stirling's approximation of the log-factorial, whose error is 0.04 at "
        "a count of 2. With log_input=False, it takes rates.",
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
        note="It takes rates and adds 1e-7 to them in the logarithm.",
    ),
    Equivalent(
        loss="PoissonNLL",
        library="scikit-learn",
        name="sklearn._loss.HalfPoissonLoss",
        call="sklearn._loss.HalfPoissonLoss().loss(y_true, y_pred)",
        note=f"It is private, but PoissonRegressor minimises it. {_DEVIANCE}",
    ),
    Equivalent(
        loss="GammaNLL",
        library="PyTorch",
        name="torch.distributions.Gamma",
        call="-torch.distributions.Gamma("
        "concentration=1 / dispersion, rate=torch.exp(-y_pred) / dispersion).log_prob(y_true)",
        parameters=(("dispersion", "concentration"),),
        given=(("constant_terms", True),),
        note="It is a distribution. Its parameters are the shape, which is one over the "
        "dispersion, and the rate.",
    ),
    Equivalent(
        loss="GammaNLL",
        library="scikit-learn",
        name="sklearn._loss.HalfGammaLoss",
        call="sklearn._loss.HalfGammaLoss().loss(y_true, y_pred)",
        note=f"It is private, but GammaRegressor minimises it. {_DEVIANCE}",
    ),
    Equivalent(
        loss="TweedieNLL",
        library="scikit-learn",
        name="sklearn._loss.HalfTweedieLoss",
        call="sklearn._loss.HalfTweedieLoss(power=power).loss(y_true, y_pred)",
        parameters=(("power", "power"),),
        note="It is private, but TweedieRegressor minimises it if its link is the logarithm. At "
        "power 0, it contains half the squared target.",
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
