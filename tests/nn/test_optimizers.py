"""Optimisers and schedules by themselves."""

from math import cos, pi

import numpy as np
import pytest

from lossbook import nn

OPTIMIZERS = [
    nn.GradientDescent(learning_rate=0.1),
    nn.Momentum(learning_rate=0.1, momentum=0.8),
    nn.NesterovMomentum(learning_rate=0.1, momentum=0.8),
    nn.AdaGrad(learning_rate=0.1),
    nn.RMSProp(learning_rate=0.1),
    nn.Adam(learning_rate=0.1),
]


def copy_of(optimizer):
    return eval(repr(optimizer), vars(nn))


def walk(optimizer, gradients, start=0.0):
    """Return where a number is after each of the steps with these gradients."""
    theta, path = np.array([start]), []
    for gradient in gradients:
        optimizer.step([theta], [np.array([gradient])])
        path.append(float(theta[0]))
    return path


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        # Worked by hand from the formulas, for the gradients 1, -2, 3.
        (nn.GradientDescent(learning_rate=0.5), [-0.5, 0.5, -1.0]),
        (nn.Momentum(learning_rate=0.5, momentum=0.5), [-0.5, 0.25, -0.875]),
        (nn.NesterovMomentum(learning_rate=0.5, momentum=0.5), [-0.75, 0.625, -1.4375]),
        (
            nn.AdaGrad(learning_rate=1.0, eps=1e-30),
            [-1, -1 + 2 / 5**0.5, -1 + 2 / 5**0.5 - 3 / 14**0.5],
        ),
        (
            nn.RMSProp(learning_rate=1.0, decay=0.75, eps=1e-30),
            [-2, -2 + 2 / 1.1875**0.5, -2 + 2 / 1.1875**0.5 - 3 / 3.140625**0.5],
        ),
        (
            # m: 1/2, -3/4, 9/8; v: 1/4, 19/16, 201/64; divided by 1 - 1/2^t and 1 - (3/4)^t.
            nn.Adam(learning_rate=1.0, beta1=0.5, beta2=0.75, eps=1e-30),
            np.cumsum(
                [
                    -1,
                    1 / (19 / 16 / (7 / 16)) ** 0.5,
                    -(9 / 7) / (201 / 64 / (37 / 64)) ** 0.5,
                ]
            ),
        ),
    ],
    ids=repr,
)
def test_three_steps_by_hand(optimizer, expected):
    np.testing.assert_allclose(walk(optimizer, [1.0, -2.0, 3.0]), expected, rtol=1e-14)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_bowl_is_descended(optimizer):
    optimizer, theta = copy_of(optimizer), np.array([[1.0, -2.0], [0.5, 0.25]])
    before = np.abs(theta).max()
    for _ in range(200):
        optimizer.step([theta], [2 * theta])
    assert np.abs(theta).max() < 0.2 * before


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_parameters_are_changed_in_place_and_gradients_not_at_all(optimizer):
    optimizer = copy_of(optimizer)
    parameters = [np.ones(3, np.float32), np.zeros((2, 2))]
    gradients = [np.full(3, 2, np.float32), np.full((2, 2), -1.0)]
    kept, given = list(parameters), [g.copy() for g in gradients]
    optimizer.step(parameters, gradients)
    for parameter, same, gradient, before in zip(parameters, kept, gradients, given, strict=True):
        assert parameter is same
        np.testing.assert_array_equal(gradient, before)
    assert (parameters[0] < 1).all() and (parameters[1] > 0).all()
    assert parameters[0].dtype == np.float32


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_arrays_of_one_step_do_not_mix(optimizer):
    one, two = copy_of(optimizer), copy_of(optimizer)
    a, b = np.array([1.0, 2.0]), np.array([3.0])
    both = np.array([1.0, 2.0, 3.0])
    for k in range(3):
        one.step([a, b], [a + k, b - k])
        two.step([both], [np.concatenate([both[:2] + k, both[2:] - k])])
    np.testing.assert_array_equal(np.concatenate([a, b]), both)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_other_arrays_start_anew(optimizer):
    optimizer = copy_of(optimizer)
    path = walk(optimizer, [1.0, -2.0, 3.0])
    assert optimizer.steps == 3
    assert walk(optimizer, [1.0, -2.0, 3.0]) == path
    assert optimizer.steps == 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_nothing_warns_where_training_diverges(optimizer):
    for dtype in (np.float64, np.float32):
        theta = np.ones(3, dtype)
        copy_of(optimizer).step([theta], [np.array([np.inf, np.nan, np.finfo(dtype).max], dtype)])


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_optimizers_print_as_constructed(optimizer):
    assert repr(copy_of(optimizer)) == repr(optimizer)


