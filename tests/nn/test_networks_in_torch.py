"""Training as PyTorch does it: the same start, the same batches, the same numbers."""

import numpy as np
import pytest

import lossbook as lb
from lossbook import nn

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

RNG = np.random.default_rng(2)
X = RNG.normal(size=(29, 3))
Y = (X[:, :1] - X[:, 1:2] ** 2 + 0.3 * RNG.normal(size=(29, 1)) > -0.5).astype(float)
WEIGHT = RNG.uniform(0.2, 3, Y.shape)
LABELS = RNG.integers(0, 3, 29)
EPOCHS, BATCH_SIZE, SEED = 6, 8, 12


def twins(n_out=1, probabilities=False):
    """Return the same network in lossbook and in PyTorch."""
    last = [nn.Sigmoid()] if probabilities else []
    layers = nn.Dense(3, 7), nn.ReLU(), nn.Dense(7, 5), nn.Tanh(), nn.Dense(5, n_out)
    model = nn.Sequential(*layers, *last, seed=6)
    kinds = {"ReLU": torch.nn.ReLU, "Tanh": torch.nn.Tanh, "Sigmoid": torch.nn.Sigmoid}
    modules = []
    for layer in model.layers:
        if isinstance(layer, nn.Dense):
            layer.bias += 0.05
            linear = torch.nn.Linear(layer.n_in, layer.n_out, dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(layer.weight.T.copy()))
                linear.bias.copy_(torch.from_numpy(layer.bias))
            modules.append(linear)
        else:
            modules.append(kinds[type(layer).__name__]())
    return model, torch.nn.Sequential(*modules)


def train(module, optimizer, objective, scheduler=None):
    """Train in PyTorch; return the mean loss of every epoch."""
    rng, history = np.random.default_rng(SEED), []
    for _ in range(EPOCHS):
        order, total, total_weight = rng.permutation(len(X)), 0.0, 0.0
        for start in range(0, len(X), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            optimizer.zero_grad()
            value, weight = objective(module(torch.from_numpy(X[rows])), rows)
            value.backward()
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
            total += value.item() * weight
            total_weight += weight
        history.append(total / total_weight)
    return history


def assert_twins(model, module, history, expected, tolerance=1e-9):
    np.testing.assert_allclose(history["loss"], expected, rtol=tolerance)
    theirs = [array.detach().numpy() for array in module.parameters()]
    for ours, other in zip(model.parameters, theirs, strict=True):
        np.testing.assert_allclose(ours, other.T, rtol=tolerance, atol=tolerance)


def log_loss(probabilities, rows):
    value = torch.nn.functional.binary_cross_entropy(probabilities, torch.from_numpy(Y[rows]))
    return value, len(rows)


SETTINGS = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "seed": SEED}
OPTIMIZERS = [
    (nn.GradientDescent(learning_rate=0.3), lambda p: torch.optim.SGD(p, lr=0.3)),
    (nn.Momentum(0.1, momentum=0.8), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
    (
        nn.NesterovMomentum(0.1, momentum=0.8),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    ),
    (nn.AdaGrad(0.1), lambda p: torch.optim.Adagrad(p, lr=0.1)),
    (nn.AdaGrad(0.1, eps=0.01), lambda p: torch.optim.Adagrad(p, lr=0.1, eps=0.01)),
    (nn.RMSProp(0.01), lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9)),
    (
        nn.RMSProp(0.01, decay=0.7, eps=0.01),
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.7, eps=0.01),
    ),
    (nn.Adam(0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    (
        nn.Adam(0.01, beta1=0.7, beta2=0.9, eps=0.01),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.7, 0.9), eps=0.01),
    ),
]


@pytest.mark.parametrize(
    ("optimizer", "theirs"), OPTIMIZERS, ids=[repr(ours) for ours, _ in OPTIMIZERS]
)
def test_optimizers(optimizer, theirs):
    model, module = twins(probabilities=True)
    history = model.fit(X, Y, loss=lb.BinaryCrossEntropy(), optimizer=optimizer, **SETTINGS)
    expected = train(module, theirs(module.parameters()), log_loss)
    assert_twins(model, module, history, expected)
    assert history["loss"][-1] < 0.95 * history["loss"][0]


def test_defaults_of_the_optimizers_that_agree():
    for ours, theirs in [(nn.Adam, torch.optim.Adam), (nn.AdaGrad, torch.optim.Adagrad)]:
        model, module = twins(probabilities=True)
        history = model.fit(X, Y, loss=lb.BinaryCrossEntropy(), optimizer=ours(), **SETTINGS)
        assert_twins(model, module, history, train(module, theirs(module.parameters()), log_loss))


@pytest.mark.parametrize(
    ("ours", "theirs"), [(nn.Adam, torch.optim.Adam), (nn.AdaGrad, torch.optim.Adagrad)]
)
def test_defaults_where_gradients_are_tiny(ours, theirs):
    theta, optimizer = np.array([1.0]), ours()
    twin = torch.ones(1, dtype=torch.float64, requires_grad=True)
    twin_optimizer = theirs([twin])
    for gradient in (1e-9, -3e-9):
        optimizer.step([theta], [np.array([gradient])])
        twin.grad = torch.full_like(twin, gradient)
        twin_optimizer.step()
    assert theta - 1 == pytest.approx(twin.item() - 1, rel=1e-9)


