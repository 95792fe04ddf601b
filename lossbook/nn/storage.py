"""Models on disk: the architecture as JSON and the parameters as arrays in one ``.npz`` file.

The file never holds a pickle, so that reading it executes nothing.  Version 2 added the state of
the random numbers and, where it is saved too, that of an optimiser.
"""

import io
import json
import os
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..core.parameters import whole_number
from .layers import Dense, Dropout, ReLU, Sigmoid, Tanh
from .optimizers import Optimizer

FORMAT, VERSIONS = "lossbook.nn.Sequential", (1, 2)
LAYERS = {layer.__name__: layer for layer in (Dense, Dropout, ReLU, Sigmoid, Tanh)}


def write(path: Any, model: Any, optimizer: Any = None) -> None:
    """Write a model and perhaps its optimiser to a file, which is replaced whole or not at all."""
    for layer in model.layers:
        if type(layer) is not LAYERS.get(type(layer).__name__):
            raise TypeError(f"only layers of lossbook.nn can be saved; got {layer!r}")
    header = {
        "format": FORMAT,
        "version": VERSIONS[-1],
        "dtype": model.dtype.name,
        "seed": model.seed,
        "layers": [{"type": type(layer).__name__, **asdict(layer)} for layer in model.layers],
        "random": model.rng.bit_generator.state,
    }
    arrays = _names(model.parameters)
    if optimizer is not None:
        header["optimizer"], memories = _state(optimizer, model)
        arrays |= memories
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            np.savez(file, header=json.dumps(header), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Any, model_class: Any, optimizer: Any = None) -> Any:
    """Return the model that a file holds, and give an optimiser the state that the file holds."""
    if optimizer is not None:
        _check_optimizer(optimizer)
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop("header")))
        kind, version = header["format"], header["version"]
    except Exception as error:  # whatever a damaged file makes zipfile, NumPy or json raise
        raise ValueError(f"{path} is damaged or holds no model: {error!r}") from error
    if kind != FORMAT or version not in VERSIONS:
        raise ValueError(
            f"{path} must be a {FORMAT} of version {VERSIONS[-1]} or earlier; "
            f"got {kind} of version {version}"
        )
    try:
        layers = [LAYERS[settings.pop("type")](**settings) for settings in header["layers"]]
        shapes = _names(shape for layer in layers for shape in layer.shapes)
        state = header.get("optimizer")
        places = {} if state is None else _places(state, list(shapes.values()), len(arrays))
        if {name: array.shape for name, array in arrays.items()} != shapes | places:
            raise ValueError("its arrays are not those of its layers")
        model = model_class(*layers, seed=header["seed"], dtype=header["dtype"])
        for parameter, name in zip(model.parameters, shapes, strict=True):
            np.copyto(parameter, arrays[name], casting="equiv")
        memories = {}
        for name, shape in places.items():
            memories[name] = np.empty(shape, model.dtype)
            np.copyto(memories[name], arrays[name], casting="equiv")
        if version > 1:
            model.rng.bit_generator.state = header["random"]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"{path} holds no model that fits together: {error!r}") from error
    if optimizer is not None:
        _resume(path, model, optimizer, state, list(memories.values()))
    return model


def _names(parameters):
    return {f"parameter_{k}": parameter for k, parameter in enumerate(parameters)}


def _check_optimizer(optimizer):
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an optimiser, such as Adam(); got {optimizer!r}")


def _arrays_of(model, whole):
    """Return the parameters as `fit` gives them to an optimiser, or as a loop of your own would."""
    return [model._vector] if whole else model.parameters


def _state(optimizer, model):
    """Return what an optimiser of a model remembers, as a header and named arrays."""
    _check_optimizer(optimizer)
    header = {"type": type(optimizer).__name__, "n_memories": optimizer.n_memories}
    for whole in (True, False):
        if optimizer.moves(_arrays_of(model, whole)):
            memories = [memory for of_one in optimizer._memories for memory in of_one]
            named = {f"memory_{k}": memory for k, memory in enumerate(memories)}
            return header | {"steps": optimizer.steps, "whole": whole}, named
    if optimizer.steps:
        raise ValueError(
            f"optimizer must be the one that trains this model; got {optimizer!r}, "
            "which last moved the parameters of another"
        )
    return header | {"steps": 0, "whole": None}, {}


def _places(state, shapes, n_arrays):
    """Return the names and shapes of the arrays that belong to an optimiser's state."""
    whole_number("steps", state["steps"], 0)
    if whole_number("n_memories", state["n_memories"], 0) > n_arrays:
        raise ValueError(f"n_memories must be at most {n_arrays}; got {state['n_memories']}")
    if state["whole"] is None:
        return {}
    if state["whole"]:
        shapes = [(sum(map(int, map(np.prod, shapes))),)]
    each = [shape for shape in shapes for _ in range(state["n_memories"])]
    return {f"memory_{k}": shape for k, shape in enumerate(each)}


def _resume(path, model, optimizer, state, memories):
    """Give an optimiser the state of a file, or raise an error before anything has changed."""
    if state is None:
        raise ValueError(
            f"{path} holds a model without an optimiser; "
            "write both with save(path, optimizer), or load the model alone"
        )
    own = {"type": type(optimizer).__name__, "n_memories": optimizer.n_memories}
    if {name: state.get(name) for name in own} != own:
        raise ValueError(
            f"optimizer must be of class {state.get('type')}, whose state {path} holds; "
            f"got {optimizer!r}"
        )
    if state["whole"] is None:
        optimizer.start([])
        return
    n, arrays = optimizer.n_memories, _arrays_of(model, state["whole"])
    each = [memories[n * k : n * (k + 1)] for k in range(len(arrays))]
    optimizer.start(arrays, state["steps"], each)