def test_a_gradient_of_zero_moves_nothing():
    for optimizer in OPTIMIZERS:
        assert walk(copy_of(optimizer), [0.0, 0.0], start=1.5) == [1.5, 1.5]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Adam(learning_rate=0), ValueError, "learning_rate must be in (0, inf); got 0"),
        (lambda: nn.Adam(learning_rate=-1), ValueError, "learning_rate must be in (0, inf)"),
        (lambda: nn.Adam(learning_rate=np.nan), ValueError, "learning_rate must be in (0, inf)"),
        (lambda: nn.Adam(learning_rate="fast"), TypeError, "learning_rate must be a number"),
        (lambda: nn.Adam(beta1=1.0), ValueError, "beta1 must be in [0, 1); got 1.0"),
        (lambda: nn.Adam(beta2=-0.1), ValueError, "beta2 must be in [0, 1); got -0.1"),
        (lambda: nn.Adam(eps=0.0), ValueError, "eps must be in (0, inf); got 0.0"),
        (lambda: nn.Momentum(momentum=1.5), ValueError, "momentum must be in [0, 1); got 1.5"),
        (lambda: nn.RMSProp(decay=1), ValueError, "decay must be in [0, 1); got 1"),
        (lambda: nn.StepDecay(initial=-1), ValueError, "initial must be in (0, inf); got -1"),
        (lambda: nn.StepDecay(factor=2), ValueError, "factor must be in (0, 1]; got 2"),
        (lambda: nn.StepDecay(every=0), ValueError, "every must be at least 1; got 0"),
        (lambda: nn.ExponentialDecay(every=1.5), TypeError, "every must be an integer; got 1.5"),
        (lambda: nn.CosineDecay(steps=0), ValueError, "steps must be at least 1; got 0"),
        (lambda: nn.CosineDecay(final=-1), ValueError, "final must be in [0, inf); got -1"),
        (lambda: nn.WarmUp(learning_rate=-1), ValueError, "learning_rate must be in (0, inf)"),
        (lambda: nn.WarmUp(steps=0), ValueError, "steps must be at least 1; got 0"),
    ],
)
def test_bad_settings_are_refused(make, error, message):
    with pytest.raises(error) as raised:
        make()
    assert message in str(raised.value)


THETA, READ_ONLY = np.ones(2), np.broadcast_to(1.0, 2)


@pytest.mark.parametrize(
    ("parameters", "gradients", "error", "message"),
    [
        ([THETA], [], ValueError, "gradients must be as many as the parameters, 1; got 0"),
        ([THETA], [np.ones(3)], ValueError, "gradients[0] must have shape (2,)"),
        ([THETA], [np.ones((2, 1))], ValueError, "gradients[0] must have shape (2,)"),
        ([[1.0, 2.0]], [THETA], TypeError, "parameters[0] must be an array of floats"),
        ([np.array([1, 2])], [THETA], TypeError, "parameters[0] must be an array of floats"),
        ([THETA, READ_ONLY], [THETA, THETA], ValueError, "parameters[1] must be writable"),
        (
            [THETA, np.ones(2)],
            [THETA, 1j * THETA],
            TypeError,
            "gradients[1] must hold real numbers",
        ),
        ([THETA, np.ones(2)], [THETA, ["a", "b"]], TypeError, "gradients[1] must hold real number"),
    ],
)
def test_bad_steps_are_refused_before_anything_moves(parameters, gradients, error, message):
    optimizer, moved = nn.Adam(), np.ones(2)
    optimizer.step([moved], [moved])
    with pytest.raises(error) as raised:
        optimizer.step(parameters, gradients)
    assert message in str(raised.value)
    np.testing.assert_array_equal(THETA, 1)
    assert optimizer.steps == 1 and optimizer.moves([moved])


@pytest.mark.parametrize("rate", [-1.0, "fast", None])
def test_a_schedule_without_a_learning_rate_leaves_the_optimizer_as_it_is(rate):
    optimizer, moved, other = nn.Adam(lambda step: 0.1 if step else rate), np.ones(2), np.ones(2)
    optimizer.start([moved], 3)
    optimizer.step([moved], [moved])
    with pytest.raises((TypeError, ValueError), match=r"learning_rate\(0\) must be"):
        optimizer.step([other], [other])
    assert optimizer.steps == 4 and optimizer.moves([moved]) and (other == 1).all()


# Schedules.


def test_schedules_follow_their_formulas():
    halving = nn.StepDecay(initial=0.8, factor=0.5, every=10)
    steps = [0, 1, 7, 10, 19, 20, 35, 100]
    formulas = {
        halving: lambda t: 0.8 * 0.5 ** (t // 10),
        nn.ExponentialDecay(initial=0.8, factor=0.5, every=10): lambda t: 0.8 * 0.5 ** (t / 10),
        nn.CosineDecay(initial=0.8, steps=20, final=0.2): lambda t: (
            0.2 + 0.6 * (1 + cos(pi * min(t, 20) / 20)) / 2
        ),
        nn.WarmUp(learning_rate=0.8, steps=8): lambda t: 0.8 * min(8, t + 1) / 8,
        nn.WarmUp(
            learning_rate=nn.StepDecay(initial=0.8, factor=0.5, every=10), steps=15
        ): lambda t: 0.8 * 0.5 ** (t // 10) * min(15, t + 1) / 15,
    }
    for schedule, formula in formulas.items():
        expected = [formula(t) for t in steps]
        np.testing.assert_allclose([schedule(t) for t in steps], expected, rtol=1e-14, atol=1e-17)
        assert eval(repr(schedule), vars(nn)) == schedule


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_schedule_is_asked_before_every_step(optimizer):
    rates = [0.1, 0.05, 0.0, 0.2]
    scheduled, by_hand = copy_of(optimizer), copy_of(optimizer)
    scheduled.learning_rate = rates.__getitem__
    one, two = np.array([1.0]), np.array([1.0])
    for k, rate in enumerate(rates):
        by_hand.learning_rate = rate
        scheduled.step([one], [one + k])
        by_hand.step([two], [two + k])
        assert one == two


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf])
def test_a_schedule_that_leaves_its_range_is_refused(rate):
    optimizer = nn.GradientDescent(learning_rate=lambda step: rate if step == 2 else 0.1)
    theta = np.array([1.0])
    for _ in range(2):
        optimizer.step([theta], [theta])
    with pytest.raises(ValueError, match=r"learning_rate\(2\) must be in \[0, inf\); got"):
        optimizer.step([theta], [theta])
