"""What generated samples are compared with: two halves of the reals, and one comparison with them."""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.cluster.vq import kmeans2

from jaxgan.watch import significance

CLUSTERS, REALS_PER_CLUSTER = 20, 25
LEAST, MOST, NUMBERS = 40, 10_000, 2**26  # examples, and numbers that they hold together (but 1000 examples are kept)
STARVED = 0.5  # of the expected samples of a mode
NARROW = 0.5  # of the median distance of two reals
ODD = 0.01  # share of the reals that count as odd, by the distance to the next
EXACT = 1e-6  # of the size of the data: what is nearer is a copy
DOORS = ("modes", "spread", "twins", "fidelity")  # by which an alarm can come

Function = Callable[[np.ndarray], Any]


class Check(NamedTuple):
    """What one comparison of generated samples with reals found.

    Attributes:
      step: of the last sample.
      samples: how many.
      expected: `[k]`, how many would be in each mode.
      seen: `[k]`, how many are.
      states: `[k]`, "lost" (none, and that is no chance), "starved" (at most half, likewise) or "there".
      spread: median distance of two fakes over that of two reals.
      twins: share of half of the fakes that have a twin among the other half, much closer than two reals ever are.
      strange: share of the fakes that are farther from every real than 99 % of the reals are from the next.
      p_values: of each way to an alarm ("modes", "spread", "twins", "fidelity"), the first corrected for the number of
        modes.
      level: what a p-value has to be at most for an alarm, at this check.
    """

    step: int
    samples: int
    expected: np.ndarray
    seen: np.ndarray
    states: tuple[str, ...]
    spread: float
    twins: float
    strange: float
    p_values: dict[str, float]
    level: float


