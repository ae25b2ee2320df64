"""Mode coverage of any task whose modes are known: which are reached, how evenly, and with what quality."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from jaxgan import metrics
from jaxgan.evaluation.modes import CountedModes
from jaxgan.evaluation.sides import Side


def measure_coverage(real: Side, fake: Side) -> dict[str, Any]:
    """Counts the modes that samples reach.

    Returns:
      `modes`, `reverse_kl` and `counts` `[k]`; where samples have a quality also `high_quality`, and `reverse_kl_all`
      and `counts_all` `[k]`, for which each sample is counted for its nearest mode, near or far.
    """
    del real
    modes, mode = fake.modes, fake.mode
    assert modes is not None and mode is not None
    good = modes.cover(mode)
    if fake.nearest is None:
        return {"modes": good.modes, "reverse_kl": good.reverse_kl, "counts": good.counts}
    everything = modes.cover(fake.nearest)
    return {
        "modes": good.modes,
        "high_quality": (jnp.asarray(mode) >= 0).astype(jnp.float32).mean(),
        "reverse_kl": good.reverse_kl,
        "reverse_kl_all": everything.reverse_kl,
        "counts": good.counts,
        "counts_all": everything.counts,
    }


def real_coverage(modes: CountedModes | None, n: int, sides: Callable[[], tuple[Side, Side]]) -> dict[str, Any]:
    """What n real samples score.

    Closed forms where samples have a quality, which assume modes that do not overlap; measured on n fixed draws
    otherwise, and for classes with the floor of a sampler of equal modes as `reverse_kl_floor`.
    """
    assert modes is not None
    if modes.nearest_of is not None:
        good = max(round(n * modes.quality), 1)
        return {
            "modes": metrics.expected_modes(modes.shares, good),
            "high_quality": modes.quality,
            "reverse_kl": metrics.expected_reverse_kl(modes.shares, good),
            "reverse_kl_all": metrics.expected_reverse_kl(modes.shares, n),
        }
    measured = measure_coverage(*sides())
    found = {"modes": measured["modes"], "reverse_kl": measured["reverse_kl"]}
    return found if modes.own else {**found, "reverse_kl_floor": metrics.expected_reverse_kl(modes.modes, n)}


def conventions_of_coverage(modes: CountedModes | None) -> dict[str, str]:
    """How each number is defined; without modes, what is the same for all."""
    if modes is None:
        return {
            "modes": "modes of at least one sample",
            "reverse_kl": "KL in nats of the histogram of modes to their shares in the data",
            "counts": "samples of each mode",
        }
    if modes.nearest_of is not None:
        return {
            "modes": "modes that are the nearest one of at least one high-quality sample",
            "high_quality": f"share of samples {modes.how}",
            "reverse_kl": "KL in nats of the histogram of high-quality samples over their nearest means to the weights "
            "of the mixture",
            "reverse_kl_all": "KL in nats of the histogram of all samples over their nearest means to the weights of "
            "the mixture",
            "counts": "high-quality samples of each mode",
            "counts_all": "samples nearest to each mean",
        }
    if modes.own:
        return {
            "modes": f"modes of at least one sample, out of {modes.modes}, told {modes.how}",
            "reverse_kl": "KL in nats of the histogram of modes to their shares in the data",
            "counts": "samples of each mode",
        }
    return {
        "modes": f"classes of at least one sample, out of {modes.modes}; {modes.how}",
        "reverse_kl": "KL in nats of the histogram of classes to equal shares; "
        "real classes need not be equally frequent, so compare with real data at the same sample size",
        "reverse_kl_floor": "mean KL in nats of a sampler of equally frequent classes at this sample size",
        "counts": "samples of each class",
    }
