"""fit: epochs, batches, weights, validation, early stopping, seeds, interruptions, bad input."""

import sys
from dataclasses import replace

import numerical
import numpy as np
import pytest

import lossbook as lb
from lossbook import nn

RNG = np.random.default_rng(9)
X = RNG.normal(size=(37, 3))
Y = np.tanh(X @ [[1.0], [-2.0], [0.5]]) + 0.1 * RNG.normal(size=(37, 1))
XV = RNG.normal(size=(11, 3))
YV = np.tanh(XV @ [[1.0], [-2.0], [0.5]])
LOSS = lb.HalfSquaredError()


def network(*extra, **settings):
    return nn.Sequential(nn.Dense(3, 6), nn.Tanh(), *extra, nn.Dense(6, 1), seed=4, **settings)


def fit(model, x=X, y=Y, **settings):
    defaults = {"loss": LOSS, "optimizer": nn.Adam(learning_rate=0.01), "seed": 0}
    return model.fit(x, y, **defaults | settings)


def assert_same(one, two):
    for first, second in zip(one.parameters, two.parameters, strict=True):
        np.testing.assert_array_equal(first, second)


def different(one, two):
    return any((a != b).any() for a, b in zip(one.parameters, two.parameters, strict=True))


# What fit does, against the loop written out.


@pytest.mark.parametrize("batch_size", [1, 5, 36, 37, 100, None])
def test_fit_is_the_loop_that_one_would_write(batch_size):
    fitted, by_hand = network(), network()
    history = fit(fitted, epochs=3, batch_size=batch_size, seed=8)
    optimizer, rng = nn.Adam(learning_rate=0.01), np.random.default_rng(8)
    for epoch in range(3):
        order = np.arange(37) if batch_size is None else rng.permutation(37)
        size, total = batch_size or 37, 0.0
        for start in range(0, 37, size):
            rows = order[start : start + size]
            y_pred = by_hand.forward(X[rows])
            value, gradient = LOSS.value_and_gradient(Y[rows], y_pred)
            by_hand.backward(gradient)
            optimizer.step(by_hand.parameters, by_hand.gradients)
            total += value * len(rows)
        assert history["loss"][epoch] == pytest.approx(total / 37, rel=1e-14)
    for first, second in zip(fitted.parameters, by_hand.parameters, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-13)


def test_every_epoch_uses_each_sample_once_in_another_order():
    seen = []

    class Watched(type(LOSS)):
        def value_and_gradient(self, y_true, y_pred, sample_weight=None, *, out=None):
            seen.append(y_true[:, 0].copy())
            return super().value_and_gradient(y_true, y_pred, sample_weight, out=out)

    fit(network(), loss=Watched(), epochs=2, batch_size=10)
    assert [len(batch) for batch in seen] == [10, 10, 10, 7] * 2
    one, two = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    for epoch in (one, two):
        np.testing.assert_array_equal(np.sort(epoch), np.sort(Y[:, 0]))
    assert (one != two).any() and (one != Y[:, 0]).any()


def test_training_lowers_the_loss_on_new_data():
    model = network()
    before = model.evaluate(XV, YV, LOSS)
    history = fit(model, epochs=60, batch_size=8)
    assert history["loss"][-1] < 0.1 * history["loss"][0]
    assert model.evaluate(XV, YV, LOSS) < 0.2 * before


def test_classes_with_integer_labels():
    labels = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    model = nn.Sequential(nn.Dense(3, 16), nn.ReLU(), nn.Dense(16, 3), seed=0)
    accuracy = {"accuracy": lambda y, z: np.mean(z.argmax(axis=1) == y)}
    history = fit(
        model,
        y=labels,
        loss=lb.SoftmaxCrossEntropy(),
        optimizer=nn.Adam(learning_rate=0.05),
        epochs=40,
        batch_size=8,
        metrics=accuracy,
    )
    assert history["accuracy"][-1] > 0.95 > history["accuracy"][0]


def test_reduction_sum_follows_and_reports_the_sum():
    one, two = network(), network()
    summed = fit(one, loss=lb.HalfSquaredError(reduction="sum"), batch_size=None, epochs=2)
    mean = fit(two, batch_size=None, epochs=2)  # Adam does not mind the factor
    np.testing.assert_allclose(summed["loss"], 37 * np.array(mean["loss"]), rtol=1e-5)
    batches = fit(network(), loss=lb.HalfSquaredError(reduction="sum"), epochs=1, batch_size=10)
    assert batches["loss"][0] > 10 * mean["loss"][-1]


# Weights.


