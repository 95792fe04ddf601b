r"""Every loss in SymPy, as the book writes it, for documentation and tests.

>>> import lossbook as lb
>>> from lossbook import symbolic
>>> huber = symbolic.expression(lb.Huber(delta=1.5))
>>> huber.gradient
Piecewise((r, delta >= Abs(r)), (delta*sign(r), True))
>>> huber.definitions
{r: -y + yhat}
>>> huber.check()
(0, 0)
>>> print(symbolic.latex(symbolic.expression(lb.SigmoidCrossEntropy()).gradient))
\sigma{\left(z \right)} - y

A new loss joins by registering a function from its instances to their `Expression`::

    @symbolic.expression.register
    def _(loss: MyLoss):
        return symbolic.Expression(loss=loss, value=..., gradient=..., hessian=..., ...)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from math import inf
from unicodedata import normalize

from .core.domains import TwoValues
from .core.loss import Loss
from .losses.binary import (
    BinaryCrossEntropy,
    Hinge,
    SigmoidCrossEntropy,
    SigmoidFocal,
    SquaredHinge,
)
from .losses.multiclass import CategoricalCrossEntropy, SoftmaxCrossEntropy
from .losses.regression import (
    AbsoluteError,
    AbsolutePercentageError,
    EpsilonInsensitive,
    Expectile,
    HalfSquaredError,
    Huber,
    LogCosh,
    Pinball,
    PseudoHuber,
    SmoothL1,
    SmoothPinball,
    SquaredEpsilonInsensitive,
    SquaredError,
    SquaredLogError,
)
from .losses.robust import Cauchy, Fair, GemanMcClure, GeneralRobust, Tukey, Welsch

try:
    import sympy as sp
    from sympy.printing.latex import LatexPrinter
    from sympy.printing.pretty.pretty import PrettyPrinter
except ImportError as error:
    raise ImportError(
        "this needs SymPy; install it with: pip install 'lossbook[symbolic]'"
    ) from error


class sigma(sp.Function):
    """The logistic function; SymPy typesets its name as the letter."""

    nargs = 1

    def fdiff(self, argindex=1):
        """Return its derivative."""
        return sigma(self.args[0]) * sigma(-self.args[0])

    def _eval_rewrite_as_exp(self, z, **hints):
        return 1 / (1 + sp.exp(-z))


y, yhat, ytilde, z, p, r, x, d, m, s = sp.symbols("y yhat ytilde z p r x d m s", real=True)
alpha, beta, gamma, delta, epsilon = sp.symbols("alpha beta gamma delta epsilon", positive=True)
q, tau, b, c, w, alpha_y, w_plus = sp.symbols("q tau b c w alpha_y w_+", positive=True)
shape = sp.Symbol("alpha", real=True)
j, k = sp.symbols("j k", integer=True)
K, M = sp.Symbol("K", integer=True, positive=True), sp.Symbol("M", positive=True)
t_k, u_k, c_k, p_k, z_k = (sp.IndexedBase(name, positive=True)[k] for name in "tucpz")


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A per-sample loss and its derivatives by the prediction, as a reader meets them.

    Attributes
    ----------
    loss : Loss
        The loss in question.
    value, gradient, hessian : Expr
        The loss, its first and its second derivative.  In a loss over classes these are the
        derivatives by the prediction for class k; `for_classes` makes tuples of them.
    y_true, y_pred : Symbol or Indexed
        The target and the prediction; in a loss over classes, those of class k.
    definitions : dict
        What other symbols abbreviate, each in terms of those before it.
    parameters : dict
        The names of the parameters that symbols stand for.  A parameter that changes nothing at
        its value, such as a weight of 1, is left out.
    optimum : str
        The constant prediction with the least loss, in words.
    """

    loss: Loss
    value: sp.Expr
    gradient: sp.Expr
    hessian: sp.Expr
    y_true: sp.Expr
    y_pred: sp.Expr
    definitions: Mapping = field(default_factory=dict)
    parameters: Mapping = field(default_factory=dict)
    optimum: str

    @property
    def symbols(self):
        """Every symbol by its name: target, prediction, abbreviations, parameters."""
        named = (self.y_true, self.y_pred, *self.definitions, *self.parameters)
        return {str(symbol): symbol for symbol in named}

    @property
    def equations(self):
        """The definitions as equations."""
        return [sp.Eq(symbol, e, evaluate=False) for symbol, e in self.definitions.items()]

    def written_out(self):
        """Return the same with every abbreviation replaced by what it stands for."""
        written = replace(self, definitions={})
        for symbol, meaning in reversed(self.definitions.items()):
            written = written._substitute(symbol, meaning)
        return written

    def subs(self):
        """Return the same with every parameter replaced by the value it has in this loss."""
        valued = replace(self, parameters={})
        for symbol, name in self.parameters.items():
            valued = valued._substitute(symbol, _as_sympy(getattr(self.loss, name)))
        return valued

    def for_classes(self, n_classes):
        """Return the same, written out for a number of classes, with tuples of derivatives."""

        def concrete(expr):
            return expr.subs(K, n_classes).doit()

        def each(expr):
            return sp.Tuple(*(concrete(expr.subs(k, i + 1)) for i in range(n_classes)))

        general = self.written_out()
        return replace(
            general,
            value=concrete(general.value),
            gradient=each(general.gradient),
            hessian=each(general.hessian),
            y_true=each(general.y_true),
            y_pred=each(general.y_pred),
        )

    def check(self, n_classes=3):
        """Differentiate, and subtract what is displayed.

        Parameters
        ----------
        n_classes : int, default 3
            How many classes to write a loss over classes out for.

        Returns
        -------
        tuple of two Expr
            The square of what the derivative of `value` differs from `gradient` by, and that of
            `gradient` from `hessian`, simplified: 0, where SymPy can prove it.  Kinks, where there
            is no derivative, do not count.  Squares are summed over the classes, for targets that
            sum to one, and over labels that are but two.
        """
        cases = list(self._cases(n_classes))
        return (
            sum(_difference(value, pred, gradient) ** 2 for value, gradient, _, pred in cases),
            sum(_difference(gradient, pred, hessian) ** 2 for _, gradient, hessian, pred in cases),
        )

    def _cases(self, n_classes):
        """Yield value, gradient, hessian and prediction, for each class, label or side of 0."""
        if isinstance(self.y_pred, sp.Indexed):
            written = self.for_classes(n_classes)
            remainder = {written.y_true[-1]: 1 - sum(written.y_true[:-1])}
            derivatives = zip(written.gradient, written.hessian, written.y_pred, strict=True)
            for gradient, hessian, pred in derivatives:
                yield [e.subs(remainder) for e in (written.value, gradient, hessian, pred)]
            return
        written, domain = self.written_out(), self.loss.y_true_domain
        labels = [y]
        if isinstance(domain, TwoValues):
            labels = map(_as_sympy, (domain.first, domain.second))
        for label in labels:
            parts = (written.value, written.gradient, written.hessian, written.y_pred)
            parts = [e.subs(self.y_true, label) for e in parts]
            if self.y_pred is not yhat:
                yield parts
                continue
            for side in _SIDES:
                yield [e.subs(yhat, y + side) for e in parts[:3]] + [side]

    def _substitute(self, symbol, meaning):
        def substituted(expr):
            if not isinstance(symbol, sp.Indexed):
                return sp.sympify(expr).subs(symbol, meaning)
            return sp.sympify(expr).replace(
                lambda e: isinstance(e, sp.Indexed) and e.base == symbol.base,
                lambda e: meaning.subs(k, e.indices[0]),
            )

        return replace(
            self,
            value=substituted(self.value),
            gradient=substituted(self.gradient),
            hessian=substituted(self.hessian),
            definitions={s: substituted(e) for s, e in self.definitions.items()},
        )


