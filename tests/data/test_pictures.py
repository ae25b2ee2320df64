"""Image files are data: known formats only, sizes bounded before anything is decoded, regular files only."""

import os
import struct
import zlib

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from jaxgan.data.files import read_samples
from jaxgan.data.folders import read_folder
from jaxgan.data.pictures import read_image, size_of
from jaxgan.data.source import _pixels

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\n(ran) print\n%%EOF\n"


def png(width, height):
    """A PNG file that says that it has so many pixels, and holds a few of them."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def test_postscript_is_not_run(tmp_path, monkeypatch):
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    (tmp_path / "a.png").write_bytes(POSTSCRIPT)
    for read in (read_image, size_of):
        with pytest.raises(ValueError, match=r"^the image \S*a.png cannot be read: it is none of PNG, JPEG"):
            read(tmp_path / "a.png")
    with pytest.raises(ValueError, match="the image of a TFDS set cannot be read: it is none of PNG, JPEG"):
        _pixels({"image": POSTSCRIPT})
    assert not (tmp_path / "ran").exists()
    with Image.open(tmp_path / "a.png") as image, pytest.raises(OSError):  # so Pillow would have started it
        image.load()
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (8193, 8192), (50_000, 50_000), (2**31 - 1, 1)])
def test_pixels_are_bounded_before_they_are_decoded(tmp_path, monkeypatch, width, height):
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    (tmp_path / "a.png").write_bytes(png(width, height))
    for read in (read_image, size_of):
        with pytest.raises(ValueError, match=r"a.png cannot be read: (it has|Image size)") as caught:
            read(tmp_path / "a.png")
        assert "\n" not in str(caught.value)


def test_only_files_are_images(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "c.png").mkdir()
    np.testing.assert_array_equal(read_folder(tmp_path).images, np.stack([PIXELS, PIXELS]))
    for make, says in (
        (os.mkfifo, "d.png is a named pipe, not a file"),
        (lambda path: path.symlink_to(path), "d.png cannot be read: Too many levels of symbolic links"),
        (lambda path: path.symlink_to("nothing"), "d.png cannot be read: No such file"),
        (lambda path: path.symlink_to("/dev/zero"), "d.png is a device, not a file"),
    ):
        make(tmp_path / "d.png")
        with pytest.raises(ValueError, match=says):
            read_folder(tmp_path)
        (tmp_path / "d.png").unlink()


def test_names_of_classes_can_be_shown(tmp_path):
    for name in (b"caf\xe9", "größe".encode(), b"a\x1b[2J"):
        folder = os.path.join(os.fsencode(tmp_path), name)
        os.mkdir(folder)
        Image.fromarray(PIXELS).save(os.path.join(os.fsdecode(folder), "a.png"))
    assert set(read_folder(tmp_path).names) == {"caf\\udce9", "größe", "a\\x1b[2J"}


def test_what_was_done_is_noted(tmp_path):
    for i, side in enumerate((8, 8, 12)):
        Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(tmp_path / f"{i}.png")
    assert read_folder(tmp_path, (8, 8)).notes == (
        "1 of 3 images were cut at the centre and resized to 8 x 8 (Lanczos)",
    )
    (tmp_path / "2.png").unlink()
    assert read_folder(tmp_path, "auto").notes == () == read_samples(tmp_path).notes
    with pytest.raises(ValueError, match="images of 9000 x 9000 pixels are too large"):
        read_folder(tmp_path, (9000, 9000))


def test_images_that_would_not_fit(tmp_path, monkeypatch):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    monkeypatch.setattr("jaxgan.data.folders.LARGEST", 40)
    for size in (None, (4, 4)):
        with pytest.raises(ValueError, match=r"would take 0 GiB, and at most 0 fit: take fewer, or smaller ones"):
            read_folder(tmp_path, size)


def test_the_folder_of_a_run_is_no_data(tmp_path):
    (tmp_path / "figures").mkdir()
    Image.fromarray(PIXELS).save(tmp_path / "figures" / "a.png")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="is the folder of a run, whose samples are generated and no data"):
        read_samples(tmp_path)