def test_weights_are_repetition():
    weight = RNG.integers(0, 4, Y.shape)
    repeated = np.repeat(np.arange(37), weight[:, 0])
    one, two = network(), network()
    settings = {"epochs": 5, "batch_size": None, "penalty": nn.L2(strength=0.01)}
    weighted = fit(one, sample_weight=weight, **settings)
    copied = fit(two, X[repeated], Y[repeated], **settings)
    np.testing.assert_allclose(weighted["loss"], copied["loss"], rtol=1e-12)
    for first, second in zip(one.parameters, two.parameters, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


def test_samples_of_weight_zero_are_left_out_of_every_batch():
    weight = np.zeros(Y.shape)
    weight[:12] = 1.0
    one, two = network(), network()
    weighted = fit(one, sample_weight=weight, epochs=3, batch_size=5)
    alone = fit(two, X[:12], Y[:12], epochs=3, batch_size=5)
    np.testing.assert_allclose(weighted["loss"], alone["loss"], rtol=1e-12)
    for first, second in zip(one.parameters, two.parameters, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-12)


def test_the_loss_of_an_epoch_is_weighted_over_its_batches():
    weight = RNG.uniform(0.1, 5, Y.shape)
    still = nn.GradientDescent(learning_rate=1e-300)
    model = network()
    history = fit(model, sample_weight=weight, optimizer=still, epochs=1, batch_size=5)
    assert history["loss"][0] == pytest.approx(model.evaluate(X, Y, LOSS, weight), rel=1e-13)


# Batches in which nothing counts, and losses with a divisor of their own.


def softmax(**settings):
    return lb.SoftmaxCrossEntropy(**settings)


LABELS = np.arange(37) % 4
OFTEN_IGNORED = np.where(np.arange(37) < 25, -100, LABELS)


def classifier(*extra):
    return nn.Sequential(nn.Dense(3, 6), nn.Tanh(), *extra, nn.Dense(6, 4), seed=4)


@pytest.mark.parametrize("batch_size", [1, 5, 36, None])
@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (softmax(class_weight=(0.1, 1.0, 5.0, 20.0)), LABELS),
        (softmax(ignore_index=-100), OFTEN_IGNORED),
        (softmax(ignore_index=2, class_weight=(1.0, 7.0, 3.0, 0.0)), LABELS),
        (lb.WeightedSum((softmax(class_weight=(1.0, 9.0, 1.0, 1.0)), lb.MultiMargin())), LABELS),
        (lb.WeightedSum((softmax(), lb.MultiMargin(reduction="sum"))), LABELS),
        (softmax(class_weight=(0.1, 1.0, 5.0, 20.0), reduction="sum"), LABELS),
    ],
    ids=repr,
)
def test_history_is_the_mean_when_the_loss_has_a_divisor_of_its_own(loss, y, batch_size):
    model, weight = classifier(), RNG.uniform(0.1, 5, 37)
    weight[::5] = 0
    still = {"optimizer": nn.GradientDescent(learning_rate=1e-300), "epochs": 1}
    history = fit(model, y=y, loss=loss, batch_size=batch_size, sample_weight=weight, **still)
    expected = model.evaluate(X, y, loss, weight)
    assert history["loss"][0] == pytest.approx(expected, rel=1e-13)


class SumOverNothing(lb.SoftmaxCrossEntropy):
    """Whose sum over ignored samples is 0, whatever the loss itself makes of it."""

    def value_and_gradient(self, y_true, y_pred, sample_weight=None, *, out=None):
        if self.reduction == "sum" and (y_true == self.ignore_index).all():
            return 0.0, np.zeros_like(y_pred)
        return super().value_and_gradient(y_true, y_pred, sample_weight, out=out)


NOTHING_COUNTS = [
    (SumOverNothing(ignore_index=-100, reduction="sum"), OFTEN_IGNORED, None),
    (softmax(ignore_index=-100), OFTEN_IGNORED, None),
    (softmax(ignore_index=-100, reduction="sum"), OFTEN_IGNORED, None),
    (softmax(ignore_index=-100, label_smoothing=0.1), OFTEN_IGNORED, None),
    (softmax(class_weight=(0.0, 0.0, 0.0, 1.0)), LABELS, None),
    (softmax(class_weight=(0.0, 0.0, 0.0, 1.0), reduction="sum"), LABELS, None),
    (softmax(), LABELS, (np.arange(37) >= 25).astype(float)),
    (softmax(ignore_index=-100), np.where(LABELS == 3, -100, LABELS), 1.0 * (LABELS > 1)),
]


