"""Each layer: what it computes, and its chain rule against differences."""

import numpy as np
import pytest
from mpmath import mp
from numerical import gradient

from lossbook import nn
from lossbook.core.elementwise import sigmoid

RNG = np.random.default_rng(5)
LAYERS = [nn.Dense(3, 4), nn.Dense(3, 4, init="glorot"), nn.ReLU(), nn.Sigmoid(), nn.Tanh()]


def bound(layer, dtype="float64"):
    """Return a new layer like the one given, as part of a model."""
    copy = type(layer)(**vars(layer))
    model = nn.Sequential(*([] if layer.widths else [nn.Dense(3, 3)]), copy, seed=2, dtype=dtype)
    for array in model.parameters:
        array[...] = RNG.normal(size=array.shape)
    return copy


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_backward_is_the_derivative_of_forward(layer):
    layer = bound(layer)
    x = RNG.normal(size=(5, 3))
    upstream = RNG.normal(size=layer.forward(x).shape)
    returned = layer.backward(upstream)

    def projected():
        return np.sum(upstream * layer.predict(x))

    np.testing.assert_allclose(returned, gradient(projected, x), rtol=1e-7, atol=1e-8)
    if layer.shapes:
        numerical = gradient(projected, layer.weight), gradient(projected, layer.bias)
        np.testing.assert_allclose(layer.weight_gradient, numerical[0], rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(layer.bias_gradient, numerical[1], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("layer", [*LAYERS, nn.Dropout(rate=0.25)], ids=repr)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_everything_stays_in_the_dtype(layer, dtype):
    layer = bound(layer, dtype)
    x = RNG.normal(size=(5, 3)).astype(dtype)
    y = layer.forward(x)
    assert y.dtype == layer.predict(x).dtype == layer.backward(y).dtype == dtype


def test_dense_adds_the_bias_to_the_product():
    layer = bound(nn.Dense(2, 3))
    layer.weight[...] = [[1, 2, 3], [10, 20, 30]]
    layer.bias[...] = [0.5, 0.25, 0.125]
    np.testing.assert_array_equal(layer.predict(np.array([[1.0, 2]])), [[21.5, 42.25, 63.125]])


def test_relu_at_its_kink_and_with_nan():
    x = np.array([[-2.0, -0.0, 0.0, 3.0, np.nan]])
    layer = nn.ReLU()
    np.testing.assert_array_equal(layer.forward(x), [[0, 0, 0, 3, np.nan]])
    np.testing.assert_array_equal(layer.backward(np.full((1, 5), 7.0)), [[0, 0, 0, 7, 0]])


@pytest.mark.parametrize(("dtype", "ulp"), [(np.float64, 2.3e-16), (np.float32, 1.2e-7)])
def test_sigmoid_keeps_its_precision_in_both_tails(dtype, ulp):
    z = np.array([-80.0, -40, -3.5, -1e-3, 0, 0.75, 20, 80, 800], dtype)
    expected = [float(1 / (1 + mp.exp(-mp.mpf(float(x))))) for x in z]
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_allclose(sigmoid(z), expected, rtol=3 * ulp)
        assert sigmoid(np.array([-np.inf, np.inf], dtype)).tolist() == [0, 1]


def test_activations_at_the_extremes_make_no_warning():
    x = np.array([[-1e308, -1e3, 1e3, 1e308, np.inf, -np.inf]])
    with np.errstate(all="raise", under="ignore"):
        for layer, expected in [
            (nn.Sigmoid(), [0, 0, 1, 1, 1, 0]),
            (nn.Tanh(), [-1, -1, 1, 1, 1, -1]),
        ]:
            np.testing.assert_array_equal(layer.forward(x), [expected])
            np.testing.assert_array_equal(layer.backward(np.ones_like(x)), np.zeros_like(x))


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_dropout_keeps_the_expectation(rate):
    layer = bound(nn.Dropout(rate=rate))
    x = np.full((400, 500), 3.0)
    y = layer.forward(x)
    kept = y != 0
    np.testing.assert_array_equal(y[kept], 3 / (1 - rate))
    deviation = 3 * np.sqrt(rate / (1 - rate) / x.size)
    assert abs(y.mean() - 3) <= 5 * deviation + 1e-12
    assert abs(kept.mean() - (1 - rate)) <= 5 * np.sqrt(rate * (1 - rate) / x.size)
    assert layer.predict(x) is x


def test_dropout_drops_the_same_from_the_gradient():
    layer = bound(nn.Dropout(rate=0.4))
    x, upstream = RNG.normal(size=(2, 20, 3))

    def projected():
        layer.rng = np.random.default_rng(11)
        return np.sum(upstream * layer.forward(x))

    projected()
    returned = layer.backward(upstream)
    assert 0 < np.count_nonzero(returned) < returned.size
    np.testing.assert_allclose(returned, gradient(projected, x), rtol=1e-7, atol=1e-8)


def test_dropout_draws_anew_in_every_pass():
    layer = bound(nn.Dropout())
    x = np.ones((10, 3))
    assert (layer.forward(x) != layer.forward(x)).any()


@pytest.mark.parametrize(
    ("init", "variance", "largest"),
    [("he", 2 / 300, np.inf), ("glorot", 2 / 500, np.sqrt(6 / 500))],
)
def test_initial_weights(init, variance, largest):
    layer = nn.Dense(300, 200, init=init)
    nn.Sequential(layer, seed=0)
    assert abs(layer.weight.var() / variance - 1) < 0.03
    assert abs(layer.weight.mean()) < 5 * np.sqrt(variance / layer.weight.size)
    assert 0.99 * min(largest, 3 * variance**0.5) < abs(layer.weight).max() <= largest
    assert not layer.bias.any()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Dense(3), TypeError, "missing 1 required positional argument: 'n_out'"),
        (lambda: nn.Dense(0, 3), ValueError, "n_in must be at least 1; got 0"),
        (lambda: nn.Dense(3, 2.0), TypeError, "n_out must be an integer; got 2.0"),
        (lambda: nn.Dense(3, True), TypeError, "n_out must be an integer; got True"),
        (lambda: nn.Dense(3, 2, init="zeros"), ValueError, "init must be 'he' or 'glorot'"),
        (lambda: nn.Dropout(rate=1.0), ValueError, r"rate must be in \[0, 1\); got 1.0"),
        (lambda: nn.Dropout(rate=-0.1), ValueError, r"rate must be in \[0, 1\); got -0.1"),
        (lambda: nn.Dropout(rate="half"), TypeError, "rate must be a number; got 'half'"),
    ],
)
def test_bad_settings_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


