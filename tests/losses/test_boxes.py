"""Losses of boxes: by hand, special places, and what others compute."""

import numpy as np
import pytest
from mpmath import mp
from reference.boxes import LOSSES
from reference.definition import value as defined
from single import DTYPES, assert_no_best, assert_shown, quiet

import lossbook as lb
from lossbook.core.domains import BOXES
from lossbook.testing import draw

RNG = np.random.default_rng(0)
BOX = np.array([1.0, 2.0, 4.0, 4.0])
BY_HAND = [
    # Side by side on one third; the same inside the box; touching; apart.
    ([0, 0, 2, 2], [1, 0, 3, 2], 2 / 3, 2 / 3, 2 / 3 + 1 / 13),
    ([0, 0, 2, 2], [0, 0, 1, 1], 3 / 4, 3 / 4, 3 / 4 + 0.5 / 8),
    ([0, 0, 2, 2], [2, 0, 4, 2], 1, 1, 1 + 4 / 20),
    ([0, 0, 2, 2], [3, 0, 5, 2], 1, 1 + 2 / 10, 1 + 9 / 29),
    ([0, 0, 1, 1], [2, 2, 3, 3], 1, 1 + 7 / 9, 1 + 8 / 18),
]


def with_torch(loss, torch, true, pred, *, alpha_is_constant=False):
    """Return a loss of boxes, as the papers define it."""
    low = torch.maximum(true[:, :2], pred[:, :2]), torch.minimum(true[:, :2], pred[:, :2])
    high = torch.minimum(true[:, 2:], pred[:, 2:]), torch.maximum(true[:, 2:], pred[:, 2:])
    shared, hull = (high[0] - low[0]).clamp(min=0), high[1] - low[1]
    sides, true_sides = pred[:, 2:] - pred[:, :2], true[:, 2:] - true[:, :2]
    union = sides.prod(1) + true_sides.prod(1) - shared.prod(1)
    missed = 1 - shared.prod(1) / union
    if isinstance(loss, lb.IoU):
        return missed
    if isinstance(loss, lb.GIoU):
        return missed + (hull.prod(1) - union) / hull.prod(1)
    centres = (pred[:, :2] + pred[:, 2:] - true[:, :2] - true[:, 2:]) / 2
    distance = (centres**2).sum(1) / (hull**2).sum(1)
    if isinstance(loss, lb.DIoU):
        return missed + distance
    angles = [torch.atan(each[:, 0] / each[:, 1]) for each in (true_sides, sides)]
    v = 4 / torch.pi**2 * (angles[0] - angles[1]) ** 2
    alpha = v / (missed + v)
    return missed + distance + (alpha.detach() if alpha_is_constant else alpha) * v


@DTYPES
@pytest.mark.parametrize(("true", "pred", "iou", "giou", "diou"), BY_HAND)
def test_boxes_by_hand(true, pred, iou, giou, diou, dtype):
    for loss, expected in (lb.IoU(), iou), (lb.GIoU(), giou), (lb.DIoU(), diou):
        for data in (true, pred), (pred, true):
            assert quiet(loss, *data, dtype)[0] == pytest.approx(expected, rel=1e-6)


def test_the_penalty_of_another_ratio_of_sides():
    v = 4 / np.pi**2 * (np.arctan(1) - np.arctan(0.5)) ** 2
    pred = [0.5, 0, 1.5, 2]
    assert lb.DIoU()([0, 0, 2, 2], pred) == 0.5
    assert lb.CIoU()([0, 0, 2, 2], pred) == pytest.approx(0.5 + v**2 / (0.5 + v))
    assert lb.CIoU()([0, 0, 2, 2], [0, 0, 1, 1]) == lb.DIoU()([0, 0, 2, 2], [0, 0, 1, 1])


@DTYPES
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("box", [BOX, [1, 1, 1, 1], [0, 2, 3, 2], [5, -1, 5, 4], [0, 0, 0, 0]])
def test_a_box_and_its_copy_cost_nothing(loss, box, dtype):
    value, gradient, hessian = quiet(loss, box, box, dtype)
    assert value == 0
    assert not gradient.any()
    assert np.isfinite(hessian).all()


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("true", [[0, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2], [0, 0, 2, 2]])
@pytest.mark.parametrize("pred", [[1, 1, 1, 1], [0, 1, 2, 1], [0, 0, 0, 1], [3, -1, 3, 4]])
def test_empty_boxes_elsewhere(loss, true, pred):
    value, gradient, hessian = quiet(loss, true, pred)
    assert 1 <= value <= 3
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()


