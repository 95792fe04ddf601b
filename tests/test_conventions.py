"""Every row of the table of conventions is evaluated with the library it names."""

import importlib
import re
import sys
import warnings
from dataclasses import fields
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest

import lossbook as lb
from lossbook import conventions
from lossbook.core.domains import (
    ABOVE_MINUS_ONE,
    BOXES,
    LABELS,
    LOG_DISTRIBUTIONS,
    NON_NEGATIVE,
    PLUS_MINUS_ONE,
    POSITIVE,
    UNIT_INTERVAL,
    ZERO_OR_ONE,
)
from lossbook.core.loss import BatchLoss, ClassLoss, JointLoss, RowLoss
from lossbook.core.masks import ClassMaskLoss
from lossbook.testing import draw

TABLE = conventions.TABLE
N_SAMPLES, N_CLASSES = 64, 4
TRIED = {
    "delta": (1.0, 0.5, 2.5),
    "beta": (1.0, 0.5, 2.5),
    "quantile": (0.5, 0.1, 0.9),
    "pos_weight": (1.0, 3.0),
    "gamma": (2.0, 0.0, 0.5),
    "alpha": (None, 0.25, 0.0),
    "class_weight": (None, (1.0, 2.0, 0.5, 0.25)),
    "ignore_index": (None, 2),
    "label_smoothing": (0.0, 0.1),
    "margin": (0.0625, 0.5, 1.0),
    "temperature": (0.07, 0.5),
    "power": (1.5, 1.0, 1.9, 2.0, 3.0),
    "dispersion": (1.0, 0.25, 3.5),
    "scale": (1.0, 0.5, 2.5),
    "constant_terms": (False, True),
    "blank": (0, 2),
    "epsilon": (1.0, -1.0, 2.5),
    "q": (0.7, 0.25, 1.0),
    ("SoftmaxFocal", "alpha"): (None, (1.0, 2.0, 0.5, 0.25)),
    ("MultiMargin", "power"): (1, 2),
    ("Tversky", "alpha"): (0.5, 0.3, 2.0),
    ("EpsilonInsensitive", "epsilon"): (0.1, 0.0, 0.5),
    ("SquaredEpsilonInsensitive", "epsilon"): (0.1, 0.0, 0.5),
}
# No function of these libraries evaluates them.
NOWHERE = {
    "ApproxNDCG",
    "Cauchy",
    "Contrastive",
    "Expectile",
    "FocalTversky",
    "GaussianCRPS",
    "GemanMcClure",
    "GeneralRobust",
    "HingeGAN",
    "JensenShannon",
    "LeastSquaresGAN",
    "LovaszHinge",
    "LovaszSoftmax",
    "MinimaxGAN",
    "NonSaturatingGAN",
    "OrdinalCoral",
    "OrdinalCorn",
    "SmoothPinball",
    "Tukey",
    "UncertaintyWeighted",
    "WassersteinGAN",
    "WeightedSum",
    "Welsch",
}


