"""A generator that hops from mode to mode: replay, old discriminators, and grouping by class, with and without.

    python experiments/cycling.py

No run of it has been recorded yet.
"""

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from driving import Results, kept, table, written
from matplotlib.figure import Figure

import jaxgan
from jaxgan import GAN, Batch, Technique, data, losses, metrics, networks, optimizers, techniques
from jaxgan.backend.files import write_whole
from jaxgan.commands.experiment import exit_status
from jaxgan.types import Array

RESULTS = Path(__file__).parent / "results" / "cycling"
BATCH, LATENT, RATE = 128, 64, 1e-3
FOUND = 0.02  # of the samples, of high quality, make a mode found
CLASSES = 2  # neighbours on the ring are of different ones, so each has every other mode
KEPT = 16  # fakes of each time, to be judged at all later ones
LAGS = 40  # times up to which a return is looked for
SHOWN = 100  # times that the picture shows, the last ones


class Arm(NamedTuple):
    """One of the GANs that are compared."""

    said: str
    techniques: tuple[Technique, ...] = ()
    labels: bool = False
    pack: int = 1
    against: str = "plain"


ARMS = {
    "plain": Arm("plain"),
    "replay": Arm("replay of 4096", (techniques.replay(4096),)),
    "replay_more": Arm("replay of 32768", (techniques.replay(32_768),)),
    "reservoir": Arm("replay, reservoir of 4096", (techniques.replay(4096, keep="reservoir"),)),
    "old_discriminators": Arm("old discriminators", (techniques.old_discriminators(),)),
    "packed": Arm("labels, packed by 2", labels=True, pack=2, against="packed"),
    "grouped": Arm("the same, grouped by class", (techniques.group_by_class(),), True, 2, against="packed"),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """Compares cures of a generator that hops from mode to mode."""

    workdir: Path = RESULTS
    """Folder of results.json, table.md and cycling.png; what it holds is not measured again."""
    arms: tuple[str, ...] = tuple(ARMS)
    """Which of them."""
    seeds: int = 5
    """How many seeds each."""
    first_seed: int = 4
    """The first of them; 0 and 1 were for tuning."""
    steps: int = 4000
    """Steps of each run, a multiple of --every."""
    every: int = 20
    """Steps between two times at which samples are drawn."""
    samples: int = 500
    """How many are."""

    def __post_init__(self):
        if unknown := [arm for arm in self.arms if arm not in ARMS]:
            raise ValueError(f"there is no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
        if self.every < 1 or self.steps % self.every or self.steps < 2 * self.every:
            raise ValueError(f"--steps must be a multiple of --every, at least 2, not {self.steps} of {self.every}")


def players(arm: Arm) -> GAN:
    """A GAN whose generator learns three times as fast as the discriminator, and chases it from mode to mode."""
    begin = jax.nn.initializers.orthogonal(1.4)
    generator = networks.mlp([128, 128], out=2, kernel_init=begin)
    discriminator = networks.mlp([64, 64], out=1, kernel_init=begin)
    if arm.labels:
        generator, discriminator = (networks.labelled(network, CLASSES) for network in (generator, discriminator))
    return jaxgan.gan(
        generator=generator,
        discriminator=jaxgan.packed(discriminator, arm.pack),
        loss=losses.minimax(),
        generator_optimizer=optimizers.adam(RATE, b1=0.5),
        discriminator_optimizer=optimizers.adam(0.3 * RATE, b1=0.5),
        latent_dim=LATENT,
        techniques=arm.techniques,
    )


def training(arm: Arm, options: Options) -> Callable[[Any], tuple[Array, Array, Array]]:
    """The compiled program of an arm, `seed -> (nearest, good, logits)`.

    The first two are samples `[time, modes]`, all and those of high quality; the last is `[time, time]`, as
    `metrics.forgetting` takes it.
    """
    gan, task = players(arm), data.ring(std=0.05)
    times = options.steps // options.every

    def batch(key) -> Batch:
        x = task.sample(key, BATCH)
        return Batch(x, task.nearest_of(x) % CLASSES if arm.labels else None)

    def labels(n: int) -> Array | None:
        return jnp.arange(n) // arm.pack % CLASSES if arm.labels else None  # a pack is of one class

    def run(seed):
        key, key_data, key_sample = jax.random.split(jax.random.key(seed), 3)

        def step(state, i):
            return gan.step(key, state, batch(jax.random.fold_in(key_data, i)))[0], None

        def section(carry, time):
            state, past = carry
            state, _ = jax.lax.scan(step, state, time * options.every + jnp.arange(options.every))
            x = gan.sample(jax.random.fold_in(key_sample, time), state, options.samples, labels(options.samples))
            counts = jnp.zeros((2, task.modes), jnp.int32).at[:, task.nearest_of(x)]
            nearest, good = counts.add(jnp.stack([jnp.ones(len(x), jnp.int32), (task.label_of(x) >= 0) + 0]))
            past = past.at[time].set(x[:KEPT])
            logits = gan.judge(key, state, Batch(past.reshape(-1, 2), labels(times * KEPT)))
            return (state, past), (nearest, good, logits.reshape(times, -1).mean(axis=1))

        start = gan.init(key, batch(key_data)), jnp.zeros((times, KEPT, 2))
        return jax.lax.scan(section, start, jnp.arange(times))[1]

    return jax.jit(run)


def numbers(nearest: np.ndarray, good: np.ndarray, logits: np.ndarray, options: Options) -> dict[str, Any]:
    """What is recorded of one seed."""
    found = good >= FOUND * options.samples
    lags = min(LAGS, len(found) - 1)
    cycling, forgetting = metrics.cycling(nearest, lags), np.asarray(metrics.forgetting(logits, lags))
    return {
        "modes_at_end": found[-1].sum(),
        "modes": found.sum(axis=1).mean(),
        "modes_ever": found.any(axis=0).sum(),
        "high_quality": good.sum() / max(nearest.sum(), 1),
        "hops": np.mean(np.diff(nearest.argmax(axis=1)) != 0),
        "cycling": np.round(np.asarray(cycling, float), 4),
        "forgetting": np.round(np.asarray(forgetting, float), 4),
        "nearest": nearest[-SHOWN:],
    }


COLUMNS = {
    "modes at the end": ("modes_at_end", 1),
    "modes, mean over time": ("modes", 2),
    "modes ever found": ("modes_ever", 1),
    "high quality": ("high_quality", 2),
    "hops": ("hops", 2),
}


def summarised(results: Results) -> str:
    """The table: a row for each arm, and its differences from what it is compared with, seed by seed."""
    head = ["arm", *COLUMNS, "cycling at a lag of 1", "2", "its highest from 3 on", "forgetting, 1 to 4", "5 to 40"]
    head += ["modes, mean over time, above", "hops, above"]
    rows = []
    for name, of_arm in results.items():
        cells, other = list(of_arm.values()), ARMS[name].against
        row = [ARMS[name].said, *(written([c[key] for c in cells], digits) for key, digits in COLUMNS.values())]
        row += [written([c["cycling"][lag] for c in cells]) for lag in (0, 1)]
        row.append(written([max(c["cycling"][2:], default=0.0) for c in cells]))
        row += [written([np.mean(c["forgetting"][part]) for c in cells]) for part in (slice(0, 4), slice(4, None))]
        for key in ("modes", "hops"):
            compared = other != name and other in results
            above = [cell[key] - results[other][seed][key] for seed, cell in of_arm.items()] if compared else []
            row.append(f"{written(above, 2, '+')} ({ARMS[other].said})" if compared else "")
        rows.append(row)
    return table(head, rows)


def picture(results: Results, options: Options) -> Figure:
    """The share of each mode in the samples, at the end of the first seed, an arm in each panel."""
    columns = 2
    rows = -(-len(results) // columns)
    figure = Figure(figsize=(10, 1.9 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for panel in panels.flat[len(results) :]:
        panel.axis("off")
    for panel, (name, of_arm) in zip(panels.flat, results.items(), strict=False):
        nearest = np.asarray(next(iter(of_arm.values()))["nearest"], float)
        last = options.steps
        sides = (last - len(nearest) * options.every, last, -0.5, nearest.shape[1] - 0.5)
        shares = nearest.T / options.samples
        panel.imshow(shares, aspect="auto", origin="lower", extent=sides, cmap="Blues", vmin=0, vmax=1)
        panel.set_title(ARMS[name].said, fontsize=17)
        panel.set_xticks([sides[0], last])
        panel.set_yticks([0, nearest.shape[1] - 1])
        panel.tick_params(labelsize=14)
    figure.supxlabel("step", fontsize=16)
    figure.supylabel("mode", fontsize=16)
    return figure


def compare(options: Options) -> int:
    """Measures what is missing, and writes the table and the picture."""
    programs: dict[str, Callable] = {}

    def measure(arm: str, seed: int) -> dict[str, Any]:
        if arm not in programs:
            programs[arm] = training(ARMS[arm], options)
        nearest, good, logits = jax.device_get(programs[arm](seed))
        return numbers(nearest, good, logits, options)

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    cells = [(arm, seed) for arm in options.arms for seed in seeds]
    settings = {name: getattr(options, name) for name in ("steps", "every", "samples")}
    results = kept(options.workdir / "results.json", settings, cells, measure)
    text = summarised(results)
    write_whole(options.workdir / "table.md", lambda file: file.write(text.encode()))
    drawn = picture(results, options)
    write_whole(options.workdir / "cycling.png", lambda file: drawn.savefig(file, format="png", dpi=110))
    print(text, end="")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return exit_status(lambda: compare(tyro.cli(Options, args=arguments)), "stopped; the same command goes on")


if __name__ == "__main__":
    sys.exit(main())
