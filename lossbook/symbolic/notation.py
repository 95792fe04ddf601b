"""The notation that a loss's formula is written in: the book's symbols, and what joins them.

This module is what `_formula` of a loss is handed as ``s``.  An index k means one of the entries
of a row: the classes, the pixels, the items of a list, the coordinates of a vector.  SymPy itself
is ``s.sp``; functions that are not listed here come from there, such as ``s.sp.cos``.
"""

from typing import Any

from sympy import (
    Add,
    Eq,
    Function,
    Max,
    Min,
    Rational,
    Sum,
    Symbol,
    atan,
    cosh,
    exp,
    factorial,
    log,
    nsimplify,
    pi,
    sign,
    sqrt,
    symbols,
    tanh,
)
from sympy import gamma as Gamma

from .formula import Formula
from .functions import Largest, given_class, sigma, sp

__all__ = [
    "Add",
    "Eq",
    "Formula",
    "Function",
    "Gamma",
    "Max",
    "Min",
    "Rational",
    "Sum",
    "Symbol",
    "atan",
    "cosh",
    "exp",
    "factorial",
    "given_class",
    "log",
    "nsimplify",
    "pi",
    "sigma",
    "sign",
    "sp",
    "sqrt",
    "symbols",
    "tanh",
]

y: Any
yhat: Any
ytilde: Any
z: Any
p: Any
r: Any
x: Any
d: Any
m: Any
s: Any
mu: Any
xi: Any
alpha: Any
K: Any
M: Any
P: Any
U: Any
beta: Any
gamma: Any
delta: Any
epsilon: Any
phi: Any
q: Any
tau: Any
b: Any
c: Any
w: Any
w_plus: Any
i: Any
j: Any
k: Any
label: Any
p_y: Any
q_y: Any
slope: Any
bend: Any
z_y: Any
threshold: Any
a: Any
z_k: Any
l_k: Any
s_k: Any

y, yhat, ytilde, z, p, r, x, d, m, s = symbols("y yhat ytilde z p r x d m s", real=True)
mu, xi = symbols("mu xi", real=True)
alpha, beta, gamma, delta, epsilon, phi = symbols(
    "alpha beta gamma delta epsilon phi", positive=True
)
q, tau, a, b, c, w, w_plus = symbols("q tau a b c w w_+", positive=True)
shape: Any = Symbol("alpha", real=True)
i, j, k, label = symbols("i j k y", integer=True)
K = Symbol("K", integer=True, positive=True)
M, P, U, p_y, q_y = symbols("M P U p_y q_y", positive=True)
slope, bend, z_y, threshold = symbols("f' f'' z_y tau", real=True)
t_k: Any
u_k: Any
c_k: Any
m_k: Any
p_k: Any
alpha_k: Any
gamma_k: Any
q_k: Any
t_k, u_k, c_k, m_k, p_k, q_k, alpha_k, gamma_k = (
    sp.IndexedBase(name, positive=True)[k]
    for name in ("t", "u", "c", "m", "p", "q", "alpha", "gamma")
)
z_k, l_k, s_k = (sp.IndexedBase(name, real=True)[k] for name in "zls")

BALANCE = "the prediction at which the pulls of the targets balance"
LOWEST = (
    "among the predictions at which the pulls of the targets balance, "
    "the one with the smallest loss"
)
SHIFT = ", up to a common shift"
"""Constants of least loss, in words."""


def vector(name: str) -> Any:
    """Return entry k of a vector of real numbers."""
    return sp.IndexedBase(name, real=True)[k]


def entries(name: str, number: Any) -> Any:
    """Return the first entries of a vector of real numbers."""
    return [sp.IndexedBase(name, real=True)[i] for i in range(1, number + 1)]


def at(expr: Any, index: Any) -> Any:
    """Return what an expression in k is at another index."""
    return expr.subs(k, index)


def sum_k(term: Any) -> Any:
    """Return the sum of a term over k."""
    return Sum(term, (k, 1, K))


def sum_j(term: Any) -> Any:
    """Return the sum of a term over all entries, counted by j, as part of a term in k."""
    return Sum(at(term, j), (j, 1, K))


def sum_of_others(term: Any) -> Any:
    """Return the sum of a term over all entries but k, counted by i, as part of a term in k."""
    return Sum((1 - sp.KroneckerDelta(i, k)) * at(term, i), (i, 1, K))


def max_j(term: Any) -> Any:
    """Return the largest of a term over all entries, counted by j."""
    return Largest(at(term, j), (j, 1, K))


def sum_i(term: Any) -> Any:
    """Return the sum of a term over i."""
    return Sum(term, (i, 1, K))


def length(term: Any) -> Any:
    """Return the length of a vector."""
    return sqrt(sum_j(term**2))


def softmax(score: Any) -> Any:
    """Return the share of an exponential in the sum of all of them."""
    return exp(score) / sum_j(exp(score))


def cases(*each: Any) -> Any:
    """Return the first expression whose condition holds: pairs of both, and then what is left."""
    *conditional, otherwise = each
    return sp.Piecewise(*conditional, (otherwise, True))


def by_k(*each: Any) -> Any:
    """Return one of several expressions by the number k."""
    return sp.Piecewise(*((expr, Eq(k, number)) for number, expr in enumerate(each, 1)))


def one_if(condition: Any) -> Any:
    """Return 1 where a condition holds, else 0."""
    return cases((1, condition), 0)


SOFTMAX = softmax(z_k)
ONE_HOT = sp.KroneckerDelta(k, label)


def of_residual(*, definitions: Any = None, **stated: Any) -> Any:
    """Return the formula of a loss of a number, in which r is the residual ŷ - y."""
    return Formula(y_true=y, y_pred=yhat, definitions={r: yhat - y} | (definitions or {}), **stated)


def of_margin(**stated: Any) -> Any:
    """Return the formula of a loss of a score z, in which m is the margin y z."""
    return Formula(y_true=y, y_pred=z, definitions={m: y * z}, **stated)


def of_log_mean(**stated: Any) -> Any:
    """Return the formula of a loss of the logarithm z of a mean."""
    words = "the logarithm of the mean of the targets"
    return Formula(y_true=y, y_pred=z, optimum=words, **stated)