def load(module):
    """Import a module, or skip the test where its library cannot be had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return import_without_operators(module)
        except (ImportError, OSError) as error:
            pytest.skip(f"{module.split('.')[0]} cannot be imported here: {error}")


def import_without_operators(module):
    """Import a module; where torchvision misses compiled operators, name them for it.

    Its builds are made for one build of PyTorch each; the losses are plain Python and need none.
    """
    for _ in range(10):
        try:
            return importlib.import_module(module)
        except RuntimeError as error:
            missing = re.search("operator torchvision::(.*) does not exist", str(error))
            if missing is None:
                raise
            library = load("torch.library").Library("torchvision", "FRAGMENT")
            library.define(f"{missing[1]}(Tensor boxes, Tensor scores, float iou) -> Tensor")
            OPERATORS.append(library)
            for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
                del sys.modules[name]
    raise ImportError(f"{module} misses too many operators")


OPERATORS = []
"""Kept, for an operator lives no longer than the library that has named it."""


def instances(row):
    """Yield the loss of a row at every combination of the parameters it maps."""
    names = [ours for ours, _ in row.parameters]
    tried = [TRIED.get((row.loss, name)) or TRIED[name] for name in names]
    for values in product(*tried):
        parameters = dict(zip(names, values, strict=True)) | dict(row.given)
        yield getattr(lb, row.loss)(**parameters, reduction=row.reduction)


def samples(loss, kinds):
    """Yield the inputs of a loss, with targets of the kinds that a row takes."""
    rng = np.random.default_rng(0)
    if isinstance(loss, lb.CTC):
        classes = [k for k in range(N_CLASSES) if k != loss.blank]
        y_true = rng.choice(classes, (N_SAMPLES, 2))
        y_true[::2, 1] = -1
        yield y_true, rng.standard_normal((N_SAMPLES, 6, N_CLASSES))
        return
    if isinstance(loss, ClassLoss):
        scores = 3 * rng.standard_normal((N_SAMPLES, N_CLASSES))
        y_pred = scores if loss.y_pred_domain is None else softmax(scores)
        if loss.y_pred_domain is LOG_DISTRIBUTIONS:
            y_pred = np.log(y_pred)
        if kinds in ("any", "labels"):
            yield rng.integers(0, N_CLASSES, N_SAMPLES), y_pred
        soft = loss.y_true_domain is not LABELS and getattr(loss, "ignore_index", None) is None
        if kinds in ("any", "distributions") and soft:
            yield softmax(rng.standard_normal((N_SAMPLES, N_CLASSES))), y_pred
        return
    shape = (N_SAMPLES, N_CLASSES) if isinstance(loss, RowLoss | ClassMaskLoss) else (N_SAMPLES,)
    y_true = targets(loss, kinds, rng, shape)
    if isinstance(loss, JointLoss):
        n_targets = loss.inputs.count("y_true")
        shape = (N_SAMPLES,) + (N_CLASSES,) * loss.entries
        yield [y_true] * n_targets + [rng.normal(0, 3, shape) for _ in loss.inputs[n_targets:]]
    elif loss.y_pred_domain == BOXES:
        yield y_true, draw(BOXES, rng, shape)
    elif loss.y_pred_domain == UNIT_INTERVAL:
        yield y_true, rng.uniform(0.01, 0.99, shape)
    elif loss.y_pred_domain == ABOVE_MINUS_ONE:
        yield y_true, rng.exponential(3, shape)
    elif loss.link == "log":
        yield y_true, rng.normal(1, 1, shape)
    else:
        yield y_true, rng.normal(0, 3, shape)


def targets(loss, kinds, rng, shape):
    """Return targets of a loss of numbers; labels of a batch occur twice each."""
    if isinstance(loss, BatchLoss):
        return rng.permutation(N_SAMPLES) // 2
    if loss.y_true_domain == BOXES:
        return draw(BOXES, rng, shape)
    if loss.y_true_domain == PLUS_MINUS_ONE:
        return rng.choice([-1.0, 1.0], shape)
    if loss.y_true_domain == ZERO_OR_ONE or kinds == "labels":
        return rng.choice([0.0, 1.0], shape)
    if loss.y_true_domain == UNIT_INTERVAL:
        return rng.uniform(0, 1, shape)
    if loss.y_true_domain == NON_NEGATIVE:
        return rng.poisson(3.0, shape).astype(float)
    if loss.y_true_domain == POSITIVE:
        return rng.gamma(2, 2, shape)
    if loss.y_true_domain == ABOVE_MINUS_ONE:
        return rng.exponential(3, shape)
    return rng.normal(0, 2, shape)


def softmax(scores):
    """Return the distributions of scores."""
    exp = np.exp(scores)
    return exp / exp.sum(axis=-1, keepdims=True)


def with_numpy(call, names, inputs):
    """Evaluate a call of scikit-learn, whose losses have a method for the gradient."""
    names = names | inputs
    if ".loss(" not in call:
        return eval(call, names), None
    return eval(call, names), [eval(call.replace(".loss(", ".gradient("), names)]


def with_jax(call, names, inputs):
    """Evaluate a call of optax and differentiate it with JAX by all inputs but the targets."""
    jax = load("jax")

    def total(predictions, targets):
        value = eval(call, names | {"jax": jax} | targets | predictions)
        return value.sum(), value

    with jax.enable_x64(True):
        arrays = {name: jax.numpy.asarray(array) for name, array in inputs.items()}
        targets = {name: arrays.pop(name) for name in ("y_true",) if name in arrays}
        gradient, value = jax.grad(total, has_aux=True)(arrays, targets)
        return np.asarray(value), [np.asarray(gradient[name]) for name in arrays]


def with_torch(call, names, inputs):
    """Evaluate a call on tensors and differentiate it with PyTorch, as with_jax does."""
    torch = load("torch")
    tensors = {
        name: torch.tensor(array, requires_grad=name != "y_true") for name, array in inputs.items()
    }
    value = eval(call, names | {"torch": torch} | tensors)
    value.sum().backward()
    gradient = [tensors[name].grad.numpy() for name in inputs if name != "y_true"]
    return value.detach().numpy(), gradient


EVALUATED = {
    "PyTorch": with_torch,
    "torchvision": with_torch,
    "Keras": with_torch,
    "optax": with_jax,
    "scikit-learn": with_numpy,
}


def evaluate(row, loss, *inputs):
    """Return a row's value and gradients (or None), multiplied by its factor."""
    module, function = row.name.rsplit(".", 1)
    root = module.split(".")[0]
    assert callable(getattr(load(module), function))
    names = {f.name: getattr(loss, f.name) for f in fields(loss)} | {root: load(root), "np": np}
    named = dict(zip(loss.inputs, inputs, strict=True))
    value, gradients = EVALUATED[row.library](row.call, names, named)
    factor = eval(row.factor, {}, names | {"K": inputs[-1].shape[-1]})
    return factor * value, None if gradients is None else [factor * g for g in gradients]


