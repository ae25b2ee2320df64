"""Samples in different units are refused with the likely mistake, and no others."""

import numpy as np
import pytest

from jaxgan.data.files import Samples
from jaxgan.diagnosis.comparable import check_comparable
from jaxgan.diagnosis.examination import examine

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.uniform(size=(60, 4, 4, 1))
TABLE = RANDOM.normal(size=(60, 3)) * [1, 20, 300] + [13, 100, 747]
RING = np.stack([np.cos(np.arange(60)), np.sin(np.arange(60))], axis=1)


def samples(x, kind):
    return Samples(x, None, (), "x", kind)


@pytest.mark.parametrize(
    ("real", "fake", "kind", "says"),
    [
        (IMAGES, 2 * IMAGES - 1, "images", r"reals lie in \[0, 1\], the fakes in \[-1, 1\]"),
        (2 * IMAGES - 1, IMAGES, "images", r"reals lie in \[-1, 1\], the fakes in \[0, 1\]"),
        (TABLE, (TABLE - TABLE.mean(0)) / TABLE.std(0), "points", "was one of them standardised"),
        ((TABLE - TABLE.mean(0)) / TABLE.std(0), TABLE, "points", "was one of them standardised"),
    ],
)
def test_different_units(real, fake, kind, says):
    with pytest.raises(ValueError, match=says):
        check_comparable(samples(real, kind), samples(fake, kind))
    with pytest.raises(ValueError, match="not comparable"):
        examine(samples(real, kind), samples(fake, kind))


@pytest.mark.parametrize(
    ("real", "fake", "kind"),
    [
        (IMAGES, 0.3 * IMAGES, "images"),  # dark, and perhaps a collapse
        (2 * IMAGES - 1, 1.1 * IMAGES - 1, "images"),
        (TABLE, 0.01 * TABLE, "points"),  # a generator that is far off
        (TABLE, TABLE + 1, "points"),
        (RING, RING[:1] + 0.01 * RING, "points"),  # a collapse to one mode
    ],
)
def test_bad_fakes_in_the_same_units(real, fake, kind):
    check_comparable(samples(real, kind), samples(fake, kind))