_SIDES = sp.Symbol("r_+", positive=True), sp.Symbol("r_-", negative=True)
"""A residual on either side of 0, where many losses have their kink."""


def _difference(function, variable, derivative):
    def in_cases(expr):
        return expr.rewrite([sp.Max], sp.Piecewise)

    difference = sp.diff(in_cases(function), variable) - in_cases(derivative)
    off_kinks = difference.replace(sp.DiracDelta, lambda *args: sp.Integer(0))
    return sp.simplify(off_kinks.rewrite(sp.exp))


def _as_sympy(value):
    if isinstance(value, tuple):
        cases = [(_as_sympy(entry), sp.Eq(k, i + 1)) for i, entry in enumerate(value)]
        return sp.Piecewise(*cases)
    return sp.Integer(value) if value == int(value) else sp.Float(value)


class _ReadingOrder:
    """Print as one writes: what is subtracted last, functions last, the smaller side first."""

    def _as_ordered_terms(self, expr, order=None):
        return sorted(
            expr.as_ordered_terms(),
            key=lambda term: (
                term.could_extract_minus_sign(),
                not term.is_number,
                term.count_ops(),
            ),
        )

    def _print_Mul(self, expr):
        def place(factor):
            parametric = all(symbol.is_positive for symbol in factor.free_symbols)
            function = factor.has(sp.log, sigma)
            return not factor.is_number, function, not parametric, factor.count_ops()

        if isinstance(expr, sp.Mul):
            expr = sp.Mul(*sorted(expr.args, key=place), evaluate=False)
        return super()._print_Mul(expr)

    def _print_Relational(self, expr):
        return super()._print_Relational(expr.reversed if isinstance(expr, sp.Gt | sp.Ge) else expr)


