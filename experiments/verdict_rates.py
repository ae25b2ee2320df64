"""How often the diagnosis accuses a generator that is like the data, and how often it finds what is wrong.

    python experiments/verdict_rates.py                      # everything; goes on where it was stopped
    python experiments/verdict_rates.py --only healthy/grid  # some cells

Healthy pairs are two disjoint random parts of one set, or two samples of it with replacement, of equal and of unequal
sizes, from six kinds of data: a mixture in the plane, digits of 8 pixels, MNIST where TFDS_DATA_DIR has it, patches of
two photographs in colour, a table, and vectors of 512 features. `alarms` counts verdicts that accuse, `below` pairs of
which any test fell below its level whatever the size of the effect; both should be at most 1 %. The second part damages
one side in known ways and counts what is said.

One core, shared, about 100 minutes; all numbers are in `results/verdict_rates/table.md`. Of 3346 healthy pairs 7 were
accused, 0.2 % (0.1 to 0.4), three of a starved cluster and four of a hole; in 17, 0.5 % (0.3 to 0.8), a test fell below
its level. What is wrong, and how often it is said:

| what is wrong | said |
| --- | --- |
| a class of 5 % gone among 2500, with labels; without | 40 of 40; 40 of 40 |
| a class of 10 % at a tenth, with labels; without | 40 of 40; 40 of 40 |
| a digit gone among 898, without labels | 20 of 20 |
| 1 % copies among 5000 points; rows of a table; images; images under noise | 20 of 20; 20 of 20; 10 of 10; 10 of 10 |
| 20, 200, 600 patches repeated to 1000, noise 0, 3, 10 or 25 of 255 | 120 of 120 |
| 1000 patches, all of them copies, under noise 3, 10 or 25 | 30 of 30 |
| blur, noise and JPEG of patches and of MNIST: no mode is said to be lost | 120 of 120 |

Holes were looked for whatever the fidelity in most of these runs; now they are not where it differs. All runs are of
before the tail (`diagnosis/tails.py`) came behind the same door as the balls.

The shares of repeats and of copies that it names are lower bounds under noise: the patches are of photographs, half of
them nearly plain sky whose neighbours are closer than the noise is, and only what stands out is counted. JPEG makes
smooth patches of 16 pixels equal, which is said as repeats, although not as lost modes.
"""

import dataclasses
import functools
import io
import os
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import jax
import numpy as np
import tyro
from driving import kept, table
from PIL import Image
from scipy import stats
from scipy.ndimage import gaussian_filter
from sklearn import datasets
from tqdm import tqdm

from jaxgan import data
from jaxgan.commands.experiment import exit_status
from jaxgan.data.files import Samples, read_samples
from jaxgan.diagnosis.examination import Examined, examine
from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.measures import measure_all
from jaxgan.diagnosis.verdict import judge, too_few, untold

RESULTS = Path(__file__).parent / "results" / "verdict_rates"
ACCUSED = ("collapse", "copies", "partial", "low_fidelity")
Pool = tuple[np.ndarray, np.ndarray | None]  # samples, and their classes


def grid() -> Pool:
    """25 modes in the plane, 20 000 samples."""
    task = data.grid()
    x = np.asarray(task.sample(jax.random.key(0), 20_000))
    means = np.asarray(task.means)
    return x, np.argmin(np.sum((x[:, None] - means) ** 2, axis=2), axis=1)


def digits() -> Pool:
    """1797 digits of 8 x 8 pixels."""
    x, labels = datasets.load_digits(return_X_y=True)
    return np.round(np.asarray(x).reshape(-1, 8, 8, 1) / 16 * 255).astype(np.uint8), np.asarray(labels)


def mnist() -> Pool:
    """20 000 digits of 28 x 28 pixels."""
    found = read_samples("tfds:mnist/train[:20000]")
    return found.data, found.labels


def patches() -> Pool:
    """2080 patches of 16 x 16 pixels that do not overlap, of two photographs in colour."""
    images = [np.asarray(image)[:416] for image in datasets.load_sample_images().images]
    parts = [x.reshape(26, 16, 40, 16, 3).swapaxes(1, 2).reshape(-1, 16, 16, 3) for x in images]
    return np.concatenate(parts), np.repeat([0, 1], 26 * 40)


