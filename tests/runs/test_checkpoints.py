"""Checkpoints: what was saved is read again to the bit, or what is wrong is said."""

import hashlib
import os
import shutil
import subprocess
import threading

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.backend.files import FileProblem
from jaxgan.runs.checkpoints import SUMS, Checkpoints

ARRAYS = {"weights": jnp.arange(12.0).reshape(3, 4), "step": jnp.int32(7)}


def save(directory, steps, **options):
    with Checkpoints(directory, **options) as checkpoints:
        for step in steps:
            checkpoints.save(step, {name: array + step for name, array in ARRAYS.items()}, {"step": step})
        checkpoints.wait()
        return checkpoints.steps


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    directory = tmp_path_factory.mktemp("checkpoints") / "c"
    assert save(directory, (10, 20), every=10) == [10, 20]
    return directory


@pytest.fixture
def directory(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "c")


def newest(directory, *said):
    heard = []
    with Checkpoints(directory) as checkpoints:
        found = checkpoints.newest(lambda step: checkpoints.restore(ARRAYS, step), heard.append)
    assert len(heard) == len(said) and all(part in line for part, line in zip(said, heard, strict=True)), heard
    return None if found is None else found[1]["step"]


def files(directory):
    return sorted(path for path in directory.rglob("*") if path.is_file())


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 16
    path.write_bytes(content)


def test_what_was_saved_is_read_again(saved):
    with Checkpoints(saved) as checkpoints:
        arrays, progress = checkpoints.restore(ARRAYS, 20)
        read, _ = checkpoints.read(10)
    np.testing.assert_array_equal(arrays["weights"], ARRAYS["weights"] + 20)
    np.testing.assert_array_equal(read["weights"], ARRAYS["weights"] + 10)
    assert progress == {"step": 20} and int(arrays["step"]) == 27


def test_the_sums_are_what_sha256sum_checks(saved):
    recorded = dict(line.split("  ")[::-1] for line in (saved / "20" / SUMS).read_text().splitlines())
    assert set(recorded) == {str(path.relative_to(saved / "20")) for path in files(saved / "20")} - {SUMS}
    for name, digest in recorded.items():
        assert hashlib.sha256((saved / "20" / name).read_bytes()).hexdigest() == digest
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--quiet", "--check", SUMS], cwd=saved / "20", check=True)


def test_a_flipped_bit_anywhere_is_named_and_the_checkpoint_before_is_used(directory):
    random = np.random.default_rng(0)
    for path in files(directory / "20"):
        for place in random.integers(0, path.stat().st_size, 3) if path.stat().st_size else ():
            before = path.read_bytes()
            flip(path, place)
            assert newest(directory, f"the checkpoint of step 20 in {directory} cannot be read: ") == 10
            path.write_bytes(before)
    assert newest(directory) == 20


@pytest.mark.parametrize("damage", ["truncated", "emptied", "deleted", "a folder", "a dangling link"])
def test_a_file_that_is_not_whole_is_named_and_the_checkpoint_before_is_used(damage, directory):
    for path in files(directory / "20"):
        if damage in ("truncated", "emptied") and path.stat().st_size == 0:
            continue
        if damage == "deleted" and path.name == SUMS:
            continue  # as in a run of an older version, which is read as it is
        before = path.read_bytes()
        path.unlink()
        if damage == "truncated":
            path.write_bytes(before[: len(before) // 2])
        elif damage == "emptied":
            path.touch()
        elif damage == "a folder":
            path.mkdir()
        elif damage == "a dangling link":
            path.symlink_to("nowhere")
        assert newest(directory, "the checkpoint of step 20") == 10
        assert os.path.lexists(path) == (damage != "deleted")
        shutil.rmtree(path) if damage == "a folder" else path.unlink(missing_ok=True)
        path.write_bytes(before)
    assert newest(directory) == 20


def test_a_checkpoint_that_is_a_file_or_of_other_arrays_is_passed_over(directory):
    shutil.rmtree(directory / "20")
    (directory / "20").write_text("no checkpoint")
    assert newest(directory, "step 20") == 10
    with Checkpoints(directory, keep=3) as checkpoints:
        checkpoints.save(30, {"other": jnp.zeros(2)}, {"step": 30})
    assert newest(directory, "has other float32 [2], not missing", "step 20") == 10
    assert (directory / "20").read_text() == "no checkpoint"


def test_when_none_is_left_it_is_one_line(directory):
    assert newest(directory / "none") is None
    for step in (10, 20):
        flip(directory / str(step) / SUMS, 3)
    with pytest.raises(ValueError, match=r"of step 20 .* is not as it was written; nor can the 1 .* used; put a whole"):
        newest(directory)
    shutil.rmtree(directory)
    directory.write_text("mine")
    with pytest.raises(ValueError, match="is no folder, where the folder of the checkpoints should be: move it away"):
        newest(directory)


def test_one_without_sums_is_read_as_those_of_older_versions(directory):
    (directory / "20" / SUMS).unlink()
    assert newest(directory) == 20
    (directory / "20" / "arrays" / "_METADATA").write_text('{"tree_meta')
    assert newest(directory, "the checkpoint of step 20") == 10


def test_a_damaged_one_is_never_removed(directory):
    flip(directory / "20" / SUMS, 3)
    with Checkpoints(directory, keep=1, every=10) as checkpoints:
        assert checkpoints.newest(checkpoints.read, lambda _: None)
        for step in (20, 30, 40):
            checkpoints.save(step, ARRAYS, {"step": step})
            checkpoints.wait()
        assert checkpoints.steps == [40]
    assert sorted(path.name for path in directory.iterdir()) == ["20.damaged", "40"]


def test_what_is_saved_between_pushes_none_of_the_regular_ones_out(tmp_path):
    assert save(tmp_path / "c", (10, 20, 23, 27, 28, 30, 35), keep=2, every=10) == [20, 28, 30, 35]
    with Checkpoints(tmp_path / "c", every=10) as checkpoints:
        assert [checkpoints.last(until) for until in (40, 29, 19)] == [30, 20, None]


def test_saving_leaves_no_thread_and_no_file_open(tmp_path):
    def left():
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    with Checkpoints(tmp_path / "c") as checkpoints:
        for step in range(22):
            checkpoints.save(step, ARRAYS, {"step": step})
            checkpoints.wait()
            if step == 1:
                before = left()
        assert left() == before


def test_one_that_cannot_be_written_is_one_line_and_the_one_before_is_whole(directory, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with Checkpoints(directory) as checkpoints:
        monkeypatch.setattr("jaxgan.runs.checkpoints.write_whole", full)
        checkpoints.save(30, ARRAYS, {"step": 30})
        with pytest.raises(FileProblem, match=r"step 30 cannot be written to .*No space.*; the .* of step 20 is whole"):
            checkpoints.wait()
        monkeypatch.undo()
    assert newest(directory) == 20
    with Checkpoints(directory, every=10) as checkpoints:
        checkpoints.save(30, ARRAYS, {"step": 30})
    assert sorted(path.name for path in directory.iterdir()) == ["20", "30"]


def test_a_writing_process_that_was_killed_leaves_nothing_in_the_way(directory):
    (directory / ".30.writing.orbax-checkpoint-tmp" / "arrays").mkdir(parents=True)
    assert newest(directory) == 20
    assert save(directory, (30,), every=10) == [20, 30]
    assert sorted(path.name for path in directory.iterdir()) == ["20", "30"]
