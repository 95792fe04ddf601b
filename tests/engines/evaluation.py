"""What NumPy makes of each node of a graph."""

import numpy as np

from lossbook.core.recurrences import scan
from lossbook.engines.trace import Trace


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
    if operation == "argsort":
        return np.argsort(operands[0], axis=0, kind="stable")
    if operation == "take_along_axis":
        return np.take_along_axis(*operands, axis=0)
    if operation == "put_along_axis":
        row, index, values = operands
        changed = np.array(np.broadcast_to(row, index.shape))
        np.put_along_axis(changed, index, values, axis=0)
        return changed
    if operation == "scan":
        return recurrence(detail, operands)
    if operation == "scan.output":
        return operands[0][detail]
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


def recurrence(step, operands):
    """Return the outputs of the steps of a graph."""
    n_states = len(step.states)
    n_moving = n_states + step.n_rows
    n_samples = operands[n_states].shape[-1]
    start = [
        np.broadcast_to(each, (*node.shape[:-1], n_samples)).astype(node.dtype)
        for each, node in zip(operands, step.inputs[:n_states], strict=False)
    ]

    def one(*inputs):
        given = {("step", index): each for index, each in enumerate(inputs)}
        graph = Trace([step.states, step.outputs], {})
        return graph.evaluate(with_numpy, given)

    fixed = operands[n_moving:]
    return scan(one, start, operands[n_states:n_moving], fixed, reverse=step.reverse)
