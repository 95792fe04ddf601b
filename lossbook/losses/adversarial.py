"""Losses of two players: a discriminator that scores samples, a generator that makes fake ones.

The discriminator is a classifier of real against fake samples, so what it minimises is a two-class
loss; the generator minimises one of the scores of its own samples.
"""

from dataclasses import dataclass, field
from math import sqrt
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.declared import Declared, with_parameter
from ..core.loss import Call, JointLoss, Out, PointwiseLoss
from ..core.margin import MarginLoss
from ..core.traits import Traits
from .log_loss import SigmoidCrossEntropy
from .margins import Hinge
from .several_tasks import WeightedSum
from .squared_error import HalfSquaredError


class NegativeMargin(MarginLoss):
    """Minus the margin ``m = y_true * y_pred``: a score costs what it says against the label."""

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=1.0,
            elicits="a score without bound",
        )

    def _formula(self, s):
        return s.of_margin(value=-s.m, gradient=-s.y, hessian=0)

    def _of_margin(self, m):
        return -m

    def _slope(self, m):
        return np.where(np.isnan(m), m, -1)

    def _curvature(self, m):
        return np.zeros_like(m)


_REDUCTION = """\
reduction : {"mean", "sum", "none"}, keyword only
    ``"mean"`` is Σwℓ/Σw over the samples of each kind, ``"sum"`` is Σwℓ, ``"none"`` leaves wℓ."""


@dataclass(frozen=True)
class Verdict:
    """What a score costs: a two-class loss for one fixed label, or minus that."""

    loss: PointwiseLoss
    label: float
    sign: float = 1.0


class GAN(Declared):
    """Base of the losses of generative adversarial networks.

    A subclass states what scores cost the discriminator, of real samples and of fake ones, and
    what they cost the generator, of the samples it generates.
    """

    reduction: str = field(default="mean", kw_only=True)

    real: ClassVar[Verdict]
    fake: ClassVar[Verdict]
    generated: ClassVar[Verdict]
    elicits: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__doc__ = with_parameter(cls.__doc__, "reduction", _REDUCTION)

    def __post_init__(self) -> None:
        Generator(type(self), reduction=self.reduction)

    @property
    def discriminator(self) -> "Discriminator":
        """The loss of the discriminator, called with the scores of real and of fake samples.

        There may be more of the one than of the other: the loss is the mean over the real samples
        plus the mean over the fake ones (with ``reduction="none"`` a pair of arrays).  Derivatives
        are pairs, by the real scores and by the fake ones; `sample_weight` is a pair too, of which
        either may be None, or one array for both.

        Returns
        -------
        Loss
        """
        return Discriminator(type(self), reduction=self.reduction)

    @property
    def generator(self) -> "Generator":
        """The loss of the generator, called with the scores of its samples.

        Returns
        -------
        Loss
        """
        return Generator(type(self), reduction=self.reduction)


class ScoreLoss(JointLoss):
    """Base of losses of the scores of samples of one kind."""

    gan: type[GAN] = field(repr=False)

    @property
    def verdict(self) -> Verdict:
        """What a score costs."""
        raise NotImplementedError

    def _traits(self):
        loss, minus = self.verdict.loss.traits, self.verdict.sign < 0
        return Traits(
            convex=loss.convex and not minus,
            differentiable=loss.differentiable,
            twice_differentiable=loss.twice_differentiable,
            lipschitz=loss.lipschitz,
            bounded=minus,
            elicits="samples that pass for real",
        )

    def _formula(self, s):
        score = s.Symbol("r" if self.inputs == ("real",) else "f", real=True)
        of_label = self.verdict.loss._formula(s).written_out()
        known = {of_label.y_true: self.verdict.label, of_label.y_pred: score}

        def of_score(expr):
            return s.nsimplify(self.verdict.sign * expr.subs(known))

        return s.Formula(
            value=of_score(of_label.value),
            gradient=of_score(of_label.gradient),
            hessian=of_score(of_label.hessian),
            y_true=None,
            y_pred=score,
        )

    def _shared(self, scores):
        return self.verdict.loss._shared(self.verdict.label, scores)

    def _value(self, *shared):
        return self.verdict.sign * self.verdict.loss._value(*shared)

    def _gradient(self, *shared):
        return self.verdict.sign * self.verdict.loss._gradient(*shared)

    def _hessian(self, *shared):
        return self.verdict.sign * self.verdict.loss._hessian(*shared)