def people() -> Pool:
    """A table of 8 groups of people and five columns, of which one is money and one a number of children."""
    random = np.random.RandomState(0)
    group = random.choice(8, 20_000, p=np.array([5, 10, 10, 15, 15, 15, 15, 15]) / 100)
    center = random.uniform([20, 150, 50, 0], [70, 190, 90, 5], (8, 4))[group]
    rest = center + random.normal(size=(20_000, 4)) * [3, 4, 5, 0.3]
    money = np.exp(random.normal(9 + group / 4, 0.5))
    return np.column_stack([rest[:, :3], np.round(rest[:, 3].clip(0)), money]).astype(np.float32), group


def embeddings() -> Pool:
    """512 random rectified features of 1797 digits, of length 1."""
    x, labels = digits()
    weights = np.random.RandomState(0).normal(size=(64, 512))
    features = np.maximum((x.reshape(-1, 64) / 255 - 0.3) @ weights, 0)
    return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32), labels


POOLS: dict[str, Callable[[], Pool]] = {
    pool.__name__: functools.cache(pool) for pool in (grid, digits, mnist, patches, people, embeddings)
}
SIZES = ((100, 100), (300, 300), (890, 890), (300, 890), (890, 200))  # two parts of 1797 digits at most
PAIRS = {"grid": 70, "digits": 50, "mnist": 40, "patches": 50, "people": 70, "embeddings": 50}
LARGE = {"grid": 10, "mnist": 3, "people": 10}


def samples(x: np.ndarray, labels: np.ndarray | None = None) -> Samples:
    """In the form that a diagnosis reads; the names of classes are those that occur."""
    kind = "images" if x.ndim == 4 else "points"
    if labels is None:
        return Samples(x, None, (), "samples", kind)
    classes, codes = np.unique(labels, return_inverse=True)
    return Samples(x, codes, tuple(map(str, classes)), "samples", kind)


def verdict_of(found: Examined) -> tuple[str, str, bool]:
    """The kind of the verdict, its sentence, and whether any test fell below its level."""
    tests = found.found
    if tests is None:
        return "unknown", too_few(len(found.samples.real), len(found.samples.fake)).sentence, False
    accused = any(mode.state in ("lost", "starved") for mode in tests.modes)
    others = (tests.fidelity, tests.holes, tests.repeats, tests.narrowness, tests.copies)
    below = accused or any(test.p_value <= DOOR for test in others)
    # Metrics never accuse unless a test is below its level, and they take most of the time.
    if not below:
        return "unknown" if untold(tests) else "healthy", "", False
    verdict = judge(tests, measure_all(found.real_features, found.fake_features))
    return verdict.kind, verdict.sentence, True


def healthy(kind: str, sizes: tuple[int, int], seed: int) -> dict[str, Any]:
    """One pair of a kind; every second one has samples with replacement."""
    x, _ = POOLS[kind]()
    random = np.random.RandomState(zlib.crc32(f"{kind} {sizes} {seed}".encode()))
    n = sum(sizes)
    places = random.randint(0, len(x), n) if seed % 2 else random.permutation(len(x))[:n]
    real, fake = x[places[: sizes[0]]], x[places[sizes[0] :]]
    verdict, sentence, below = verdict_of(examine(samples(real), samples(fake), seed=seed))
    return {"verdict": verdict, "sentence": sentence, "below": below}


def noisy(x: np.ndarray, levels: float, random: np.random.RandomState) -> np.ndarray:
    """With normal noise, of images in grey levels."""
    return np.clip(np.round(x + random.normal(0, levels, x.shape)), 0, 255).astype(np.uint8) if levels else x


def blurred(x: np.ndarray, std: float) -> np.ndarray:
    return np.round(gaussian_filter(x.astype(float), (0, std, std, 0))).astype(np.uint8)


def compressed(x: np.ndarray, quality: int) -> np.ndarray:
    """As JPEG."""
    found = []
    for image in x:
        file = io.BytesIO()
        Image.fromarray(image.squeeze()).save(file, "JPEG", quality=quality)
        found.append(np.asarray(Image.open(file)).reshape(image.shape))
    return np.stack(found)