def label(row):
    """Name a row in the report."""
    return f"{row.loss}-{row.library}-{row.name.rsplit('.', 1)[-1]}"


@pytest.mark.parametrize("row", [row for row in TABLE if row.library in EVALUATED], ids=label)
def test_row_holds(row):
    # Keras, on PyTorch, averages in single precision whatever it is given.
    close = (
        {"rtol": 2e-6, "atol": 1e-7} if row.library == "Keras" else {"rtol": 1e-11, "atol": 1e-13}
    )
    if row.name == "keras.losses.poisson":
        # It adds 1e-7 to rates in the logarithm.
        close["atol"] = 1e-6
    if row.name == "torchvision.ops.complete_box_iou_loss":
        # It hands its eps on to a part of the loss only.
        close["atol"] = 1e-6
    if row.name == "keras.losses.ctc":
        # Here it does all else in single precision too: a few units in the last place of 1.
        close["atol"] = 4e-7
    for loss in instances(row):
        for inputs in samples(loss, row.targets):
            value, gradients = evaluate(row, loss, *inputs)
            expected = loss(*inputs)
            assert np.shape(value) == np.shape(expected)
            np.testing.assert_allclose(value, expected, **close)
            if gradients is not None:
                ours = loss.gradient(*inputs)
                ours = ours if isinstance(ours, tuple) else (ours,)
                pairs = zip(gradients, ours, strict=True)
                same = all(np.allclose(theirs, own, **close) for theirs, own in pairs)
                assert same == row.same_gradient


def test_every_loss_and_parameter_exists():
    losses = {name for name in lb.__all__ if name not in ("Loss", "Traits")}
    for row in TABLE:
        assert row.loss in losses
        declared = {f.name for f in fields(getattr(lb, row.loss))}
        assert {ours for ours, _ in row.parameters + row.given} <= declared
        assert all(theirs in row.call for _, theirs in row.parameters)
        assert row.name in row.call
        assert row.library in {*EVALUATED, "XGBoost", "LightGBM"}
        assert row.note.endswith(".")
    classes = {name for name in losses if isinstance(getattr(lb, name), type)}
    elsewhere = {row.loss for row in TABLE}
    unlisted = "each needs a row in lossbook/conventions/, or its name in NOWHERE"
    assert not classes - elsewhere - NOWHERE, unlisted
    assert not NOWHERE - classes, "these are no longer exported"
    assert not elsewhere & NOWHERE, "these have rows, so they are not in NOWHERE"


def test_rows_are_unique():
    assert len({(row.loss, row.library, row.name) for row in TABLE}) == len(TABLE)


def test_equivalents_are_those_of_the_instance():
    libraries = [row.library for row in conventions.equivalents(lb.SigmoidCrossEntropy())]
    assert libraries == [
        "PyTorch",
        "Keras",
        "scikit-learn",
        "optax",
        "XGBoost",
        "LightGBM",
        "LightGBM",
    ]
    weighted = conventions.equivalents(lb.SigmoidCrossEntropy(pos_weight=3.0, reduction="sum"))
    assert [row.library for row in weighted] == ["PyTorch", "XGBoost", "LightGBM"]
    both = lb.SigmoidCrossEntropy(pos_weight=3.0, label_smoothing=0.1)
    assert conventions.equivalents(both) == ()


