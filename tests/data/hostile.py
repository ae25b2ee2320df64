"""Damaged inputs without end, the same for the same seed, and a judge that reads each in a process of its own.

    python -m tests.data.hostile 1000

reads so many and prints one line for each that ended in anything but samples or one line of a ValueError, hung, took
too much memory or wrote over a file, and then the counts.
"""

import functools
import hashlib
import io
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow
from PIL import Image
from pyarrow import parquet

from jaxgan.data.files import Samples, read_samples
from jaxgan.data.own_data import own_data
from jaxgan.diagnosis import read_generated
from jaxgan.diagnosis.inputs import fitted
from jaxgan.features._weights import read_weights
from tests.features import torch_files

SECONDS, BYTES = 10, 2**31
RANDOM = np.random.RandomState(0)
POINTS = RANDOM.normal(size=(24, 3)).astype(np.float32)
PIXELS = RANDOM.randint(0, 256, (24, 9, 8, 3)).astype(np.uint8)
LABELS = np.array(["a", "ß", "c"] * 8)
REAL = Samples(POINTS, None, (), "reals", "points")


class Case(NamedTuple):
    """A damaged input.

    Attributes:
      name: what is damaged, and how.
      source: the file or folder that a user names.
      read: what reads it.
    """

    name: str
    source: Path
    read: Callable[[Path], object]


def diagnosed(source: Path) -> object:
    """What `jaxgan diagnose` does before it measures anything."""
    samples = read_samples(source)
    like = samples if samples.kind != "points" or samples.data.shape[1:] != POINTS.shape[1:] else REAL
    return fitted(like, samples)


def of_run(source: Path) -> object:
    """What `jaxgan diagnose --fake WORKDIR` does before it measures anything."""
    return [fitted(REAL, samples) for samples in read_generated(source, like=REAL).values()]


def _arrays(save: Callable, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _picture(form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS[0]).save(buffer, form, **options)
    return buffer.getvalue()


def _safetensors() -> bytes:
    header = b'{"samples": {"dtype": "F32", "shape": [24, 3], "data_offsets": [0, 288]}, "__metadata__": {"a": "b"}}'
    return len(header).to_bytes(8, "little") + header + POINTS.tobytes()


def _parquet(**columns: object) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), buffer)
    return buffer.getvalue()


def _state_dict(save: Callable) -> bytes:
    tensors = {"a": torch_files.contiguous(POINTS), "b": torch_files.contiguous(PIXELS[0])}
    with tempfile.TemporaryDirectory() as folder:
        return save(Path(folder) / "x.pth", tensors).read_bytes()


@functools.cache
def whole() -> dict[str, tuple[bytes, list[Callable[[Path], object]]]]:
    """Inputs that can be read, by name, and what reads them."""
    both: list[Callable[[Path], object]] = [diagnosed, own_data]
    text = "\n".join(["size,kind,n", *(f"{x[0]},{LABELS[i]},{i % 5}" for i, x in enumerate(POINTS))])
    mixed = {"size": POINTS[:, 0], "kind": LABELS, "n": list(range(24))}
    files = {
        "points.npy": (_npy(POINTS), both),
        "doubles.npy": (_npy(POINTS.astype(">f8")), both),
        "images.npy": (_npy(PIXELS), both),
        "labelled.npz": (_arrays(np.savez, samples=POINTS, labels=LABELS), both),
        "packed.npz": (_arrays(np.savez_compressed, samples=PIXELS, labels=np.arange(24) % 3), both),
        "waves.npz": (_arrays(np.savez_compressed, samples=PIXELS[..., 0] * 0.5, kind=np.array("sequences")), both),
        "x.safetensors": (_safetensors(), both),
        "x.csv": (text.encode(), both),
        "x.tsv": (text.replace(",", "\t").encode(), both),
        "x.parquet": (_parquet(**mixed), both),
        "lists.parquet": (_parquet(v=POINTS.tolist()), [diagnosed]),
        "x.pth": (_state_dict(torch_files.save), [read_weights]),
        "legacy.pth": (_state_dict(torch_files.save_legacy), [read_weights]),
        "weights.npz": (_arrays(np.savez, a=POINTS, b=PIXELS), [read_weights]),
        "run/samples.npz": (_arrays(np.savez, samples=POINTS[None], kind=np.array("points")), [of_run]),
        "run/config.json": (b'{"options": {"run": {"first_seed": 3}}, "example": {"kind": "points"}}', [of_run]),
    }
    pictures = {form: {} for form in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM", "TIFF")}
    for form, options in {**pictures, "TIFF ": {"compression": "tiff_lzw"}, "GIF ": {"interlace": True}}.items():
        ending = form.strip().lower()
        files[f"{form.strip()}{len(form)}/a.{ending}"] = (_picture(form.strip(), **options), both)
    return files


def _flipped(content: bytes, choose: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(choose.choice((1, 1, 2, 8))):
        changed[choose.randrange(len(changed))] ^= 1 << choose.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, choose: random.Random) -> bytes:
    start, length = choose.randrange(len(content)), choose.choice((1, 2, 4, 8, 50))
    filling = choose.choice((b"\xff", b"\x00", b"\x7f", b"\x80"))
    return content[:start] + (filling * length)[: len(content) - start] + content[start + length :]


def _larger(content: bytes, choose: random.Random) -> bytes:
    """A number in a header, or any digit elsewhere, that becomes a huge one of the same or greater length."""
    digits = [i for i, byte in enumerate(content[:2000]) if 0x30 <= byte <= 0x39]
    if not digits:
        return _overwritten(content, choose)
    at = choose.choice(digits)
    return content[:at] + choose.choice((b"9", b"9" * 12, b"-1", b"1e400", b"nan")) + content[at + 1 :]


def _shuffled(content: bytes, choose: random.Random) -> bytes:
    parts = sorted(choose.randrange(len(content) + 1) for _ in range(2))
    first, second, third = content[: parts[0]], content[parts[0] : parts[1]], content[parts[1] :]
    return choose.choice((first + third, first + second + second + third, second + first + third, third + first))


CONTENTS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": lambda content, choose: content[: choose.randrange(len(content))],
    "flipped": _flipped,
    "flipped at the start": lambda content, choose: _flipped(content[:200], choose) + content[200:],
    "flipped at the end": lambda content, choose: content[:-200] + _flipped(content[-200:], choose),
    "overwritten": _overwritten,
    "larger": _larger,
    "shuffled": _shuffled,
    "noise": lambda content, choose: choose.randbytes(len(content)),
    "empty": lambda content, choose: b"",
}


