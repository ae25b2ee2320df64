"""Named arrays out of a file of PyTorch or NumPy, without PyTorch and without running anything that is in the file."""

import io
import pickletools
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.backend.arrays import open_archive, read_npz, read_safetensors, readable, reason, size_of_file

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


# What the pickle of a state dict consists of: values that stand in it, and what is done with those before.
VALUES = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
ORDERED, REBUILD = ("collections", "OrderedDict"), ("torch._utils", "_rebuild_tensor_v2")


class Refused(ValueError):
    """A file that asks for what no state dict needs."""


class Name(NamedTuple):
    """What a pickle would import; nothing is."""

    module: str
    name: str


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Reads all arrays of a file, by name.

    A pickle is never loaded: its opcodes are read one by one, and there are only those of which dictionaries, texts,
    numbers, storages and tensors are made. Nothing is allocated that the file does not hold.

    Args:
      path: a `.safetensors` file, an `.npz` archive, or a state dict that `torch.save` wrote, as a zip archive or as
        the older stream of pickles. Which of the last three it is, the content tells.

    Returns:
      The arrays. What a state dict holds besides tensors is left out.

    Raises:
      ValueError: if the file is none of these, is damaged, or holds a pickle that asks for anything but tensors.
    """
    size = size_of_file(path)
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    try:
        with path.open("rb") as file:
            start = file.read(2)
        if start[:1] == b"\x80":
            return _named(_read_legacy(path.read_bytes()))
        if start != b"PK":
            raise Refused("it is neither an .npz archive nor a state dict saved by PyTorch")
        with open_archive(path, size) as archive:
            pickled = [name for name in archive.namelist() if name.split("/")[1:] == ["data.pkl"]]
            if pickled:
                return _named(_read_archive(archive, pickled[0].removesuffix("data.pkl")))
        return read_npz(path)
    except Exception as error:  # a damaged file can make its readers raise anything at all
        raise ValueError(f"{readable(str(path))} cannot be read as weights: {reason(error)}") from error


def _named(state: Any) -> dict[str, np.ndarray]:
    if not isinstance(state, dict):
        raise Refused(f"it holds a {type(state).__name__}, not a state dict")
    return {str(name): value for name, value in state.items() if isinstance(value, np.ndarray)}


def _read_archive(archive: zipfile.ZipFile, folder: str) -> Any:
    """Reads what `torch.save` writes now: a pickle, and one file for each storage."""
    names = archive.namelist()
    big = f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") == b"big"

    storages: dict[str, np.ndarray] = {}

    def storage(identifier: Any) -> np.ndarray:
        name, dtype, length = _identified(identifier, 5)
        if name not in storages:
            storages[name] = np.frombuffer(archive.read(f"{folder}data/{name}"), _order(dtype, big))
        if storages[name].size != length:
            raise Refused(f"storage {name} has {storages[name].size} elements, not {length}")
        return storages[name]

    return _unpickled(io.BytesIO(archive.read(f"{folder}data.pkl")), storage)


def _read_legacy(content: bytes) -> Any:
    """Reads what `torch.save` wrote before version 1.6: pickles in a row, then the storages that they refer to."""
    stream = io.BytesIO(content)
    storages: dict[str, np.ndarray] = {}
    left = len(content)

    def storage(identifier: Any) -> np.ndarray:
        nonlocal left
        name, dtype, length = _identified(identifier, 6)
        if name not in storages:
            left -= length * np.dtype(dtype).itemsize
            if left < 0:
                raise Refused(f"storage {name} is larger than the file")
            # The values follow after the pickle: tensors are views of an array that is filled later.
            storages[name] = np.zeros(length, _order(dtype, big=False))
        return storages[name]

    if _unpickled(stream) != LEGACY_MAGIC:
        raise Refused("it is neither an .npz archive nor a state dict saved by PyTorch")
    _unpickled(stream)  # the version of the format
    system = _unpickled(stream)
    if not isinstance(system, dict) or not system.get("little_endian", True):
        raise Refused("it was saved on a big-endian machine")
    state = _unpickled(stream, storage)
    names = _unpickled(stream)
    if not isinstance(names, list) or not all(isinstance(name, str) and name in storages for name in names):
        raise Refused("its storages are not those that its tensors are made of")
    for name in names:
        (length,) = struct.unpack("<q", stream.read(8))
        values = storages[name]
        if length != values.size:
            raise Refused(f"storage {name} has {length} elements, not {values.size}")
        values[:] = np.frombuffer(stream.read(values.nbytes), values.dtype)
    return state


def _identified(identifier: Any, fields: int) -> tuple[str, str, int]:
    """Name, type and length of the storage that a persistent identifier means; others are on no device and no view."""
    if not isinstance(identifier, tuple) or len(identifier) != fields or identifier[5:] not in ((), (None,)):
        raise Refused("a storage is not plain")
    kind, dtype, name, _, length = identifier[:5]
    if kind != "storage" or not isinstance(dtype, Name) or dtype.name not in STORAGES or dtype.module != "torch":
        raise Refused("a storage is of no known type")
    if not isinstance(name, str) or type(length) is not int or length < 0:
        raise Refused("a storage has no name or no length")
    return readable(name), STORAGES[dtype.name], length


def _unpickled(stream: io.BytesIO, storage: Callable[[Any], np.ndarray] | None = None) -> Any:
    """The value that the pickle at this place of a stream stands for.

    Args:
      stream: is at the end of the pickle afterwards.
      storage: what a persistent identifier means; None where there is none.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}

    def since_mark() -> list[Any]:
        start = marks.pop()
        taken = stack[start:]
        del stack[start:]
        return taken

    for opcode, argument, _ in pickletools.genops(stream):
        match opcode.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                return stack.pop()
            case name if name in VALUES:
                stack.append(argument)
            case name if name in CONSTANTS:
                stack.append(CONSTANTS[name]())
            case "MARK":
                marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case name if name in TUPLES:
                stack[-TUPLES[name] :] = [tuple(stack[-TUPLES[name] :])]
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]  # pyright: ignore[reportArgumentType]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])  # pyright: ignore[reportArgumentType]
            case "GLOBAL":
                stack.append(_imported(*str(argument).split(" ", 1)))
            case "STACK_GLOBAL":
                stack[-2:] = [_imported(*stack[-2:])]
            case "BINPERSID":
                if storage is None:
                    raise Refused("it refers to a storage where no tensor can be")
                stack.append(storage(stack.pop()))
            case "REDUCE":
                arguments = stack.pop()
                stack.append(_called(stack.pop(), arguments))
            case "BUILD":
                stack.pop()  # attributes, such as the metadata of a state dict, which it does not need
            case "APPEND":
                _extend(stack, [stack.pop()])
            case "APPENDS":
                _extend(stack, since_mark())
            case "SETITEM":
                _update(stack, [stack.pop(-2), stack.pop()])
            case "SETITEMS":
                _update(stack, since_mark())
            case name:
                raise Refused(f"it holds the opcode {name}, which a state dict does not need")