def test_listing_shows_every_row_as_it_is_evaluated():
    listing = conventions.listing(conventions.TABLE, "All & more")
    page = ElementTree.fromstring(f"<page>{listing._repr_html_()}</page>")
    assert page.find("div").get("aria-label") == page.find("div/table/caption").text == "All & more"
    losses = list(dict.fromkeys(row.loss for row in conventions.TABLE))
    assert [each.text for each in page.findall("div/table/tbody/tr/th/code")] == losses
    cells = page.findall("div/table/tbody/tr/td")
    text = [line for line in str(listing).splitlines()[1:] if line not in losses]
    rows = sorted(conventions.TABLE, key=lambda row: losses.index(row.loss))
    for row, cell, *lines in zip(rows, cells, text[::2], text[1::2], strict=True):
        code, words = cell.find("code").text, cell.find("code").tail
        times = "" if row.factor == "1" or row.curvature else f"{row.factor} * "
        assert code == times + row.call
        assert times or row.factor == "1" or f"derivatives by {row.factor}." in words
        assert words.endswith(row.note)
        assert all(said in words for said in (row.defaults, row.curvature))
        assert "mean" in words or row.reduction == "none"
        assert row.targets == "any" or f"It takes {row.targets} only." in words
        assert lines == [f"  {row.library}: {code}", f"    {words}"]
    poisson = [row for row in conventions.TABLE if row.name == "torch.distributions.Poisson"]
    words = "    This holds for constant_terms=True. It is a distribution"
    assert words in str(conventions.listing(poisson, ""))


class TestPyTorchTraps:
    @pytest.fixture
    def torch(self):
        return load("torch")

    @pytest.fixture
    def functional(self, torch):
        return torch.nn.functional

    def test_shapes_that_differ_are_broadcast_with_a_warning(self, torch, functional):
        with pytest.warns(UserWarning, match="broadcasting"):
            values = functional.mse_loss(torch.ones(3, 1), torch.ones(3), reduction="none")
        assert values.shape == (3, 3)

    def test_subgradient_of_the_absolute_error(self, torch, functional):
        zero = torch.zeros(1, requires_grad=True)
        functional.l1_loss(zero, torch.zeros(1)).backward()
        assert zero.grad.item() == lb.AbsoluteError().gradient([0.0], [0.0])[0] == 0

    def test_smooth_l1_allows_beta_zero(self, torch, functional):
        assert functional.smooth_l1_loss(torch.tensor(-3.0), torch.tensor(0.0), beta=0.0) == 3

    def test_certain_and_wrong_costs_100(self, torch, functional):
        assert functional.binary_cross_entropy(torch.zeros(1), torch.ones(1)) == 100
        assert lb.BinaryCrossEntropy()([1.0], [0.0]) == np.inf

    def test_infinite_score_gives_nan(self, torch, functional):
        score, label = torch.tensor([torch.inf]), torch.ones(1)
        assert functional.binary_cross_entropy_with_logits(score, label).isnan()
        assert lb.SigmoidCrossEntropy()([1.0], [np.inf]) == 0

    def test_margin_defaults_to_zero(self, torch, functional):
        ranking = functional.margin_ranking_loss(torch.ones(1) / 2, torch.zeros(1), torch.ones(1))
        assert ranking == 0
        assert lb.Hinge()([1.0], [0.5]) == 0.5

    def test_hinge_embedding_is_another_loss(self, torch, functional):
        value = functional.hinge_embedding_loss(torch.tensor([3.0]), torch.ones(1))
        assert value == 3
        assert lb.Hinge()([1.0], [3.0]) == 0

    def test_nll_loss_takes_no_logarithm(self, torch, functional):
        assert functional.nll_loss(torch.tensor([[0.25, 0.75]]), torch.tensor([1])) == -0.75

    def test_classes_are_on_axis_1(self, torch, functional):
        scores = np.random.default_rng(0).standard_normal((5, 3, 7))
        labels = np.random.default_rng(1).integers(0, 3, (5, 7))
        theirs = functional.cross_entropy(torch.tensor(scores), torch.tensor(labels))
        ours = lb.SoftmaxCrossEntropy()(labels, np.moveaxis(scores, 1, -1))
        assert theirs.item() == pytest.approx(ours, rel=1e-14)

    def test_the_mean_of_ctc_is_one_over_labels(self, torch, functional):
        scores, labels = torch.zeros(6, 2, 3).double(), torch.tensor([[1, 2], [1, -1]])
        frames, counts = torch.tensor([6, 6]), torch.tensor([2, 1])
        log_p = scores.log_softmax(-1)
        values = lb.CTC(reduction="none")(labels.numpy(), scores.transpose(0, 1).numpy())
        theirs = functional.ctc_loss(log_p, labels, frames, counts)
        assert theirs.item() == pytest.approx((values / [2, 1]).mean())

    def test_no_alignment_gives_a_gradient_of_nan(self, torch, functional):
        scores = torch.zeros(2, 1, 3, requires_grad=True)
        inputs = torch.tensor([[1, 1]]), torch.tensor([2]), torch.tensor([2])
        value = functional.ctc_loss(scores.log_softmax(-1), *inputs, reduction="sum")
        value.backward()
        assert value == torch.inf
        assert scores.grad.isnan().all()
        assert lb.CTC()([[1, 1]], np.zeros((1, 2, 3))) == np.inf
        assert not lb.CTC().gradient([[1, 1]], np.zeros((1, 2, 3))).any()

    def test_what_the_mean_weighted_by_sample_divides_by(self, torch, functional):
        labels, p = torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.5, 0.25, 0.875])
        weight = torch.tensor([1.0, 1.0, 4.0])
        for by_weight, names in {
            True: ["mse_loss", "l1_loss"],
            False: [
                "huber_loss",
                "binary_cross_entropy",
                "binary_cross_entropy_with_logits",
            ],
        }.items():
            for name in names:
                loss = getattr(functional, name)
                values = loss(p, labels, reduction="none") * weight
                expected = values.sum() / (weight.sum() if by_weight else 3)
                assert loss(p, labels, weight=weight).item() == pytest.approx(expected.item())

    def test_what_the_weighted_mean_divides_by(self, torch, functional):
        scores, labels, weight = np.eye(3), np.array([0, 1, 1]), (1.0, 2.0, 0.5)
        double = torch.tensor(weight, dtype=torch.float64)
        values = lb.SoftmaxCrossEntropy(class_weight=weight, reduction="none")(labels, scores)
        of_labels = functional.cross_entropy(
            torch.tensor(scores), torch.tensor(labels), weight=double
        )
        of_distributions = functional.cross_entropy(
            torch.tensor(scores), torch.tensor(np.eye(3)[labels]), weight=double
        )
        assert of_labels.item() == pytest.approx(values.sum() / 5)
        assert of_distributions.item() == pytest.approx(values.sum() / 3)


