"""Files that are there whole or not at all."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from jaxgan.backend.files import FileProblem, left_behind, naming, write_whole


def test_a_file_is_written_into_a_folder_that_is_made_for_it(tmp_path):
    path = write_whole(tmp_path / "new" / "a.txt", lambda file: file.write(b"whole"))
    assert path.read_bytes() == b"whole"
    assert [x.name for x in path.parent.iterdir()] == ["a.txt"]


def test_a_writer_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, lambda file: file.write(b"before"))

    def fail(file):
        file.write(b"half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_while_it_is_written_the_old_file_is_there_and_the_new_one_is_told_by_its_name(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, lambda file: file.write(b"old"))

    def look(file):
        file.write(b"new")
        (beside,) = (x for x in tmp_path.iterdir() if x != path)
        assert left_behind(beside, "a.txt") and not left_behind(beside, "b.txt") and not left_behind(path, "a.txt")
        assert path.read_bytes() == b"old"

    write_whole(path, look)
    assert path.read_bytes() == b"new"


def test_many_writers_at_once_leave_what_one_of_them_wrote(tmp_path):
    contents = [bytes([i]) * 100_000 for i in range(16)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda x: write_whole(tmp_path / "a", lambda file: file.write(x)), contents))
    assert (tmp_path / "a").read_bytes() in contents
    assert len(list(tmp_path.iterdir())) == 1


def test_others_may_read_what_the_user_lets_them(tmp_path):
    before = os.umask(0o022)
    try:
        path = write_whole(tmp_path / "a", lambda file: file.write(b"x"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_what_the_system_refuses_is_one_line_that_names_the_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileProblem, match=f"^{tmp_path}/file/a.txt cannot be written: (File exists|Not a directory)$"):
        write_whole(tmp_path / "file" / "a.txt", lambda file: file.write(b"x"))

    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(FileProblem, match=f"^{tmp_path}/a.txt cannot be written: No space left on device$"):
        write_whole(tmp_path / "a.txt", full)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    with pytest.raises(FileProblem, match="inner"), naming(tmp_path, "outer"):
        raise FileProblem("inner")
    with pytest.raises(ValueError), naming(tmp_path, "cannot be read"):
        raise ValueError