@pytest.mark.parametrize(("loss", "y", "weight"), NOTHING_COUNTS)
@pytest.mark.parametrize("optimizer", [nn.Adam(nn.WarmUp(0.01, 50)), nn.Momentum()], ids=repr)
def test_a_batch_without_a_sample_that_counts_changes_nothing(loss, y, weight, optimizer):
    """Batches of one: the training is that on the samples that count."""
    counting = np.ones(37, bool) if weight is None else weight > 0
    if loss.ignore_index is not None:
        counting &= y != loss.ignore_index
    if loss.class_weight is not None:
        counting &= np.array(loss.class_weight)[y] > 0
    assert 0 < counting.sum() < 37
    settings = {"loss": loss, "optimizer": optimizer, "epochs": 4, "batch_size": 1}
    settings |= {"penalty": nn.L2(strength=0.1), "sample_weight": weight, "seed": 2}

    class InOrder(np.random.Generator):
        """Draws nothing, so that both trainings meet the samples in the same order."""

        def permutation(self, rows):
            return rows

    def trained(x, y, **more):
        model = classifier()
        model._draw_from = lambda rng: None
        model.rng = InOrder(np.random.PCG64(0))
        history = fit(model, x, y, **settings | more)
        return model, history, optimizer.steps

    one, history, steps = trained(X, y)
    some = {} if weight is None else {"sample_weight": weight[counting]}
    two, alone, steps_alone = trained(X[counting], y[counting], **some)
    assert_same(one, two)
    assert steps == steps_alone == 4 * counting.sum()
    np.testing.assert_allclose(history["loss"], alone["loss"], rtol=1e-13)


def test_an_optimizer_does_not_coast_through_a_batch_in_which_nothing_counts():
    model, optimizer = classifier(), nn.Momentum()
    loss = softmax(ignore_index=-100, reduction="sum")
    fit(model, y=LABELS, loss=loss, optimizer=optimizer)
    before, steps = model._vector.copy(), optimizer.steps
    ignored = np.full(37, -100)
    ignored[0] = 1
    fit(model, y=ignored, loss=loss, optimizer=optimizer, epochs=3, batch_size=None)
    assert optimizer.steps == steps + 3 and (model._vector != before).all()


def test_a_batch_whose_loss_is_0_counts_all_the_same():
    model, optimizer = network(), nn.Momentum()
    loss = lb.EpsilonInsensitive(epsilon=1e6)
    history = fit(model, loss=loss, optimizer=optimizer, epochs=2, batch_size=10)
    assert optimizer.steps == 8 and history["loss"] == [0.0, 0.0]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_predictions_that_leave_their_domain_are_not_taken_for_ignored(reduction):
    model = nn.Sequential(nn.Dense(1, 1))
    model.parameters[0][...] = 0.5
    loss, x = lb.BinaryCrossEntropy(reduction=reduction), np.array([[0.5], [1.0]])
    with pytest.raises(ValueError, match=r"y_pred must be in \[0, 1\]") as raised:
        fit(model, x, np.ones((2, 1)), loss=loss, optimizer=nn.GradientDescent(9.0), batch_size=1)
    assert raised.value.__notes__ == ["This is about the predictions in batch 2 of epoch 1."]


# History and validation.


def test_history_has_one_entry_an_epoch():
    metrics = {"bias": lambda y, p: np.mean(p - y), "worst": lambda y, p: np.abs(p - y).max()}
    model = network()
    weight = RNG.uniform(0.5, 2, YV.shape)
    history = fit(model, epochs=4, validation_data=(XV, YV, weight), metrics=metrics)
    names = {"loss", "bias", "worst", "validation_loss", "validation_bias", "validation_worst"}
    assert type(history) is dict and set(history) == names
    assert all(len(of) == 4 and all(type(v) is float for v in of) for of in history.values())
    assert history["validation_loss"][-1] == model.evaluate(XV, YV, LOSS, weight)
    assert history["bias"][-1] == np.mean(model.predict(X) - Y)
    assert history["validation_worst"][-1] == np.abs(model.predict(XV) - YV).max()


def test_validation_does_not_change_the_training():
    one, two = network(nn.Dropout()), network(nn.Dropout())
    fit(one, epochs=3)
    fit(two, epochs=3, validation_data=(XV, YV), metrics={"mean": lambda y, p: p.mean()})
    assert_same(one, two)


def test_the_penalty_is_not_in_the_loss_but_in_the_weights():
    free, held = network(), network()
    settings = {"epochs": 20, "optimizer": nn.GradientDescent(learning_rate=0.05)}
    plain = fit(free, **settings)
    penalised = fit(held, penalty=nn.L2(strength=0.5), **settings)
    assert penalised["loss"][0] < 2 * plain["loss"][0]
    assert np.abs(held.weights[0]).max() < 0.5 * np.abs(free.weights[0]).max()