class _Latex(_ReadingOrder, LatexPrinter):
    def __init__(self):
        super().__init__({"order": "none", "symbol_names": {epsilon: r"\varepsilon"}})

    def _print_Indexed(self, expr):
        return f"{self._print(expr.base)}_{{{self._print(expr.indices[0])}}}"


class _Pretty(_ReadingOrder, PrettyPrinter):
    def __init__(self):
        super().__init__({"order": "none", "use_unicode": True, "wrap_line": False})

    def _print_Max(self, expr):
        form = self._helper_print_function(expr.func, expr.args)
        form.binding = form.ATOM  # a power is of the whole, not of the name
        return form

    def _print_Indexed(self, expr):
        return self._print(sp.Symbol(f"{expr.base}_{expr.indices[0]}"))


def latex(expr):
    """Return LaTeX for an expression, in the book's notation.

    Examples
    --------
    >>> import lossbook as lb
    >>> from lossbook import symbolic
    >>> symbolic.latex(symbolic.expression(lb.SoftmaxCrossEntropy()).gradient)
    'p_{k} - t_{k}'
    """
    return _Latex().doprint(expr)


def pretty(expr):
    """Return an expression drawn with characters, on one or several lines.

    Examples
    --------
    >>> import lossbook as lb
    >>> from lossbook import symbolic
    >>> symbolic.pretty(symbolic.expression(lb.SigmoidCrossEntropy()).hessian)
    'σ(z)⋅σ(-z)'
    """
    return normalize("NFC", _Pretty().doprint(expr))


@singledispatch
def expression(loss):
    """Return the `Expression` of a loss.

    Parameters
    ----------
    loss : Loss
        An instance.

    Returns
    -------
    Expression

    Raises
    ------
    NotImplementedError
        If none is registered for its class.

    Examples
    --------
    >>> import lossbook as lb
    >>> from lossbook import symbolic
    >>> hinge = symbolic.expression(lb.Hinge())
    >>> hinge.value, hinge.definitions
    (Max(0, 1 - m), {m: y*z})
    """
    raise NotImplementedError(
        f"no symbolic expression is registered for {type(loss).__name__}; "
        "register one with @lossbook.symbolic.expression.register"
    )


_BALANCE = "the prediction at which the pulls of the targets balance"
_LOWEST = (
    "of the predictions at which the pulls of the targets balance, the one with the least loss"
)


def _regression(loss, value, gradient, hessian, optimum, definitions=None, **parameters):
    return Expression(
        loss=loss,
        value=value,
        gradient=sp.sympify(gradient),
        hessian=sp.sympify(hessian),
        y_true=y,
        y_pred=yhat,
        definitions={r: yhat - y, **(definitions or {})},
        parameters={symbol: name for name, symbol in parameters.items()},
        optimum=optimum,
    )


