"""Named arrays out of a file of PyTorch or NumPy, without PyTorch and without running anything that is in the file."""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

# The first number in files that torch.save wrote before version 1.6 made zip archives of them.
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Reads all arrays of a file, by name.

    Args:
      path: an `.npz` archive, or a state dict that `torch.save` wrote, as a zip archive or as the older stream of
        pickles. Which of them it is, the content tells.

    Returns:
      The arrays. What a state dict holds besides tensors is left out.

    Raises:
      ValueError: if the file is none of these, is damaged, or holds a pickle that asks for anything but tensors.
    """
    try:
        content = path.read_bytes()
        if content[:2] != b"PK":
            return _named(_read_legacy(content))
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            pickled = [name for name in archive.namelist() if name.split("/")[1:] == ["data.pkl"]]
            if pickled:
                return _named(_read_archive(archive, pickled[0].removesuffix("data.pkl")))
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception as error:  # A damaged file can make its readers raise anything at all.
        raise ValueError(f"{path} cannot be read as weights: {error or type(error).__name__}") from error


def _named(state: Any) -> dict[str, np.ndarray]:
    if not isinstance(state, dict):
        raise pickle.UnpicklingError(f"it holds a {type(state).__name__}, not a state dict")
    return {str(name): value for name, value in state.items() if isinstance(value, np.ndarray)}


def _read_archive(archive: zipfile.ZipFile, folder: str) -> Any:
    """Reads what `torch.save` writes now: a pickle, and one file for each storage."""
    names = archive.namelist()
    big = f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") == b"big"

    def storage(identifier: Any) -> np.ndarray:
        kind, dtype, name, _, length = identifier
        values = np.frombuffer(archive.read(f"{folder}data/{name}"), _order(dtype, big))
        if kind != "storage" or values.size != length:
            raise pickle.UnpicklingError(f"storage {name} has {values.size} elements, not {length}")
        return values

    return _Unpickler(io.BytesIO(archive.read(f"{folder}data.pkl")), storage).load()


def _read_legacy(content: bytes) -> Any:
    """Reads what `torch.save` wrote before version 1.6: pickles in a row, then the storages that they refer to."""
    stream = io.BytesIO(content)
    storages: dict[str, np.ndarray] = {}

    def plain() -> Any:
        return _Unpickler(stream, _refused).load()

    def storage(identifier: Any) -> np.ndarray:
        kind, dtype, name, _, length, view = identifier
        width = np.dtype(dtype).itemsize
        if kind != "storage" or view is not None or not 0 <= length * width <= len(content):
            raise pickle.UnpicklingError(f"storage {name} is not plain, or larger than the file")
        # The values follow after the pickle: tensors are views of an array that is filled later.
        return storages.setdefault(name, np.empty(length, _order(dtype, big=False)))

    if content[:1] != b"\x80" or plain() != LEGACY_MAGIC:
        raise pickle.UnpicklingError("it is neither an .npz archive nor a state dict saved by PyTorch")
    plain()  # the version of the format
    if not plain().get("little_endian", True):
        raise pickle.UnpicklingError("it was saved on a big-endian machine")
    state = _Unpickler(stream, storage).load()
    for name in plain():
        (length,) = struct.unpack("<q", stream.read(8))
        values = storages[name]
        if length != values.size:
            raise pickle.UnpicklingError(f"storage {name} has {length} elements, not {values.size}")
        values[:] = np.frombuffer(stream.read(values.nbytes), values.dtype)
    return state


class _Unpickler(pickle.Unpickler):
    """An unpickler to which nothing exists but dictionaries, storages and tensors made of them."""

    def __init__(self, stream: io.BytesIO, storage: Callable[[Any], np.ndarray]) -> None:
        super().__init__(stream)
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda *arguments: _tensor(*arguments)  # a new one each time: a pickle may set its attributes
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which a state dict does not need")

    def persistent_load(self, pid: Any) -> np.ndarray:
        return self._storage(pid)


def _tensor(storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> np.ndarray:
    """A tensor as a view of its storage; offset and strides count elements."""
    if not isinstance(storage, np.ndarray) or len(size) != len(stride) or min((offset, *size, *stride)) < 0:
        raise pickle.UnpicklingError(f"a tensor of size {size}, stride {stride} and offset {offset} cannot be")
    if 0 in size:
        return np.empty(size, storage.dtype)
    if offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) >= storage.size:
        raise pickle.UnpicklingError(f"a tensor of size {size} reaches beyond its {storage.size} stored elements")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], tuple(size), steps, writeable=False)


def _refused(identifier: Any) -> np.ndarray:
    raise pickle.UnpicklingError(f"it refers to {identifier!r} where no tensor can be")


def _order(dtype: str, big: bool) -> np.dtype:
    return np.dtype(dtype).newbyteorder(">" if big else "<")
