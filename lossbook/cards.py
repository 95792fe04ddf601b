"""A loss on one card: formulas, domains, traits, names elsewhere."""

from dataclasses import dataclass
from html import escape
from math import inf
from typing import Any

from .conventions import equivalents
from .core.declared import shown_fields
from .core.domains import FINITE, LABELS, LOG_DISTRIBUTIONS, NONZERO
from .core.loss import ORDINAL_LINKS, ClassLoss, Loss
from .symbolic import expression, latex, pretty
from .symbolic.formula import listed

AIMS = {
    "mean": "the mean of the target",
    "mean and variance": "the mean of the target, and its variance, as its logarithm",
    "median": "the median of the target",
    "Huber's location": "a centre of the target that far values cannot drag away",
    "quantile": "the quantile of the target",
    "quantiles": "the quantiles of the target",
    "smoothed quantile": "nearly the quantile of the target",
    "expectile": "the expectile of the target: its mean with one side weighing more",
    "centre of a tube": "the centre of a tube with as much of the target above it as below",
    "log-cosh location": "a centre of the target that far values cannot drag away",
    "pseudo-Huber location": "a centre of the target that far values cannot drag away",
    "robust location": "a centre of the target that far values cannot drag away",
    "mean of the logarithm": "the geometric mean of 1 + y, less 1",
    "median weighted by 1/|y|": "the median of the target, weighted by 1/|y|",
    "score 0": "the score 0, whatever the probability of the label",
    "most probable label": "the more probable label",
    "probability": "the probability of the label",
    "flattened log-odds": "the log-odds of the label, drawn towards 0",
    "shifted probability": "the probability of the label, shifted by weights or smoothing",
    "sharpened probability": "the probability of the label, drawn towards 0 or 1",
    "flattened probability": "the probability of the label, drawn towards that of the others",
    "probability above each threshold": "the probability of a label above each threshold",
    "conditional probability above each threshold": (
        "the probability of a label above each threshold, given that the label reaches it"
    ),
    "log-odds of real against fake": "the log-odds that a sample is real and not fake",
    "probability of real": "the probability that a sample is real and not fake",
    "probability of the label sequence": "the probability of the label sequence",
    "compromise": "a compromise between what its losses aim at",
}
"""The best prediction in words, by what `Traits.elicits` says; the rest stands for itself."""

LINKS = {
    "log": ", as its logarithm",
    "logit": ", as log-odds",
    "half_logit": ", as half the log-odds",
    "multinomial_logit": ", as logarithms up to a common shift",
    "cumulative_logit": ", as log-odds",
    "continuation_ratio_logit": ", as log-odds",
}

STYLE = """
.lossbook-card {
  overflow: auto hidden;
  background: var(--pst-color-background, transparent);
  color: var(--pst-color-text-base, inherit);
}
.lossbook-card table { border-collapse: collapse; margin: 0; width: 100%; }
.lossbook-card caption { caption-side: top; padding: 0.4em 0; text-align: left; }
.lossbook-card tr { background: none; border-top: 1px solid rgb(127 127 127 / 35%); }
.lossbook-card :is(th, td) { padding: 0.4em 0; text-align: left; vertical-align: top; }
.lossbook-card th { font-weight: 600; padding-right: 0.5em; width: 7em; }
@media (min-width: 40em) { .lossbook-card th { width: 11.5em; } }
.lossbook-card code { overflow-wrap: anywhere; }
"""


@dataclass(frozen=True)
class Formula:
    """Mathematics within a line: LaTeX for HTML, characters for text."""

    latex: str
    text: str

    @classmethod
    def of(cls, expr: Any) -> Any:
        """Return that of a SymPy expression."""
        return cls(latex(expr), pretty(expr))


@dataclass(frozen=True)
class Code:
    """Code within a line."""

    text: str


