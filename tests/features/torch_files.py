"""Files as `torch.save` writes them, made by hand: PyTorch is not needed to test that they are read."""

import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

STORAGES = {"float64": "Double", "float32": "Float", "float16": "Half", "int64": "Long", "uint8": "Byte"}
MAGIC = 0x1950A86A20F9469CFC6C


class Raw(NamedTuple):
    """Opcodes that leave one value on the stack of the unpickler."""

    opcodes: bytes


class Tensor(NamedTuple):
    """A tensor as it is stored: a view of a storage."""

    storage: np.ndarray
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def contiguous(array: np.ndarray) -> Tensor:
    """A tensor that fills its storage in the order of rows."""
    stride = tuple(step // array.itemsize for step in np.ascontiguousarray(array).strides)
    return Tensor(array.ravel(), 0, array.shape, stride[: array.ndim])


def pickled(value: Any) -> bytes:
    """A complete pickle of protocol 2."""
    return b"\x80\x02" + _opcodes(value) + b"."


def reference(module: str, name: str) -> Raw:
    """The name of a function or class that the unpickler shall import."""
    return Raw(f"c{module}\n{name}\n".encode())


def called(function: Raw, *arguments: Any) -> Raw:
    """The result of a call that the unpickler shall make."""
    return Raw(function.opcodes + _opcodes(arguments) + b"R")


def persistent(identifier: Any) -> Raw:
    """What the reader of the file finds by an identifier."""
    return Raw(_opcodes(identifier) + b"Q")


def state_dict(tensors: dict[str, Any], *, legacy: bool) -> tuple[Raw, list[np.ndarray]]:
    """An ordered dictionary with metadata, as `Module.state_dict` makes it, and its storages in order."""
    storages, items = [], b""
    for name, tensor in tensors.items():
        value = tensor
        if isinstance(tensor, Tensor):
            kind = reference("torch", f"{STORAGES[tensor.storage.dtype.name]}Storage")
            identifier = ("storage", kind, str(len(storages)), "cpu", tensor.storage.size, *([None] if legacy else []))
            storages.append(tensor.storage)
            rebuild = reference("torch._utils", "_rebuild_tensor_v2")
            hooks = called(reference("collections", "OrderedDict"))
            value = called(rebuild, persistent(identifier), tensor.offset, tensor.size, tensor.stride, False, hooks)
        items += _opcodes(name) + _opcodes(value)
    empty = called(reference("collections", "OrderedDict")).opcodes
    metadata = _opcodes("_metadata") + called(reference("collections", "OrderedDict")).opcodes
    return Raw(empty + b"(" + items + b"u}" + metadata + b"sb"), storages


def save(path: Path, tensors: dict[str, Any]) -> Path:
    """Writes a state dict as PyTorch does since version 1.6."""
    state, storages = state_dict(tensors, legacy=False)
    return save_archive(path, state, storages)


def save_archive(path: Path, value: Any, storages: list[np.ndarray]) -> Path:
    """Writes a zip archive of one pickle and its storages."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", pickled(value))
        archive.writestr(f"{path.stem}/byteorder", "little")
        for index, storage in enumerate(storages):
            archive.writestr(f"{path.stem}/data/{index}", storage.tobytes())
        archive.writestr(f"{path.stem}/version", "3\n")
    return path


def save_legacy(path: Path, tensors: dict[str, Any]) -> Path:
    """Writes a state dict as PyTorch did before version 1.6."""
    state, storages = state_dict(tensors, legacy=True)
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    names = [str(index) for index in range(len(storages))]
    with path.open("wb") as file:
        for value in (MAGIC, 1001, system, state, names):
            file.write(pickled(value))
        for storage in storages:
            file.write(struct.pack("<q", storage.size) + storage.tobytes())
    return path


def _opcodes(value: Any) -> bytes:
    if isinstance(value, Raw):
        return value.opcodes
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_opcodes, value)) + b"t"
    return pickle.dumps(value, 2)[2:-1]