def _piped(path: Path) -> None:
    os.mkfifo(path)


PLACES: dict[str, Callable[[Path], None]] = {
    "a pipe": _piped,
    "a loop": lambda path: path.symlink_to(path),
    "a broken link": lambda path: path.symlink_to("nothing"),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
    "a postscript": lambda path: void(path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n")),
}


def void(_: object) -> None:
    """Nothing."""


def placed(folder: Path, name: str) -> Path:
    """Writes an input that can be read, with what belongs to it; returns the path of the file of this name."""
    files = whole()
    beside = [other for other in files if "/" in name and other.split("/")[0] == name.split("/")[0]]
    for other in (name, *beside):
        path = folder / other
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[other][0])
        if path.stem == "a":
            Image.fromarray(PIXELS[1]).save(path.with_name("b.png"))
    return folder / name


def cases(folder: Path, count: int, seed: int = 0) -> Iterator[Case]:
    """Damaged inputs, each in a folder of its own below the one that is given."""
    choose, files = random.Random(seed), whole()
    for i in range(count):
        name = list(files)[i % len(files)]
        content, readers = files[name]
        damage = choose.choice([*CONTENTS] * 4 + [*PLACES])
        path = placed(folder / str(i), name)
        path.unlink()
        if damage in CONTENTS:
            path.write_bytes(CONTENTS[damage](content, choose))
        else:
            PLACES[damage](path)
        yield Case(f"{name}, {damage}, {i}", path.parent if "/" in name else path, choose.choice(readers))


def contents(folder: Path) -> str:
    """What tells whether anything in a folder was changed."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path} {path.lstat().st_mode}".encode())
        if path.is_file() and not path.is_symlink():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def outcome(case: Case) -> str:
    """Reads an input: "read", "refused", or what is wrong with how that ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            case.read(case.source)
            return "read"
        except ValueError as error:
            said = str(error)
            fine = said.strip() and "\n" not in said and len(said) < 1000
            return "refused" if fine else f"says {said[:200]!r}"
        except BaseException as error:
            return f"{type(error).__name__}: {str(error)[:200]}"


def judged(case: Case) -> str:
    """The outcome in a process of its own, with limits of time and memory."""
    reading, writing = os.pipe()
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (16 * 2**30, 16 * 2**30))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = outcome(case)
        if (taken := 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)) > BYTES:
            found = f"took {taken / 2**30:.1f} GiB"
        os.write(writing, found.encode(errors="replace"))
        os._exit(0)
    os.close(writing)
    while time.monotonic() - start < SECONDS:
        if (status := os.waitpid(child, os.WNOHANG))[0]:
            found = os.read(reading, 10_000).decode() or f"died with status {status[1]}"
            break
        time.sleep(0.002)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = f"hung for {SECONDS} s"
    os.close(reading)
    return found


def main(count: int, seed: int = 0) -> int:
    """Judges so many inputs; returns how many ended badly."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder), count, seed):
            own = next(path for path in case.source.parents if path.parent == Path(folder))
            before = contents(own)
            said = judged(case)
            if contents(own) != before:
                said = "wrote over a file"
            found[said if said in ("read", "refused") else "bad"] += 1
            if said not in ("read", "refused"):
                print(f"{case.name}, {case.read.__name__}: {said}")
    print(f"{count} damaged inputs: {found['refused']} refused in one line, {found['read']} read, {found['bad']} bad")
    return found["bad"]


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
