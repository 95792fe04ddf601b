"""What NumPy makes of each node of a graph."""

import numpy as np


def with_numpy(node, *operands):
    """Return the value of a node, computed by NumPy on blocks with samples on the last axis."""
    operation, detail = node.operation, node.detail
    name, _, method = operation.partition(".")
    if operation == "constant":
        return detail
    if operation == "cast":
        return np.asarray(operands[0]).astype(node.dtype)[()]
    if operation == "full":
        return operands[0]
    if operation == "reshape":
        array = np.asarray(operands[0])
        return array.reshape(*node.shape[:-1], array.shape[-1])
    if name == "frexp":
        return np.frexp(operands[0])[method == "exponent"]
    if operation == "take":
        row, index = operands
        row = np.broadcast_to(row, (len(row), index.size))
        return np.take_along_axis(row, index.reshape(1, -1), axis=0).reshape(index.shape)
    if operation == "put":
        row, index, value = operands
        changed = np.array(np.broadcast_to(row, (node.shape[0], index.size)))
        changed[index, np.arange(index.size)] = value
        return changed
    if operation in ("rows", "put_rows"):
        start, step, count = detail
        rows = start + step * np.arange(count)
        if operation == "rows":
            return operands[0][rows if len(node.shape) > 1 else start]
        row, values = operands
        changed = np.array(np.broadcast_to(row, (node.shape[0], np.shape(values)[-1])))
        changed[rows] = values
        return changed
    if method == "reduce":
        array, keeps = np.asarray(operands[0]), len(node.shape) > 1
        return getattr(np, name).reduce(array, axis=0, dtype=node.dtype, keepdims=keeps)
    if method == "accumulate":
        return getattr(np, name).accumulate(operands[0], axis=0, dtype=node.dtype)
    return getattr(np, operation)(*operands)