SCHEDULER = torch.optim.lr_scheduler


SCHEDULES = [
    (
        nn.StepDecay(initial=0.3, factor=0.5, every=5),
        lambda o: SCHEDULER.StepLR(o, step_size=5, gamma=0.5),
    ),
    (
        nn.ExponentialDecay(initial=0.3, factor=0.9, every=1),
        lambda o: SCHEDULER.ExponentialLR(o, gamma=0.9),
    ),
    (
        nn.CosineDecay(initial=0.3, steps=24, final=0.01),
        lambda o: SCHEDULER.CosineAnnealingLR(o, T_max=24, eta_min=0.01),
    ),
    (
        nn.WarmUp(learning_rate=0.3, steps=10),
        lambda o: SCHEDULER.LinearLR(o, start_factor=0.1, end_factor=1.0, total_iters=9),
    ),
]


@pytest.mark.parametrize(
    ("schedule", "theirs"), SCHEDULES, ids=[repr(ours) for ours, _ in SCHEDULES]
)
def test_schedules(schedule, theirs):
    model, module = twins(probabilities=True)
    loss, optimizer = lb.BinaryCrossEntropy(), nn.GradientDescent(learning_rate=schedule)
    history = model.fit(X, Y, loss=loss, optimizer=optimizer, **SETTINGS)
    torch_optimizer = torch.optim.SGD(module.parameters(), lr=0.3)
    expected = train(module, torch_optimizer, log_loss, theirs(torch_optimizer))
    assert_twins(model, module, history, expected)


def test_penalties_are_on_weights_alone():
    model, module = twins(probabilities=True)
    penalty = nn.L1(strength=0.02) + nn.L2(strength=0.05)
    optimizer = nn.GradientDescent(learning_rate=0.2)
    history = model.fit(
        X, Y, loss=lb.BinaryCrossEntropy(), optimizer=optimizer, penalty=penalty, **SETTINGS
    )
    weights = [p for p in module.parameters() if p.ndim == 2]

    class Penalised(torch.optim.SGD):
        def step(self, closure=None):
            size = sum(0.02 * w.abs().sum() + 0.05 * (w * w).sum() for w in weights)
            size.backward()
            return super().step(closure)

    expected = train(module, Penalised(module.parameters(), lr=0.2), log_loss)
    assert_twins(model, module, history, expected)


def test_the_strength_is_half_the_weight_decay():
    model, module = twins(probabilities=True)
    optimizer = nn.GradientDescent(learning_rate=0.2)
    history = model.fit(
        X, Y, loss=lb.BinaryCrossEntropy(), optimizer=optimizer, penalty=nn.L2(0.05), **SETTINGS
    )
    weights = {"params": [p for p in module.parameters() if p.ndim == 2], "weight_decay": 0.1}
    biases = {"params": [p for p in module.parameters() if p.ndim == 1]}
    expected = train(module, torch.optim.SGD([weights, biases], lr=0.2), log_loss)
    assert_twins(model, module, history, expected)


def test_weights_of_samples():
    model, module = twins()
    loss, optimizer = lb.SigmoidCrossEntropy(), nn.Adam(0.01)
    history = model.fit(X, Y, loss=loss, optimizer=optimizer, sample_weight=WEIGHT, **SETTINGS)

    def objective(scores, rows):
        target, weight = torch.from_numpy(Y[rows]), torch.from_numpy(WEIGHT[rows])
        terms = torch.nn.functional.binary_cross_entropy_with_logits(
            scores, target, reduction="none"
        )
        return (weight * terms).sum() / weight.sum(), WEIGHT[rows].sum()

    expected = train(module, torch.optim.Adam(module.parameters(), lr=0.01), objective)
    assert_twins(model, module, history, expected)


def test_classes():
    model, module = twins(n_out=3)
    loss, optimizer = lb.SoftmaxCrossEntropy(), nn.NesterovMomentum(0.1)
    history = model.fit(X, LABELS, loss=loss, optimizer=optimizer, **SETTINGS)

    def objective(scores, rows):
        value = torch.nn.functional.cross_entropy(scores, torch.from_numpy(LABELS[rows]))
        return value, len(rows)

    theirs = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    assert_twins(model, module, history, train(module, theirs, objective))


def test_single_precision():
    model, module = twins(probabilities=True)
    single = nn.Sequential(
        *(eval(repr(layer), vars(nn)) for layer in model.layers), dtype="float32"
    )
    for ours, double in zip(single.parameters, model.parameters, strict=True):
        ours[...] = double
    history = single.fit(X, Y, loss=lb.BinaryCrossEntropy(), optimizer=nn.Adam(0.01), **SETTINGS)
    expected = train(module, torch.optim.Adam(module.parameters(), lr=0.01), log_loss)
    assert_twins(single, module, history, expected, tolerance=2e-4)
