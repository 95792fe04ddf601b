"""Read the paths of a drawing."""

import re

import numpy as np


def points(path):
    """Return the points of a path, piece by piece."""
    pieces = [re.findall(r"(-?\d+) (-?\d+)", piece) for piece in path["d"].split("M")[1:]]
    return [np.cumsum(np.array(piece, dtype=float), axis=0) for piece in pieces]