def cut(pool: str, n: int, seed: int) -> tuple[np.random.RandomState, list[np.ndarray], list[np.ndarray]]:
    """Two disjoint parts of a set, and their classes."""
    x, labels = POOLS[pool]()
    assert labels is not None
    random = np.random.RandomState(seed)
    order = random.permutation(len(x))[: 2 * n]
    return random, [x[order[:n]], x[order[n:]]], [labels[order[:n]], labels[order[n:]]]


def lost(pool: str, n: int, which: int, left: float, labelled: bool, seed: int) -> Examined:
    """One class thinned to a share of it."""
    random, (real, fake), (of_real, of_fake) = cut(pool, n, seed)
    keep = (of_fake != which) | (random.uniform(size=len(fake)) < left)
    if labelled:
        names = np.unique(of_real)
        real_samples = samples(real, of_real)
        codes = np.searchsorted(names, of_fake[keep])
        return examine(real_samples, real_samples._replace(data=fake[keep], labels=codes), seed=seed)
    return examine(samples(real), samples(fake[keep]), seed=seed)


def copied(pool: str, n: int, share: float, levels: float, seed: int) -> Examined:
    """A share of the fakes are reals."""
    random, (real, fake), _ = cut(pool, n, seed)
    k = round(share * n)
    fake = fake.copy()
    fake[:k] = noisy(real[:k], levels, random)
    return examine(samples(real), samples(fake), seed=seed)


def repeated(pool: str, n: int, different: int, levels: float, seed: int) -> Examined:
    """Only so many different fakes, with noise."""
    random, (real, fake), _ = cut(pool, n, seed)
    return examine(samples(real), samples(noisy(fake[random.randint(0, different, n)], levels, random)), seed=seed)


def degraded(pool: str, n: int, change: Callable[[np.ndarray], np.ndarray], seed: int) -> Examined:
    _, (real, fake), _ = cut(pool, n, seed)
    return examine(samples(real), samples(change(fake)), seed=seed)


def says(*kinds: str) -> Callable[[str, str], bool]:
    return lambda verdict, sentence: verdict in kinds


def never_lost(verdict: str, sentence: str) -> bool:
    return not any(word in sentence for word in (" lost", "starved", "hardly any"))


Case = tuple[Callable[[int], Examined], Callable[[str, str], bool], int]


def cases() -> dict[str, Case]:
    """What is wrong, by name: how it is made, what should be said, and how many seeds."""
    found: dict[str, Case] = {
        "a class of 5 % gone, with labels, n 2500": (
            lambda seed: lost("people", 2500, 0, 0.0, True, seed),
            says("partial"),
            40,
        ),
        "a class of 5 % gone, without labels, n 2500": (
            lambda seed: lost("people", 2500, 0, 0.0, False, seed),
            says("partial"),
            40,
        ),
        "a class of 10 % at a tenth, with labels, n 2500": (
            lambda seed: lost("people", 2500, 1, 0.1, True, seed),
            says("partial"),
            40,
        ),
        "a class of 10 % at a tenth, without labels, n 2500": (
            lambda seed: lost("people", 2500, 1, 0.1, False, seed),
            says("partial"),
            40,
        ),
        "a digit gone, without labels, n 898": (
            lambda seed: lost("digits", 898, 3, 0.0, False, seed),
            says("partial"),
            20,
        ),
        "1 % copies of 5000 points": (lambda seed: copied("grid", 5000, 0.01, 0, seed), says("copies"), 20),
        "1 % copies of 5000 rows of a table": (lambda seed: copied("people", 5000, 0.01, 0, seed), says("copies"), 20),
        "1 % copies of 5000 images": (lambda seed: copied("mnist", 5000, 0.01, 0, seed), says("copies"), 10),
        "1 % copies of 5000 images, noise 10": (lambda seed: copied("mnist", 5000, 0.01, 10, seed), says("copies"), 10),
    }
    for different in (20, 200, 600):
        for levels in (0, 3, 10, 25):
            found[f"{different} patches repeated to 1000, noise {levels}"] = (
                lambda seed, k=different, s=levels: repeated("patches", 1000, k, s, seed),
                says("collapse") if different == 20 else says("partial", "collapse"),
                10,
            )
    for levels in (3, 10, 25):
        found[f"1000 patches, all of them copies, noise {levels}"] = (
            lambda seed, s=levels: copied("patches", 1000, 1.0, s, seed),
            says("copies"),
            10,
        )
    changes = {
        "blur 0.7": lambda x: blurred(x, 0.7),
        "blur 1.5": lambda x: blurred(x, 1.5),
        "noise 25": lambda x: noisy(x, 25, np.random.RandomState(0)),
        "noise 60": lambda x: noisy(x, 60, np.random.RandomState(0)),
        "JPEG 30": lambda x: compressed(x, 30),
        "JPEG 10": lambda x: compressed(x, 10),
    }
    for pool in ("patches", "mnist"):
        for name, change in changes.items():
            found[f"{pool}, {name}: no mode is said to be lost"] = (
                lambda seed, pool=pool, change=change: degraded(pool, 1000, change, seed),
                never_lost,
                10,
            )
    return found