class TestKerasTraps:
    @pytest.fixture
    def torch(self):
        return load("torch")

    @pytest.fixture
    def losses(self):
        return load("keras.losses")

    def test_the_last_axis_is_averaged(self, torch, losses):
        values = losses.mean_squared_error(torch.zeros(2, 3), torch.ones(2, 3) * 2)
        assert values.tolist() == [4, 4]

    def test_weighted_mean_divides_by_the_number(self, torch, losses):
        data = torch.zeros(2, 1), torch.tensor([[1.0], [2.0]])
        theirs = losses.MeanSquaredError()(*data, sample_weight=torch.tensor([1.0, 3.0]))
        assert theirs == 13 / 2
        assert lb.SquaredError()([0, 0], [1, 2], [1, 3]) == 13 / 4

    def test_certain_and_wrong_costs_16(self, torch, losses):
        theirs = losses.binary_crossentropy(torch.ones(1, 1), torch.zeros(1, 1)).item()
        assert round(theirs, 1) == 16.1
        assert theirs == pytest.approx(lb.BinaryCrossEntropy(eps=1e-7)([1.0], [0.0]), rel=1e-6)

    def test_scores_are_taken_for_probabilities(self, torch, losses):
        value = losses.binary_crossentropy(torch.zeros(1, 1), torch.tensor([[3.0]])).item()
        assert value == pytest.approx(15.94, abs=0.01)

    def test_alpha_is_ignored_unless_told(self, torch, losses):
        data = torch.ones(1, 1), torch.zeros(1, 1)
        one, other = (
            losses.binary_focal_crossentropy(*data, from_logits=True, alpha=alpha)
            for alpha in (0.25, 0.9)
        )
        assert one == other

    def test_a_score_of_zero_is_a_rival(self, torch, losses):
        value = losses.categorical_hinge(torch.eye(2)[:1], torch.tensor([[-3.0, -5.0]]))
        assert value.item() == 4
        assert lb.CrammerSinger()([0], [[-3.0, -5.0]]) == 0

    def test_alpha_of_several_classes_is_a_factor(self, torch, losses):
        data = torch.eye(3), torch.eye(3)
        focal = losses.categorical_focal_crossentropy
        one, quarter = focal(*data, from_logits=True, alpha=1.0), focal(*data, from_logits=True)
        assert (quarter == one / 4).all()

    def test_labels_are_guessed(self, torch, losses):
        scores = torch.tensor([[0.5], [0.5]])
        assert losses.hinge(torch.tensor([[0.0], [1.0]]), scores).tolist() == [1.5, 0.5]
        assert losses.hinge(torch.tensor([[0.0], [-1.0]]), scores).tolist() == [1.0, 1.5]

    def test_negative_numbers_are_taken_for_almost_zero(self, torch, losses):
        data = torch.full((1, 1), -0.5), torch.zeros(1, 1)
        assert losses.mean_squared_logarithmic_error(*data) == 0
        assert lb.SquaredLogError()([-0.5], [0.0]) == pytest.approx(np.log(2) ** 2)

    def test_percentage_of_zero(self, torch, losses):
        value = losses.mean_absolute_percentage_error(torch.zeros(1, 1), torch.ones(1, 1))
        assert value.item() == pytest.approx(100 / 1e-7, rel=1e-6)
        with pytest.raises(ValueError, match="y_true must be finite and not 0"):
            lb.AbsolutePercentageError()([0.0], [1.0])

    def test_log_cosh_of_small_residuals_cancels(self, torch, losses):
        assert losses.log_cosh(torch.zeros(1, 1), torch.full((1, 1), 1e-4)) == 0
        ours = lb.LogCosh()(np.zeros(1, "f4"), np.full(1, 1e-4, "f4"))
        assert ours == pytest.approx(5e-9, rel=1e-6)

    def test_gradient_of_normalised_probabilities(self, torch, losses):
        y_true, y_pred = np.array([[0.2, 0.3, 0.5]]), np.array([[0.5, 0.25, 0.25]])
        pred = torch.tensor(y_pred, requires_grad=True)
        losses.categorical_crossentropy(torch.tensor(y_true), pred).sum().backward()
        ours = lb.CategoricalCrossEntropy().gradient(y_true, y_pred)
        np.testing.assert_allclose(pred.grad.numpy(), ours + 1, rtol=1e-6)