# Early stopping.


class Scripted(nn.Optimizer):
    """Sets the only bias to a value of a list at each step."""

    def step(self, parameters, gradients):
        self.steps += 1
        parameters[0][...] = [0.0, self.script[self.steps - 1]]


def scripted(errors, **early_stopping):
    """Train where the validation loss of each epoch is the square of a given number."""
    model, optimizer = nn.Sequential(nn.Dense(1, 1), seed=0), Scripted()
    optimizer.script = [*errors, *[9.0] * 100]
    zero = np.zeros((1, 1))
    history = model.fit(
        zero,
        zero,
        loss=lb.SquaredError(),
        optimizer=optimizer,
        epochs=50,
        validation_data=(zero, zero),
        early_stopping=nn.EarlyStopping(**early_stopping),
    )
    return np.sqrt(history["validation_loss"]), float(model.parameters[1][0])


def test_early_stopping_waits_and_restores_the_best():
    errors, bias = scripted([5.0, 4.0, 3.0, 6.0, 2.0, 7.0, 2.0, 8.0], patience=3)
    np.testing.assert_allclose(errors, [5, 4, 3, 6, 2, 7, 2, 8])
    assert bias == 2.0
    errors, bias = scripted([5.0, 4.0, 3.0, 6.0, 2.0], patience=1)
    np.testing.assert_allclose(errors, [5, 4, 3, 6])
    assert bias == 3.0


def test_early_stopping_wants_the_improvement_asked_for():
    settings = {"patience": 2, "min_improvement": 1.5}
    errors, bias = scripted([3.0, 2.9, 2.8, 2.7, 1.0], **settings)  # squares 9, 8.41, 7.84
    np.testing.assert_allclose(errors, [3, 2.9, 2.8])
    assert bias == 3.0
    errors, bias = scripted([3.0, 2.9, 2.6], **settings)  # 6.76 is far enough below 9
    np.testing.assert_allclose(errors, [3, 2.9, 2.6, 9, 9])
    assert bias == 2.6


def test_early_stopping_restores_the_best_also_where_training_ends_otherwise():
    model, best = network(), []

    def interrupt(y, y_pred):
        best.append((LOSS(y, y_pred), model.parameters[0].copy()))
        if len(best) == 6:
            raise KeyboardInterrupt
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        fit(
            model,
            optimizer=nn.GradientDescent(learning_rate=0.9),
            batch_size=4,
            epochs=50,
            validation_data=(X, Y),
            metrics={"interrupt": interrupt},
            early_stopping=nn.EarlyStopping(patience=50),
        )
    # The metric sees the training data, then the same as validation data: every second call.
    losses = [loss for loss, _ in best[1::2]][:2]
    np.testing.assert_array_equal(model.parameters[0], best[1::2][np.argmin(losses)][1])


# Reproducibility.


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_same_seed_gives_the_same_bits(dtype):
    one, two, three = (network(nn.Dropout(rate=0.3), dtype=dtype) for _ in range(3))
    first, second = fit(one, epochs=4, seed=3), fit(two, epochs=4, seed=3)
    assert first == second
    assert_same(one, two)
    fit(three, epochs=4, seed=4)
    assert different(one, three)


def test_dropout_is_drawn_from_the_seed_of_fit():
    one, two = network(nn.Dropout()), network(nn.Dropout())
    two.forward(X)
    fit(one, batch_size=None, epochs=2, seed=3)
    fit(two, batch_size=None, epochs=2, seed=3)
    assert_same(one, two)


@pytest.mark.parametrize(
    "optimizer", [nn.Adam(learning_rate=0.01), nn.Momentum(), nn.AdaGrad()], ids=repr
)
def test_training_goes_on_where_it_ended(optimizer):
    once, twice = network(), network()
    fit(once, optimizer=eval(repr(optimizer), vars(nn)), epochs=6, batch_size=None)
    for _ in range(2):
        fit(twice, optimizer=optimizer, epochs=3, batch_size=None)
    assert_same(once, twice)


def test_an_optimizer_starts_anew_with_another_model():
    optimizer, one, two = nn.Adam(learning_rate=0.01), network(), network()
    fit(one, optimizer=optimizer, epochs=3)
    fit(two, optimizer=optimizer, epochs=3)
    assert_same(one, two)


def test_inputs_are_not_changed():
    x, y, weight = X.copy(), Y.copy(), np.ones_like(Y)
    for array in (x, y, weight):
        array.flags.writeable = False
    fit(network(), x, y, sample_weight=weight, validation_data=(x, y))
    np.testing.assert_array_equal(x, X)