@expression.register
def _(loss: SquaredError):
    return _regression(loss, r**2, 2 * r, 2, "the mean of the targets")


@expression.register
def _(loss: HalfSquaredError):
    return _regression(loss, r**2 / 2, r, 1, "the mean of the targets")


@expression.register
def _(loss: AbsoluteError):
    return _regression(loss, abs(r), sp.sign(r), 0, "the median of the targets")


@expression.register
def _(loss: Huber):
    near = abs(r) <= delta
    return _regression(
        loss,
        sp.Piecewise((r**2 / 2, near), (delta * (abs(r) - delta / 2), True)),
        sp.Piecewise((r, near), (delta * sp.sign(r), True)),
        sp.Piecewise((1, near), (0, True)),
        "the mean of the targets, each first moved to within δ of it",
        delta=delta,
    )


@expression.register
def _(loss: SmoothL1):
    near = abs(r) <= beta
    return _regression(
        loss,
        sp.Piecewise((r**2 / (2 * beta), near), (abs(r) - beta / 2, True)),
        sp.Piecewise((r / beta, near), (sp.sign(r), True)),
        sp.Piecewise((1 / beta, near), (0, True)),
        "the mean of the targets, each first moved to within β of it",
        beta=beta,
    )


@expression.register
def _(loss: PseudoHuber):
    root = sp.sqrt(1 + (r / delta) ** 2)
    return _regression(
        loss,
        delta**2 * (root - 1),
        r / root,
        1 / root**3,
        f"{_BALANCE}, each below δ",
        delta=delta,
    )


@expression.register
def _(loss: LogCosh):
    return _regression(
        loss,
        sp.log(sp.cosh(r)),
        sp.tanh(r),
        1 / sp.cosh(r) ** 2,
        f"{_BALANCE}, each below 1",
    )


@expression.register
def _(loss: Pinball):
    return _regression(
        loss,
        sp.Max((1 - q) * r, -q * r),
        sp.Piecewise((1 - q, r > 0), (-q, r < 0), (0, True)),
        0,
        "the median of the targets" if loss.quantile == 0.5 else "the q-quantile of the targets",
        quantile=q,
    )


@expression.register
def _(loss: SmoothPinball):
    return _regression(
        loss,
        w * sp.log(1 + sp.exp(r / w)) - q * r,
        sigma(r / w) - q,
        sigma(r / w) * sigma(-r / w) / w,
        f"{_BALANCE}, up to q from above and 1 − q from below",
        quantile=q,
        width=w,
    )


@expression.register
def _(loss: Expectile):
    weight = sp.Piecewise((1 - tau, r > 0), (tau, True))
    return _regression(
        loss,
        w * r**2,
        2 * w * r,
        2 * w,
        "the mean of the targets" if loss.level == 0.5 else "the τ-expectile of the targets",
        {w: weight},
        level=tau,
    )


@expression.register
def _(loss: EpsilonInsensitive):
    return _regression(
        loss,
        sp.Max(0, abs(r) - epsilon),
        sp.Piecewise((sp.sign(r), abs(r) > epsilon), (0, True)),
        0,
        "the centre of a tube of half-width ε with as many targets above it as below",
        epsilon=epsilon,
    )


@expression.register
def _(loss: SquaredEpsilonInsensitive):
    excess = sp.Max(0, abs(r) - epsilon)
    return _regression(
        loss,
        excess**2,
        2 * sp.sign(r) * excess,
        sp.Piecewise((2, abs(r) > epsilon), (0, True)),
        "the centre of a tube of half-width ε that targets overshoot as far above as below",
        epsilon=epsilon,
    )


@expression.register
def _(loss: SquaredLogError):
    shown = _regression(
        loss,
        d**2,
        2 * d / (1 + yhat),
        2 * (1 - d) / (1 + yhat) ** 2,
        "the geometric mean of 1 + y, less 1",
    )
    return replace(shown, definitions={d: sp.log((1 + yhat) / (1 + y))})


@expression.register
def _(loss: AbsolutePercentageError):
    return _regression(
        loss,
        abs(r) / abs(y),
        sp.sign(r) / abs(y),
        0,
        "the median of the targets, each weighted by 1/|y|",
    )