class TestOptaxTraps:
    def test_subgradient_of_the_hinge(self):
        jax, losses = load("jax"), load("optax.losses")
        assert jax.grad(losses.hinge_loss)(1.0, 1.0) == -0.5
        assert lb.Hinge().gradient([1.0], [1.0])[0] == 0

    def test_infinite_score_gives_nan(self):
        losses = load("optax.losses")
        assert np.isnan(losses.sigmoid_binary_cross_entropy(np.float32(np.inf), np.float32(1)))

    def test_log_cosh_of_small_residuals_cancels(self):
        losses = load("optax.losses")
        assert losses.log_cosh(np.float32(1e-4), np.float32(0)) == 0

    def test_no_alignment_gives_a_large_number(self):
        losses = load("optax.losses")
        none, labels = np.zeros((1, 2)), np.ones((1, 2), int)
        assert losses.ctc_loss(np.zeros((1, 2, 3)), none, labels, none)[0] == pytest.approx(1e5)

    def test_label_out_of_range(self):
        losses = load("optax.losses")
        scores = np.array([[1.0, 2.0, 3.0]])
        of_label = losses.softmax_cross_entropy_with_integer_labels
        assert np.isnan(of_label(scores, np.array([3]))[0])
        assert of_label(scores, np.array([-1])) == of_label(scores, np.array([2]))


@pytest.mark.parametrize("y", [0.25, 0.5, 0.9])
def test_focal_losses_elsewhere_take_a_soft_target_otherwise(y):
    z, p = 0.75, 1 / (1 + np.exp(-0.75))
    entropy = -y * np.log(p) - (1 - y) * np.log(1 - p)
    theirs = pytest.approx((1 - y * p - (1 - y) * (1 - p)) ** 2 * entropy, rel=1e-5)
    assert lb.SigmoidFocal()([y], [z]) != theirs
    of_optax = load("optax.losses").sigmoid_focal_loss(np.float32(z), np.float32(y), gamma=2.0)
    assert float(of_optax) == theirs
    torch, ops = load("torch"), load("torchvision.ops")
    of_vision = ops.sigmoid_focal_loss(torch.tensor(z), torch.tensor(y), alpha=-1)
    assert of_vision.item() == theirs
    keras = load("keras")
    of_keras = keras.losses.binary_focal_crossentropy([y], [z], from_logits=True)
    assert float(of_keras) == theirs


