"""Weights files are read without PyTorch, and nothing that a file contains is run."""

import re
import zipfile

import numpy as np
import pytest

from jaxgan.features._weights import read_weights
from tests.features import torch_files as files

FLOATS = np.arange(24, dtype=np.float32)
TENSORS = {
    "rows": files.contiguous(FLOATS.reshape(2, 3, 4)),
    "columns": files.Tensor(FLOATS, 0, (4, 6), (1, 4)),
    "part": files.Tensor(FLOATS, 5, (2, 2), (8, 3)),
    "last": files.Tensor(FLOATS, 23, (1, 1), (7, 7)),
    "scalar": files.contiguous(np.array(7)),
    "none": files.contiguous(np.zeros((0, 3), np.float32)),
    "double": files.contiguous(np.array([1.5, -2.5])),
    "half": files.contiguous(np.array([0.5], np.float16)),
}
ARRAYS = {
    "rows": FLOATS.reshape(2, 3, 4),
    "columns": FLOATS.reshape(6, 4).T,
    "part": np.array([[5, 8], [13, 16]], np.float32),
    "last": np.array([[23]], np.float32),
    "scalar": np.array(7),
    "none": np.zeros((0, 3), np.float32),
    "double": np.array([1.5, -2.5]),
    "half": np.array([0.5], np.float16),
}


@pytest.mark.parametrize("save", [files.save, files.save_legacy])
def test_both_formats_of_torch(tmp_path, save):
    read = read_weights(save(tmp_path / "weights.pth", {**TENSORS, "epoch": 3}))
    assert list(read) == list(ARRAYS)
    for name, expected in ARRAYS.items():
        assert read[name].dtype == expected.dtype
        np.testing.assert_array_equal(read[name], expected)


def test_storages_of_a_big_endian_machine(tmp_path):
    with zipfile.ZipFile(files.save(tmp_path / "little.pth", {"a": files.contiguous(FLOATS)})) as archive:
        content = archive.read("little/data.pkl")
    with zipfile.ZipFile(tmp_path / "big.pth", "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/byteorder", "big")
        archive.writestr("archive/data/0", FLOATS.astype(">f4").tobytes())
    np.testing.assert_array_equal(read_weights(tmp_path / "big.pth")["a"], FLOATS)


def test_npz(tmp_path):
    np.savez(tmp_path / "weights.npz", **ARRAYS)
    read = read_weights(tmp_path / "weights.npz")
    assert list(read) == list(ARRAYS)
    np.testing.assert_array_equal(read["rows"], ARRAYS["rows"])


@pytest.mark.parametrize(
    ("module", "name"),
    [("posix", "system"), ("builtins", "eval"), ("builtins", "getattr"), ("torch", "load"), ("numpy", "load")],
)
@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_runs_something_is_refused(tmp_path, module, name, legacy):
    ran = tmp_path / "ran"
    harmful = files.called(files.reference(module, name), f"touch {ran}")
    save = files.save_legacy if legacy else files.save
    with pytest.raises(ValueError, match=rf"cannot be read as weights: it asks for {module}\.{name}"):
        read_weights(save(tmp_path / "harmful.pth", {"a": TENSORS["rows"], "b": harmful}))
    assert not ran.exists()


def test_a_pickle_cannot_change_the_reader(tmp_path):
    rebuild = files.reference("torch._utils", "_rebuild_tensor_v2").opcodes
    # BUILD with a pair sets attributes of what is on the stack, here of the function that makes tensors.
    change = files.Raw(rebuild + files.pickled((None, {"__defaults__": (1, 2)}))[2:-1] + b"b")
    read_weights(files.save(tmp_path / "changing.pth", {"a": change}))
    read = read_weights(files.save(tmp_path / "weights.pth", {"rows": TENSORS["rows"]}))
    np.testing.assert_array_equal(read["rows"], ARRAYS["rows"])


@pytest.mark.parametrize(
    "tensor",
    [
        files.Tensor(FLOATS, 0, (25,), (1,)),
        files.Tensor(FLOATS, 1, (24,), (1,)),
        files.Tensor(FLOATS, 0, (2, 2), (1, 23)),
        files.Tensor(FLOATS, -1, (1,), (1,)),
        files.Tensor(FLOATS, 4, (4,), (-1,)),
        files.Tensor(FLOATS, 0, (2, 2), (1,)),
    ],
)
def test_a_tensor_stays_inside_its_storage(tmp_path, tensor):
    with pytest.raises(ValueError, match=r"reaches beyond its 24|cannot be"):
        read_weights(files.save(tmp_path / "weights.pth", {"a": tensor}))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither"),
        (b"version https://git-lfs", "neither"),
        (b"PK\x03\x04 and no more", "zip"),
        (b"\x80\x02", ""),
        (files.pickled({"a": 1}), "neither"),
        (files.pickled(files.MAGIC), ""),
    ],
)
def test_damaged_files(tmp_path, content, reason):
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path))}.* cannot be read as weights: .*{reason}"):
        read_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize("save", [files.save, files.save_legacy])
def test_a_file_that_was_cut_off(tmp_path, save):
    path = save(tmp_path / "weights.pth", {"a": TENSORS["rows"]})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="cannot be read as weights"):
        read_weights(path)


def test_what_is_no_state_dict(tmp_path):
    with pytest.raises(ValueError, match="holds a list, not a state dict"):
        read_weights(files.save_archive(tmp_path / "list.pth", [1, 2], []))
    short, _ = files.state_dict({"a": TENSORS["rows"]}, legacy=False)
    with pytest.raises(ValueError, match="storage 0 has 3 elements, not 24"):
        read_weights(files.save_archive(tmp_path / "short.pth", short, [FLOATS[:3]]))
    np.savez(tmp_path / "objects.npz", a=np.array([{}, None], object))
    with pytest.raises(ValueError, match="cannot be read as weights"):
        read_weights(tmp_path / "objects.npz")
