"""Image files as arrays: grey or colour, 8 or 16 bits deep, composited on white, cropped at the centre and resized."""

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from jaxgan.backend.arrays import readable, reason, size_of_file

IMAGE_FILES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
# The only ones that are tried, whatever a file is called: that of PostScript would start Ghostscript.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
PIXELS = 2**26  # of one image at most, 8192 along each side
GREY = ("1", "L", "LA", "La")
WIDE = 65535  # the largest value of 16 bits
LARGEST, LEAST = 64, 8  # sides that images are brought to where nobody says one

Size = tuple[int, int]


def image_files(folder: Path) -> list[Path]:
    """The image files in a folder, told by their endings, in the order of their names; hidden ones are left out.

    What is called so and is no file, such as a named pipe, is among them, and `read_image` refuses it.
    """
    found = (file for file in folder.iterdir() if file.suffix.lower() in IMAGE_FILES and not file.is_dir())
    return sorted(file for file in found if not file.name.startswith("."))


def read_image(file: Path, size: Size | None = None) -> np.ndarray:
    """Reads an image file, upright.

    What is transparent is composited on white. Grey images of 16 bits keep them; others have 8. With a `size`, the
    largest part at the centre that has its proportions is cut out and resized, with Lanczos' filter.

    Args:
      file: a PNG, JPEG, BMP, GIF, TIFF, WebP, PPM or PGM of at most 2^26 pixels, whatever its name ends in.
      size: height and width; None as they are.

    Returns:
      uint8 or uint16 `[height, width, channels]`, with 1 channel (grey) or 3.

    Raises:
      ValueError: it is no such file, is damaged, has more pixels, which are not decoded then, or holds numbers of which
        no range is known; the message names it.
    """
    with opened(file) as image:
        shown = _plain(ImageOps.exif_transpose(image))
        pixels = np.asarray(shown if size is None else _fitted(shown, size))
    if pixels.dtype == np.float32:
        pixels = np.rint(pixels.clip(0, WIDE)).astype(np.uint16)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def size_of(file: Path) -> Size:
    """Height and width of an image file, upright, from its header.

    Raises:
      ValueError: it cannot be read.
    """
    with opened(file) as image:
        width, height = image.size
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)  # the tag of the orientation, on its side
        return (width, height) if turned else (height, width)


def size_from_text(text: str) -> Size:
    """Height and width of a side in pixels, or HEIGHTxWIDTH, such as 64 or 48x64.

    Raises:
      ValueError: it is neither, or has more than 2^26 pixels.
    """
    parts = text.lower().split("x")
    sides = [int(part) if part.isdecimal() and len(part) < 9 else 0 for part in parts]
    if len(sides) > 2 or min(sides) < 2 or sides[0] * sides[-1] > PIXELS:
        wanted = f"a side in pixels, or HEIGHTxWIDTH, such as 64 or 48x64, of at most {PIXELS:,} pixels"
        raise ValueError(f"--size is {wanted}, not {readable(text[:50])!r}")
    return sides[0], sides[-1]


def common_size(sizes: Sequence[Size]) -> Size:
    """The size that images of these sizes are brought to where nobody says one.

    Their own, if they share one of at most 64 pixels along each side; otherwise a square, whose side is the median of
    their shorter sides, in [8, 64].
    """
    if len(set(sizes)) == 1 and max(sizes[0]) <= LARGEST:
        return sizes[0]
    side = int(np.clip(np.median([min(size) for size in sizes]), LEAST, LARGEST))
    return (side, side)


def resized(images: np.ndarray, size: Size) -> np.ndarray:
    """Cuts uint8 images `[n, height, width, 1 or 3]` at the centre and resizes them, as `read_image` does."""
    if images.shape[1:3] == size:
        return images
    flat = images[..., 0] if images.shape[3] == 1 else images
    return np.stack([np.asarray(_fitted(Image.fromarray(image), size)) for image in flat]).reshape(
        len(images), *size, images.shape[3]
    )


def with_depth(images: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Images of 8 or 16 bits with the depth of `dtype`; 255 becomes 65535."""
    return images if images.dtype == dtype else images.astype(dtype) * (WIDE // 255)


def with_colour(images: np.ndarray, channels: int) -> np.ndarray:
    """Images `[..., 1 or 3]` with so many channels; grey ones are repeated."""
    return images if images.shape[-1] == channels else np.repeat(images, channels, axis=-1)


def size_in_words(image: np.ndarray) -> str:
    """Height, width and channels of an image, in words."""
    height, width, channels = image.shape
    return f"{height} x {width} {'grey' if channels == 1 else 'colour' if channels == 3 else f'{channels} channels'}"


@contextlib.contextmanager
def opened(file: Path | io.BytesIO, name: str = "") -> Iterator[Image.Image]:
    """Opens an image, and reads its header; whatever goes wrong with it then is a ValueError that names it.

    Args:
      file: its path, or its bytes.
      name: of what has no path.
    """
    if isinstance(file, Path):
        size_of_file(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of sizes, which are checked here
            with Image.open(file, formats=FORMATS) as image:
                width, height = image.size
                if width * height > PIXELS:
                    raise ValueError(f"it has {width} x {height} pixels, and at most {PIXELS:,} are read")
                yield image
    except Exception as error:  # a damaged file can make its decoder raise anything at all
        unknown = isinstance(error, UnidentifiedImageError)
        why = f"it is none of {', '.join(FORMATS)}" if unknown else reason(error)
        named = readable(str(file)) if isinstance(file, Path) else name
        raise ValueError(f"the image {named} cannot be read: {why}") from error


def _plain(image: Any) -> Image.Image:
    """The image in one of the modes L, RGB and F, the last one for 16 bits."""
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > WIDE:
            raise ValueError(f"its values are in [{values.min()}, {values.max()}], not in [0, {WIDE}]")
        return Image.fromarray(values.astype(np.float32))
    if image.mode == "F":
        raise ValueError("it holds floating-point numbers, whose range is not known: save them all as one .npy file")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        shown = image.convert("RGBA")
        white = Image.new("RGBA", shown.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, shown).convert("L" if image.mode in GREY else "RGB")
    return image.convert("L" if image.mode in GREY else "RGB")


def _fitted(image: Image.Image, size: Size) -> Image.Image:
    height, width = size
    if image.size == (width, height):
        return image
    across, down = image.size
    scale = min(across / width, down / height)
    # Cut first: the filter would also see what lies beside the part.
    cut = [max(1, round(scale * side)) for side in (width, height)]
    left, top = (across - cut[0]) // 2, (down - cut[1]) // 2
    part = image.crop((left, top, left + cut[0], top + cut[1]))
    return part.resize((width, height), Image.Resampling.LANCZOS)
