"""Arrays from files that strangers may have made: sizes are checked before anything is allocated, nothing is run.

A file of arrays is data. Its header says how large an array is; that is believed only as far as the file holds as
much, and an archive may unpack to a bounded size only. No pickle is read, so arrays of objects are refused.
"""

import json
import math
import os
import stat
import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

LARGEST = 2**34  # bytes of one array
PACKED = 2**28  # bytes of an array that may be packed as tightly as it likes
RATIO = 64  # times that a larger one may be larger than it is in its archive
KINDS = "biufUS"  # of numbers and texts
FORMATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1"}
FORMATS |= {"U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "BF16": "<u2"}
SPECIAL = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


def size_of_file(path: str | os.PathLike[str]) -> int:
    """The bytes of a regular file, or of one that links lead to; it is not opened.

    Raises:
      ValueError: there is none, or it is something else, such as a named pipe, which would be waited for.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{readable(os.fspath(path))} cannot be read: {reason(error)}") from error
    if not stat.S_ISREG(found.st_mode):
        what = next((what for test, what in SPECIAL.items() if test(found.st_mode)), "something else")
        raise ValueError(f"{readable(os.fspath(path))} is {what}, not a file")
    return found.st_size


def reason(error: BaseException) -> str:
    """What an error says, in one line of at most 300 characters; its type where it says nothing."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    said = readable(" ".join(said.split())) or type(error).__name__
    return said if len(said) <= 300 else f"{said[:299]}…"


def readable(text: str) -> str:
    """A text of a stranger, such as a file's name, with escapes for what no screen, page or UTF-8 file can show."""
    return "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in text)


def read_npy(path: Path) -> np.ndarray:
    """Reads a `.npy` file.

    Raises:
      ValueError: it holds no plain array of numbers or texts, claims more than it holds, or more than 16 GiB.
    """
    size = size_of_file(path)
    try:
        with path.open("rb") as file:
            return _array(file, size)
    except Exception as error:  # a damaged file can make its reader raise anything at all
        raise ValueError(f"{readable(str(path))} holds no plain array of numbers: {reason(error)}") from error


def read_npz(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Reads arrays of an `.npz` archive.

    Args:
      path: of the archive.
      names: of the arrays that are wanted, of which those that are there are read; None for all.

    Raises:
      ValueError: it is no such archive or damaged, holds what is no plain array of numbers or texts, or claims more
        than it holds, or unpacks to more than 16 GiB, or to 64 times its own size and more than 256 MiB.
    """
    size = size_of_file(path)
    try:
        with open_archive(path, size) as archive:
            kept = {name: name.removesuffix(".npy") for name in archive.namelist()}
            return {name: _member(archive, x) for x, name in kept.items() if names is None or name in names}
    except Exception as error:
        raise ValueError(f"{readable(str(path))} cannot be read: {reason(error)}") from error


def names_in(path: Path) -> list[str]:
    """The names of the arrays in an `.npz` archive.

    Raises:
      ValueError: it is none.
    """
    size = size_of_file(path)
    try:
        with open_archive(path, size) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except Exception as error:
        raise ValueError(f"{readable(str(path))} cannot be read: {reason(error)}") from error


def open_archive(path: Path, size: int) -> zipfile.ZipFile:
    """Opens a zip archive of so many bytes all of whose members may be unpacked; none is yet.

    Raises:
      ValueError: a member is packed in a way that NumPy and PyTorch do not use, claims to be larger than the archive,
        or unpacks to too much.
      zipfile.BadZipFile: it is none; a damaged one can raise other errors too.
    """
    archive = zipfile.ZipFile(path)
    for member in archive.infolist():
        packed, full = member.compress_size, member.file_size
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{member.filename} is packed in a way that NumPy does not use")
        if packed > size or (member.compress_type == zipfile.ZIP_STORED and full > packed):
            raise ValueError(f"{member.filename} claims more than the file holds")
        if full > LARGEST or full > max(PACKED, RATIO * packed):
            unpacked = f"{member.filename} of {packed:,} bytes unpacks to {full:,}"
            raise ValueError(f"{unpacked}; above {PACKED:,} save it uncompressed, at most {LARGEST:,}")
    return archive


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Reads the tensors of a `.safetensors` file; bfloat16 becomes float32.

    The format: the length of a header in 8 bytes, little-endian; the header, a JSON object that says of each name its
    type, its shape and where it lies in the data; the data.

    Raises:
      ValueError: it is none, or it claims more than it holds.
    """
    size = size_of_file(path)
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > size - 8:
                raise ValueError(f"its header claims {length:,} bytes of a file of {size:,}")
            header = json.loads(file.read(length))
            if not isinstance(header, dict):
                raise ValueError("its header holds no names")
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            return {name: _tensor(file, entry, 8 + length, size) for name, entry in entries.items()}
    except Exception as error:
        raise ValueError(f"{readable(str(path))} cannot be read: {reason(error)}") from error


def _tensor(file: BinaryIO, entry: Any, start: int, size: int) -> np.ndarray:
    dtype, shape, (low, high) = entry["dtype"], entry["shape"], entry["data_offsets"]
    if dtype not in FORMATS:
        raise ValueError(f"its type {dtype} is none of {', '.join(FORMATS)}")
    if not all(type(n) is int and n >= 0 for n in (*shape, low, high)):
        raise ValueError("its shapes and offsets are no whole numbers")
    bytes_of_one = np.dtype(FORMATS[dtype]).itemsize
    if high - low != math.prod(shape) * bytes_of_one or high > size - start or high - low > LARGEST:
        raise ValueError(f"a tensor of {shape} claims bytes {low:,} to {high:,} of {size - start:,}")
    file.seek(start + low)
    values = np.frombuffer(file.read(high - low), FORMATS[dtype]).reshape(shape)
    return (values.astype(np.uint32) << 16).view(np.float32) if dtype == "BF16" else values


def _member(archive: zipfile.ZipFile, entry: str) -> np.ndarray:
    with archive.open(entry) as file:
        return _array(cast(BinaryIO, file), archive.getinfo(entry).file_size)


def _array(file: BinaryIO, size: int) -> np.ndarray:
    """The array in a file of so many bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that look odd, which are read or refused all the same
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version} of the format is not known")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        try:
            shape, _, dtype = read(file)
        except Exception as error:
            raise ValueError("its header cannot be read") from error
        if dtype.kind not in KINDS or dtype.itemsize == 0:
            raise ValueError(f"its values are {dtype}, neither numbers nor texts")
        if not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"its shape {shape} cannot be")
        claimed, held = math.prod(shape) * dtype.itemsize, size - file.tell()
        if claimed != held or claimed > LARGEST:
            raise ValueError(f"its header claims {claimed:,} bytes and {held:,} follow; at most {LARGEST:,} are read")
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