def test_torchvision_weights_by_default():
    torch, ops = load("torch"), load("torchvision.ops")
    data = torch.zeros(1), torch.ones(1)
    assert ops.sigmoid_focal_loss(*data) == ops.sigmoid_focal_loss(*data, alpha=0.25)
    assert ops.sigmoid_focal_loss(*data) != ops.sigmoid_focal_loss(*data, alpha=-1)


class TestScikitLearnTraps:
    def test_pinball_is_half_the_absolute_error(self):
        metrics = load("sklearn.metrics")
        data = [1.0, 2.0], [4.0, 0.0]
        assert 2 * metrics.mean_pinball_loss(*data) == lb.AbsoluteError()(*data)

    def test_subgradient_of_the_pinball_loss(self):
        zero = np.zeros(1)
        for quantile in 0.25, 0.75:
            theirs = load("sklearn._loss").PinballLoss(quantile=quantile).gradient(zero, zero)
            assert theirs[0] == -quantile
            assert lb.Pinball(quantile).gradient(zero, zero)[0] == 0

    def test_two_meanings_of_alpha(self):
        model = load("sklearn.linear_model").QuantileRegressor()
        assert (model.quantile, model.alpha) == (0.5, 1)
        assert load("sklearn.ensemble").HistGradientBoostingRegressor(loss="quantile", quantile=0.5)

    def test_minus_one_has_no_logarithm(self):
        squared_log_error = load("sklearn.metrics").mean_squared_log_error
        with pytest.raises(ValueError, match="-1"):
            squared_log_error([-1.0], [0.0])
        with pytest.raises(ValueError, match="y_true must be in"):
            lb.SquaredLogError()([-1.0], [0.0])
        expected = lb.SquaredLogError()([-0.5], [0.0])
        assert squared_log_error([-0.5], [0.0]) == pytest.approx(expected)

    def test_percentage_of_zero(self):
        value = load("sklearn.metrics").mean_absolute_percentage_error([0.0], [1.0])
        assert value == 1 / np.finfo(float).eps

    def test_squared_error_of_sgd_is_half(self):
        linear_model = load("sklearn.linear_model")
        model = linear_model.SGDRegressor(
            penalty=None,
            learning_rate="constant",
            eta0=0.125,
            fit_intercept=False,
            max_iter=1,
            tol=None,
        ).fit([[1.0]], [1.0])
        assert model.loss == "squared_error"
        assert model.coef_[0] == -0.125 * lb.HalfSquaredError().gradient([1.0], [0.0])[0]

    def test_squared_error_of_boosting_is_half(self):
        ensemble = load("sklearn.ensemble")
        assert ensemble.HistGradientBoostingRegressor().loss == "squared_error"

    def test_huber_regressor_minimises_twice_the_loss(self):
        linear_model = load("sklearn.linear_model")
        rng = np.random.default_rng(0)
        x = rng.standard_normal((200, 1))
        y_true = x[:, 0] + rng.standard_t(2, 200)
        model = linear_model.HuberRegressor(alpha=0.0, tol=1e-8).fit(x, y_true)
        assert model.epsilon == 1.35
        loss = lb.Huber(delta=model.epsilon, reduction="sum")

        def objective(intercept, scale):
            residual = (y_true - model.coef_[0] * x[:, 0] - intercept) / scale
            return scale * (200 + 2 * loss(np.zeros(200), residual))

        best = objective(model.intercept_, model.scale_)
        for step in (-1e-2, 1e-2):
            assert best < objective(model.intercept_ + step, model.scale_)
            assert best < objective(model.intercept_, model.scale_ + step)

    def test_certain_and_wrong_costs_36(self):
        metrics = load("sklearn.metrics")
        value = metrics.log_loss([1.0], np.array([0.0]), labels=[0, 1])
        assert round(value, 1) == 36.0
        assert value == -np.log(np.finfo(float).eps)

    def test_log_loss_needs_the_labels(self):
        metrics = load("sklearn.metrics")
        with pytest.raises(ValueError, match="labels"):
            metrics.log_loss([0, 1], np.full((2, 3), 1 / 3))

    def test_hinge_of_several_classes_needs_the_labels(self):
        hinge_loss = load("sklearn.metrics").hinge_loss
        with pytest.raises(ValueError, match="labels"):
            hinge_loss([0, 1, 2], np.zeros((3, 4)))

    def test_which_hinge_is_the_default(self):
        assert load("sklearn.svm").LinearSVC().loss == "squared_hinge"
        assert load("sklearn.linear_model").SGDClassifier().loss == "hinge"

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_factor_in_logistic_regression(self, n_classes):
        linear_model = load("sklearn.linear_model")
        rng = np.random.default_rng(0)
        x, y_true = rng.standard_normal((50, 2)), rng.integers(0, n_classes, 50)
        model = linear_model.LogisticRegression(tol=1e-10).fit(x, y_true)
        scores = model.decision_function(x)
        loss = lb.SigmoidCrossEntropy if n_classes == 2 else lb.SoftmaxCrossEntropy
        slope = np.atleast_2d(loss(reduction="sum").gradient(y_true, scores).T) @ x
        np.testing.assert_allclose(slope, -model.coef_, atol=1e-3)


