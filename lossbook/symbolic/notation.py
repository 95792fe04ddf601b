"""The book's symbols, and how expressions in them are printed."""

from unicodedata import normalize

try:
    import sympy as sp
    from sympy.printing.latex import LatexPrinter
    from sympy.printing.pretty.pretty import PrettyPrinter
    from sympy.printing.pretty.stringpict import prettyForm, stringPict
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
mu, xi = sp.symbols("mu xi", real=True)
alpha, beta, gamma, delta, epsilon, phi = sp.symbols(
    "alpha beta gamma delta epsilon phi", positive=True
)
q, tau, b, c, w, alpha_y, w_plus = sp.symbols("q tau b c w alpha_y w_+", positive=True)
shape = sp.Symbol("alpha", real=True)
i, j, k, label = sp.symbols("i j k y", integer=True)
K = sp.Symbol("K", integer=True, positive=True)
M, P, U, p_y, q_y = sp.symbols("M P U p_y q_y", positive=True)
slope, bend, z_y, threshold = sp.symbols("f' f'' z_y tau", real=True)
t_k, u_k, c_k, m_k, p_k, alpha_k = (
    sp.IndexedBase(name, positive=True)[k] for name in ("t", "u", "c", "m", "p", "alpha")
)
z_k, l_k, s_k = (sp.IndexedBase(name, real=True)[k] for name in "zls")
gamma_k = sp.IndexedBase("gamma", positive=True)[k]


def vector(name):
    """Return the real entry k of a vector."""
    return sp.IndexedBase(name, real=True)[k]


class Largest(sp.Expr):
    """The largest of a term over an index, as `sympy.Sum` is their sum."""

    def __new__(cls, term, limits):
        """Return an expression that stays as it is until `doit`."""
        return super().__new__(cls, sp.sympify(term), sp.Tuple(*limits))

    @property
    def bound_symbols(self):
        """The index."""
        return [self.args[1][0]]

    @property
    def free_symbols(self):
        """All symbols but the index."""
        return super().free_symbols - {*self.bound_symbols}

    def doit(self, **hints):
        """Return the `sympy.Max` of the terms, where their number is known."""
        term, (index, first, last) = self.args
        if not (first.is_Integer and last.is_Integer):
            return self
        return sp.Max(*(term.subs(index, i).doit() for i in range(first, last + 1)))

    def _eval_subs(self, old, new):
        return self if old in self.bound_symbols else None


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

    def _print_Largest(self, expr):
        term, (index, *_) = expr.args
        return rf"\max_{{{self._print(index)}}} {self._print(term)}"

    def _hprint_Function(self, func):
        return super()._hprint_Function(func.replace("ℓ", "ell"))


class _Pretty(_ReadingOrder, PrettyPrinter):
    def __init__(self):
        super().__init__({"order": "none", "use_unicode": True, "wrap_line": False})

    def _print_Max(self, expr):
        form = self._helper_print_function(expr.func, expr.args)
        form.binding = form.ATOM  # a power is of the whole, not of the name
        return form

    def _print_Indexed(self, expr):
        return self._print(sp.Symbol(f"{expr.base}_{expr.indices[0]}"))

    def _print_Largest(self, expr):
        term, (index, *_) = expr.args
        largest = self._print(sp.Symbol(f"max_{index}"))
        return prettyForm(*stringPict.next(largest, " ", self._print(term)))


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
