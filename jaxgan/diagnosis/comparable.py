"""Whether two sets of samples are in the same units at all, and which mistake it likely is if they are not."""

import numpy as np

from jaxgan.data.files import Samples

LEAST = 20  # samples of each that are needed to tell
RANGES = {"[0, 1]": (0.0, 1.0), "[-1, 1]": (-1.0, 1.0), "[0, 255]": (0.0, 255.0)}
FAR = 5.0  # mean or standard deviation of what was not standardised


def check_comparable(real: Samples, fake: Samples) -> None:
    """Refuses samples whose difference is one of units, before any of it is taken for a fault of the generator.

    Images of floats that span another one of the usual ranges; vectors of which one set is standardised and the other
    is not.

    Raises:
      ValueError: with both ranges, and the likely mistake.
    """
    if min(len(real.data), len(fake.data)) < LEAST:
        return
    if real.kind == fake.kind == "images" and real.data.dtype.kind == fake.data.dtype.kind == "f":
        names = [_range_of(each.data) for each in (real, fake)]
        if None not in names and names[0] != names[1]:
            raise ValueError(
                f"not comparable: the reals lie in {names[0]}, the fakes in {names[1]}, so they differ by their units; "
                "save both in the same"
            )
    if real.kind == fake.kind == "points" and real.data.shape[1:] == fake.data.shape[1:]:
        means, stds = ([f(each.data, axis=0) for each in (real, fake)] for f in (np.mean, np.std))
        plain = [bool(np.all((abs(m) < 0.5) & (s > 0.2) & (s < 2.0))) for m, s in zip(means, stds, strict=True)]
        # A collapse makes columns narrow; only what was never standardised makes them wide or far.
        large = [(abs(m) > FAR) | (s > FAR) for m, s in zip(means, stds, strict=True)]
        if plain[0] != plain[1] and np.mean(large[int(plain[0])]) >= 0.5:
            which, other = ("reals", "fakes") if plain[0] else ("fakes", "reals")
            i = 1 - int(plain[1])
            raise ValueError(
                f"not comparable: all columns of the {which} have a mean of about 0 and a standard deviation of about "
                f"1, the first of the {other} {means[i].flat[0]:.3g} and {stds[i].flat[0]:.3g}: was one of them "
                "standardised?"
            )


def _range_of(x: np.ndarray) -> str | None:
    """The smallest usual range that holds all numbers and of which most is used."""
    low, high = float(x.min()), float(x.max())
    for name, (least, most) in RANGES.items():
        margin = 0.01 * (most - least)
        if least - margin <= low and high <= most + margin:
            used = high - low >= 0.5 * (most - least) and (name != "[-1, 1]" or low < -0.2)
            return name if used else None
    return None