def test_single_precision_is_trained_in_single_precision():
    seen = set()

    class Watched(type(LOSS)):
        def value_and_gradient(self, y_true, y_pred, sample_weight=None, *, out=None):
            value, gradient = super().value_and_gradient(y_true, y_pred, sample_weight, out=out)
            seen.update([y_true.dtype.name, y_pred.dtype.name, gradient.dtype.name])
            return value, gradient

    one, two = network(dtype="float32"), network()
    single = fit(one, loss=Watched(), penalty=nn.L2() + nn.L1(), sample_weight=np.ones_like(Y))
    double = fit(two, penalty=nn.L2() + nn.L1(), sample_weight=np.ones_like(Y))
    assert seen == {"float32"}
    assert all(a.dtype == np.float32 for a in one.parameters + one.gradients)
    np.testing.assert_allclose(single["loss"], double["loss"], rtol=1e-4)


# Training that is interrupted and resumed from a file.

DECAYING = nn.WarmUp(learning_rate=nn.CosineDecay(initial=0.02, steps=30), steps=10)
RESUMED = [
    nn.GradientDescent(DECAYING),
    nn.Momentum(DECAYING),
    nn.NesterovMomentum(lambda step: 0.01 / (1 + step)),
    nn.AdaGrad(0.05),
    nn.RMSProp(nn.StepDecay(initial=0.01, factor=0.5, every=7)),
    nn.Adam(DECAYING),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", RESUMED, ids=lambda optimizer: type(optimizer).__name__)
@pytest.mark.parametrize("batch_size", [8, None])
def test_a_resumed_training_has_the_bits_of_one_that_was_not_interrupted(
    tmp_path, optimizer, batch_size, dtype
):
    path = tmp_path / "training.npz"
    settings = {"batch_size": batch_size, "penalty": nn.L2(strength=0.01)}
    whole, part = (network(nn.Dropout(rate=0.3), dtype=dtype) for _ in range(2))
    expected = fit(whole, epochs=7, optimizer=replace(optimizer), **settings)
    history = fit(part, epochs=2, optimizer=optimizer, **settings)
    for epochs in (4, 1):
        part.save(path, optimizer)
        del part
        optimizer = replace(optimizer)
        part = nn.Sequential.load(path, optimizer)
        more = fit(part, epochs=epochs, optimizer=optimizer, seed=None, **settings)
        history["loss"] += more["loss"]
    assert history == expected
    assert_same(part, whole)
    assert different(part, network(nn.Dropout(rate=0.3), dtype=dtype))


@pytest.mark.parametrize("kept", ["nothing", "random numbers", "optimizer"])
def test_resuming_needs_both_the_optimizer_and_the_random_numbers(tmp_path, kept):
    path, whole, part = tmp_path / "training.npz", network(), network()
    fit(whole, epochs=6)
    optimizer = nn.Adam(learning_rate=0.01)
    fit(part, epochs=3, optimizer=optimizer)
    part.save(path, optimizer)
    resumed = nn.Adam(learning_rate=0.01)
    again = nn.Sequential.load(path, resumed if kept == "optimizer" else None)
    fit(again, epochs=3, optimizer=resumed, seed=None if kept == "random numbers" else 5)
    assert different(again, whole)


def test_a_loop_of_your_own_is_resumed_too(tmp_path):
    def train(model, optimizer, n_steps):
        for _ in range(n_steps):
            model.loss_and_gradients(X, Y, LOSS)
            optimizer.step(model.parameters, model.gradients)

    whole, part = network(nn.Dropout()), network(nn.Dropout())
    train(whole, nn.Adam(), 7)
    optimizer, resumed = nn.Adam(), nn.Adam()
    train(part, optimizer, 3)
    part.save(tmp_path / "training.npz", optimizer)
    again = nn.Sequential.load(tmp_path / "training.npz", resumed)
    train(again, resumed, 4)
    assert_same(again, whole)
    assert resumed.steps == 7


def test_an_optimizer_that_never_moved_is_saved_as_such(tmp_path):
    network().save(tmp_path / "model.npz", nn.Adam())
    optimizer = nn.Adam()
    fit(network(), optimizer=optimizer, epochs=1)
    model = nn.Sequential.load(tmp_path / "model.npz", optimizer)
    assert optimizer.steps == 0
    once, twice = fit(model, optimizer=optimizer), fit(network(), optimizer=nn.Adam())
    assert once == twice


def test_states_that_do_not_belong_together_are_refused(tmp_path):
    path, model, optimizer = tmp_path / "training.npz", network(), nn.Adam()
    fit(model, optimizer=optimizer, epochs=1)
    with pytest.raises(ValueError, match="which last moved the parameters of another"):
        network().save(path, optimizer)
    with pytest.raises(TypeError, match="optimizer must be an optimiser, such as Adam"):
        model.save(path, nn.Adam)
    assert list(tmp_path.iterdir()) == []
    model.save(path, optimizer)
    with pytest.raises(TypeError, match="optimizer must be an optimiser, such as Adam"):
        nn.Sequential.load(path, "adam")
    other, moved = nn.RMSProp(), np.ones(2)
    other.step([moved], [moved])
    with pytest.raises(ValueError, match=r"optimizer must be of class Adam, .*; got RMSProp"):
        nn.Sequential.load(path, other)
    assert other.steps == 1 and other.moves([moved])
    assert_same(nn.Sequential.load(path), model)


def test_without_a_seed_the_random_numbers_go_on():
    once, twice = network(nn.Dropout()), network(nn.Dropout())
    fit(once, epochs=4)
    optimizer = nn.Adam(learning_rate=0.01)
    fit(twice, epochs=1, optimizer=optimizer)
    fit(twice, epochs=3, optimizer=optimizer, seed=None)
    assert_same(once, twice)
    one, two = network(), network()
    assert fit(one, seed=None) == fit(two, seed=None)


# When things go wrong.


def test_a_metric_that_is_no_number_says_which():
    with pytest.raises(TypeError, match=r"metrics\['each'\] must return one number; got array"):
        fit(network(), metrics={"each": lambda y, p: p - y})


def test_a_loss_that_is_not_finite_says_where():
    model = network()
    with pytest.raises(FloatingPointError, match=r"the loss is (inf|nan) in batch \d+ of epoch \d"):
        fit(model, optimizer=nn.GradientDescent(learning_rate=1e200), epochs=9, batch_size=8)


def test_a_certain_mistake_says_where():
    model = nn.Sequential(nn.Dense(1, 1), nn.Sigmoid(), seed=0)
    model.parameters[0][...] = 1000
    x, wrong = np.array([[1.0], [-1.0]]), np.array([[0.0], [0.0]])
    with pytest.raises(FloatingPointError, match="the loss is inf in batch 1 of epoch 1"):
        fit(model, x, wrong, loss=lb.BinaryCrossEntropy())
    assert model.parameters[0] == 1000


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("penalty", [None, nn.L2(strength=1e30), nn.L2(strength=1e38) + nn.L1()])
def test_diverging_does_not_warn(dtype, penalty):
    with pytest.raises(FloatingPointError):
        fit(
            network(dtype=dtype),
            optimizer=nn.GradientDescent(learning_rate=1e30),
            penalty=penalty,
            epochs=50,
        )


def test_parameters_that_are_not_finite_say_so():
    model = nn.Sequential(nn.Dense(1, 1), dtype="float32")
    model.parameters[0][...] = 1
    largest = {"penalty": nn.L2(strength=1e38), "optimizer": nn.GradientDescent()}
    with pytest.raises(FloatingPointError, match="parameters are not finite after epoch 1"):
        fit(model, [[3e38]], [[0.0]], loss=lb.AbsoluteError(), epochs=1, **largest)
    assert model.parameters[0] == -np.inf


def test_interrupting_leaves_the_model_usable():
    model, started = network(), []

    def interrupt(y, y_pred):
        started.append(y_pred)
        if len(started) == 3:
            raise KeyboardInterrupt
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        fit(model, epochs=10, metrics={"interrupt": interrupt})
    np.testing.assert_array_equal(model.predict(X), started[-1])
    before = model.evaluate(X, Y, LOSS)
    fit(model, epochs=20)
    assert model.evaluate(X, Y, LOSS) < before


# Losses of several predictions.


@pytest.mark.parametrize(
    "loss, n_outputs, predictions",
    [
        pytest.param(lb.GaussianNLL(), 2, lambda output: output.T, id="columns"),
        pytest.param(
            lb.GaussianMixtureNLL(), 6, lambda output: np.split(output, 3, axis=1), id="thirds"
        ),
    ],
)
def test_parts_of_the_output_are_the_predictions_of_a_loss(loss, n_outputs, predictions):
    model = nn.Sequential(nn.Dense(3, 5), nn.Tanh(), nn.Dense(5, n_outputs), seed=1)
    weight = RNG.uniform(0.5, 2, 37)
    value = model.loss_and_gradients(X, Y[:, 0], loss, weight)
    assert value == loss(Y[:, 0], *predictions(model.predict(X)), weight)
    assert value == model.evaluate(X, Y[:, 0], loss, weight)
    gradients = [gradient.copy() for gradient in model.gradients]
    for parameter, gradient in zip(model.parameters, gradients, strict=True):
        slopes = numerical.gradient(lambda: model.evaluate(X, Y[:, 0], loss, weight), parameter)
        np.testing.assert_allclose(gradient, slopes, atol=1e-8)


def test_fit_learns_where_the_noise_is():
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (2000, 1))
    y = 3 * x[:, 0] + np.exp(x[:, 0]) * rng.normal(size=2000)
    model = nn.Sequential(nn.Dense(1, 2), seed=0)
    fit(model, x, y, loss=lb.GaussianNLL(), epochs=60, validation_data=(x, y))
    np.testing.assert_allclose(model.layers[0].weight, [[3, 2]], atol=0.15)
    np.testing.assert_allclose(model.layers[0].bias, [0, 0], atol=0.1)


