"""Losses as losses of Keras."""

import os
import subprocess
import sys

import numpy as np
import pytest

import lossbook as lb
from lossbook.base import POSITIVE, PointwiseLoss, Traits, parameter

pytest.importorskip("torch", reason="PyTorch, on which these tests run Keras, is not installed")
keras = pytest.importorskip("keras", reason="Keras is not installed")

from lossbook.interop.keras import KerasLoss, as_loss  # noqa: E402

# Keras does what NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype(np.float32)
WEIGHT = RNG.uniform(0, 2, 64).astype(np.float32)
NUMBERS = (X @ [1.0, -2.0, 0.5] + 0.1).astype(np.float32)
CLASSES = RNG.integers(0, 4, 64)


def network(n_outputs, loss):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(n_outputs)])
    model.compile(keras.optimizers.SGD(0.2), loss=as_loss(loss))
    return model


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    "loss, y_true, n_outputs",
    [(lb.Huber(), NUMBERS, 1), (lb.SoftmaxCrossEntropy(), CLASSES, 4)],
    ids=["numbers", "classes"],
)
def test_evaluates_to_the_loss(loss, y_true, n_outputs, reduction):
    loss = type(loss)(reduction=reduction)
    model = network(n_outputs, loss)
    scores = model.predict(X, verbose=0)
    scores = scores[:, 0] if n_outputs == 1 else scores
    found = model.evaluate(X, y_true, sample_weight=WEIGHT, batch_size=64, verbose=0)
    assert found == pytest.approx(loss(y_true, scores, WEIGHT), rel=1e-5)


def test_one_value_per_sample():
    values = as_loss(lb.SquaredError(reduction="none"))(
        np.zeros((2, 3)), np.ones((2, 3)) * [[1], [2]]
    )
    assert values.tolist() == [1.0, 4.0]


@pytest.mark.parametrize("shape", [(2,), (2, 1)], ids=str)
def test_column_of_predictions_meets_a_vector_of_targets(shape):
    """Elsewhere, (n,) and (n, 1) are broadcast to a square without a word."""
    y_true, y_pred = np.array([1.0, 5.0]).reshape(shape), np.array([[1.0], [5.0]])
    assert float(as_loss(lb.SquaredError())(y_true, y_pred)) == 0.0


@pytest.mark.parametrize("shape", [(64,), (64, 1)], ids=str)
def test_labels_come_as_floats(shape):
    scores = RNG.normal(size=(64, 4))
    found = float(as_loss(lb.SoftmaxCrossEntropy())(CLASSES.reshape(shape), scores))
    assert found == pytest.approx(lb.SoftmaxCrossEntropy()(CLASSES, scores), rel=1e-6)


def test_trains():
    history = network(1, lb.Huber()).fit(X, NUMBERS, sample_weight=WEIGHT, epochs=15, verbose=0)
    values = history.history["loss"]
    assert values[-1] < 0.2 * values[0]


def test_saved_and_loaded(tmp_path):
    model = network(1, lb.Huber(delta=0.25))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.loss.loss == lb.Huber(delta=0.25)
    assert loaded.evaluate(X, NUMBERS, verbose=0) == model.evaluate(X, NUMBERS, verbose=0)


class Linex(PointwiseLoss):
    """A loss that is not of the package."""

    rate: float = parameter(1.0, POSITIVE)

    def _traits(self):
        return Traits(convex=True, differentiable=True, twice_differentiable=True, elicits="-")

    def _shared(self, y_true, y_pred):
        x = self.rate * (y_pred - y_true)
        return x, np.expm1(x)

    def _value(self, x, growth):
        return growth - x

    def _gradient(self, x, growth):
        return self.rate * growth

    def _hessian(self, x, growth):
        return self.rate**2 * (1 + growth)


def test_own_loss_is_loaded_by_name():
    config = as_loss(Linex(rate=0.5)).get_config()
    with keras.saving.custom_object_scope({"Linex": Linex}):
        assert KerasLoss.from_config(config).loss == Linex(rate=0.5)
    with pytest.raises(ValueError, match="class of the loss must be known; got 'Linex'"):
        KerasLoss.from_config(config)


def test_other_backends_are_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    with pytest.raises(ValueError, match="must be torch or jax; got tensorflow"):
        as_loss(lb.Huber())(NUMBERS, NUMBERS)


def test_on_jax():
    """Keras has one backend in a process, so the other one has its own."""
    pytest.importorskip("jax", reason="JAX is not installed")
    code = (
        "import numpy as np, keras, lossbook as lb\n"
        "from lossbook.interop.keras import as_loss\n"
        "y, p, w = np.zeros((3, 1)), np.array([[0.5], [3.0], [-1.0]]), np.array([1.0, 2.0, 0.5])\n"
        "model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', loss=as_loss(lb.Huber()))\n"
        "model.fit(p, y, sample_weight=w, verbose=0)\n"
        "print(keras.backend.backend(), float(as_loss(lb.Huber())(y, p, sample_weight=w)))\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    backend, value = done.stdout.split()
    expected = lb.Huber()([0, 0, 0], [0.5, 3, -1], [1, 2, 0.5])
    assert backend == "jax" and float(value) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "loss, error, message",
    [
        (lb.GaussianNLL(), TypeError, "one target and one prediction per sample"),
        (lb.InfoNCE(), TypeError, "one target and one prediction per sample"),
        (lb.WeightedSum((lb.Huber(),)), TypeError, "must not be made of others"),
        (lb.SoftmaxCrossEntropy(class_weight=(1.0, 2.0)), ValueError, "Give Keras class_weight"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_refused(loss, error, message):
    with pytest.raises(error, match=message):
        as_loss(loss)