X_ALONE = np.ones((2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nn.Dense(2, 2).predict(X_ALONE),
            "Dense(n_in=2, n_out=2, init='he') has 'weight' only as a part of a Sequential",
        ),
        (lambda: nn.Dense(2, 2).bias, "has 'bias' only as a part of a Sequential"),
        (lambda: nn.Dense(2, 2).weight_gradient, "has 'weight_gradient' only as a part of a"),
        (lambda: nn.Dropout().forward(X_ALONE), "Dropout(rate=0.5) has 'rng' only as a part of"),
        (lambda: nn.Dropout().backward(X_ALONE), "has 'mask' only after a forward pass"),
        (lambda: nn.ReLU().backward(X_ALONE), "ReLU() has 'x' only after a forward pass"),
        (lambda: nn.Sigmoid().backward(X_ALONE), "Sigmoid() has 'y' only after a forward pass"),
        (lambda: nn.Tanh().backward(X_ALONE), "Tanh() has 'y' only after a forward pass"),
        (lambda: bound(nn.Dense(2, 2)).backward(X_ALONE), "has 'x' only after a forward pass"),
        (lambda: nn.ReLU().weight, "'ReLU' object has no attribute 'weight'"),
    ],
)
def test_a_layer_alone_says_what_it_lacks(call, message):
    with pytest.raises(AttributeError) as raised:
        call()
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Layer().predict(X_ALONE), "Layer must define predict, its function"),
        (lambda: nn.Layer().backward(X_ALONE), "Layer must define backward, its chain rule"),
        (lambda: nn.Penalty()(X_ALONE), "Penalty must define __call__, its value"),
        (lambda: nn.Penalty().gradient(X_ALONE), "Penalty must define gradient, its derivative"),
        (
            lambda: nn.Optimizer().step([X_ALONE.copy()], [X_ALONE]),
            "Optimizer must define _update, its formula",
        ),
    ],
)
def test_what_is_missing_of_a_class_of_your_own_is_named(call, message):
    with pytest.raises(NotImplementedError) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize("layer", [*LAYERS, nn.Dropout(rate=0.25)], ids=repr)
def test_layers_print_as_constructed(layer):
    again = eval(repr(layer), vars(nn))
    assert type(again) is type(layer) and repr(again) == repr(layer)