@DTYPES
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("size", [1e-15, 1.0, 1e15])
def test_the_unit_of_length_does_not_matter(loss, size, dtype):
    true, pred = (draw(BOXES, RNG, (50, 4)).astype(np.float32).astype(float) for _ in range(2))
    unit = 2.0 ** round(np.log2(size))
    plain, scaled = (
        quiet(loss, true, pred, dtype),
        quiet(loss, true * unit, pred * unit, dtype),
    )
    for power, (one, other) in enumerate(zip(plain, scaled, strict=True)):
        np.testing.assert_array_equal(one, other * dtype(unit**power))


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_shift_by_little_keeps_its_digits(loss):
    true, shift = [0.0, 0, 1, 1], 2.0**-40
    pred = np.array(true) + shift
    with mp.workdps(60):
        exact = float(defined(loss, list(map(mp.mpf, true)), list(map(mp.mpf, pred))))
    assert loss(true, pred) == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_reflections_and_the_diagonal_change_nothing_but_signs_and_order(loss):
    true, pred = draw(BOXES, RNG, (40, 4)), draw(BOXES, RNG, (40, 4))
    value, gradient, hessian = quiet(loss, true, pred)

    def mirrored(boxes):
        return np.stack([-boxes[:, 2], boxes[:, 1], -boxes[:, 0], boxes[:, 3]], axis=1)

    swap = [1, 0, 3, 2]
    other = quiet(loss, mirrored(true), mirrored(pred))
    np.testing.assert_allclose(other[0], value, rtol=1e-12)
    np.testing.assert_allclose(mirrored(other[1]), gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.abs(mirrored(other[2])), np.abs(hessian), rtol=1e-9, atol=1e-11)
    other = quiet(loss, true[:, swap], pred[:, swap])
    np.testing.assert_allclose(other[0], value, rtol=1e-12)
    np.testing.assert_allclose(other[1][:, swap], gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other[2][:, swap], hessian, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_boxes_as_the_papers_define_them_twice_differentiated(loss):
    torch = pytest.importorskip("torch")
    true, pred = draw(BOXES, RNG, (500, 4)), draw(BOXES, RNG, (500, 4))
    tensor = torch.tensor(pred, requires_grad=True)
    value = with_torch(loss, torch, torch.tensor(true), tensor)
    (gradient,) = torch.autograd.grad(value.sum(), tensor, create_graph=True)
    hessian = [
        torch.autograd.grad(gradient[:, k].sum(), tensor, retain_graph=True)[0][:, k].numpy()
        for k in range(4)
    ]
    expected = value.detach().numpy(), gradient.detach().numpy(), np.stack(hessian, axis=1)
    for ours, theirs in zip(quiet(loss, true, pred), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


def test_the_gradient_of_the_paper_holds_alpha_constant():
    torch = pytest.importorskip("torch")
    true, pred = draw(BOXES, RNG, (50, 4)), draw(BOXES, RNG, (50, 4))
    tensor = torch.tensor(pred, requires_grad=True)
    value = with_torch(lb.CIoU(), torch, torch.tensor(true), tensor, alpha_is_constant=True)
    (theirs,) = torch.autograd.grad(value.sum(), tensor)
    _, ours, _ = quiet(lb.CIoU(), true, pred)
    assert np.abs(ours - theirs.numpy()).max() > 0.01
    np.testing.assert_allclose(value.detach().numpy(), quiet(lb.CIoU(), true, pred)[0])


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_the_subgradient_where_edges_meet_is_the_one_nearest_to_0(loss):
    true, step = np.array([0.0, 0, 4, 2]), 1e-7
    meeting = [0, 0, 4, 2], [0, -1, 3, 1], [-1, 0, 2, 3], [1, 0.5, 4, 1], [0, 1, 1, 2], [4, 0, 5, 1]
    for pred in np.array(meeting, float):
        gradient = loss.gradient(true, pred)
        for k in range(4):
            move = step * (np.arange(4) == k)
            slopes = [(loss(true, pred + s * move) - loss(true, pred)) / s / step for s in (-1, 1)]
            nearest = np.clip(0, min(slopes), max(slopes))
            assert gradient[k] == pytest.approx(nearest, abs=1e-5)


def test_far_apart_only_some_have_a_gradient():
    true, pred = [0, 0, 1, 1], [50, 0, 51, 1]
    assert not lb.IoU().gradient(true, pred).any()
    for loss in lb.GIoU(), lb.DIoU(), lb.CIoU():
        by_x1, _, by_x2, _ = loss.gradient(true, pred)
        assert by_x1 + by_x2 > 0


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_what_is_shown_is_what_is_computed(loss):
    assert_shown(loss)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: lb.IoU()([[0, 0, 1, 1]] * 2, [[0, 0, 1, 1], [1, 0, 0, 1]]),
            "y_pred must be a finite box .* x1 <= x2 and y1 <= y2; got .* at index 1",
        ),
        (lambda: lb.CIoU()([0, 1, 1, 0], [0, 0, 1, 1]), "y_true must be a finite box"),
        (lambda: lb.GIoU()([0, 0, 1, 1], [0, 0, 1, np.inf]), "y_pred must be a finite box"),
        (lambda: lb.DIoU()([0, 0, 1], [0, 0, 1]), r"y_pred must hold boxes.*got shape \(3,\)"),
        (lambda: lb.IoU()([0, 0, 1, 1], [[0, 0, 1, 1]]), r"y_pred must have shape \(4,\)"),
    ],
)
def test_bad_inputs(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_there_is_no_formula_for_the_best_constant(loss):
    assert_no_best(loss, np.ones((2, 4)))


def test_a_card():
    assert "a finite box (x1, y1, x2, y2) with x1 <= x2" in str(lb.IoU().card())
