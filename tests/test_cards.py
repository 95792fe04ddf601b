"""Cards show what is registered, as well-formed HTML and as text."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import lossbook as lb
from benchmarks.accuracy import MEASURED
from lossbook import cards, conventions, symbolic
from lossbook.symbolic.formula import listed
from reference import embeddings, ranking

LOSSES = list(dict.fromkeys([*MEASURED, *embeddings.LOSSES, *ranking.LOSSES]))


class Outline(HTMLParser):
    """Check that elements nest, and collect the text of each kind."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.texts, self.attributes = [], {}, {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes.setdefault(tag, []).append(dict(attrs))
        if tag != "br":
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_html_is_well_formed_and_accessible(loss):
    outline = Outline(loss.card()._repr_html_())
    assert outline.texts["caption"] == [repr(loss)]
    assert all(attributes == {"scope": "row"} for attributes in outline.attributes["th"])
    assert len(outline.texts["th"]) == len(outline.texts["td"]) == len(outline.texts["tr"])
    # What may scroll can be reached by the keyboard and has a name.
    (region,) = outline.attributes["div"]
    assert region["tabindex"] == "0"
    assert repr(loss) in region["aria-label"]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_formulas_are_those_of_the_expression(loss):
    outline = Outline(loss.card()._repr_html_())
    shown = symbolic.expression(loss)
    rows = dict(zip(outline.texts["th"], outline.texts["td"], strict=True))
    for heading, part in (
        ("Loss", shown.value),
        ("Gradient", shown.gradient),
        ("Curvature", shown.hessian),
    ):
        cells = [text for name, text in rows.items() if name.startswith(heading)]
        assert cells == [rf"\(\displaystyle {symbolic.latex(each)}\)" for each in listed(part)]
    for equation in shown.equations:
        assert symbolic.latex(equation) in rows["where"]
    assert rows.get("Best constant", "") == shown.optimum
    for row in conventions.equivalents(loss):
        assert row.name in rows["Elsewhere"]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_text_has_the_rows_of_the_table(loss):
    lines = str(loss.card()).splitlines()
    assert lines[0] == repr(loss)
    assert all(line == line.rstrip() for line in lines)
    shown = symbolic.expression(loss)
    n_predictions = len(listed(shown.y_pred))
    for heading, count in (
        ("Loss ℓ", 1),
        ("Gradient ∂ℓ/∂", n_predictions),
        ("Curvature ∂²ℓ/∂", n_predictions),
        ("Target", int(shown.y_true is not None)),
        ("Prediction", n_predictions),
        ("Traits", 1),
        ("Best constant", int(shown.optimum != "")),
    ):
        assert sum(line.startswith(f"  {heading}") for line in lines) == count


def test_columns_of_the_text_are_aligned():
    lines = str(lb.Huber(delta=2.0).card()).splitlines()
    (where,) = (line for line in lines if line.startswith("  where"))
    column = where.index("r = ŷ - y")
    for line in lines[1:]:
        assert line[column - 2 : column] == "  "


def test_a_whole_card_as_text():
    assert str(lb.SigmoidCrossEntropy(pos_weight=2.0).card()) == "\n".join(
        [
            "SigmoidCrossEntropy(pos_weight=2.0, label_smoothing=0.0)",
            "  Loss ℓ             -w₊⋅y⋅log(σ(z)) - (1 - y)⋅log(σ(-z))",
            "  Gradient ∂ℓ/∂z     (1 + w₊⋅y - y)⋅σ(z) - w₊⋅y",
            "  Curvature ∂²ℓ/∂z²  (1 + w₊⋅y - y)⋅σ(z)⋅σ(-z)",
            "  Target y           in [0, 1]",
            "  Prediction z       any real number",
            "  Parameters         w₊: pos_weight = 2.0, in (0, ∞)",
            "                     label_smoothing = 0.0, in [0, 1]",
            "  Traits             convex, twice differentiable, slope at most 2",
            "  Aims at            the probability of the label, shifted by weights or smoothing, "
            "as log-odds",
            "  Best constant      the log-odds of the mean target, plus log w₊",
            "  Elsewhere          PyTorch: torch.nn.functional.binary_cross_entropy_with_logits",
            "                     XGBoost: binary:logistic",
            "                     LightGBM: binary",
        ]
    )


def test_factors_and_private_names_are_marked():
    text = str(lb.HalfSquaredError().card())
    assert "PyTorch: 1 / 2 * torch.nn.functional.mse_loss" in text
    assert "sklearn._loss.HalfSquaredError (private)" in text


def test_traits_in_words():
    def traits(loss):
        (line,) = (line for line in str(loss.card()).splitlines() if line.startswith("  Traits"))
        return line.split(maxsplit=1)[1]

    assert traits(lb.SquaredError()) == "convex, twice differentiable, slope unbounded, symmetric"
    assert traits(lb.Huber(delta=3.0)) == "convex, differentiable once, slope at most 3, symmetric"
    assert traits(lb.Hinge()) == (
        "convex, with kinks, slope at most 1, calibrated for classification"
    )
    assert traits(lb.SigmoidFocal()).startswith("not convex, twice differentiable, slope at most")
    assert "bounded, " in traits(lb.BinaryCrossEntropy(eps=0.25))


def test_domains_and_choices_in_words():
    text = str(lb.AbsolutePercentageError().card())
    assert "Target y           any real number but 0\n" in text
    text = str(lb.EpsilonInsensitive(epsilon=0.5).card())
    assert "Max(0, │r│ - ε)\n" in text
    assert "ε: epsilon = 0.5, in [0, ∞)\n" in text
    text = str(lb.GeneralRobust(alpha=float("-inf")).card())
    assert "alpha = -inf, in [−∞, ∞)\n" in text
    assert "α" not in text


def test_what_is_elicited_is_said_in_words():
    for loss in LOSSES:
        if loss.traits.elicits in cards.AIMS:
            assert cards.AIMS[loss.traits.elicits] in str(loss.card())
        else:
            assert re.search(f"  Aims at +{re.escape(loss.traits.elicits)}(\n|$)", str(loss.card()))


def test_markup_in_names_is_escaped():
    class Tagged(lb.HalfSquaredError):
        note: str = "<b>&"

    html = Tagged().card()._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_cards_are_equal_where_losses_are():
    assert lb.Huber().card() == lb.Huber(delta=1.0).card()
    assert lb.Huber().card() != lb.Huber(delta=2.0).card()
    assert isinstance(lb.Huber().card(), cards.Card)


def test_the_same_card_whatever_the_hashes():
    program = """
import lossbook as lb
for loss in (lb.SigmoidFocal(alpha=0.25), lb.SoftmaxCrossEntropy(class_weight=(1, 2))):
    print(loss.card(), loss.card()._repr_html_())
"""

    def printed(seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, check=True
        ).stdout

    assert printed("1") == printed("2")


def test_what_a_batch_is_compared_by_is_said_in_words():
    text = str(lb.InfoNCE().card())
    assert "  Target tₖ           1 for the query's own key, 0 for the others\n" in text
    assert "  Prediction cₖ       the cosine of the angle between the query and key k\n" in text
    assert "Prediction aₖ       a vector, of which only the direction counts\n" in str(
        lb.CosineDistance().card()
    )
    assert "slope bounded for each number of scores" in str(lb.ListMLE().card())