@dataclass(frozen=True, repr=False)
class Card:
    """What there is to know about a loss: a table in a notebook, plain text elsewhere.

    Parameters
    ----------
    loss : Loss
        Any loss that `lossbook.symbolic.expression` knows.

    Examples
    --------
    >>> import lossbook as lb
    >>> lb.AbsoluteError().card()
    AbsoluteError()
      Loss ℓ             │r│
      Gradient ∂ℓ/∂ŷ     sign(r)
      Curvature ∂²ℓ/∂ŷ²  0
      where              r = ŷ - y
      Target y           any real number
      Prediction ŷ       any real number
      Traits             convex, with kinks, slope at most 1, symmetric
      Aims at            the median of the target
      Best constant      the median of the targets
      Elsewhere          PyTorch: torch.nn.functional.l1_loss
                         Keras: keras.losses.mean_absolute_error
                         scikit-learn: sklearn.metrics.mean_absolute_error
                         XGBoost: reg:absoluteerror
                         LightGBM: regression_l1
    """

    loss: Loss

    def __repr__(self) -> str:
        rows = [(_text(heading), "\n".join(map(_text, cell))) for heading, cell in self._rows()]
        width = max(len(heading) for heading, _ in rows) + 4
        lines = [repr(self.loss)]
        for heading, cell in rows:
            first, *rest = cell.split("\n")
            lines.append(f"  {heading}".ljust(width) + first)
            lines += [" " * width + line for line in rest]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self):
        name = escape(repr(self.loss))
        rows = "".join(
            f'<tr><th scope="row">{_html(heading)}</th>'
            f"<td>{'<br>'.join(map(_html, cell))}</td></tr>\n"
            for heading, cell in self._rows()
        )
        return (
            f"<style>{STYLE}</style>\n"
            f'<div class="lossbook-card" role="region" tabindex="0" aria-label="{name}: card">\n'
            '<table style="table-layout: fixed">\n'
            f"<caption><code>{name}</code></caption>\n"
            f"<tbody>\n{rows}</tbody>\n</table>\n</div>"
        )

    def _rows(self):
        """Return each row's heading and the lines of its cell, all of them lists of pieces."""
        loss, shown = self.loss, expression(self.loss)
        first, second = listed(shown.gradient), listed(shown.hessian)
        by = list(map(Formula.of, listed(shown.y_pred)))
        rows = [(["Loss ", Formula(r"\ell", "ℓ")], [[Formula.of(shown.value)]])]
        for pred, expr in zip(by, first, strict=True):
            name = Formula(rf"\partial\ell/\partial {pred.latex}", f"∂ℓ/∂{pred.text}")
            rows.append((["Gradient ", name], [[Formula.of(expr)]]))
        for pred, expr in zip(by, second, strict=True):
            name = Formula(rf"\partial^2\ell/\partial {pred.latex}^2", f"∂²ℓ/∂{pred.text}²")
            rows.append((["Curvature ", name], [[Formula.of(expr)]]))
        rows += [
            (["where"], _meanings(shown)),
            *(
                (["Target ", Formula.of(true)], [[shown.target or _target(loss)]])
                for true in _given(shown.y_true)
            ),
            *(
                (
                    ["Prediction ", pred],
                    [[line] for line in _prediction(shown)],
                )
                for pred in by
            ),
            (["Parameters"], _parameters(shown)),
            (["Traits"], [[_traits(loss.traits)]]),
            (["Aims at"], [[_aim(loss)]]),
            (["Best constant"], [[words] for words in _given(shown.optimum)]),
            (["Elsewhere"], [_elsewhere(row) for row in equivalents(loss)]),
        ]
        return [(heading, cell) for heading, cell in rows if cell]


def _meanings(shown):
    equations = [[Formula.of(equation)] for equation in shown.equations]
    return equations + [[Formula.of(s), ": ", words] for s, words in shown.in_words.items()]


def _given(value):
    """Return a list of the value, or an empty one where there is none."""
    return [value] if value else []


def _text(line):
    return "".join(piece if isinstance(piece, str) else piece.text for piece in line)


def _html(line):
    return "".join(map(_html_piece, line))


def _html_piece(piece):
    if isinstance(piece, Formula):
        return rf'<span class="mathjax_process">\(\displaystyle {escape(piece.latex)}\)</span>'
    if isinstance(piece, Code):
        return f"<code>{escape(piece.text)}</code>"
    return escape(piece)


def _target(loss):
    if loss.y_true_domain is LABELS:
        return "the index of a class"
    if isinstance(loss, ClassLoss):
        return "the index of a class, or probabilities of the classes that sum to 1"
    return _domain(loss.y_true_domain)


def _prediction(shown):
    loss = shown.loss
    if shown.prediction != "":
        return _given(shown.prediction)
    if not isinstance(loss, ClassLoss):
        return [_domain(loss.y_pred_domain)]
    if loss.y_pred_domain is None:
        each = "threshold between classes" if loss.link in ORDINAL_LINKS else "class"
        return [f"any real number for each {each}"]
    probabilities = "probabilities of the classes that sum to 1"
    logarithms = loss.y_pred_domain is LOG_DISTRIBUTIONS
    return [f"logarithms of {probabilities}" if logarithms else probabilities]


def _domain(domain):
    if domain in (None, FINITE):
        return "any real number"
    if domain is NONZERO:
        return "any real number but 0"
    return str(domain).replace("-", "−").replace("inf", "∞")


def _parameters(shown):
    symbols = {name: symbol for symbol, name in shown.parameters.items()}
    return [
        _parameter(declared, getattr(shown.loss, declared.name), symbols.get(declared.name))
        for declared in shown_fields(shown.loss)
        if declared.repr and declared.name != "reduction"
    ]


def _parameter(declared, value, symbol):
    line = [Code(f"{declared.name} = {value!r}")]
    if symbol is not None:
        line = [Formula.of(symbol), ": ", *line]
    if "domain" in declared.metadata:
        line.append(f", {_domain(declared.metadata['domain'])}")
    return line


def _traits(traits):
    smoothness = "with kinks"
    if traits.differentiable:
        smoothness = (
            "twice differentiable" if traits.twice_differentiable else "differentiable once"
        )
    if callable(traits.lipschitz):
        steepness = "slope bounded for each number of scores"
    elif traits.lipschitz < inf:
        steepness = f"slope at most {traits.lipschitz:.4g}"
    else:
        steepness = "slope unbounded"
    named = {
        "convex" if traits.convex else "not convex": True,
        smoothness: True,
        steepness: True,
        "bounded": traits.bounded,
        "symmetric": traits.symmetric,
        "proper": traits.proper,
        "calibrated for classification": traits.classification_calibrated,
    }
    return ", ".join(name for name, holds in named.items() if holds)


def _aim(loss):
    elicited = loss.traits.elicits
    link = LINKS.get(loss.link, "") if "probability" in elicited or elicited == "mean" else ""
    return AIMS.get(elicited, elicited) + link


def _elsewhere(row):
    private = " (private)" if "._" in row.name else ""
    return [f"{row.library}: ", Code(row.times_factor(row.name)), private]
