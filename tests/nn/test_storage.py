"""Models on disk: what comes back, what is left when writing fails, what is refused."""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

import lossbook as lb
from lossbook import nn
from lossbook.nn import storage


def network(seed=0, dtype="float64"):
    layers = nn.Dense(3, 5), nn.ReLU(), nn.Dropout(rate=0.3), nn.Dense(5, 4, init="glorot")
    return nn.Sequential(*layers, nn.Tanh(), nn.Dense(4, 1), nn.Sigmoid(), seed=seed, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_is_saved_comes_back(tmp_path, dtype):
    model = network(dtype=dtype)
    for parameter in model.parameters:
        parameter += 0.25
    model.save(tmp_path / "model.npz")
    again = nn.Sequential.load(str(tmp_path / "model.npz"))
    assert repr(again) == repr(model) and again.dtype == dtype
    for one, two in zip(again.parameters, model.parameters, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype
    x = np.linspace(-1, 1, 12).reshape(4, 3)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_loaded_model_trains(tmp_path):
    network().save(tmp_path / "model.npz")
    x, y = np.eye(3), np.array([[0.0], [1.0], [1.0]])
    model = nn.Sequential.load(tmp_path / "model.npz")
    history = model.fit(
        x, y, loss=lb.BinaryCrossEntropy(), optimizer=nn.Adam(0.05), epochs=60, seed=0
    )
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_the_name_is_taken_as_it_is_and_the_file_is_an_ordinary_one(tmp_path):
    network().save(tmp_path / "model")
    (tmp_path / "plain").write_text("")
    assert sorted(os.listdir(tmp_path)) == ["model", "plain"]
    assert (tmp_path / "model").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_no_pickle_is_needed(tmp_path):
    network().save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        assert {archive[name].dtype.kind for name in archive.files} == {"U", "f"}
        assert [layer["type"] for layer in json.loads(str(archive["header"]))["layers"]] == [
            "Dense", "ReLU", "Dropout", "Dense", "Tanh", "Dense", "Sigmoid",
        ]  # fmt: skip


# Files of earlier versions.


def test_a_file_of_version_1_is_still_read():
    """The file and the numbers come from lossbook 0.1.0."""
    model = nn.Sequential.load(Path(__file__).parent / "data" / "version-1.npz")
    assert repr(model) == (
        "Sequential(Dense(n_in=3, n_out=4, init='he'), ReLU(), Dropout(rate=0.25), "
        "Dense(n_in=4, n_out=1, init='glorot'), Sigmoid(), seed=7, dtype='float32')"
    )
    x = np.linspace(-1, 1, 24).reshape(8, 3)[:3]
    expected = [[0.0668509230017662], [0.12129586935043335], [0.21009860932826996]]
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-6)


def test_a_file_without_an_optimizer_does_not_resume_one(tmp_path):
    network().save(tmp_path / "model.npz")
    for path in (tmp_path / "model.npz", Path(__file__).parent / "data" / "version-1.npz"):
        with pytest.raises(ValueError, match=r"holds a model without an optimiser; write both"):
            nn.Sequential.load(path, nn.Adam())


# Writing that fails.


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("fails", ["savez", "fsync", "replace"])
def test_a_write_cut_off_leaves_the_old_file_whole(tmp_path, monkeypatch, fails, error):
    path = tmp_path / "model.npz"
    network(seed=1).save(path)
    before = path.read_bytes()
    saved_by = np if fails == "savez" else os
    whole = getattr(saved_by, fails)

    def half(target, *arguments, **arrays):
        if fails == "savez":
            content = io.BytesIO()
            whole(content, **arrays)
            target.write(content.getvalue()[: content.tell() // 2])
        raise error

    monkeypatch.setattr(saved_by, fails, half)
    with pytest.raises(type(error)):
        network(seed=2).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]
    monkeypatch.undo()
    network(seed=2).save(path)
    assert nn.Sequential.load(path).seed == 2


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        network().save(tmp_path / "nowhere" / "model.npz")
    with pytest.raises(FileNotFoundError):
        nn.Sequential.load(tmp_path / "nowhere.npz")


def test_layers_of_others_cannot_be_saved(tmp_path):
    class Square(nn.Layer):
        def predict(self, x):
            return x * x

    class ReLU(nn.ReLU):
        pass

    for layer in (Square(), ReLU()):
        with pytest.raises(TypeError, match=r"only layers of lossbook\.nn can be saved; got"):
            nn.Sequential(nn.Dense(2, 1), layer).save(tmp_path / "model.npz")
    assert os.listdir(tmp_path) == []


# Files that are no models.


def parts(path):
    with np.load(path) as archive:
        arrays = dict(archive)
    return json.loads(str(arrays.pop("header"))), arrays


def rewritten(path, change):
    """Write a model and its optimiser, changed as to header and arrays."""
    model, optimizer = network(), nn.Adam()
    optimizer.step([model._vector], [model._gradient])
    model.save(path, optimizer)
    header, arrays = parts(path)
    change(header, arrays)
    np.savez(path, header=json.dumps(header), **arrays)


def layer(k, **settings):
    return lambda header, arrays: header["layers"][k].update(settings)


CHANGES = [
    (
        lambda h, a: h.update(version=3),
        "of version 2 or earlier; got lossbook.nn.Sequential of ver",
    ),
    (lambda h, a: h.update(format="other"), "of version 2 or earlier; got other of version 2"),
    (lambda h, a: h.pop("format"), "is damaged or holds no model"),
    (lambda h, a: h.pop("layers"), "that fits together"),
    (lambda h, a: h.update(layers=[]), "its arrays are not those of its layers"),
    (lambda h, a: h.update(layers=None), "that fits together"),
    (lambda h, a: h.update(layers=[1]), "that fits together"),
    (lambda h, a: h.update(seed="x"), "seed must be an integer"),
    (lambda h, a: h.update(dtype="int8"), "dtype must be float64 or float32"),
    (lambda h, a: h.update(dtype="float32"), "that fits together"),
    (layer(0, type="Sequential"), "KeyError('Sequential')"),
    (layer(0, n_in=10**9), "its arrays are not those of its layers"),
    (layer(0, n_in=-3), "n_in must be at least 1; got -3"),
    (layer(0, init="zeros"), "init must be 'he' or 'glorot'"),
    (layer(0, more=1), "unexpected keyword argument 'more'"),
    (layer(2, rate=2.0), "rate must be in [0, 1); got 2.0"),
    (lambda h, a: a.pop("parameter_3"), "its arrays are not those of its layers"),
    (lambda h, a: a.update(more=np.zeros(2)), "its arrays are not those of its layers"),
    (lambda h, a: a.update(parameter_1=np.zeros(6)), "its arrays are not those of its layers"),
    (lambda h, a: a.update(parameter_1=np.zeros(5, int)), "that fits together"),
    (lambda h, a: a.update(parameter_1=np.zeros(5, complex)), "that fits together"),
    (lambda h, a: h.pop("random"), "that fits together"),
    (lambda h, a: h.update(random=5), "that fits together"),
    (lambda h, a: h["random"].update(bit_generator="MT19937"), "that fits together"),
    (lambda h, a: h["random"]["state"].update(state=-1), "that fits together"),
    (lambda h, a: h.update(optimizer=5), "that fits together"),
    (lambda h, a: h["optimizer"].pop("steps"), "KeyError('steps')"),
    (lambda h, a: h["optimizer"].update(steps=-1), "steps must be at least 0; got -1"),
    (lambda h, a: h["optimizer"].update(steps=1.5), "steps must be an integer; got 1.5"),
    (lambda h, a: h["optimizer"].update(n_memories=1), "its arrays are not those of its layers"),
    (lambda h, a: h["optimizer"].update(n_memories=10**12), "n_memories must be at most"),
    (lambda h, a: h["optimizer"].update(whole=False), "its arrays are not those of its layers"),
    (lambda h, a: h.pop("optimizer"), "its arrays are not those of its layers"),
    (lambda h, a: a.pop("memory_1"), "its arrays are not those of its layers"),
    (lambda h, a: a.update(memory_0=np.zeros(3)), "its arrays are not those of its layers"),
    (lambda h, a: a.update(memory_0=a["memory_0"].astype("f4")), "that fits together"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_models_that_do_not_fit_together_are_refused(tmp_path, change, message):
    path = tmp_path / "model.npz"
    rewritten(path, change)
    optimizer, moved = nn.Adam(), np.ones(2)
    optimizer.step([moved], [moved])
    with pytest.raises(ValueError) as raised:
        nn.Sequential.load(path, optimizer)
    assert str(path) in str(raised.value) and message in str(raised.value)
    assert optimizer.steps == 1 and optimizer.moves([moved])


def array_file(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def pickled(path):
    with path.open("wb") as file:
        np.savez(file, header=np.array([{}], object))


def foreign_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.npy", "no array")


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("import os"),
        lambda path: path.write_bytes(os.urandom(1000)),
        lambda path: np.savez(path, weights=np.zeros(3)),
        lambda path: np.savez(path, header="{not json"),
        lambda path: np.savez(path, header="[]"),
        array_file,
        pickled,
        foreign_zip,
    ],
)
def test_foreign_files_are_refused(tmp_path, write):
    path = tmp_path / "model.npz"
    write(path)
    with pytest.raises(ValueError, match=r"model\.npz is damaged or holds no model"):
        nn.Sequential.load(path)


class Trap:
    """What makes a folder as soon as it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_nothing_in_a_file_is_executed(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, header=np.array([Trap(tmp_path / "sprung")], object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        nn.Sequential.load(path)
    assert os.listdir(tmp_path) == ["model.npz"]


def test_truncated_files_are_refused(tmp_path):
    path = tmp_path / "model.npz"
    network().save(path)
    content = path.read_bytes()
    for length in range(0, len(content), 29):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"model\.npz is damaged or holds no model"):
            nn.Sequential.load(path)


def test_damaged_files_are_refused_or_hold_the_same_model(tmp_path):
    path, model = tmp_path / "model.npz", network()
    model.save(path)
    content, refused = path.read_bytes(), 0
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        try:
            again = nn.Sequential.load(path)
        except ValueError as error:
            assert str(path) in str(error)
            refused += 1
        else:  # a date, say, which nothing depends on
            for one, two in zip(again.parameters, model.parameters, strict=True):
                np.testing.assert_array_equal(one, two)
    assert refused > 0.6 * len(range(0, len(content), 3))


def test_the_other_byte_order_is_read(tmp_path):
    def swap(header, arrays):
        for name, array in arrays.items():
            arrays[name] = array.astype(array.dtype.newbyteorder())

    rewritten(tmp_path / "model.npz", swap)
    x = np.eye(3)
    again = nn.Sequential.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(again.predict(x), network().predict(x))


def test_every_layer_of_the_package_can_be_saved():
    classes = {c for c in vars(nn).values() if isinstance(c, type) and issubclass(c, nn.Layer)}
    assert set(storage.LAYERS.values()) == classes - {nn.Layer}
