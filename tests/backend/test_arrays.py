"""Files of arrays that claim what they do not hold are refused before anything is allocated."""

import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from jaxgan.backend import arrays
from jaxgan.backend.arrays import read_npy, read_npz, read_safetensors, readable, size_of_file

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def npy(header, content=b"", version=1):
    """A `.npy` file with any header."""
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + content


def described(descr, shape):
    return f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}"


def safetensors(header, data=b"", length=None):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype, shape, low, high):
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [low, high]}}


def peak(read, path):
    """Bytes that reading allocates at most."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError) as caught:
            read(path)
        return tracemalloc.get_traced_memory()[1], str(caught.value)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f8", "u1", "i8", "?", "<U3", "S2"])
def test_arrays_come_back(tmp_path, dtype):
    x = (X % 2).astype(dtype)
    for order in (x, np.asfortranarray(x), x[:0]):
        np.save(tmp_path / "x.npy", order)
        np.testing.assert_array_equal(read_npy(tmp_path / "x.npy"), order)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", a=x, b=X)
        found = read_npz(tmp_path / "x.npz")
        assert list(found) == ["a", "b"] == arrays.names_in(tmp_path / "x.npz")
        np.testing.assert_array_equal(found["a"], x)
    assert list(read_npz(tmp_path / "x.npz", ["b", "c"])) == ["b"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "magic string"),
        (b"\x93NUMPY\x01\x00", "its header cannot be read"),
        (b"\x93NUMPY\x03\x00" + bytes(8), r"version \(3, 0\) of the format is not known"),
        (npy(described("<f8", (10**11,))), "its header claims 800,000,000,000 bytes and 0 follow"),
        (npy(described("<f8", (10**11,)), version=2), "its header claims 800,000,000,000 bytes"),
        (npy(described("<f4", (2**32, 2**32, 2**32)), X.tobytes()), "its header claims .* and 96 follow"),
        (npy(described("<U99999999", (1,))), "its header claims 399,999,996 bytes"),
        (npy(described("<U0", (10**12,))), "neither numbers nor texts"),
        (npy(described("<f4", (-2, -12)), X.tobytes()), "cannot be"),
        (npy(described("<f4", (3,)), X.tobytes()), "its header claims 12 bytes and 96 follow"),
        (npy(described("|O", (1,)), b"cposix\nsystem\n."), "its values are object"),
        (npy(described("<c8", (12,)), X.tobytes()), "its values are complex64"),
        (npy(described([("a", "<f4")], (24,)), X.tobytes()), "neither numbers nor texts"),
        (npy("__import__('os').abort()"), "its header cannot be read"),
        (npy("(" * 300), "its header cannot be read"),
        (npy("{" * 20_000), "its header cannot be read"),
    ],
)
def test_arrays_that_are_not_what_they_claim(tmp_path, content, says):
    (tmp_path / "x.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content)
    with pytest.raises(ValueError, match=rf"^\S*x.npy holds no plain array of numbers: .*{says}"):
        read_npy(tmp_path / "x.npy")
    for read, name in ((read_npy, "x.npy"), (read_npz, "x.npz")):
        used, message = peak(read, tmp_path / name)
        assert used < 2**21 and "\n" not in message


def test_bombs_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "PACKED", 2**22)
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as file:
        size = arrays.PACKED + 2**20
        file.write(npy(described("|u1", (size,))))
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
    assert (tmp_path / "x.npz").stat().st_size < 2**20
    used, message = peak(read_npz, tmp_path / "x.npz")
    assert used < 2**20 and "unpacks to 5,243,008" in message


def test_an_archive_that_lies_about_its_members(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", a=X)
    content = (tmp_path / "x.npz").read_bytes()
    place = content.rindex(b"PK\x01\x02")
    for offset, says in ((20, "claims more than the file holds"), (24, "unpacks to|Bad CRC|follow")):
        changed = bytearray(content)
        changed[place + offset : place + offset + 4] = struct.pack("<I", 2**31)
        (tmp_path / "y.npz").write_bytes(changed)
        assert peak(read_npz, tmp_path / "y.npz")[0] < 2**20
        with pytest.raises(ValueError, match=says):
            read_npz(tmp_path / "y.npz")
    with zipfile.ZipFile(tmp_path / "z.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", b"?")
    with pytest.raises(ValueError, match=r"a.npy is packed in a way that NumPy does not use"):
        read_npz(tmp_path / "z.npz")


def test_names_in_an_archive_are_names_only(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("../../a.npy", npy(described("<f4", (24,)), X.tobytes()))
    assert list(read_npz(tmp_path / "x.npz")) == ["../../a"]
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"] and not (tmp_path.parent / "a.npy").exists()


def test_safetensors(tmp_path):
    data = X.tobytes() + np.array([1.0, -2.5], np.float32).view(np.uint16)[1::2].tobytes()
    header = {**entry("F32", [2, 3, 4], 0, 96), "__metadata__": {"format": "pt"}}
    header["b"] = {"dtype": "BF16", "shape": [2], "data_offsets": [96, 100]}
    (tmp_path / "x.safetensors").write_bytes(safetensors(header, data))
    found = read_safetensors(tmp_path / "x.safetensors")
    np.testing.assert_array_equal(found["a"], X)
    assert found["b"].dtype == np.float32 and found["b"].tolist() == [1.0, -2.5]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "claims 0 bytes of a file of 0"),
        (b"\xff" * 8, "claims 18,446,744,073,709,551,615 bytes of a file of 8"),
        (struct.pack("<Q", 10) + b"{}", "claims 10 bytes of a file of 10"),
        (safetensors([]), "no names"),
        (safetensors(entry("F32", [10**12], 0, 4 * 10**12)), "claims bytes 0 to 4,000,000,000,000 of 0"),
        (safetensors(entry("F32", [2], 4, 12), bytes(8)), "claims bytes 4 to 12 of 8"),
        (safetensors(entry("F32", [3], 0, 8), bytes(8)), "claims bytes"),
        (safetensors(entry("F32", [-1, -2], 0, 8), bytes(8)), "no whole numbers"),
        (safetensors(entry("F32", [2], -8, 0), bytes(8)), "no whole numbers"),
        (safetensors(entry("OBJ", [2], 0, 8), bytes(8)), "its type OBJ is none of F64"),
        (safetensors({"a": 1}), "."),
        (struct.pack("<Q", 3000) + b"[" * 3000, "."),
    ],
)
def test_safetensors_that_are_damaged(tmp_path, content, says):
    (tmp_path / "x.safetensors").write_bytes(content)
    used, message = peak(read_safetensors, tmp_path / "x.safetensors")
    assert used < 2**20 and "\n" not in message
    with pytest.raises(ValueError, match=rf"x.safetensors cannot be read: .*{says}"):
        read_safetensors(tmp_path / "x.safetensors")


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "loop.npy").symlink_to(tmp_path / "loop.npy")
    (tmp_path / "gone.npy").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "device.npy").symlink_to("/dev/zero")
    for name, says in (
        ("pipe", "is a named pipe, not a file"),
        ("loop", "symbolic links"),
        ("gone", "No such file"),
        ("folder", "is a folder, not a file"),
        ("device", "is a device, not a file"),
        ("no", "No such file"),
        ("a\0", "null"),
    ):
        for read in (read_npy, read_npz, read_safetensors):
            with pytest.raises(ValueError, match=says):
                read(tmp_path / f"{name}.npy")
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "link.npy").symlink_to(tmp_path / "x.npy")
    assert size_of_file(tmp_path / "link.npy") == (tmp_path / "x.npy").stat().st_size
    np.testing.assert_array_equal(read_npy(tmp_path / "link.npy"), X)


def test_texts_of_strangers_can_be_shown():
    assert readable("Größe 猫") == "Größe 猫"
    assert readable("a\x1b[2J\n\udcff\u202e") == "a\\x1b[2J\\n\\udcff\\u202e"
