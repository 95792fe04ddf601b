"""Figures and explorers show what the package computes, and nothing else."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from svg import points

import lossbook as lb
from lossbook import plotting
from lossbook.plotting.explorer import Panel
from lossbook.plotting.graphs import graph, loss_graphs

RESIDUALS = np.linspace(-3, 3, 200)


@pytest.fixture(autouse=True)
def book_style():
    with mpl.rc_context(), mpl.rc_context({"backend": "agg"}):
        plotting.use_style()
        yield
        plt.close("all")


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


# Importing


def test_the_package_does_not_import_matplotlib():
    assert python("import sys, lossbook; assert 'matplotlib' not in sys.modules").returncode == 0


def test_without_matplotlib_the_extra_is_named():
    answer = python("import sys; sys.modules['matplotlib'] = None; import lossbook.plotting")
    assert "ImportError: lossbook.plotting needs matplotlib" in answer.stderr
    assert "lossbook[plotting]" in answer.stderr


# Style


# Colours seen without one kind of cone (Machado, Oliveira and Fernandes, 2009), in linear RGB.
VISION = {
    "all cones": np.eye(3),
    "no long": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no medium": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no short": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def in_the_dark(rgb):
    """Return what CSS makes of a colour by invert(0.93) hue-rotate(180deg)."""
    inverted = 0.93 - 0.86 * rgb
    return (2 * np.array([0.213, 0.715, 0.072]) @ inverted - inverted).clip(0, 1)


def cielab(linear_rgb):
    xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ) @ linear_rgb.clip(0, 1)
    x, y, z = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("color", [*plotting.COLORS, plotting.GREY])
def test_every_colour_stands_out_from_the_page(color):
    rgb = np.array(mpl.colors.to_rgb(color))
    assert 1.05 / (LUMINANCE @ linear(rgb) + 0.05) >= 3
    page = linear(np.array(mpl.colors.to_rgb("#121212")))
    assert (LUMINANCE @ linear(in_the_dark(rgb)) + 0.05) / (LUMINANCE @ page + 0.05) >= 3


@pytest.mark.parametrize("vision", VISION)
def test_lines_differ_for_every_kind_of_colour_vision(vision):
    seen = [
        cielab(VISION[vision] @ linear(np.array(mpl.colors.to_rgb(color))))
        for color in plotting.COLORS
    ]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


def test_lines_have_dashes_of_their_own():
    cycle = mpl.rcParams["axes.prop_cycle"].by_key()
    assert cycle["color"] == plotting.COLORS
    assert len(set(map(str, cycle["linestyle"]))) == len(plotting.COLORS)


def test_notebooks_show_svg_that_does_not_change():
    source = (
        "import matplotlib.pyplot as plt\nfrom lossbook import plotting\n"
        "plotting.use_style()\n_ = plt.plot([1, 3, 2])"
    )
    pictures = []
    for _ in range(2):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        NotebookClient(notebook, kernel_name="python3").execute()
        (output,) = notebook.cells[0].outputs
        assert "image/png" not in output.data
        pictures.append(output.data["image/svg+xml"])
    assert pictures[0] == pictures[1]
    assert "dc:date" not in pictures[0]


# Graphs


@pytest.mark.parametrize("place", [0.0, 1.345, -0.7], ids=str)
@pytest.mark.parametrize("n", [7, 200, 201])
def test_a_jump_is_cut_where_it_is(place, n):
    drawn = graph(lambda x: np.sign(x - place) + x, np.linspace(-3, 3, n))
    (cuts,) = np.nonzero(np.isnan(drawn.y))
    np.testing.assert_allclose(drawn.x[cuts], place, atol=1e-11)
    np.testing.assert_array_equal(drawn.jumps_x, [place])
    np.testing.assert_allclose(drawn.jumps_y, [place], atol=1e-12)
    left, right = cuts[0] - 1, cuts[-1] + 1
    np.testing.assert_allclose(drawn.y[[left, right]], [place - 1, place + 1], atol=1e-10)
    assert np.all(np.diff(drawn.x) >= 0)


@pytest.mark.parametrize("x", [[-1, -0.5, 0, 0.5, 1], [-1, -0.5, 0.5, 1]], ids=["on", "between"])
def test_what_is_taken_at_a_jump_is_joined_to_neither_side(x):
    steps = np.diff(graph(np.sign, np.array(x)).y)
    assert np.isnan(steps).any()
    assert not steps[~np.isnan(steps)].any()


def test_each_of_several_jumps_is_cut():
    drawn = graph(lambda x: np.floor(x), np.linspace(-2.5, 2.5, 38))
    np.testing.assert_array_equal(drawn.jumps_x, [-2, -1, 0, 1, 2])
    np.testing.assert_array_equal(drawn.jumps_y, [-2, -1, 0, 1, 2])


def test_a_jump_at_an_unknown_place_is_cut_without_a_dot():
    drawn = graph(lambda x: (x > np.pi / 3).astype(float), np.linspace(0, 2, 50))
    assert np.isnan(drawn.y).sum() == 1
    assert len(drawn.jumps_x) == 0


@pytest.mark.parametrize(
    "function",
    [np.abs, np.exp, lambda x: np.exp(-(x**2) / 1e-3), lambda x: x.clip(-1, 1), np.ones_like],
    ids=["kink", "exp", "peak", "clip", "constant"],
)
def test_a_continuous_function_is_not_cut(function):
    drawn = graph(function, np.linspace(-3, 3, 20))
    assert np.isfinite(drawn.y).all()
    assert len(drawn.x) == 20


def test_a_pole_is_no_jump():
    p = np.linspace(0, 1, 21)
    for drawn in loss_graphs(lb.BinaryCrossEntropy(), p, 1):
        np.testing.assert_array_equal(drawn.x, p)
        assert not np.isnan(drawn.y).any()


@pytest.mark.parametrize("n", [6, 7, 100])
def test_kinks_are_sharp_however_coarse_the_samples(n):
    value, gradient, _ = loss_graphs(lb.Huber(delta=1.345), np.linspace(-3, 3, n), 0)
    assert {-1.345, 1.345} <= set(gradient.x)
    value, *_ = loss_graphs(lb.AbsoluteError(), np.linspace(-3, 3, n), 0)
    assert value.y.min() == 0


# plot_losses


def lines(axes):
    return [line for line in axes.lines if line.get_marker() == "None"]


def dots(axes):
    return [
        tuple(map(float, xy))
        for line in axes.lines
        if line.get_marker() == "o"
        for xy in line.get_xydata()
    ]


def test_the_three_panels_show_loss_gradient_and_curvature():
    losses = [lb.Huber(delta=0.5, reduction="sum"), lb.SigmoidCrossEntropy()]
    figure = plotting.plot_losses(losses, RESIDUALS, y_true=1)
    assert len(figure.axes) == 3
    for axes, part in zip(figure.axes, ["__call__", "gradient", "hessian"], strict=True):
        for line, loss in zip(lines(axes), losses, strict=True):
            single = type(loss)(
                reduction="none", **({"delta": 0.5} if "Huber" in repr(loss) else {})
            )
            x, y = line.get_xdata(), line.get_ydata()
            x, y = x[np.isfinite(y)], y[np.isfinite(y)]
            np.testing.assert_array_equal(y, getattr(single, part)(np.ones_like(x), x))
            assert set(RESIDUALS) <= set(x)


def test_panels_share_the_x_axis():
    top, *others = plotting.plot_losses(lb.SquaredError(), RESIDUALS).axes
    assert all(top.get_shared_x_axes().joined(top, axes) for axes in others)


def test_lines_differ_in_colour_and_dashes():
    figure = plotting.plot_losses([lb.Huber(delta=d) for d in (0.5, 1, 2)], RESIDUALS)
    for axes in figure.axes:
        assert [line.get_color() for line in lines(axes)] == plotting.COLORS[:3]
        assert len({str(line._dash_pattern) for line in lines(axes)}) == 3


def test_dots_mark_the_values_taken_at_jumps():
    loss, gradient, curvature = plotting.plot_losses(
        [lb.AbsoluteError(), lb.Huber(delta=2.0)], RESIDUALS
    ).axes
    assert dots(loss) == []
    assert dots(gradient) == [(0, 0)]
    assert dots(curvature) == [(-2, 1), (2, 1)]


@pytest.mark.parametrize(
    ("loss", "y_true", "label"),
    [
        (lb.SquaredError(), 0, r"residual $r = \hat y - y$"),
        (lb.SquaredError(), 2, r"prediction $\hat y$, for $y = 2$"),
        (lb.SigmoidCrossEntropy(), 0, "score $z$, for $y = 0$"),
        (lb.Hinge(), -1, "score $z$, for $y = -1$"),
        (lb.BinaryCrossEntropy(), 1, "probability $p$, for $y = 1$"),
        (lb.SquaredLogError(), 1, r"prediction $\hat y$, for $y = 1$"),
        (lb.AbsolutePercentageError(), 1, r"prediction $\hat y$, for $y = 1$"),
        (lb.PoissonNLL(), 1, "score $z$, for $y = 1$"),
        ([lb.SquaredError(), lb.Hinge()], 1, r"prediction $\hat y$, for $y = 1$"),
    ],
    ids=str,
)
def test_the_x_label_says_what_is_varied(loss, y_true, label):
    figure = plotting.plot_losses(loss, np.linspace(0.1, 0.9, 9), y_true=y_true)
    assert figure.axes[-1].get_xlabel() == label


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_legend_names_the_losses():
    losses = [lb.SquaredError(), lb.Huber(delta=2.0, reduction="sum")]
    figure = plotting.plot_losses(losses, RESIDUALS)
    assert legend(figure) == ["SquaredError()", "Huber(delta=2.0)"]
    figure = plotting.plot_losses(losses, RESIDUALS, labels=["squared", "Huber"])
    assert legend(figure) == ["squared", "Huber"]


@pytest.mark.parametrize(
    "losses",
    [
        [lb.SigmoidCrossEntropy()],
        [lb.HalfSquaredError(), lb.Huber(), lb.AbsoluteError(), lb.SmoothL1(beta=0.25)],
        [lb.Huber(delta=d) for d in (0.25, 0.5, 1, 1.345, 2)],
        [lb.SigmoidCrossEntropy(), lb.SigmoidFocal()],
    ],
    ids=len,
)
def test_the_legend_fits_the_figure(losses):
    figure = plotting.plot_losses(losses, RESIDUALS, y_true=0)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= box.x0
    assert box.x1 <= figure.bbox.x1


def test_losses_over_classes_are_refused():
    with pytest.raises(TypeError, match=r"one number a sample.*SoftmaxCrossEntropy"):
        plotting.plot_losses(lb.SoftmaxCrossEntropy(), RESIDUALS)
    assert plt.get_fignums() == []


def test_what_is_no_loss_is_refused():
    with pytest.raises(TypeError, match=r"one number a sample.*'huber'"):
        plotting.plot_losses(["huber"], RESIDUALS)


def test_labels_must_be_as_many_as_losses():
    with pytest.raises(ValueError, match="labels must have 1 names, one a loss"):
        plotting.plot_losses(lb.SquaredError(), RESIDUALS, labels=["a", "b"])


def test_the_target_must_suit_the_loss():
    with pytest.raises(ValueError, match="y_true must be -1 or 1"):
        plotting.plot_losses(lb.Hinge(), RESIDUALS)


@pytest.mark.parametrize("y_pred", [[], [1.0], [2.0, 2.0]], ids=str)
def test_predictions_must_differ(y_pred):
    with pytest.raises(ValueError, match="y_pred must hold two different numbers"):
        plotting.plot_losses(lb.SquaredError(), y_pred)


# explorer


class Document(HTMLParser):
    """The elements of an explorer; fails where tags do not match."""

    VOID = frozenset({"input"})

    def __init__(self, html):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"an attribute stands twice in {tag}"
        self.elements.append((tag, dict(attrs), []))
        if tag not in self.VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open:
            for _, _, text in self.open:
                text.append(data)

    def all(self, tag, **attributes):
        return [
            (attrs, "".join(text))
            for name, attrs, text in self.elements
            if name == tag and attributes.items() <= attrs.items()
        ]


DELTAS = [0.5, 1.0, 1.345, 2.0]


def huber(**options):
    return plotting.explorer(lb.Huber, "delta", DELTAS, RESIDUALS, **options)


def test_the_explorer_is_well_formed_html():
    document = Document(huber(reference=lb.HalfSquaredError())._repr_html_())
    ((slider, _),) = document.all("input")
    assert (slider["type"], slider["min"], slider["max"]) == ("range", "0", "3")
    assert "δ" in document.all("label")[0][1]
    assert "HalfSquaredError()" in document.all("code")[1][1]
    assert document.all("svg")[0][0]["role"] == "img"


def test_the_explorer_needs_nothing_from_elsewhere():
    html = huber()._repr_html_()
    assert not re.search(r"https?:|src=|href=|url\(|@import|\bid=", html)


def test_the_explorer_is_deterministic():
    assert huber()._repr_html_() == huber()._repr_html_()
    assert huber()._repr_html_() != huber(y_true=1)._repr_html_()


def test_the_first_state_shows_without_javascript():
    document = Document(huber()._repr_html_())
    states = [attrs for attrs, _ in document.all("g") if "data-name" in attrs]
    assert [state["data-name"] for state in states] == [f"Huber(delta={d})" for d in DELTAS]
    assert [state["display"] for state in states] == ["none", "inline", "none", "none"]
    assert document.all("output")[0][1] == "Huber(delta=1.0)"
    ((slider, _),) = document.all("input")
    assert slider["value"] == "1"
    assert slider["aria-valuetext"] == "Huber(delta=1.0)"


@pytest.mark.parametrize(
    ("loss_class", "parameter", "values", "start"),
    [
        (lb.Huber, "delta", [0.1, 0.8, 3.0], "1"),
        (lb.SigmoidFocal, "gamma", [0, 1, 2, 3], "2"),
        (lb.SigmoidFocal, "alpha", [0.25, 0.5], "0"),
    ],
    ids=["nearest", "equal", "no number"],
)
def test_it_starts_nearest_to_the_default(loss_class, parameter, values, start):
    shown = plotting.explorer(loss_class, parameter, values, RESIDUALS)
    assert Document(shown.html).all("input")[0][0]["value"] == start


def test_it_does_not_start_on_top_of_its_reference():
    shown = plotting.explorer(lb.Huber, "delta", [1.0, 2.0, 4.0], RESIDUALS, reference=lb.Huber())
    assert Document(shown.html).all("input")[0][0]["value"] == "1"
    assert 'display="none"' in shown.html.split('data-name="Huber(delta=1.0)"')[1][:20]


def test_values_are_those_that_are_shown():
    shown = plotting.explorer(lb.Huber, "delta", [1 / 3, 2 / 3], RESIDUALS, reduction="sum")
    assert 'data-name="Huber(delta=0.3333)"' in shown.html
    assert repr(shown) == "<explorer of Huber: delta from 0.3333 to 0.6667 in 2 steps>"


def numbers(texts):
    """Return the function from places to numbers that some tick labels define."""
    places, ticks = zip(*texts, strict=True)
    return np.polynomial.Polynomial.fit(places, [float(t.replace("−", "-")) for t in ticks], 1)


@pytest.mark.parametrize(
    ("loss_class", "parameter", "values", "y_true"),
    [
        (lb.Huber, "delta", DELTAS, 0),
        (lb.SigmoidFocal, "gamma", [0.0, 2.0, 5.0], 1),
        (lb.SmoothL1, "beta", [0.2, 1.0], 0.5),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_curves_are_those_of_the_package(loss_class, parameter, values, y_true):
    shown = plotting.explorer(loss_class, parameter, values, RESIDUALS, y_true=y_true)
    document = Document(shown.html)
    ticks = [(a["text-anchor"], float(a["x"]), float(a["y"]), t) for a, t in document.all("text")]
    to_x = numbers([(x, t) for anchor, x, _, t in ticks if anchor == "middle" and "=" not in t])
    left = [(y - 40, t) for anchor, _, y, t in ticks if anchor == "end"]
    tops = sorted(
        float(re.match(r"M\S+ (\S+)V", a["d"])[1])
        for a, _ in document.all("path")
        if "class" not in a
    )
    curves = iter(document.all("path", **{"class": "curve"}))
    for value in values:
        loss = loss_class(**{parameter: value}, reduction="none")
        for part, top in zip(("__call__", "gradient", "hessian"), tops, strict=True):
            to_y = numbers([(y, t) for y, t in left if top <= y <= top + 1040])
            unit = abs(to_y.deriv()(0))
            for piece in points(next(curves)[0]):
                # Not quite to the ends of a piece: at a jump, a hair's breadth decides.
                x = np.linspace(*piece[[0, -1], 0] + [1, -1], 300)
                y = to_y(np.interp(x, *piece.T))
                exact = getattr(loss, part)(np.full_like(x, y_true), to_x(x))
                slope = np.abs(np.gradient(exact, x))
                assert np.all(np.abs(y - exact) <= 2 * (unit + slope))
    assert next(curves, None) is None


def test_jumps_have_dots_in_every_state():
    document = Document(huber().html)
    assert [len(points(a)) for a, _ in document.all("path", **{"class": "jumps"})] == [2] * 4


def test_a_sample_at_a_jump_is_a_dot():
    drawn = graph(np.sign, np.linspace(-1, 1, 3))
    curve, jump = Document(Panel.around([drawn], top=0).curve(drawn)).all("path")
    assert [len(piece) for piece in points(curve[0])] == [2, 2]
    assert [len(piece) for piece in points(jump[0])] == [1]


def test_the_axes_hold_every_curve():
    paths = Document(huber().html).all("path", **{"class": "curve"})
    for i, (path, _) in enumerate(paths):
        top = 290 + (i % 3) * 1410
        x, y = np.concatenate(points(path)).T
        assert (x.min(), x.max()) == (460, 4720)
        assert top < y.min() <= y.max() < top + 1040


def test_a_family_may_be_flat():
    shown = plotting.explorer(lb.Huber, "delta", [5.0, 6.0], RESIDUALS)
    curves = Document(shown.html).all("path", **{"class": "curve"})
    assert curves[2] == curves[5]


def test_thirty_steps_stay_small():
    gammas = np.linspace(0, 5, 30)
    shown = plotting.explorer(lb.SigmoidFocal, "gamma", gammas, np.linspace(-6, 6, 400), y_true=1)
    assert len(shown.html.encode()) < 60_000


def test_the_explorer_refuses_what_the_losses_refuse():
    with pytest.raises(TypeError, match="epsilon"):
        plotting.explorer(lb.Huber, "epsilon", [1.0], RESIDUALS)
    with pytest.raises(ValueError, match="delta must be"):
        plotting.explorer(lb.Huber, "delta", [-1.0], RESIDUALS)
    with pytest.raises(TypeError, match="one number a sample"):
        plotting.explorer(lb.SoftmaxCrossEntropy, "label_smoothing", [0.1], RESIDUALS)
    with pytest.raises(ValueError, match="values must hold one number or more"):
        plotting.explorer(lb.Huber, "delta", [], RESIDUALS)
