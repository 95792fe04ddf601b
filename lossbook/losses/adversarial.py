"""Losses of a generator of fake samples and of a discriminator that scores real and fake samples.

The discriminator classifies samples as real or fake, so it minimises a two-class loss.  The
generator minimises a loss of the scores that the discriminator gives to the generated samples.
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
    """Minus the margin ``m = y_true * y_pred``, which is linear in the score."""

    def _traits(self):
        return Traits(
            convex=True,
            differentiable=True,
            twice_differentiable=True,
            lipschitz=1.0,
            elicits="no finite score",
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
    ``"mean"`` returns Σwℓ/Σw over the samples of each kind, and ``"sum"`` returns Σwℓ.  With
    ``"none"``, the values wℓ of the samples are returned."""


@dataclass(frozen=True)
class Verdict:
    """Loss of a score, which is a two-class loss for one fixed label, or minus such a loss."""

    loss: PointwiseLoss
    label: float
    sign: float = 1.0


class GAN(Declared):
    """Base of the losses of generative adversarial networks.

    A subclass defines three losses of a score.  The discriminator has one for real samples and one
    for fake samples, and the generator has one for the samples that it generates.
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

        The numbers of real and of fake samples may differ.  The loss is the mean over the real
        samples plus the mean over the fake samples, and with ``reduction="none"`` it is a pair of
        arrays.  Derivatives are pairs as well, with respect to the real scores and with respect to
        the fake scores.  `sample_weight` is either one array for both kinds of samples or a pair of
        arrays, each of which may be None.

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
        """The loss of a score."""
        raise NotImplementedError

    def _traits(self):
        loss, minus = self.verdict.loss.traits, self.verdict.sign < 0
        return Traits(
            convex=loss.convex and not minus,
            differentiable=loss.differentiable,
            twice_differentiable=loss.twice_differentiable,
            lipschitz=loss.lipschitz,
            bounded=minus,
            elicits="samples that the discriminator takes for real",
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
    """Loss of the discriminator for the scores of real samples."""

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
        """The loss of a score."""
        return self.gan.real


class FakeScores(ScoreLoss):
    """Loss of the discriminator for the scores of fake samples."""

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
        """The loss of a score."""
        return self.gan.fake


class Generator(ScoreLoss):
    """Loss of the generator for the scores of its samples."""

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
        """The loss of a score."""
        return self.gan.generated


class Discriminator(JointLoss):
    """Loss of the discriminator for the scores of real and of fake samples together."""

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
        """The loss of the real scores and the loss of the fake scores."""
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
    r"""Losses of the original GAN, in which the generator maximises the discriminator's loss.

    .. math::

        \ell_D = -\log \sigma(r) - \log(1 - \sigma(f)), \qquad
        \ell_G = \log(1 - \sigma(f)), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}

    Notes
    -----
    ``discriminator(real, fake)`` takes the raw scores :math:`r` of real samples and :math:`f` of
    fake samples.  It is the `SigmoidCrossEntropy` with label 1 for real and label 0 for fake
    samples.  Its gradients with respect to :math:`r` and :math:`f` are :math:`-\sigma(-r)` and
    :math:`\sigma(f)`, and its second derivatives are :math:`\sigma(r)\,\sigma(-r)` and
    :math:`\sigma(f)\,\sigma(-f)`.  If :math:`p` is the density of the real samples and :math:`q`
    the density of the fake samples, then the best score is the log-odds :math:`\log(p/q)` [1]_.

    ``generator(fake)`` is minus the second term of the discriminator's loss, and its derivatives
    have the opposite sign as well.  They vanish for :math:`f \to -\infty`, that is, where the
    discriminator recognises a fake sample with certainty.  The generator then stops learning, and
    `NonSaturatingGAN` avoids this.

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
    r"""Usual losses of a GAN, in which the generator trains with the label of real samples.

    .. math::

        \ell_D = -\log \sigma(r) - \log(1 - \sigma(f)), \qquad \ell_G = -\log \sigma(f)

    Notes
    -----
    The discriminator has the same loss as in `MinimaxGAN`.  The loss of the generator is the
    `SigmoidCrossEntropy` of its samples with the label 1, as if they were real [1]_.  The gradient
    is :math:`-\sigma(-f)`, which is largest in absolute value where the discriminator recognises a
    fake sample with certainty.  The second derivative is :math:`\sigma(f)\,\sigma(-f)`.

    References
    ----------
    .. [1] I. J. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair,
       A. Courville and Y. Bengio, "Generative adversarial nets", *Advances in Neural Information
       Processing Systems* 27, 2014, section 3.

    Examples
    --------
    The generator learns from a sample that is clearly recognised as fake, whereas the generator of
    `MinimaxGAN` does not:

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
    r"""Least-squares losses of a GAN, with the target 1 for real and 0 for fake samples.

    .. math::

        \ell_D = \tfrac12 (r - 1)^2 + \tfrac12 f^2, \qquad \ell_G = \tfrac12 (f - 1)^2

    Notes
    -----
    Each term is a `HalfSquaredError`.  In the notation of [1]_, the labels are :math:`a = 0` and
    :math:`b = c = 1`.  The gradients of the discriminator's loss are :math:`r - 1` and :math:`f`,
    and the gradient of the generator's loss is :math:`f - 1`.  All second derivatives are 1.  The
    generator has a gradient even for a fake sample with a score above 1, which the discriminator
    takes for real.  If :math:`p` is the density of the real samples and :math:`q` the density of
    the fake samples, then the best score is the probability :math:`p/(p + q)`.

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
    r"""Hinge losses of a GAN, in which the discriminator's loss is 0 beyond the margin.

    .. math::

        \ell_D = \max(0, 1 - r) + \max(0, 1 + f), \qquad \ell_G = -f

    Notes
    -----
    The loss of the discriminator is the `Hinge` loss with label +1 for real and label -1 for fake
    samples [1]_ [2]_.  Its gradient is -1 for :math:`r < 1` and +1 for :math:`f > -1`.  Otherwise
    it is 0, also at the kinks.  The gradient of the generator's loss is -1 everywhere.  All second
    derivatives are 0.

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
    elicits: ClassVar[str] = "the more probable class, real or fake"


class WassersteinGAN(GAN):
    r"""Losses of the Wasserstein GAN, which are linear in the scores.

    .. math::

        \ell_D = f - r, \qquad \ell_G = -f

    Notes
    -----
    The gradient of the discriminator's loss is -1 with respect to a real score and +1 with respect
    to a fake score.  The gradient of the generator's loss is -1.  All second derivatives are 0.
    The loss has no minimum in the scores, because it falls without bound as real scores increase
    and fake scores decrease.  It is therefore useful only if the slope of the discriminator, called
    the critic in [1]_, is bounded.  Clipping the weights or adding a penalty achieves this, and
    neither is part of the loss.  Among all critics whose slope is at most 1, the smallest loss is
    minus the Wasserstein distance between the real and the fake samples [1]_.

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