def test_fit_learns_a_mixture_of_two():
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (2000, 1))
    upper = rng.random(2000) < 0.25
    y = np.where(upper, 2 + x[:, 0], -1 - x[:, 0]) + 0.25 * rng.normal(size=2000)
    model = nn.Sequential(nn.Dense(1, 6), seed=0)
    fit(model, x, y, loss=lb.GaussianMixtureNLL(), optimizer=nn.Adam(0.02), epochs=60)
    output = model.predict([[-0.5], [0.5]])
    logits, mean, log_variance = np.split(output, 3, axis=1)
    order = np.argsort(mean[0])
    np.testing.assert_allclose(mean[:, order], [[-0.5, 1.5], [-1.5, 2.5]], atol=0.1)
    np.testing.assert_allclose(np.exp(log_variance / 2), 0.25, atol=0.04)
    share = 1 / (1 + np.exp(logits[:, order[0]] - logits[:, order[1]]))
    np.testing.assert_allclose(share, 0.25, atol=0.05)


NAN_X = X.copy()
NAN_X[5, 2] = np.nan
NAN_Y = Y.copy()
NAN_Y[30] = np.nan
STOP = nn.EarlyStopping()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"x": NAN_X}, ValueError, "x must be finite in float64; got nan at index 5, 2"),
        ({"x": X[:, :2]}, ValueError, "x must have shape (n_samples, 3)"),
        ({"y": Y[:, 0]}, ValueError, "y_pred must have shape (37,), that of y_true; got (37, 1)"),
        ({"y": Y[:-1]}, ValueError, "y must have one row for each of the 37 rows of x; got shape"),
        ({"y": 0.5}, ValueError, "y must have one row for each of the 37 rows of x; got shape ()"),
        ({"y": NAN_Y}, ValueError, "y_true must be finite; got nan at index 30, 0"),
        ({"y": Y.astype(object)}, TypeError, "y must hold real numbers"),
        ({"loss": lb.HalfSquaredError}, TypeError, "loss must be a loss, such as SquaredError()"),
        ({"loss": "mse"}, TypeError, "loss must be a loss"),
        (
            {"loss": lb.Triplet()},
            TypeError,
            "got Triplet(margin=1.0), which takes anchor",
        ),
        (
            {"loss": lb.GaussianNLL(), "y": Y[:, 0]},
            ValueError,
            "one for each of mean, log_variance; got 1",
        ),
        (
            {"loss": lb.GaussianMixtureNLL(), "y": Y[:, 0]},
            ValueError,
            "a multiple of 3 outputs for GaussianMixtureNLL(constant_terms=False), equally many "
            "for each of logits, mean, log_variance; got 1",
        ),
        ({"loss": lb.Contrastive()}, TypeError, "which takes y_true, first, second"),
        ({"loss": lb.Huber(reduction="none")}, ValueError, "loss must be reduced by 'mean' or"),
        ({"loss": lb.Hinge()}, ValueError, "y_true must be -1 or 1"),
        ({"loss": lb.BinaryCrossEntropy(), "y": Y > 0}, ValueError, "y_pred must be in [0, 1]"),
        ({"optimizer": nn.Adam}, TypeError, "optimizer must be an optimiser, such as Adam()"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1; got 0"),
        ({"epochs": 1.0}, TypeError, "epochs must be an integer; got 1.0"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1; got 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0; got -1"),
        ({"penalty": 0.1}, TypeError, "penalty must be a penalty, such as L2(0.01); got 0.1"),
        ({"sample_weight": np.ones(36)}, ValueError, "sample_weight must have shape (37, 1)"),
        ({"sample_weight": -np.ones((37, 1))}, ValueError, "sample_weight must be in [0, inf)"),
        ({"sample_weight": np.zeros((37, 1))}, ValueError, "sample_weight must not be zero for"),
        ({"early_stopping": STOP}, ValueError, "early_stopping watches the loss on validation_dat"),
        (
            {"early_stopping": 5, "validation_data": (X, Y)},
            TypeError,
            "early_stopping must be an EarlyStopping; got 5",
        ),
        ({"metrics": {"loss": LOSS}}, ValueError, "metrics must not be named 'loss'"),
        ({"metrics": {"validation_x": LOSS}}, ValueError, "metrics must not be named 'validation_"),
        ({"metrics": [LOSS]}, TypeError, "metrics must map names to functions; got [Half"),
        ({"metrics": {"mean": 0.5}}, TypeError, "metrics must map names to functions; got 'mean'"),
        ({"metrics": {1: LOSS}}, TypeError, "metrics must map names to functions; got 1: Half"),
        ({"progress": "yes"}, TypeError, "progress must be True, False or None; got 'yes'"),
        ({"optimizer": nn.Optimizer()}, TypeError, "optimizer must be an optimiser, such as Adam"),
        (
            {"loss": lb.MinimaxGAN()},
            TypeError,
            "loss must compare targets with the output of one model; got MinimaxGAN(), which "
            "trains a discriminator and a generator in turn",
        ),
        (
            {"loss": lb.WassersteinGAN().generator},
            TypeError,
            "loss must compare targets with the output of one model; got",
        ),
        (
            {"validation_data": 0.2},
            TypeError,
            "validation_data must be arrays (x, y) or (x, y, sample_weight); got 0.2",
        ),
        ({"validation_data": XV}, TypeError, "validation_data must be arrays (x, y) or (x, y, sam"),
        ({"validation_data": (XV,)}, TypeError, "validation_data must be arrays (x, y) or (x, y, "),
        ({"validation_data": (XV, YV[:3])}, ValueError, "y must have one row for each of the 11"),
        ({"validation_data": (XV, YV, YV)}, ValueError, "sample_weight must be in [0, inf)"),
    ],
)
def test_bad_input_is_refused_before_anything_changes(settings, error, message):
    model, optimizer = network(nn.Dropout()), nn.Adam()
    random, moved = model.rng.bit_generator.state, np.ones(2)
    optimizer.step([moved], [moved])
    with pytest.raises(error) as raised:
        fit(model, **{"optimizer": optimizer} | settings)
    assert message in str(raised.value)
    said = str(raised.value) + "".join(getattr(raised.value, "__notes__", []))
    assert "validation_data" in said or settings.keys() != {"validation_data"}
    assert_same(model, network(nn.Dropout()))
    assert model.rng.bit_generator.state == random
    assert optimizer.steps == 1 and optimizer.moves([moved])


