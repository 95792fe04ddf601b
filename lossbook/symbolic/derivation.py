"""A loss and its derivatives as expressions, and the proof that they belong together."""

from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any

from ..core.domains import LABELS, TwoValues
from ..core.loss import ClassLoss, Loss
from . import notation
from .formula import Formula, listed
from .notation import K, k, sp, y, yhat


@dataclass(frozen=True, kw_only=True)
class Expression(Formula):
    """The formula of a loss, and what can be done with it.

    It holds what a `Formula` does.  `for_classes` makes tuples of what is stated for class k.

    Attributes
    ----------
    loss : Loss
        The loss in question.
    """

    loss: Loss

    @property
    def symbols(self) -> Any:
        """Every symbol by its name: target, prediction, abbreviations, parameters."""
        targets = () if self.y_true is None else (self.y_true,)
        others = *self.definitions, *self.in_words, *self.parameters
        named = (*targets, *listed(self.y_pred), *others)
        return {str(symbol): symbol for symbol in named}

    @property
    def equations(self) -> Any:
        """The definitions as equations."""
        return [sp.Eq(symbol, e, evaluate=False) for symbol, e in self.definitions.items()]

    def subs(self) -> Any:
        """Return the same with every parameter replaced by the value it has in this loss."""
        valued = replace(self, parameters={})
        for symbol, name in self.parameters.items():
            valued = valued._substitute(symbol, _as_sympy(getattr(self.loss, name)))
        return valued

    def for_classes(self, n_entries: int) -> Any:
        """Return the same, written out for rows of so many entries, with tuples of derivatives."""
        n_entries = getattr(self.loss, "width", n_entries)
        n_classes = self._n_classes(n_entries)

        def concrete(expr):
            return _term_by_term(expr.subs(K, n_classes)).doit()

        def each(expr):
            return sp.Tuple(
                *(concrete(one.subs(k, i + 1)) for one in listed(expr) for i in range(n_entries))
            )

        general = self.written_out()
        return replace(
            general,
            value=concrete(general.value),
            gradient=each(general.gradient),
            hessian=each(general.hessian),
            y_true=each(general.y_true) if isinstance(general.y_true, sp.Indexed) else self.y_true,
            y_pred=each(general.y_pred),
        )

    def _n_classes(self, n_entries):
        of_labels = isinstance(self.loss, ClassLoss) and self.loss.y_true_domain is LABELS
        return self.loss._label_domain(n_entries).n_classes if of_labels else n_entries

    def check(self, n_classes: int = 3) -> Any:
        """Differentiate, and subtract what is displayed.

        Parameters
        ----------
        n_classes : int, default 3
            How many entries to write the rows of a loss over classes out for.

        Returns
        -------
        tuple of two Expr
            The square of what the derivative of `value` differs from `gradient` by, and that of
            `gradient` from `hessian`, simplified: 0, where SymPy can prove it.  Kinks, where there
            is no derivative, do not count.  Squares are summed over the classes, for targets that
            sum to one, and over labels.  Several scores with kinks between them are tried, in exact
            arithmetic, at points that lie on all sides of these.
        """
        cases = list(self._cases(n_classes))
        return (
            sum(_difference(value, pred, gradient) ** 2 for value, gradient, _, pred in cases),
            sum(_difference(gradient, pred, hessian) ** 2 for _, gradient, hessian, pred in cases),
        )

    def _cases(self, n_classes):
        """Yield value, gradient, hessian and prediction, for each entry, label or side of 0."""
        indexed = any(isinstance(pred, sp.Indexed) for pred in listed(self.y_pred))
        written = self.for_classes(n_classes) if indexed else self.written_out()
        targets = written._known_targets(n_classes)
        each = zip(*map(listed, (written.gradient, written.hessian, written.y_pred)), strict=True)
        for target, (gradient, hessian, pred) in product(targets, each):
            parts = [e.subs(target) for e in (written.value, gradient, hessian, pred)]
            if pred is not yhat:
                yield parts
                continue
            for side in _SIDES:
                yield [e.subs(yhat, y + side) for e in parts[:3]] + [side]

    def _known_targets(self, n_entries):
        """Return what may be put in for the targets, in every case that there is."""
        domain, targets = self.loss.y_true_domain, listed(self.y_true)
        if domain is LABELS:
            return [{self.y_true: i + 1} for i in range(self._n_classes(n_entries))]
        if isinstance(self.loss, ClassLoss):
            return [{targets[-1]: 1 - sum(targets[:-1])}]
        if isinstance(domain, TwoValues):
            values = map(_as_sympy, (domain.first, domain.second))
            return [
                dict(zip(targets, row, strict=True)) for row in product(values, repeat=len(targets))
            ]
        return [{}]


def _term_by_term(expr):
    """Return sums written out, outer ones first; `doit` would first try to find a formula."""
    if isinstance(expr, sp.Sum):
        term, *inner, (index, first, last) = expr.args
        if inner:
            term = sp.Sum(term, *inner)
        return _term_by_term(sp.Add(*(term.subs(index, i) for i in range(first, last + 1))))
    return expr.func(*map(_term_by_term, expr.args)) if expr.has(sp.Sum) else expr


_SIDES = sp.Symbol("r_+", positive=True), sp.Symbol("r_-", negative=True)
"""A residual on either side of 0, where many losses have their kink."""


