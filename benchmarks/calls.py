"""Print what a call costs beside its mathematics: Python functions entered, and microseconds.

Run it as ``python -m benchmarks.calls`` on a quiet machine.  The bare mathematics is what the loss
states, on arrays that are ready: its shared quantities, the value and its mean, and the gradient
divided by the number of samples.
"""

import gc
import sys
from functools import partial
from timeit import Timer

import numpy as np

import lossbook as lb
from lossbook.core.elementwise import as_tuple

N = 100
RNG = np.random.default_rng(0)
Y, P = RNG.normal(size=(2, N))
LABELS, SCORES = RNG.integers(0, 10, N), RNG.normal(size=(N, 10))
ROWS = RNG.normal(size=(3, N, 8))


def functions_entered(call):
    """Return the names of the Python functions that a call enters, after a first one."""
    names = []

    def watch(frame, event, _):
        if event == "call":
            names.append(frame.f_code.co_qualname)

    call()
    before = sys.getprofile()
    gc.disable()  # a collection in between would run functions of other libraries
    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(before)
        gc.enable()
    return names[1:]  # the first is the call itself


HUBER, SOFTMAX, TRIPLET = lb.Huber(), lb.SoftmaxCrossEntropy(), lb.Triplet()
TRACED = {
    "Huber()(y, p)": lambda: HUBER(Y, P),
    "SoftmaxCrossEntropy()(labels, z)": lambda: SOFTMAX(LABELS, SCORES),
    "Triplet()(anchor=…)": lambda: TRIPLET(anchor=ROWS[0], positive=ROWS[1], negative=ROWS[2]),
}

TIMED = {
    "SquaredError": (lb.SquaredError(), Y, P),
    "Huber": (lb.Huber(), Y, P),
    "SigmoidCrossEntropy": (lb.SigmoidCrossEntropy(), (Y > 0).astype(float), P),
    "PoissonNLL": (lb.PoissonNLL(), np.abs(Y), P),
}


def value(loss, y_true, y_pred):
    """Return the mean loss from the bare mathematics."""
    shared = as_tuple(loss._shared(y_true, y_pred))
    return np.add.reduce(loss._value(*shared)) / N


def value_and_gradient(loss, y_true, y_pred):
    """Return the mean loss and its gradient from the bare mathematics."""
    shared = as_tuple(loss._shared(y_true, y_pred))
    return np.add.reduce(loss._value(*shared)) / N, loss._gradient(*shared) * (1 / N)


def microseconds(*calls):
    """Return the least time of each of several calls, over many short runs of them in turn."""
    timers = [Timer(call) for call in calls]
    runs = [[timer.timeit(100) for timer in timers] for _ in range(300)]
    return np.min(runs, axis=0) * 1e4


def main():
    """Print both tables."""
    for name, call in TRACED.items():
        print(f"{name:34} {len(functions_entered(call)):4} functions entered")
    print(f"\n{'µs a call on 100 values':34} {'value':>20} {'value and gradient':>20}")
    for name, (loss, *inputs) in TIMED.items():
        line = f"{name:34}"
        with np.errstate(all="ignore"):
            for whole, bare in (loss, value), (loss.value_and_gradient, value_and_gradient):
                ours, least = microseconds(partial(whole, *inputs), partial(bare, loss, *inputs))
                line += f" {ours:6.1f} = {least:5.1f} + {ours - least:4.1f}"
        print(line)


if __name__ == "__main__":
    main()