class TestEmbeddingTraps:
    """What the notes on losses of embeddings and of rankings say."""

    @pytest.fixture
    def torch(self):
        return load("torch")

    @staticmethod
    def by_first(torch, loss, first, *others):
        """Return a loss's value and its gradient by the first of some lists."""
        x, *rest = (torch.tensor(a, dtype=torch.float64) for a in (first, *others))
        x.requires_grad = True
        value = loss(x, *rest)
        value.sum().backward()
        return value.detach().numpy(), x.grad.numpy()

    def test_cosine_of_a_zero_vector(self, torch):
        zero, one = [[0.0, 0.0]], [[1.0, 0.0]]
        _, gradient = self.by_first(torch, torch.nn.functional.cosine_similarity, zero, one)
        np.testing.assert_allclose(gradient, [[1e8, 0.0]])
        assert np.isnan(load("optax").losses.cosine_distance(np.array(zero), np.array(one))).all()
        assert lb.CosineDistance()(zero, one) == 1
        assert not np.any(lb.CosineDistance().gradient(zero, one))

    def test_cosine_embedding_of_short_vectors(self, torch):
        short = torch.tensor([[1e-6, 0.0]], dtype=torch.float64)
        loss = torch.nn.functional.cosine_embedding_loss(short, short, torch.ones(1))
        assert loss.item() == pytest.approx(0.5)
        assert lb.CosineEmbedding()([1], short.numpy(), short.numpy()) == 0

    def test_coinciding_anchor_and_positive(self, torch):
        point, negative = [[0.0, 0.0]], [[0.5, 0.0]]

        def triplet(*points):
            return torch.nn.functional.triplet_margin_loss(*points, eps=0.0)

        _, gradient = self.by_first(torch, triplet, point, point, negative)
        by_anchor = lb.Triplet().gradient(point, point, negative)[0]
        np.testing.assert_array_equal(gradient, by_anchor)
        jax, optax = load("jax"), load("optax")
        points = [jax.numpy.asarray(p) for p in (point, point, negative)]
        gradient = jax.grad(
            lambda *points: optax.losses.triplet_margin_loss(*points, eps=0.0).sum()
        )(*points)
        assert np.isnan(gradient).all()

    def test_a_label_that_occurs_three_times(self):
        losses, labels = load("optax").losses, np.array([0, 0, 0, 1, 1])
        x = np.random.default_rng(0).normal(size=(5, 3))
        theirs = losses.ntxent(x.astype(np.float32), labels, temperature=0.1)
        cosine = x @ x.T / np.outer(*2 * [np.linalg.norm(x, axis=1)])
        exp, pairs = np.exp(cosine / 0.1), []
        for i, j in product(range(5), repeat=2):
            if i != j and labels[i] == labels[j]:
                negatives = exp[i, labels != labels[i]].sum()
                pairs.append(-np.log(exp[i, j] / (exp[i, j] + negatives)))
        assert theirs == pytest.approx(np.mean(pairs), rel=1e-5)
        assert lb.SupervisedContrastive()(labels, x) > theirs + 0.1

    def test_gradient_at_the_kink_of_a_ranking(self, torch):
        def ranking(first, second, y_true):
            return torch.nn.functional.margin_ranking_loss(first, second, y_true, margin=1.0)

        _, gradient = self.by_first(torch, ranking, [1.0], [0.0], [1.0])
        assert gradient == -1
        assert lb.MarginRanking(margin=1.0).gradient([1], [1.0], [0.0])[0] == 0
