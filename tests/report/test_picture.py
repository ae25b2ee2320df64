"""One picture of samples: which it can draw, and where."""

import io

import numpy as np
import pytest
from PIL import Image

from jaxgan.report import picture_of_samples

NOTHING = np.zeros(0)


def drawn(kind, samples, real=NOTHING):
    with Image.open(io.BytesIO(picture_of_samples(kind, samples, real))) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("channels", "colour"),
    [(1, (128, 128, 128)), (2, (128, 128, 0)), (3, (128, 128, 128)), (5, (128, 128, 128))],
)
def test_images_of_any_number_of_channels(channels, colour):
    pixels = drawn("images", np.zeros((1, 70, 70, channels)))
    assert pixels.shape == (70, 70, 3)
    assert (pixels == colour).all()


def test_what_is_not_finite_is_seen():
    images = np.full((2, 64, 64, 1), -1.0)
    images[1] = np.nan
    pixels = drawn("images", images)
    assert (pixels[:64, :64] == 0).all() and (pixels[:64, 66:] == (214, 94, 0)).all()


@pytest.mark.parametrize("width", [1, 2, 5])
def test_points_without_real_ones_and_of_any_width(width):
    points = np.random.default_rng(0).normal(size=(300, width))
    pixels = drawn("points", points).astype(int)
    assert (pixels[..., 2] - pixels[..., 0] > 60).sum() > 200
    assert np.array_equal(pixels, drawn("points", points))


def test_what_has_no_picture_says_so():
    with pytest.raises(ValueError, match="no picture of text, only of images, sequences and points"):
        picture_of_samples("text", np.zeros((1, 2)), NOTHING)
    with pytest.raises(ValueError, match=r"a picture of 400 images would have 106,502,400 pixels: draw fewer"):
        picture_of_samples("images", np.broadcast_to(np.float32(0), (400, 514, 514, 3)), NOTHING)


def test_a_sequence_runs_to_the_right_and_the_real_ones_set_its_scale():
    ramp = np.linspace(0, 3, 8)[None, :, None] * np.ones((1, 1, 2))
    pixels = drawn("sequences", ramp, np.array([[[0.0, 0.0], [3.0, 3.0]]]))[..., 0].astype(int)
    assert pixels.shape == (16, 64)
    assert (np.diff(pixels, axis=1) >= 0).all() and pixels[0, 0] == 0 and pixels[0, -1] == 255
    assert (drawn("sequences", ramp / 2, ramp)[..., 0].max(), drawn("sequences", ramp, ramp)[..., 0].max()) == (
        128,
        255,
    )