class Reference:
    """Real examples: one half, in which modes are found and what is near and far, and another to compare fakes with.

    Attributes:
      examples: `[n, ...]`, those of the other half.
      names: of the `k` modes.
      modes: `[n]`, the mode of each of the examples.
    """

    def __init__(
        self, reals: np.ndarray, features: Function | None, assign: Function | None, names: Sequence[str], seed: int
    ):
        """Splits the reals `[n, ...]` and finds what their first half shows; `Watch` says what the arguments are."""
        if len(reals) < LEAST or not np.isfinite(reals).all():
            raise ValueError(f"reference must be at least {LEAST} finite examples, got shape {reals.shape}")
        self._features, self._assign = features, assign
        order = np.random.default_rng(seed).permutation(len(reals))
        order = order[: min(MOST, max(1000, NUMBERS // math.prod(reals.shape[1:])))]
        first, self.examples = reals[order[: len(order) // 2]], reals[order[len(order) // 2 :]]
        self._fitted, self._compared = self._vectors(first), self._vectors(self.examples)
        self._measure(seed)
        known = self._cluster(seed) if assign is None else int(self.modes_of(first).max()) + 1
        self.modes = self.modes_of(self.examples)
        self._counts = np.bincount(self.modes, minlength=max(known, len(names)))
        self.names = tuple(names) or tuple(f"cluster {i}" for i in range(len(self._counts)))
        if len(self.names) != len(self._counts):
            raise ValueError(f"there are {len(self._counts)} modes, and {len(self.names)} names")

    def _measure(self, seed: int) -> None:
        """Finds what is near and what is far."""
        vectors = self._fitted
        if not np.ptp(vectors, axis=0).any():
            raise ValueError(f"all {len(vectors)} real examples are the same; no diversity can be lost")
        self._exact = EXACT * float(np.abs(vectors).max())
        distances = significance.pair_distances(np.random.default_rng([seed, 2]), vectors)
        self._median = max(float(np.median(distances)), self._exact)
        nearest = significance.nearest(vectors)
        apart = nearest[nearest > self._exact]
        self._radius = max(0.5 * float(np.quantile(apart, ODD)) if len(apart) else 0.0, self._exact)
        self._usual = max(float(np.quantile(nearest, 1 - ODD)), self._exact)
        self._far = self._how_many_far(self._compared)

    def _cluster(self, seed: int) -> int:
        count = int(np.clip(len(self._fitted) // REALS_PER_CLUSTER, 2, CLUSTERS))
        with warnings.catch_warnings(action="ignore"):  # an empty cluster is dropped
            centres, cluster = kmeans2(self._fitted, count, minit="++", rng=np.random.default_rng([seed, 3]))
        self._centres = centres[np.unique(cluster)]
        return len(self._centres)

    def modes_of(self, examples: np.ndarray) -> np.ndarray:
        """The mode `[n]` in [0, k) of each of examples `[n, ...]`."""
        if self._assign is None:
            return significance.squared_distances(self._vectors(examples), self._centres).argmin(axis=1)
        modes = as_array(self._assign(examples))
        if modes.shape != (len(examples),) or modes.dtype.kind not in "iu" or modes.min() < 0:
            raise ValueError(f"assign must give [n] whole numbers from 0, got {modes.dtype} of shape {modes.shape}")
        return modes

    def compare(self, random: np.random.Generator, step: int, fakes: np.ndarray, level: float) -> Check:
        """Compares fakes `[m, ...]` with the reals; `level` is what each of the p-values may be for an alarm."""
        vectors, modes = self._vectors(fakes), self.modes_of(fakes)
        if modes.max() >= len(self._counts):
            raise ValueError(f"assign gave the mode {modes.max()}; the reals have {len(self._counts)}")
        seen = np.bincount(modes, minlength=len(self._counts))
        of_modes = np.minimum(len(seen) * significance.too_few(self._counts, seen), 1.0)
        expected = self._counts / self._counts.sum() * len(fakes)

        half = min(len(fakes) // 2, len(self._compared))
        order = random.permutation(len(fakes))
        queries, others = vectors[order[half:]], vectors[order[:half]]
        reals = self._compared[random.permutation(len(self._compared))]
        real_pairs, pairs, own_pairs = (significance.pair_distances(random, x) for x in (reals, vectors, queries))
        # Fakes that lie closer together everywhere are no twins. The radius depends on nothing that is compared here.
        radius = max(self._radius * min(1.0, float(np.median(own_pairs)) / self._median), self._exact)
        hits = significance.twin_hits(random, queries, others, reals[:half], radius)
        far = self._how_many_far(vectors)

        few = of_modes <= level
        states = np.where(few & (seen == 0), "lost", np.where(few & (seen <= STARVED * expected), "starved", "there"))
        p_values = (
            float(of_modes.min()),
            significance.more_often(*self._short(real_pairs), *self._short(pairs)),
            significance.more_hits(*hits),
            significance.more_often(self._far, len(self._compared), far, len(fakes)),
        )
        return Check(
            step=step,
            samples=len(fakes),
            expected=expected,
            seen=seen,
            states=tuple(states.tolist()),
            spread=float(np.median(pairs)) / self._median,
            twins=float(hits[0].sum()) / len(queries),
            strange=far / len(fakes),
            p_values=dict(zip(DOORS, p_values, strict=True)),
            level=level,
        )

    def _vectors(self, examples: np.ndarray) -> np.ndarray:
        vectors = examples if self._features is None else as_array(self._features(examples))
        return np.asarray(vectors.reshape(len(examples), -1), np.float64)

    def _short(self, distances: np.ndarray) -> tuple[int, int]:
        """How many distances are at most `NARROW` of the median, and of how many."""
        return int((distances <= NARROW * self._median).sum()), len(distances)

    def _how_many_far(self, vectors: np.ndarray) -> int:
        return int((significance.nearest(vectors, self._fitted) > self._usual).sum())


def as_array(samples: Any) -> np.ndarray:
    """Reads an array or tensor of any library, from any device, without its gradient; half precision as float32.

    Raises:
      ValueError: it has no axis, or does not hold numbers.
    """
    for method in ("detach", "cpu"):  # of PyTorch
        samples = getattr(samples, method)() if hasattr(samples, method) else samples
    if str(getattr(samples, "dtype", "")) == "torch.bfloat16":
        samples = samples.float()
    array = np.asarray(samples)
    if array.dtype.name in ("bfloat16", "float16"):
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub" or not array.ndim:
        raise ValueError(f"samples must be an array [n, ...] of numbers, got {array.dtype} of shape {array.shape}")
    return array
