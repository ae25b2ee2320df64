"""Weights files are read without PyTorch, and nothing that a file contains is run."""

import os
import re
import struct
import time
import tracemalloc
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


def endless(depth):
    """A tuple of a tuple of ..., twice each: small to write, and 2^depth to hash or to show."""
    opcodes = b"(" + files.pickled("a")[2:-1] + b"t"
    for i in range(depth):
        opcodes += b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86"
    return files.Raw(opcodes)


def storage(name, length, kind="FloatStorage", *more):
    return files.persistent(("storage", files.reference("torch", kind), name, "cpu", length, *more))


def rebuilt(*arguments):
    return files.called(files.reference("torch._utils", "_rebuild_tensor_v2"), *arguments)


HARMFUL = {
    "memo": b"\x80\x02]r\xff\xff\xff\x0b",  # the place 201326591 of a memo that is a list
    "text": b"\x80\x02X\xff\xff\xff\x7f",
    "bytes": b"\x80\x05\x96" + struct.pack("<Q", 2**40),
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 2**62),
    "number": b"\x80\x02\x8b\xff\xff\xff\x7f",
    "endless name": files.pickled({})[:-1] + endless(60).opcodes + b"K\x01s.",
    "endless storage": b"\x80\x02" + files.persistent(endless(60)).opcodes + b".",
    "endless name of a storage": b"\x80\x02" + storage(endless(60), 3).opcodes + b".",
    "endless size": b"\x80\x02" + rebuilt(storage("0", 3), 0, endless(60), endless(60)).opcodes + b".",
    "endless function": b"\x80\x02" + files.called(endless(60)).opcodes + b".",
    "huge storage": b"\x80\x02" + storage("0", 2**40).opcodes + b".",
    "no mark": b"\x80\x02t.",
    "empty": b"\x80\x02.",
    "set": b"\x80\x04\x8f.",
    "build class": b"\x80\x02cos\nsystem\n.",
    "extension": b"\x80\x02\x82\x01.",
    "instance": b"(S'touch'\nios\nsystem\n.",
}


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("form", ["archive", "legacy", "second"])
def test_small_files_that_ask_for_much(tmp_path, name, form):
    path, content = tmp_path / "weights.pth", HARMFUL[name]
    if form == "archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", content)
            archive.writestr("a/data/0", FLOATS.tobytes())
    else:
        path.write_bytes(content if form == "legacy" else files.pickled(files.MAGIC) + content)
    start = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"weights.pth cannot be read as weights: \S.{3,300}$"):
            read_weights(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < 5


def test_storages_are_held_once_and_never_more_than_the_file(tmp_path):
    one = np.zeros(50_000, np.float32)

    def tensors(names, *more):
        each = [rebuilt(storage(name, 50_000, "FloatStorage", *more), 0, (50_000,), (1,)) for name in names]
        return files.state_dict({str(i): tensor for i, tensor in enumerate(each)}, legacy=True)[0]

    tracemalloc.start()
    try:
        read = read_weights(files.save_archive(tmp_path / "a.pth", tensors("0" * 100), [one]))
        assert len(read) == 100 and tracemalloc.get_traced_memory()[1] < 8 * one.nbytes
    finally:
        tracemalloc.stop()
    parts = (files.MAGIC, 1001, {}, tensors("0123", None), ["0", "1", "2", "3"])
    (tmp_path / "b.pth").write_bytes(b"".join(map(files.pickled, parts)) + bytes(2 * one.nbytes))
    with pytest.raises(ValueError, match="storage 2 is larger than the file"):
        read_weights(tmp_path / "b.pth")
    wide = files.Tensor(FLOATS, 0, (10**6, 10**6), (0, 0))  # a view, as PyTorch expands a tensor
    assert read_weights(files.save(tmp_path / "c.pth", {"a": wide}))["a"].base is not None


def test_only_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    for path, says in ((tmp_path / "pipe.pth", "is a named pipe"), ("/dev/zero", "a device"), (tmp_path, "a folder")):
        with pytest.raises(ValueError, match=says):
            read_weights(tmp_path / path)
    with pytest.raises(ValueError, match="No such file"):
        read_weights(tmp_path / "none.pth")


def test_safetensors(tmp_path):
    header = b'{"a": {"dtype": "F32", "shape": [2, 12], "data_offsets": [0, 96]}}'
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + FLOATS.tobytes())
    np.testing.assert_array_equal(read_weights(tmp_path / "x.safetensors")["a"], FLOATS.reshape(2, 12))
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", 2**40))
    with pytest.raises(ValueError, match="its header claims 1,099,511,627,776 bytes of a file of 8"):
        read_weights(tmp_path / "x.safetensors")