def _imported(module: Any, name: Any = "") -> Name:
    found = Name(module, name)
    if found in (ORDERED, REBUILD) or (module == "torch" and name in STORAGES):
        return found
    said = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "no name"
    raise Refused(f"it asks for {said}, which a state dict does not need")


def _called(function: Any, arguments: Any) -> Any:
    if function == ORDERED and isinstance(arguments, tuple) and len(arguments) <= 1:
        pairs: list[Any] = []
        for pair in arguments[0] if arguments else ():
            pairs += pair
        found: list[Any] = [{}]
        _update(found, pairs)
        return found[0]
    if function == REBUILD and isinstance(arguments, tuple) and len(arguments) >= 4:
        return _tensor(*arguments[:4])
    raise Refused("it calls what a state dict does not need")


def _extend(stack: list[Any], items: list[Any]) -> None:
    if not isinstance(stack[-1], list):
        raise Refused("it appends to what is no list")
    stack[-1].extend(items)


def _update(stack: list[Any], items: list[Any]) -> None:
    """Sets items of a dictionary; its names are texts and numbers, since a nested tuple can take for ever to hash."""
    names = items[::2]
    if not isinstance(stack[-1], dict) or len(items) % 2 or not all(isinstance(name, str | int) for name in names):
        raise Refused("its dictionaries have names that are neither texts nor numbers")
    stack[-1].update(zip(names, items[1::2], strict=True))


def _tensor(storage: Any, offset: Any, size: Any, stride: Any) -> np.ndarray:
    """A tensor as a view of its storage; offset and strides count elements."""
    whole = isinstance(size, tuple) and isinstance(stride, tuple) and len(size) == len(stride) <= 32
    if not isinstance(storage, np.ndarray) or not whole or not all(type(n) is int for n in (offset, *size, *stride)):
        raise Refused("a tensor is made of what is no storage, size and stride")
    if min((offset, *size, *stride)) < 0:
        raise Refused(f"a tensor of size {size}, stride {stride} and offset {offset} cannot be")
    if 0 in size:
        return np.empty(size, storage.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if last >= storage.size:
        raise Refused(f"a tensor of size {size} reaches beyond its {storage.size} stored elements")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False)


def _order(dtype: str, big: bool) -> np.dtype:
    return np.dtype(dtype).newbyteorder(">" if big else "<")