def test_numbers_too_large_for_single_precision_are_refused():
    with pytest.raises(ValueError, match="x must be finite in float32; got inf at index 0, 0"):
        fit(network(dtype="float32"), 1e300 * np.ones_like(X))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.EarlyStopping(patience=0), ValueError, "patience must be at least 1; got 0"),
        (lambda: nn.EarlyStopping(patience=2.5), TypeError, "patience must be an integer; got 2.5"),
        (lambda: nn.EarlyStopping(min_improvement=-1), ValueError, "min_improvement must be in"),
    ],
)
def test_bad_early_stopping_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# The progress bar.


def test_no_bar_where_nobody_asked(capfd):
    fit(network(), epochs=3)
    fit(network(), epochs=3, progress=False)
    assert capfd.readouterr() == ("", "")


def test_a_bar_on_request(capfd):
    pytest.importorskip("tqdm")
    fit(network(), epochs=3, progress=True, validation_data=(XV, YV))
    shown = capfd.readouterr().err
    assert "3/3" in shown and "validation_loss=" in shown


def test_a_terminal_gets_a_bar_only_in_a_long_training(monkeypatch):
    pytest.importorskip("tqdm")
    from lossbook.nn import training

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    for seconds, shown in [(60, False), (0, True)]:
        monkeypatch.setattr(training, "SECONDS_BEFORE_BAR", seconds)
        written = []
        monkeypatch.setattr(sys.stderr, "write", written.append)
        fit(network(), epochs=3)
        assert ("epoch" in "".join(written)) == shown


def test_a_bar_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    fit(network(), epochs=1)
    with pytest.raises(ImportError, match="progress=True needs tqdm"):
        fit(network(), epochs=1, progress=True)
