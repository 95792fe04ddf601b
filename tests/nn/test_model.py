"""Sequential: forward, backward and predict; whole models against differences; bad input."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numerical import gradient

import lossbook as lb
from lossbook import nn

RNG = np.random.default_rng(3)
X = RNG.normal(size=(7, 4))
NUMBERS = RNG.normal(size=(7, 3))
BITS = RNG.integers(0, 2, (7, 3)).astype(float)
LABELS = RNG.integers(0, 3, 7)


def network(*, probabilities=False, **settings):
    last = [nn.Sigmoid()] if probabilities else []
    layers = nn.Dense(4, 5), nn.Tanh(), nn.Dense(5, 6, init="glorot"), nn.ReLU(), nn.Dense(6, 3)
    model = nn.Sequential(*layers, *last, seed=1, **settings)
    for bias in model.parameters[1::2]:
        bias += 0.1
    return model


CASES = [
    (lb.SquaredError(), NUMBERS, False),
    (lb.Huber(delta=0.5, reduction="sum"), NUMBERS, False),
    (lb.BinaryCrossEntropy(), BITS, True),
    (lb.SigmoidCrossEntropy(), BITS, False),
    (lb.SquaredHinge(), 2 * BITS - 1, False),
    (lb.SoftmaxCrossEntropy(), LABELS, False),
    (lb.SoftmaxCrossEntropy(class_weight=(1, 2, 3)), LABELS, False),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "penalty", [None, nn.L1(strength=0.1), nn.L2(strength=0.2), nn.L1(0.1) + nn.L2(0.2)], ids=repr
)
@pytest.mark.parametrize(
    ("loss", "y", "probabilities"), CASES, ids=[repr(case[0]) for case in CASES]
)
def test_a_step_is_down_the_numerical_gradient(loss, y, probabilities, penalty, weighted):
    model = network(probabilities=probabilities)
    weight = RNG.uniform(0.5, 2, y.shape) if weighted else None

    def objective():
        value = model.evaluate(X, y, loss, weight)
        return value + sum(map(penalty, model.weights)) if penalty else value

    expected = [gradient(objective, parameter) for parameter in model.parameters]
    before = [parameter.copy() for parameter in model.parameters]
    trained = {"loss": loss, "optimizer": nn.GradientDescent(learning_rate=1.0)}
    history = model.fit(
        X, y, **trained, epochs=1, batch_size=None, penalty=penalty, sample_weight=weight
    )
    for old, new, slope in zip(before, model.parameters, expected, strict=True):
        np.testing.assert_allclose(old - new, slope, rtol=1e-6, atol=2e-8)
    after = [parameter.copy() for parameter in model.parameters]
    for parameter, old in zip(model.parameters, before, strict=True):
        parameter[...] = old
    assert history["loss"] == pytest.approx([model.evaluate(X, y, loss, weight)], rel=1e-14)
    assert any((old != new).any() for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("loss", "y", "probabilities"), CASES, ids=[repr(case[0]) for case in CASES]
)
def test_loss_and_gradients(loss, y, probabilities):
    model = network(probabilities=probabilities)
    value = model.loss_and_gradients(X, y, loss)
    assert value == pytest.approx(model.evaluate(X, y, loss), rel=1e-14)
    for parameter, slope in zip(model.parameters, model.gradients, strict=True):
        numerical = gradient(lambda: model.evaluate(X, y, loss), parameter)
        np.testing.assert_allclose(slope, numerical, rtol=1e-6, atol=2e-8)


def test_backward_returns_the_gradient_of_the_input():
    model, loss, x = network(), lb.SquaredError(), X.copy()
    returned = model.backward(loss.gradient(NUMBERS, model.forward(x)))
    numerical = gradient(lambda: model.evaluate(x, NUMBERS, loss), x)
    np.testing.assert_allclose(returned, numerical, rtol=1e-6, atol=1e-9)


def test_gradients_replace_those_of_the_pass_before():
    model = network()
    model.loss_and_gradients(X, NUMBERS, lb.SquaredError())
    once = [array.copy() for array in model.gradients]
    model.loss_and_gradients(X, NUMBERS, lb.SquaredError())
    for first, second in zip(once, model.gradients, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_elastic_net_is_the_sum_of_its_parts():
    weight = np.array([[1.5, -2.0], [0.0, 0.25]])
    one, two = nn.L1(strength=0.5), nn.L2(strength=0.25)
    assert one(weight) == 0.5 * 3.75 and two(weight) == 0.25 * 6.3125
    assert (one + two)(weight) == one(weight) + two(weight)
    assert repr(one + two + one) == f"{one} + {two} + {one}"
    with pytest.raises(TypeError):
        one + 0.5


@pytest.mark.parametrize("penalty", [nn.L1(), nn.L2(), nn.L2(strength=10.0)])
def test_penalties_do_not_warn_or_leave_the_dtype(penalty):
    weight = np.array([[3e38, -3e38]], np.float32)
    assert penalty(weight) > 0
    assert penalty.gradient(weight).dtype == np.float32


def test_predict_does_not_depend_on_batches_and_remembers_nothing():
    model = nn.Sequential(nn.Dense(4, 8), nn.Tanh(), nn.Dropout(rate=0.5), nn.Dense(8, 2), seed=0)
    whole = model.predict(X)
    assert whole.shape == (7, 2)
    assert not any(hasattr(layer, "x") for layer in model.layers)
    for size in (1, 2, 3, 7, 100):
        np.testing.assert_allclose(model.predict(X, batch_size=size), whole, rtol=1e-13)
    assert (model.forward(X) != whole).any()
    np.testing.assert_array_equal(model.predict(X), whole)


def test_predict_between_forward_and_backward_changes_nothing():
    one, two = network(), network()
    gradient_of_output = lb.SquaredError().gradient(NUMBERS, one.forward(X))
    two.forward(X)
    two.predict(X[:2])
    one.backward(gradient_of_output)
    two.backward(gradient_of_output)
    for first, second in zip(one.gradients, two.gradients, strict=True):
        np.testing.assert_array_equal(first, second)


def test_nan_goes_through_and_infinity_makes_no_warning():
    model = network()
    x = X.copy()
    x[2, 1], x[4, 0] = np.nan, np.inf
    y = model.predict(x)
    assert np.isnan(y[2]).all() and np.isfinite(y[[0, 1, 3, 5, 6]]).all()


def test_inputs_may_be_frames_lists_integers_and_views():
    model = network()
    whole = np.round(3 * X)
    expected = model.predict(whole)
    for x in (
        pd.DataFrame(whole),
        whole.tolist(),
        whole.astype(int),
        np.asfortranarray(whole),
        np.repeat(whole, 2, axis=0)[::2],
        whole.astype(np.float32),
    ):
        np.testing.assert_allclose(model.predict(x), expected, rtol=1e-13)


def test_single_precision_throughout():
    single, double = network(dtype=np.float32), network()
    assert all(array.dtype == np.float32 for array in single.parameters + single.gradients)
    assert single.forward(X).dtype == np.float32
    np.testing.assert_allclose(single.predict(X), double.predict(X), rtol=1e-4, atol=1e-5)
    for model in (single, double):
        model.loss_and_gradients(X, NUMBERS, lb.SquaredError())
    for one, two in zip(single.gradients, double.gradients, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-5)


def test_seeds():
    for first, second in zip(network().parameters, network().parameters, strict=True):
        np.testing.assert_array_equal(first, second)
    one, two = (nn.Sequential(nn.Dense(4, 5)) for _ in range(2))
    assert (one.parameters[0] != two.parameters[0]).all()


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_train_by_themselves(clone):
    model = network()
    model.forward(X)
    other = clone(model)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    before = model.predict(X)
    other.fit(X, NUMBERS, loss=lb.SquaredError(), optimizer=nn.Adam(), epochs=2, seed=0)
    np.testing.assert_array_equal(model.predict(X), before)
    assert (other.predict(X) != before).any()
    assert all(np.shares_memory(array, other._vector) for array in other.parameters)


def test_models_print_as_constructed():
    for model in (
        network(),
        network(dtype="float32", probabilities=True),
        nn.Sequential(nn.Dense(2, 2), nn.Dropout(rate=0.25)),
    ):
        assert repr(eval(repr(model), vars(nn))) == repr(model)
    assert repr(nn.Sequential(nn.Dense(2, 1), nn.ReLU(), seed=3, dtype=np.float32)) == (
        "Sequential(Dense(n_in=2, n_out=1, init='he'), ReLU(), seed=3, dtype='float32')"
    )


def used():
    layer = nn.Dense(2, 2)
    nn.Sequential(layer)
    return layer


TWICE = nn.ReLU()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Sequential(), ValueError, "a model needs a Dense layer"),
        (lambda: nn.Sequential(nn.ReLU()), ValueError, "a model needs a Dense layer"),
        (lambda: nn.Sequential(nn.Dense), TypeError, "layers[0] must be a layer"),
        (lambda: nn.Sequential([nn.Dense(2, 2)]), TypeError, "layers[0] must be a layer"),
        (
            lambda: nn.Sequential(nn.Dense(2, 3), nn.ReLU(), nn.Dense(4, 1)),
            ValueError,
            "layers[2], Dense(n_in=4, n_out=1, init='he'), must take the 3 features of the layers "
            "before it; it takes 4",
        ),
        (lambda: nn.Sequential(used()), ValueError, "layers[0], Dense(n_in=2, n_out=2, init='he')"),
        (lambda: nn.Sequential(nn.Dense(2, 2), TWICE, TWICE), ValueError, "layers[2], ReLU()"),
        (lambda: nn.Sequential(nn.Dense(2, 2), seed=-1), ValueError, "seed must be at least 0"),
        (lambda: nn.Sequential(nn.Dense(2, 2), seed="1"), TypeError, "seed must be an integer"),
        (lambda: nn.Sequential(nn.Dense(2, 2), dtype=int), ValueError, "dtype must be float64 or"),
        (lambda: network().predict(X[:, :3]), ValueError, "x must have shape (n_samples, 4)"),
        (lambda: network().forward(X[0]), ValueError, "x must have shape (n_samples, 4)"),
        (lambda: network().predict(X[:0]), ValueError, "x must not be empty"),
        (lambda: network().predict(X.astype(str)), TypeError, "x must hold real numbers"),
        (lambda: network().predict(X, batch_size=0), ValueError, "batch_size must be at least 1"),
        (lambda: network().backward(X), RuntimeError, "backward needs a forward pass before it"),
        (
            lambda: network().evaluate(X, NUMBERS[:, 0], lb.SquaredError()),
            ValueError,
            "y_pred must have shape (7,)",
        ),
        (lambda: nn.L2(strength=-1), ValueError, "strength must be in [0, inf); got -1"),
        (lambda: nn.L1(strength="1"), TypeError, "strength must be a number; got '1'"),
    ],
)
def test_bad_input_is_refused(make, error, message):
    with pytest.raises(error) as raised:
        make()
    assert message in str(raised.value)


def test_a_gradient_that_is_not_of_the_output_is_refused():
    model = network()
    model.forward(X)
    with pytest.raises(ValueError, match=r"gradient must have shape \(7, 3\).*got \(7, 1\)"):
        model.backward(np.ones((7, 1)))
