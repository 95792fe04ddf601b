"""The chapter on training a network shows its networks in three libraries: they are the same."""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

NOTEBOOK = Path(__file__).parents[1] / "chapters" / "training-a-network.ipynb"
TAB = re.compile(r":::\{tab-item\} (\w+)\n```python\n(.*?)```", re.DOTALL)
# Keras converts PyTorch's arrays in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
PEERS = pytest.mark.parametrize("peer", ["PyTorch", "Keras"])


def programs():
    """Return the chapter's programs: a dict from library to program for each set of tabs."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return [dict(TAB.findall(tabs)) for tabs in text.split("::::{tab-set}")[1:]]


TRAINING, DROPOUT = programs()


@pytest.fixture
def run():
    """Run a program of a library in a namespace; put back what Keras changes for all.

    Keras remembers the width of its first layer in its session, so each program gets a new one.
    """
    put_back = []

    def execute(library, program):
        namespace = {}
        if library == "PyTorch":
            pytest.importorskip("torch", reason="PyTorch is not installed")
        if library == "Keras":
            keras = pytest.importorskip("keras", reason="Keras is not installed")
            keras.utils.clear_session(free_memory=False)
            put_back.append(partial(keras.config.set_floatx, keras.config.floatx()))
            put_back.append(partial(keras.utils.clear_session, free_memory=False))
        exec(compile(program, f"<the chapter's program for {library}>", "exec"), namespace)
        return namespace

    yield execute
    for step in put_back:
        step()


def parameters(library, model):
    """Return a model's parameters, in the shapes that they have in lossbook."""
    if library == "lossbook":
        return [array.copy() for array in model.parameters]
    if library == "Keras":
        return model.get_weights()
    return [array.detach().numpy().T for array in model.parameters()]


def trained(run, library, program):
    result = run(library, program)
    return np.array(result["losses"]), parameters(library, result["model"])


def assert_same(first, second, of_losses, of_parameters):
    (losses, arrays), (other_losses, other_arrays) = first, second
    np.testing.assert_allclose(losses, other_losses, rtol=of_losses)
    for array, other in zip(arrays, other_arrays, strict=True):
        np.testing.assert_allclose(array, other, rtol=0, atol=of_parameters)


def without_epsilon(program):
    """Return a program with an Adam whose epsilon is too small to matter."""
    adam = re.compile(r"(Adam\(.*?0\.001)(, epsilon=1e-8)?\)")
    eps = "epsilon" if "keras" in program else "eps"
    changed, times = adam.subn(rf"\1, {eps}=1e-30)", program)
    assert times == 1
    return changed


def test_each_network_is_shown_in_three_libraries():
    assert set(TRAINING) == set(DROPOUT) == {"lossbook", "PyTorch", "Keras"}


def test_training_does_something(run):
    result = run("lossbook", TRAINING["lossbook"])
    losses, arrays = result["losses"], result["model"].parameters
    assert len(losses) == 10 and losses[-1] < 0.7 * losses[0]
    for array, before in zip(arrays, result["start"], strict=True):
        assert abs(array - before).max() > 0.01


def test_pytorch_trains_the_same_network(run):
    ours = trained(run, "lossbook", TRAINING["lossbook"])
    assert_same(ours, trained(run, "PyTorch", TRAINING["PyTorch"]), 1e-9, 1e-9)


def test_keras_trains_nearly_the_same_network(run):
    ours = trained(run, "lossbook", TRAINING["lossbook"])
    assert_same(ours, trained(run, "Keras", TRAINING["Keras"]), 1e-5, 5e-3)


def test_epsilon_is_what_keras_does_otherwise(run):
    ours = trained(run, "lossbook", without_epsilon(TRAINING["lossbook"]))
    assert_same(ours, trained(run, "Keras", without_epsilon(TRAINING["Keras"])), 1e-6, 1e-7)


@PEERS
def test_the_network_with_dropout_predicts_the_same(run, peer):
    model = run("lossbook", DROPOUT["lossbook"])["model"]
    theirs = run(peer, DROPOUT[peer])["model"]
    x = np.random.default_rng(0).normal(size=(20, 100)).astype(np.float32)
    if peer == "Keras":
        theirs.set_weights(model.parameters)
        predicted, in_training = (np.asarray(theirs(x, training=t).detach()) for t in (False, True))
    else:
        import torch

        with torch.no_grad():
            for array, ours in zip(theirs.parameters(), model.parameters, strict=True):
                array.copy_(torch.tensor(ours.T))
            in_training = theirs(torch.tensor(x)).numpy()
            predicted = theirs.eval()(torch.tensor(x)).numpy()
    np.testing.assert_allclose(predicted, model.predict(x), rtol=1e-5)
    assert abs(in_training - predicted).max() > 0.01


def test_keras_and_categorical_cross_entropy_on_one_output():
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    x, labels = np.ones((4, 3)), np.array([[0.0], [1.0], [1.0], [0.0]])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    with pytest.warns(SyntaxWarning, match="num_classes"):
        with pytest.raises(ValueError, match="same shape"):
            model.fit(x, np.hstack([1 - labels, labels]), verbose=0)
        before = model.get_weights()
        history = model.fit(x, labels, epochs=3, verbose=0).history
    assert max(history["loss"]) < 1e-6
    assert all(map(np.array_equal, before, model.get_weights()))
