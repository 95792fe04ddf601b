"""Models on disk: architecture as JSON and parameters as arrays in one ``.npz``, never a pickle."""

import io
import json
import os
import secrets
from dataclasses import asdict
from pathlib import Path

import numpy as np

from .layers import Dense, Dropout, ReLU, Sigmoid, Tanh

FORMAT, VERSION = "lossbook.nn.Sequential", 1
LAYERS = {layer.__name__: layer for layer in (Dense, Dropout, ReLU, Sigmoid, Tanh)}


def write(path, model):
    """Write a model to a file, which is replaced whole or not at all."""
    for layer in model.layers:
        if type(layer) is not LAYERS.get(type(layer).__name__):
            raise TypeError(f"only layers of lossbook.nn can be saved; got {layer!r}")
    header = {
        "format": FORMAT,
        "version": VERSION,
        "dtype": model.dtype.name,
        "seed": model.seed,
        "layers": [{"type": type(layer).__name__, **asdict(layer)} for layer in model.layers],
    }
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            np.savez(file, header=json.dumps(header), **_names(model.parameters))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read(path, model_class):
    """Return the model that a file holds."""
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop("header")))
        kind, version = header["format"], header["version"]
    except Exception as error:  # whatever a damaged file makes zipfile, NumPy or json raise
        raise ValueError(f"{path} is damaged or holds no model: {error!r}") from error
    if (kind, version) != (FORMAT, VERSION):
        raise ValueError(
            f"{path} must be a {FORMAT} of version {VERSION}; got {kind} of version {version}"
        )
    try:
        layers = [LAYERS[settings.pop("type")](**settings) for settings in header["layers"]]
        shapes = _names(shape for layer in layers for shape in layer.shapes)
        if {name: array.shape for name, array in arrays.items()} != shapes:
            raise ValueError("its arrays are not those of its layers")
        model = model_class(*layers, seed=header["seed"], dtype=header["dtype"])
        for parameter, name in zip(model.parameters, shapes, strict=True):
            np.copyto(parameter, arrays[name], casting="equiv")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} holds no model that fits together: {error!r}") from error
    return model


def _names(parameters):
    return {f"parameter_{k}": parameter for k, parameter in enumerate(parameters)}