def _scaled(loss, value, gradient, hessian, optimum, **parameters):
    return _regression(loss, value, gradient, hessian, optimum, {x: r / c}, scale=c, **parameters)


@expression.register
def _(loss: Fair):
    return _scaled(
        loss,
        c**2 * (abs(x) - sp.log(1 + abs(x))),
        r / (1 + abs(x)),
        1 / (1 + abs(x)) ** 2,
        f"{_BALANCE}, each below c",
    )


@expression.register
def _(loss: Cauchy):
    return _scaled(
        loss,
        c**2 / 2 * sp.log(1 + x**2),
        r / (1 + x**2),
        (1 - x**2) / (1 + x**2) ** 2,
        _LOWEST,
    )


@expression.register
def _(loss: GemanMcClure):
    return _scaled(
        loss,
        r**2 / (2 * (1 + x**2)),
        r / (1 + x**2) ** 2,
        (1 - 3 * x**2) / (1 + x**2) ** 3,
        _LOWEST,
    )


@expression.register
def _(loss: Welsch):
    return _scaled(
        loss,
        c**2 / 2 * (1 - sp.exp(-(x**2))),
        r * sp.exp(-(x**2)),
        (1 - 2 * x**2) * sp.exp(-(x**2)),
        _LOWEST,
    )


@expression.register
def _(loss: Tukey):
    inside = abs(x) <= 1
    return _scaled(
        loss,
        sp.Piecewise((c**2 / 6 * (1 - (1 - x**2) ** 3), inside), (c**2 / 6, True)),
        sp.Piecewise((r * (1 - x**2) ** 2, inside), (0, True)),
        sp.Piecewise(((1 - x**2) * (1 - 5 * x**2), inside), (0, True)),
        _LOWEST,
    )


@expression.register
def _(loss: GeneralRobust):
    if loss.alpha == 2:
        return _scaled(loss, x**2 / 2, x / c, 1 / c**2, "the mean of the targets")
    if loss.alpha == 0:
        return _scaled(
            loss,
            sp.log(1 + x**2 / 2),
            2 * x / (c * (2 + x**2)),
            2 * (2 - x**2) / (c**2 * (2 + x**2) ** 2),
            _LOWEST,
        )
    if loss.alpha == -inf:
        bell = sp.exp(-(x**2) / 2)
        return _scaled(loss, 1 - bell, x * bell / c, (1 - x**2) * bell / c**2, _LOWEST)
    base = 1 + x**2 / b
    shown = _scaled(
        loss,
        b / shape * (base ** (shape / 2) - 1),
        x / c * base ** (shape / 2 - 1),
        (b + (shape - 1) * x**2) / (c**2 * (b + x**2)) * base ** (shape / 2 - 1),
        _BALANCE if loss.alpha >= 1 else _LOWEST,
        alpha=shape,
    )
    return replace(shown, definitions={**shown.definitions, b: abs(shape - 2)})


@expression.register
def _(loss: BinaryCrossEntropy):
    gradient = (1 - y) / (1 - p) - y / p
    hessian = y / p**2 + (1 - y) / (1 - p) ** 2
    clipped, definitions, parameters = p, {}, {}
    if loss.eps > 0:
        inside = (epsilon <= p) & (p <= 1 - epsilon)
        gradient = sp.Piecewise((gradient, inside), (0, True))
        hessian = sp.Piecewise((hessian, inside), (0, True))
        clipped, parameters = q, {epsilon: "eps"}
        definitions = {
            q: sp.Piecewise((epsilon, p < epsilon), (1 - epsilon, p > 1 - epsilon), (p, True))
        }
    return Expression(
        loss=loss,
        value=-y * sp.log(clipped) - (1 - y) * sp.log(1 - clipped),
        gradient=gradient,
        hessian=hessian,
        y_true=y,
        y_pred=p,
        definitions=definitions,
        parameters=parameters,
        optimum="the mean of the targets: the share of ones",
    )


