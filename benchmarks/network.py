"""Measure an epoch of training beside PyTorch and scikit-learn.

    python -m benchmarks.network [--epochs 5]

Two networks on a thousand samples in batches of 32, with Adam: one of two hidden layers, one of a
hidden layer with dropout, which scikit-learn has not.  Libraries take turns in one process, and the
figure kept is the median over the rounds.  All run on one thread, PyTorch without a data loader:
more only costs time where batches are so small.  Results go to ``benchmarks/network.json``, and the
table to standard output and ``benchmarks/network.md``.
"""

import argparse
import json
import warnings
from itertools import pairwise

import torch
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

import lossbook as lb
from lossbook import nn

from .__main__ import DTYPES, HERE, environment, medians

N_SAMPLES, BATCH_SIZE = 1000, 32
NETWORKS = {"10-64-64-1": ([10, 64, 64], 0.0), "100-64-dropout-1": ([100, 64], 0.5)}


def of_lossbook(widths, dropout, x, y, epochs):
    """Return a function that trains a network of lossbook for some epochs."""
    layers = []
    for n_in, n_out in pairwise(widths):
        layers += [nn.Dense(n_in, n_out), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(rate=dropout))
    model = nn.Sequential(
        *layers, nn.Dense(widths[-1], 1), nn.Sigmoid(), seed=0, dtype=x.dtype.name
    )
    loss, optimizer = lb.BinaryCrossEntropy(), nn.Adam(learning_rate=0.001)
    return lambda: model.fit(
        x, y, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=BATCH_SIZE, progress=False
    )


def of_torch(widths, dropout, x, y, epochs):
    """Return a function that trains a network of PyTorch for some epochs."""
    layers = []
    for n_in, n_out in pairwise(widths):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
        if dropout:
            layers.append(torch.nn.Dropout(dropout))
    model = torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], 1), torch.nn.Sigmoid())
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    model, loss = model.to(x.dtype), torch.nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

    def fit():
        for _ in range(epochs):
            total = 0.0
            for rows in torch.randperm(len(x)).split(BATCH_SIZE):
                optimizer.zero_grad()
                value = loss(model(x[rows]), y[rows])
                value.backward()
                optimizer.step()
                total += value.item() * len(rows)

    return fit


def of_sklearn(widths, x, y, epochs):
    """Return a function that trains a network of scikit-learn for some epochs."""
    model = MLPClassifier(
        widths[1:], batch_size=BATCH_SIZE, alpha=0.0, max_iter=epochs, n_iter_no_change=epochs
    )
    labels = y.ravel().astype(int)

    def fit():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, labels)

    return fit


def measure(epochs):
    """Return one record for each network, dtype and library."""
    records = []
    for network, (widths, dropout) in NETWORKS.items():
        for dtype in DTYPES:
            x, y = make_classification(N_SAMPLES, widths[0], random_state=0)
            x, y = x.astype(dtype), y.astype(dtype)[:, None]
            functions = {
                "lossbook": of_lossbook(widths, dropout, x, y, epochs),
                "PyTorch": of_torch(widths, dropout, x, y, epochs),
            }
            if not dropout:
                functions["scikit-learn"] = of_sklearn(widths, x, y, epochs)
            records += [
                {"network": network, "dtype": dtype, "library": name, "seconds": seconds / epochs}
                for name, seconds in medians(functions).items()
            ]
    return records


def table(records):
    """Return a Markdown table of milliseconds an epoch."""
    libraries = list(dict.fromkeys(record["library"] for record in records))
    cells = {}
    for record in records:
        row = cells.setdefault((record["network"], record["dtype"]), {})
        row[record["library"]] = record["seconds"]
    lines = [
        f"Milliseconds an epoch, {N_SAMPLES} samples in batches of {BATCH_SIZE}; in brackets, how "
        "many times faster than the fastest other library.",
        "",
        "| network | dtype | " + " | ".join(libraries) + " |",
        "| --- | --- |" + " --: |" * len(libraries),
    ]
    for (network, dtype), row in cells.items():
        shown = [f"{row[name] * 1e3:.2f}" if name in row else "" for name in libraries]
        lead = min(s for name, s in row.items() if name != "lossbook") / row["lossbook"]
        shown[0] += f" ({lead:.2f})"
        lines.append("| " + " | ".join([network, dtype, *shown]) + " |")
    return "\n".join(lines)


def main():
    """Measure, and write the results beside this file."""
    parser = argparse.ArgumentParser("python -m benchmarks.network")
    parser.add_argument("--epochs", type=int, default=5)
    with threadpool_limits(1):
        torch.set_num_threads(1)
        records = measure(parser.parse_args().epochs)
    results = {"environment": environment() | {"threads": 1}, "records": records}
    (HERE / "network.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "network.md").write_text(table(records) + "\n")
    print(table(records))


if __name__ == "__main__":
    main()