def measure(arm: str, seed: int) -> dict[str, Any]:
    """One cell, by its name."""
    if arm.startswith("healthy/"):
        _, kind, sizes = arm.split("/")
        real, fake = map(int, sizes.split("+"))
        return healthy(kind, (real, fake), seed)
    make, right, _ = cases()[arm]
    verdict, sentence, _ = verdict_of(make(seed))
    return {"verdict": verdict, "sentence": sentence, "right": bool(right(verdict, sentence))}


def cells() -> list[tuple[str, int]]:
    """All arms and seeds that the machine has data for."""
    absent = "mnist" if "TFDS_DATA_DIR" not in os.environ else None
    found = []
    for kind, pairs in PAIRS.items():
        arms = [(*pair, pairs) for pair in SIZES] + [(5000, 5000, LARGE.get(kind, 0))]
        found += [(f"healthy/{kind}/{n}+{m}", seed) for n, m, count in arms for seed in range(2 * count)]
    found += [(name, seed) for name, (_, _, count) in cases().items() for seed in range(count)]
    return [(arm, seed) for arm, seed in found if not (absent and absent in arm)]


def interval_of(hits: int, n: int) -> str:
    """A share in percent with its exact 95 % interval."""
    low, high = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    return f"{100 * hits / n:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def write(results: dict[str, dict[int, dict[str, Any]]]) -> str:
    """The tables in Markdown."""
    rows, groups = [], {}
    for arm, of_arm in results.items():
        if arm.startswith("healthy/"):
            _, kind, sizes = arm.split("/")
            for name in (f"{kind}, {sizes.replace('+', ' and ')}", "all"):
                groups.setdefault(name, []).extend(of_arm.values())
    for name, found in sorted(groups.items(), key=lambda item: item[0] == "all"):
        counts = [sum(test(each) for each in found) for test in (_accused, lambda x: x["below"], _unknown)]
        rows.append([name, str(len(found)), *(interval_of(count, len(found)) for count in counts)])
    text = table(["healthy pairs", "pairs", "alarms, %", "a test below its level, %", "cannot tell, %"], rows)
    rows = [
        [arm, str(len(of_arm)), interval_of(sum(each["right"] for each in of_arm.values()), len(of_arm)), _most(of_arm)]
        for arm, of_arm in results.items()
        if not arm.startswith("healthy/")
    ]
    return text + "\n" + table(["what is wrong", "seeds", "said rightly, %", "verdicts"], rows)


def _accused(cell: dict[str, Any]) -> bool:
    return cell["verdict"] in ACCUSED


def _unknown(cell: dict[str, Any]) -> bool:
    return cell["verdict"] == "unknown"


def _most(of_arm: dict[int, dict[str, Any]]) -> str:
    kinds, counts = np.unique([each["verdict"] for each in of_arm.values()], return_counts=True)
    return ", ".join(f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True))


@dataclasses.dataclass(frozen=True)
class Rates:
    """Measures the error rates of the verdict."""

    only: Annotated[str, tyro.conf.arg(metavar="TEXT")] = ""
    """Cells whose name begins so; none is all."""

    def __call__(self) -> int:
        chosen = [cell for cell in cells() if cell[0].startswith(self.only)]
        if not chosen:
            raise ValueError(f"no cell begins with {self.only!r}")
        results = kept(RESULTS / "results.json", {}, chosen, measure)
        text = write(results)
        tqdm.write(text)
        if not self.only:
            (RESULTS / "table.md").write_text(text)
        return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return exit_status(lambda: tyro.cli(Rates, args=arguments)(), "stopped; the same command goes on")


if __name__ == "__main__":
    sys.exit(main())