@expression.register
def _(loss: SigmoidCrossEntropy):
    target, weight, definitions, parameters = y, sp.Integer(1), {}, {}
    if loss.label_smoothing != 0:
        target, definitions = ytilde, {ytilde: (1 - epsilon) * y + epsilon / 2}
        parameters[epsilon] = "label_smoothing"
    if loss.pos_weight != 1:
        weight = w_plus
        parameters[w_plus] = "pos_weight"
    total = weight * target + 1 - target
    return Expression(
        loss=loss,
        value=-weight * target * sp.log(sigma(z)) - (1 - target) * sp.log(sigma(-z)),
        gradient=total * sigma(z) - weight * target,
        hessian=total * sigma(z) * sigma(-z),
        y_true=y,
        y_pred=z,
        definitions=definitions,
        parameters=parameters,
        optimum="the log-odds of the mean target"
        + (", smoothed" if target is ytilde else "")
        + (", plus log w₊" if weight is w_plus else ""),
    )


@expression.register
def _(loss: SigmoidFocal):
    definitions, parameters = {s: 2 * y - 1, p: sigma(s * z)}, {gamma: "gamma"}
    weight = sp.Integer(1)
    if loss.alpha is not None:
        weight, parameters[alpha] = alpha_y, "alpha"
        definitions[alpha_y] = alpha * y + (1 - alpha) * (1 - y)
    modulation = weight * (1 - p) ** gamma
    return Expression(
        loss=loss,
        value=-modulation * sp.log(p),
        gradient=s * modulation * (gamma * p * sp.log(p) - (1 - p)),
        hessian=modulation
        * p
        * ((1 + 2 * gamma) * (1 - p) + gamma * (1 - p) * sp.log(p) - gamma**2 * p * sp.log(p)),
        y_true=y,
        y_pred=z,
        definitions=definitions,
        parameters=parameters,
        optimum="the score at which the pulls of the two classes balance; 0 where they are even",
    )


def _margin(loss, value, gradient, hessian, optimum):
    return Expression(
        loss=loss,
        value=value,
        gradient=gradient,
        hessian=sp.sympify(hessian),
        y_true=y,
        y_pred=z,
        definitions={m: y * z},
        optimum=optimum,
    )


@expression.register
def _(loss: Hinge):
    gradient = sp.Piecewise((-y, m < 1), (0, True))
    return _margin(loss, sp.Max(0, 1 - m), gradient, 0, "the label of the larger class")


@expression.register
def _(loss: SquaredHinge):
    return _margin(
        loss,
        sp.Max(0, 1 - m) ** 2,
        -2 * y * sp.Max(0, 1 - m),
        sp.Piecewise((2, m < 1), (0, True)),
        "the mean of the labels",
    )


@expression.register
def _(loss: CategoricalCrossEntropy):
    return Expression(
        loss=loss,
        value=-sp.Sum(t_k * sp.log(p_k), (k, 1, K)),
        gradient=-t_k / p_k,
        hessian=t_k / p_k**2,
        y_true=t_k,
        y_pred=p_k,
        optimum="the mean of the target distributions: the share of each class",
    )


@expression.register
def _(loss: SoftmaxCrossEntropy):
    target, total, definitions, parameters = t_k, sp.Integer(1), {}, {}
    if loss.label_smoothing != 0:
        target = (1 - epsilon) * target + epsilon / K
        parameters[epsilon] = "label_smoothing"
    if loss.class_weight is not None:
        target, total = c_k * target, M
        parameters[c_k] = "class_weight"
    if parameters:
        target, definitions = u_k, {u_k: target}
    if total is M:
        definitions[M] = sp.Sum(u_k.subs(k, j), (j, 1, K))
    definitions[p_k] = sp.exp(z_k) / sp.Sum(sp.exp(z_k.subs(k, j)), (j, 1, K))
    return Expression(
        loss=loss,
        value=-sp.Sum(target * sp.log(p_k), (k, 1, K)),
        gradient=total * p_k - target,
        hessian=total * p_k * (1 - p_k),
        y_true=t_k,
        y_pred=z_k,
        definitions=definitions,
        parameters=parameters,
        optimum="the logarithms of the class shares"
        + (", smoothed and weighted" if parameters else "")
        + ", up to a common shift",
    )
