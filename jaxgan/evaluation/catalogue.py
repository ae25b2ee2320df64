"""The catalogue of metrics: what a run can measure, by name.

An entry is a small value: what it needs, how it is measured on two sides, real and generated, and its convention. What
real data get is measured in the same way, on real examples in the place of the generated ones, unless a closed form is
known. A public metric of `(real, fake)` features needs no entry: its name is its own, and the first line of its
docstring the convention. What is entered here takes something else, or with options of its own.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from jaxgan import metrics
from jaxgan.evaluation.coverage import conventions_of_coverage, measure_coverage, real_coverage
from jaxgan.evaluation.modes import CountedModes, place
from jaxgan.evaluation.rows import measure_associations, measure_categories, measure_columns, measure_copies
from jaxgan.evaluation.sides import Side
from jaxgan.types import Kind

VENDI = 500  # samples of the Vendi score, whose time grows with their cube
RENYI = 1000  # samples of the relative Rényi kernel entropy, likewise
EXACT = 1000  # samples of the exact Wasserstein distance, likewise
PAIRS = 1000  # of images for MS-SSIM
BINS, REALS_PER_BIN = 100, 25
DECIBELS = 100.0  # a PSNR above this is that of a copy

FEATURES, MODES, REALS = frozenset({"features", "reals"}), frozenset({"modes"}), frozenset({"reals"})
IMAGES, SEQUENCES, TABLES = (frozenset[Kind]({kind}) for kind in ("images", "sequences", "tables"))

Numbers = dict[str, Any]
Sides = Callable[[], tuple[Side, Side]]


class Metric(NamedTuple):
    """A metric by name.

    Attributes:
      measure: `measure(real, fake) -> {name: number}`, of two `Side`s; an array `[k]` where it is one number a mode.
      conventions: `conventions(modes) -> {name: sentence}`, how each number is defined.
      needs: what it reads besides the data of the fakes: "reals", without which there is nothing on the real side, and
        "features", "modes", "labels", "logits", the fields of a `Side`.
      kinds: of tasks that it fits; None for all.
      real: `real(modes, n, sides) -> {name: number}`, what n real samples score, where that is not simply `measure` of
        the two sides of reals that `sides()` draws.
    """

    measure: Callable[[Side, Side], Numbers]
    conventions: Callable[[CountedModes | None], Mapping[str, str]]
    needs: frozenset[str] = frozenset()
    kinds: frozenset[Kind] | None = None
    real: Callable[[CountedModes | None, int, Sides], Numbers] | None = None


def _always(**sentences: str) -> Callable[[CountedModes | None], Mapping[str, str]]:
    return lambda modes: sentences


def _features(measure: Callable[[Any, Any], Numbers], **sentences: str) -> Metric:
    """A metric of two sets of features."""
    return Metric(lambda real, fake: measure(real.features, fake.features), _always(**sentences), FEATURES)


def of_features(metric: Callable[..., Any]) -> Metric:
    """The entry of a metric of `(real, fake)` features; a NamedTuple is measured field by field."""
    documented = (inspect.getdoc(metric) or "").partition("\n")[0].removeprefix("Computes ").rstrip(".")
    fields = getattr(inspect.signature(metric, eval_str=True).return_annotation, "_fields", None)
    compiled = jax.jit(metric)

    def measure(real: np.ndarray, fake: np.ndarray) -> Numbers:
        found = compiled(real, fake)
        return {metric.__name__: found} if fields is None else dict(zip(fields, found, strict=True))

    return _features(measure, **dict.fromkeys(fields or (metric.__name__,), documented))


def _takes_features(metric: Callable[..., Any]) -> bool:
    """Whether a metric takes two sets of features, and nothing else that has no default."""
    required = [p for p in inspect.signature(metric).parameters.values() if p.default is p.empty]
    return [(p.name, p.annotation) for p in required] == [("real", ArrayLike), ("fake", ArrayLike)]


_kernel = jax.jit(lambda real, fake: {"kernel_distance": metrics.kernel_distance(real, fake).mean})
_precision_recall = jax.jit(lambda real, fake: metrics.precision_recall(real, fake, k=3)._asdict())
_density_coverage = jax.jit(lambda real, fake: metrics.density_coverage(real, fake, k=5)._asdict())
_clipped = jax.jit(lambda real, fake: metrics.clipped_density_coverage(real, fake, k=5)._asdict())
_probabilistic = jax.jit(lambda real, fake: metrics.probabilistic_precision_recall(real, fake, k=4)._asdict())
_vendi = jax.jit(lambda x: {"vendi_score": metrics.vendi_score(x)})
_sliced = jax.jit(lambda real, fake: {"sliced_wasserstein": metrics.sliced_wasserstein(jax.random.key(0), real, fake)})
_monge = jax.jit(
    lambda real, fake: {"monge_inception_distance": metrics.monge_inception_distance(jax.random.key(0), real, fake)}
)
_infinity = jax.jit(
    lambda real, fake: {"frechet_distance_infinity": metrics.frechet_distance_infinity(jax.random.key(0), real, fake)}
)
_renyi = jax.jit(
    lambda real, fake: {
        "renyi_kernel_entropy": metrics.renyi_kernel_entropy(fake, bandwidth=metrics.median_distance(real))
    }
)
_relative_renyi = jax.jit(
    lambda real, fake: {
        "relative_renyi_kernel_entropy": metrics.relative_renyi_kernel_entropy(
            real[:RENYI], fake[:RENYI], bandwidth=metrics.median_distance(real)
        )
    }
)
_autocorrelation = jax.jit(
    lambda real, fake: {"autocorrelation_distance": metrics.autocorrelation_distance(real, fake)}
)


def _wasserstein(real: np.ndarray, fake: np.ndarray) -> Numbers:
    n = min(len(real), len(fake), EXACT)
    return {"wasserstein_distance": metrics.wasserstein_distance(real[:n], fake[:n])}


def _duplicates(real: np.ndarray, fake: np.ndarray) -> Numbers:
    apart = np.asarray(metrics.closest(real)[0])
    apart = apart[apart > 0]
    if not len(apart):
        raise ValueError(f"all {len(real)} real examples are the same; nothing can be called a duplicate")
    found = metrics.duplicates(fake, threshold=float(0.5 * np.quantile(apart, 0.01)))
    return {"duplicates": found.share, "duplicate_pairs": found.pairs}


def _different_bins(real: np.ndarray, fake: np.ndarray) -> Numbers:
    bins = int(np.clip(len(real) // REALS_PER_BIN, 2, BINS))
    with threadpool_limits(1):  # threads that wait for each other cost a hundred times the work where cores are busy
        centres = KMeans(bins, n_init="auto", random_state=0).fit(real).cluster_centers_
    counts = [np.bincount(np.asarray(metrics.nearest_centre(x, centres)), minlength=bins) for x in (real, fake)]
    return {"different_bins": metrics.different_bins(*counts).share}


def _missing_mass(real: Side, fake: Side) -> Numbers:
    modes, mode = fake.modes, fake.mode
    assert modes is not None and mode is not None
    counts = np.bincount(mode[mode >= 0], minlength=modes.modes)
    there = modes.shares > 0
    return {"missing_mass": metrics.missing_mass(counts[there], modes.shares[there]).total}


def _ms_ssim(real: Side, fake: Side) -> Numbers:
    n = len(fake.data)
    pairs = min(PAIRS, n * (n - 1) // 2)
    return {"ms_ssim": metrics.pairwise_similarity(jax.random.key(0), fake.data, pairs=pairs, metric=metrics.ms_ssim)}


def _nearest_psnr(real: Side, fake: Side) -> Numbers:
    rows = [x.data.reshape(len(x.data), -1) for x in (fake, real)]
    nearest = np.asarray(metrics.nearest_centre(*rows))
    return {"nearest_psnr": jnp.minimum(jnp.median(metrics.psnr(fake.data, real.data[nearest])), DECIBELS)}


def _inception_score(real: Side, fake: Side) -> Numbers:
    assert fake.logits is not None
    return {"inception_score": metrics.inception_score(fake.logits, splits=min(10, len(fake.logits))).mean}


def _class_accuracy(real: Side, fake: Side) -> Numbers:
    assert fake.modes is not None and fake.labels is not None
    return _accuracies(place(fake.modes.numbers, fake.labels), fake.mode, fake.modes.modes)


def _real_class_accuracy(modes: CountedModes | None, n: int, sides: Sides) -> Numbers:
    assert modes is not None
    if modes.held_out is not None:
        return _accuracies(*modes.held_out, modes.modes)
    real, other = sides()
    return {} if other.labels is None else _class_accuracy(real, other)


def _accuracies(labels: Any, judged: Any, classes: int) -> Numbers:
    found = metrics.class_accuracy(labels, judged, classes)
    return {"class_accuracy": found.mean, "class_accuracies": found.each}


_ENTERED: dict[str, Metric] = {
    "mode_coverage": Metric(measure_coverage, conventions_of_coverage, MODES, real=real_coverage),
    "missing_mass": Metric(
        _missing_mass,
        _always(missing_mass="total variation distance of the histogram of modes to the shares of the data; 0 is best"),
        MODES,
    ),
    "class_accuracy": Metric(
        _class_accuracy,
        _always(
            class_accuracy="mean over classes of the share of conditional samples that are judged as their class; of "
            "reals, that of images that the classifier was not trained on",
            class_accuracies="that share for each class",
        ),
        frozenset({"modes", "labels"}),
        real=_real_class_accuracy,
    ),
    "inception_score": Metric(
        _inception_score,
        _always(inception_score="exp of the mean KL of p(y | x) to p(y) by the task's own classifier, not Inception"),
        frozenset({"logits"}),
        IMAGES,
    ),
    "kernel_distance": _features(
        _kernel, kernel_distance="unbiased squared MMD with the kernel (x·y / d + 1)³ of the features; 0 is best"
    ),
    "precision_recall": _features(
        _precision_recall,
        precision="share of fakes within the ball of some real to its third neighbour; high is good quality",
        recall="share of reals within the ball of some fake to its third neighbour; high is good diversity",
    ),
    "density_coverage": _features(
        _density_coverage,
        density="mean number of balls of reals (to the fifth neighbour) around a fake, divided by 5; may exceed 1",
        coverage="share of reals with a fake inside their ball to the fifth neighbour; high is good diversity",
    ),
    "clipped_density_coverage": _features(
        _clipped,
        clipped_density="density with radii of at most the median one, where a fake counts at most 1, over that of "
        "reals: share of good fakes",
        clipped_coverage="share of good fakes that cover the reals as well, a real by at most 5 fakes in its ball",
    ),
    "probabilistic_precision_recall": _features(
        _probabilistic,
        probabilistic_precision="mean probability of a fake on the support of the reals, one radius for all: 1.2 times "
        "the mean distance to the fourth neighbour; high is good quality",
        probabilistic_recall="mean probability of a real on the support of the fakes; high is good diversity",
    ),
    "vendi_score": _features(
        lambda real, fake: _vendi(fake[:VENDI] - real.mean(axis=0)),
        vendi_score="exponential of the entropy of the eigenvalues of the cosine kernel of centred features: effective "
        "number of different samples",
    ),
    "vendi_score_uncentred": _features(
        lambda real, fake: {"vendi_score_uncentred": _vendi(fake[:VENDI])["vendi_score"]},
        vendi_score_uncentred="the Vendi score as published, of features as they are; where all lie far from the "
        "origin it is near 1 whatever their diversity",
    ),
    "renyi_kernel_entropy": _features(
        _renyi,
        renyi_kernel_entropy="RKE mode count with the Gaussian kernel, bandwidth the median distance of two reals",
    ),
    "relative_renyi_kernel_entropy": _features(
        _relative_renyi,
        relative_renyi_kernel_entropy=f"relative RKE of up to {RENYI} samples with the same kernel; 0 is best",
    ),
    "frechet_distance_infinity": _features(
        _infinity,
        frechet_distance_infinity="Fréchet distance that infinitely many fakes would have, extrapolated from 15 "
        "subsets; the bias by the number of reals stays",
    ),
    "monge_inception_distance": _features(
        _monge,
        monge_inception_distance="MIND: 3 d times the squared sliced 2-Wasserstein distance, 1000 directions; 0 is "
        "best",
    ),
    "sliced_wasserstein": _features(
        _sliced, sliced_wasserstein="sliced 2-Wasserstein distance of the features, 200 directions; 0 is best"
    ),
    "wasserstein_distance": _features(
        _wasserstein,
        wasserstein_distance=f"exact 2-Wasserstein distance of the features of up to {EXACT} samples; 0 is best",
    ),
    "different_bins": _features(
        _different_bins,
        different_bins=f"share of up to {BINS} clusters of the reals that fakes reach with another frequency, at a "
        "significance of 0.05",
    ),
    "duplicates": _features(
        _duplicates,
        duplicates="share of fakes with a twin, nearer than half the distance below which 1 % of reals have their "
        "nearest neighbour",
        duplicate_pairs="pairs of twins; p pairs among n samples are those of about n² / (2 p) different ones",
    ),
    "ms_ssim": Metric(
        _ms_ssim,
        _always(
            ms_ssim=f"mean MS-SSIM of up to {PAIRS} random pairs of fakes; above that of reals where they are alike"
        ),
        kinds=IMAGES,
    ),
    "nearest_psnr": Metric(
        _nearest_psnr,
        _always(
            nearest_psnr="median PSNR in decibels of a fake and the nearest of the reals, at most "
            f"{DECIBELS:g}; far above that of reals where the data are repeated"
        ),
        REALS,
        IMAGES,
    ),
    "autocorrelation_distance": Metric(
        lambda real, fake: _autocorrelation(real.data, fake.data),
        _always(
            autocorrelation_distance="distance of the autocorrelations at up to 64 lags, mean over channels; 0 is best"
        ),
        REALS,
        SEQUENCES,
    ),
    "columns": Metric(
        measure_columns,
        _always(
            column_distance="mean over columns of column_distances; 0 is best",
            column_distances="of a number the Kolmogorov-Smirnov distance, of a category the total variation distance",
        ),
        REALS,
        TABLES,
    ),
    "associations": Metric(
        measure_associations,
        _always(
            association_difference="mean over pairs of columns of the difference of their associations; 0 is best",
            associations="correlation of two numbers, correlation ratio of a number and a category, Cramér's V of two "
            "categories",
        ),
        REALS,
        TABLES,
    ),
    "lost_categories": Metric(
        measure_categories,
        _always(lost_categories="categories of the real rows that no generated row has"),
        REALS,
        TABLES,
    ),
    "copied_rows": Metric(
        measure_copies,
        _always(
            copied_rows="share of rows that equal a real one in every category, and in every number up to a thousandth "
            "of its standard deviation"
        ),
        frozenset({"reals", "values"}),
        TABLES,
    ),
}

METRICS: dict[str, Metric] = _ENTERED | {
    name: of_features(metric)
    for name, metric in inspect.getmembers(metrics, inspect.isfunction)
    if name not in _ENTERED and _takes_features(metric)
}