def _difference(function, variable, derivative):
    if isinstance(variable, sp.Indexed) and _is_piecewise_rational(function):
        difference = sp.diff(function, variable) - derivative
        at_points = (difference.xreplace(point) for point in _points(difference))
        return sp.sqrt(sum(at**2 for at in at_points if not _is_zero(at)))
    smooth = isinstance(variable, sp.Indexed) and not function.has(sp.Max, sp.Piecewise)
    if smooth and _agree_as_rational(function, variable, derivative):
        return sp.Integer(0)
    difference = sp.diff(_in_cases(function), variable) - _in_cases(derivative)
    off_kinks = difference.replace(sp.DiracDelta, lambda *args: sp.Integer(0)).rewrite(sp.exp)
    folded = sp.piecewise_fold(off_kinks)
    cases = [case for case, _ in folded.args] if isinstance(folded, sp.Piecewise) else [folded]
    if all(_vanishes(case) or sp.simplify(case) == 0 for case in cases):
        return sp.Integer(0)
    return sp.simplify(off_kinks)


def _in_cases(expr):
    """Write maxima as cases, and all conditions alike, so that the same ones can be seen to be."""
    cases = sp.sympify(expr).rewrite([sp.Max], sp.Piecewise)
    return cases.replace(lambda e: isinstance(e, sp.Gt | sp.Ge | sp.Lt | sp.Le), _positive)


def _positive(condition):
    """Say that something is positive, or that it is not; at a kink either is as good."""
    excess = sp.expand(condition.gts - condition.lts)
    return sp.Le(-excess, 0) if excess.could_extract_minus_sign() else sp.Gt(excess, 0)


def _is_piecewise_rational(expr):
    functions = expr.atoms(sp.Function) - expr.atoms(sp.Max, sp.Piecewise, sp.atan)
    powers = all(power.exp.is_Integer for power in expr.atoms(sp.Pow))
    return expr.has(sp.Max, sp.Piecewise) and not functions and powers


def _agree_as_rational(function, variable, derivative):
    """Return whether they agree as rational functions of exponentials, powers and logarithms.

    This is how softmaxes agree, and soon found; `sympy.simplify` needs minutes for some.
    """
    function, derivative, rate = _in_exponentials(function), _in_exponentials(derivative), 1
    if not variable.is_positive:
        entries = {variable, *function.atoms(sp.Indexed)}
        exps = {entry: sp.Dummy(positive=True) for entry in entries if not entry.is_positive}
        logs = {score: sp.log(exp) for score, exp in exps.items()}
        function, derivative = function.xreplace(logs), derivative.xreplace(logs)
        rate = variable = exps[variable]
    return _vanishes(rate * sp.diff(function, variable) - derivative)


def _vanishes(expr):
    """Return whether an expression is 0 as a rational one of square roots and whatever else."""
    roots, names = {}, {}
    expr = expr.replace(
        lambda e: e.is_Pow and e.exp.is_Add,
        lambda e: sp.Mul(*(e.base**part for part in e.exp.args), evaluate=False),
    ).replace(
        lambda e: isinstance(e, sp.Function | sp.Max) or (e.is_Pow and not e.exp.is_Integer),
        lambda e: (
            roots.setdefault(e.base, sp.Dummy()) ** e.exp.p
            if e.is_Pow and e.exp.is_Rational and e.exp.q == 2
            else names.setdefault(e, sp.Dummy())
        ),
    )
    rest = _numerator(expr)
    for square, root in roots.items():
        rest = sp.rem(rest, root**2 - square, root)
    return _is_zero(rest)


def _in_exponentials(expr):
    """Write functions, but no powers, as exponentials."""
    return expr.replace(
        lambda e: isinstance(e, sp.Function), lambda e: e.rewrite(sp.exp, deep=False)
    )


def _is_zero(rational):
    """Return whether the numerator of a rational expression is 0."""
    return sp.sring(_numerator(rational))[1] == 0


def _numerator(rational):
    return sp.fraction(sp.together(rational))[0]


def _points(expr, n_points=12):
    """Return rational values of all symbols, positive ones for those that are, none at a kink."""
    random = Random(0)

    entries = expr.atoms(sp.Indexed)
    named = expr.free_symbols - entries - {entry.base.label for entry in entries}
    symbols = sorted(entries | named, key=str)

    def number(symbol, size):
        return sp.Rational(size, 641) * (1 if symbol.is_positive else random.choice((-1, 1)))

    return [
        {symbol: number(symbol, size) for symbol, size in zip(symbols, sizes, strict=True)}
        for sizes in (random.sample(range(1, 2000), len(symbols)) for _ in range(n_points))
    ]


def _as_sympy(value):
    if isinstance(value, tuple):
        cases = [(_as_sympy(entry), sp.Eq(k, i + 1)) for i, entry in enumerate(value)]
        return sp.Piecewise(*cases)
    return sp.Integer(value) if value == int(value) else sp.Float(value)


def expression(loss: Any) -> Any:
    """Return the `Expression` of a loss: what its method ``_formula`` states.

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
        If its class states no formula.

    Examples
    --------
    >>> import lossbook as lb
    >>> from lossbook import symbolic
    >>> hinge = symbolic.expression(lb.Hinge())
    >>> hinge.value, hinge.definitions
    (Max(0, 1 - m), {m: y*z})
    """
    if not hasattr(loss, "_formula"):
        raise NotImplementedError(
            f"{type(loss).__name__} states no formula; give it a method _formula(self, s), "
            "as lossbook.symbolic describes"
        )
    return Expression(loss=loss, **vars(loss._formula(notation)))