class RealScores(ScoreLoss):
    """What the scores of real samples cost the discriminator."""

    def _inputs(
        self,
        real: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[NDArray[Any]]:
        return Call((real,), sample_weight, curvature, out)

    def __repr__(self) -> str:
        return f"{Discriminator(self.gan, reduction=self.reduction)!r}.sides[0]"

    @property
    def verdict(self) -> Verdict:
        """What a score costs."""
        return self.gan.real


class FakeScores(ScoreLoss):
    """What the scores of fake samples cost the discriminator."""

    def _inputs(
        self,
        fake: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[NDArray[Any]]:
        return Call((fake,), sample_weight, curvature, out)

    def __repr__(self) -> str:
        return f"{Discriminator(self.gan, reduction=self.reduction)!r}.sides[1]"

    @property
    def verdict(self) -> Verdict:
        """What a score costs."""
        return self.gan.fake


class Generator(ScoreLoss):
    """What the scores of fake samples cost the generator."""

    def _inputs(
        self,
        fake: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[NDArray[Any]]:
        return Call((fake,), sample_weight, curvature, out)

    def __repr__(self) -> str:
        return f"{self.gan(reduction=self.reduction)!r}.generator"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.gan(reduction=self.reduction), "generator")

    @property
    def verdict(self) -> Verdict:
        """What a score costs."""
        return self.gan.generated


class Discriminator(JointLoss):
    """What the scores of real and of fake samples cost the discriminator, together."""

    def _inputs(
        self,
        real: ArrayLike,
        fake: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        curvature: str = "exact",
        out: Out = None,
    ) -> Call[tuple[NDArray[Any], NDArray[Any]]]:
        return Call((real, fake), sample_weight, curvature, out)

    gan: type[GAN] = field(repr=False)

    def __repr__(self) -> str:
        return f"{self.gan(reduction=self.reduction)!r}.discriminator"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.gan(reduction=self.reduction), "discriminator")

    @property
    def sides(self) -> tuple["ScoreLoss", ...]:
        """The losses of the real scores and of the fake ones."""
        return tuple(side(self.gan, reduction=self.reduction) for side in (RealScores, FakeScores))

    def _traits(self):
        loss = self.gan.real.loss.traits
        return Traits(
            convex=loss.convex,
            differentiable=loss.differentiable,
            twice_differentiable=loss.twice_differentiable,
            lipschitz=sqrt(2) * loss.lipschitz,
            elicits=self.gan.elicits,
        )

    def _evaluate(self, parts, inputs, sample_weight, out):
        both = WeightedSum(self.sides)
        return both._evaluate(parts, (None, tuple(inputs)), sample_weight, out)

    def _formula(self, s):
        real, fake = (side._formula(s) for side in self.sides)
        return s.Formula(
            value=real.value + fake.value,
            gradient=(real.gradient, fake.gradient),
            hessian=(real.hessian, fake.hessian),
            y_true=None,
            y_pred=(real.y_pred, fake.y_pred),
        )


class MinimaxGAN(GAN):
    r"""The game of the first adversarial networks: what the discriminator loses is all there is.

    .. math::

        \ell_D = -\log \sigma(r) - \log(1 - \sigma(f)), \qquad
        \ell_G = \log(1 - \sigma(f)), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}

    Notes
    -----
    ``discriminator(real, fake)`` takes the raw scores :math:`r` of real and :math:`f` of fake
    samples: it is the `SigmoidCrossEntropy` of labels 1 for real and 0 for fake, with the gradient
    :math:`-\sigma(-r)` and :math:`\sigma(f)` and the second derivative
    :math:`\sigma(r)\,\sigma(-r)` and :math:`\sigma(f)\,\sigma(-f)`.  ``generator(fake)`` has minus
    the value and the derivatives by :math:`f`: where the discriminator is sure of a fake,
    :math:`f \to -\infty`, they vanish and the generator stops learning; hence `NonSaturatingGAN`.
    With densities :math:`p` of real and :math:`q` of fake samples the best score is the log-odds
    :math:`\log(p/q)` [1]_.

    References
    ----------
    .. [1] I. J. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair,
       A. Courville and Y. Bengio, "Generative adversarial nets", *Advances in Neural Information
       Processing Systems* 27, 2014.

    Examples
    --------
    >>> import lossbook as lb
    >>> gan = lb.MinimaxGAN()
    >>> round(gan.discriminator([0.0, 0.0], [0.0]), 4)
    1.3863
    >>> gan.discriminator.gradient([0.0, 0.0], [0.0])
    (array([-0.25, -0.25]), array([0.5]))
    >>> gan.generator.gradient([0.0])
    array([-0.5])
    """

    real: ClassVar[Verdict] = Verdict(SigmoidCrossEntropy(), 1.0)
    fake: ClassVar[Verdict] = Verdict(SigmoidCrossEntropy(), 0.0)
    generated: ClassVar[Verdict] = Verdict(SigmoidCrossEntropy(), 0.0, sign=-1.0)
    elicits: ClassVar[str] = "log-odds of real against fake"


class NonSaturatingGAN(GAN):
    r"""The usual game: the generator maximises the probability that its samples pass for real.

    .. math::

        \ell_D = -\log \sigma(r) - \log(1 - \sigma(f)), \qquad \ell_G = -\log \sigma(f)

    Notes
    -----
    The discriminator is that of `MinimaxGAN`.  The generator is the `SigmoidCrossEntropy` of its
    samples labelled 1, as if they were real: gradient :math:`-\sigma(-f)`, which is steepest where
    the discriminator is sure of a fake, second derivative :math:`\sigma(f)\,\sigma(-f)` [1]_.

    References
    ----------
    .. [1] I. J. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair,
       A. Courville and Y. Bengio, "Generative adversarial nets", *Advances in Neural Information
       Processing Systems* 27, 2014, section 3.

    Examples
    --------
    Of a sample that is recognised as fake, this generator learns and the minimax one does not:

    >>> import lossbook as lb
    >>> lb.NonSaturatingGAN().generator.gradient([-50.0])
    array([-1.])
    >>> lb.MinimaxGAN().generator.gradient([-50.0])
    array([-1.92874985e-22])
    """

    real: ClassVar[Verdict] = MinimaxGAN.real
    fake: ClassVar[Verdict] = MinimaxGAN.fake
    generated: ClassVar[Verdict] = Verdict(SigmoidCrossEntropy(), 1.0)
    elicits: ClassVar[str] = MinimaxGAN.elicits


class LeastSquaresGAN(GAN):
    r"""Scores as numbers to regress on: 1 for real, 0 for fake.

    .. math::

        \ell_D = \tfrac12 (r - 1)^2 + \tfrac12 f^2, \qquad \ell_G = \tfrac12 (f - 1)^2

    Notes
    -----
    These are `HalfSquaredError` with [1]_'s labels :math:`a = 0`, :math:`b = c = 1`.  Gradient
    :math:`r - 1` and :math:`f` for the discriminator, :math:`f - 1` for the generator; second
    derivative 1.  A fake sample that is taken for real, with a score above 1, still pulls the
    generator back.  With densities :math:`p` of real and :math:`q` of fake samples the best score
    is the probability :math:`p/(p + q)`.

    References
    ----------
    .. [1] X. Mao, Q. Li, H. Xie, R. Y. K. Lau, Z. Wang and S. P. Smolley, "Least squares generative
       adversarial networks", *Proceedings of the IEEE International Conference on Computer Vision*,
       2017.

    Examples
    --------
    >>> import lossbook as lb
    >>> gan = lb.LeastSquaresGAN()
    >>> gan.discriminator([2.0], [1.0, 3.0])
    3.0
    >>> gan.discriminator.gradient([2.0], [1.0, 3.0])
    (array([1.]), array([0.5, 1.5]))
    >>> gan.generator([1.0, 3.0])
    1.0
    """

    real: ClassVar[Verdict] = Verdict(HalfSquaredError(), 1.0)
    fake: ClassVar[Verdict] = Verdict(HalfSquaredError(), 0.0)
    generated: ClassVar[Verdict] = Verdict(HalfSquaredError(), 1.0)
    elicits: ClassVar[str] = "probability of real"


class HingeGAN(GAN):
    r"""A support vector machine for discriminator: scores beyond the margin cost nothing.

    .. math::

        \ell_D = \max(0, 1 - r) + \max(0, 1 + f), \qquad \ell_G = -f

    Notes
    -----
    The discriminator is the `Hinge` loss of labels +1 for real and -1 for fake [1]_ [2]_: gradient
    -1 where :math:`r < 1` and +1 where :math:`f > -1`, else 0, also at the kinks.  The generator
    has gradient -1 everywhere.  All second derivatives are 0.

    References
    ----------
    .. [1] J. H. Lim and J. C. Ye, "Geometric GAN",
       arXiv:1705.02894, 2017.
    .. [2] T. Miyato, T. Kataoka, M. Koyama and Y. Yoshida, "Spectral normalization for generative
       adversarial networks", *International Conference on Learning Representations*, 2018.

    Examples
    --------
    >>> import lossbook as lb
    >>> gan = lb.HingeGAN()
    >>> gan.discriminator([2.0, 0.5], [-2.0])
    0.25
    >>> gan.discriminator.gradient([2.0, 0.5], [-2.0])
    (array([-0. , -0.5]), array([0.]))
    >>> gan.generator([-2.0])
    2.0
    """

    real: ClassVar[Verdict] = Verdict(Hinge(), 1.0)
    fake: ClassVar[Verdict] = Verdict(Hinge(), -1.0)
    generated: ClassVar[Verdict] = Verdict(NegativeMargin(), 1.0)
    elicits: ClassVar[str] = "the more probable of real and fake"


class WassersteinGAN(GAN):
    r"""The critic's game: real samples should score high and fake ones low, without bound.

    .. math::

        \ell_D = f - r, \qquad \ell_G = -f

    Notes
    -----
    Gradient -1 by a real score and +1 by a fake one; -1 for the generator.  All second derivatives
    are 0.  No score is best: the loss makes sense only for a critic whose slope is bounded, by
    clipping its weights or by a penalty, which are no part of the loss.  Over all critics whose
    slope is at most 1 the least loss is minus the Wasserstein distance between real and fake
    samples [1]_.

    References
    ----------
    .. [1] M. Arjovsky, S. Chintala and L. Bottou, "Wasserstein generative adversarial networks",
       *Proceedings of the 34th International Conference on Machine Learning*, PMLR 70, 2017.

    Examples
    --------
    >>> import lossbook as lb
    >>> gan = lb.WassersteinGAN()
    >>> gan.discriminator([2.0, 3.0], [1.0])
    -1.5
    >>> gan.generator([1.0])
    -1.0
    """

    real: ClassVar[Verdict] = Verdict(NegativeMargin(), 1.0)
    fake: ClassVar[Verdict] = Verdict(NegativeMargin(), -1.0)
    generated: ClassVar[Verdict] = Verdict(NegativeMargin(), 1.0)
    elicits: ClassVar[str] = NegativeMargin().traits.elicits
