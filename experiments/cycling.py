"""A generator that hops from mode to mode: replay, old discriminators, and grouping by class, with and without.

    python experiments/cycling.py

On a ring of eight modes of standard deviation 0.05 the minimax loss, ReLUs, and a generator that learns three times as
fast as the discriminator: it puts nearly all of its samples on one mode, leaves it after 20 to 100 steps, and has been
on all eight many times by the end. 4000 steps; every 20 of them 500 samples are counted for their nearest mode, and 16
are kept, which the discriminators of all later times judge too. A mode is found that holds 2 % of the samples within
three standard deviations; a hop is a change of the mode with the most samples from one time to the next. `cycling` is
`metrics.cycling` of the counts, `forgetting` is `metrics.forgetting` by age in times of 20 steps. Labels are two
classes, of every other mode each, given to both players. Seeds 4 to 8, mean and 95 % interval (all columns are in
`results/cycling/table.md`); 2.6 CPU minutes on one core:

| arm | modes, mean over time | ever | high quality | hops | cycling at 20, 40 steps | forgetting at 100 to 800 steps |
| --- | --- | --- | --- | --- | --- | --- |
| plain | 0.97 ± 0.57 | 8, 8, 8, 8, 8 | 0.17 ± 0.09 | 0.67 ± 0.10 | 0.34, 0.12 | -0.51 ± 1.55 |
| replay of 4096 | 1.30 ± 1.48 | 8, 8, 8, 8, 8 | 0.27 ± 0.05 | 0.57 ± 0.05 | 0.38, 0.11 | -0.35 ± 0.90 |
| replay of 32768 | 0.83 ± 0.06 | 8, 8, 8, 8, 8 | 0.42 ± 0.08 | 0.47 ± 0.08 | 0.50, 0.24 | 0.21 ± 0.68 |
| replay, reservoir of 4096 | 0.85 ± 0.04 | 8, 8, 8, 8, 8 | 0.47 ± 0.08 | 0.47 ± 0.10 | 0.50, 0.26 | 0.29 ± 0.78 |
| old discriminators | 0.33 ± 0.47 | 0, 8, 8, 0, 8 | 0.08 ± 0.13 | 0.33 ± 0.39 | 0.64, 0.52 | diverges |
| labels | 1.04 ± 0.72 | 8, 8, 8, 0, 8 | 0.20 ± 0.14 | 0.46 ± 0.31 | 0.40, 0.27 | 0.55 ± 0.64 |
| labels, packed by 2 | 3.64 ± 2.57 | 8, 8, 8, 0, 8 | 0.30 ± 0.22 | 0.61 ± 0.42 | 0.24, 0.23 | -0.22 ± 0.09 |
| the same, grouped by class | 3.79 ± 2.66 | 8, 8, 8, 0, 8 | 0.33 ± 0.23 | 0.59 ± 0.41 | 0.32, 0.27 | -0.23 ± 0.17 |

Nothing that remembers makes the generator stay with more than one mode: above the plain GAN, seed by seed, are +0.33 ±
1.75, -0.14 ± 0.62 and -0.11 ± 0.60 modes by the three kinds of replay and -0.64 ± 0.92 by old discriminators. What
replay does is to slow the hops, by 0.20 ± 0.15 and 0.20 ± 0.17 of all times where its memory is long (32768 fakes are
the last 512 steps, with ages spread geometrically), and to let the generator reach the modes that it visits: high
quality from 0.17 to 0.42 and 0.47. Old discriminators, with the settings by default, add to a loss without a lower
bound, and in three of five seeds the players run away: logits in the hundreds or tens of thousands, and no mode. The
hops have no fixed time: from a lag of 60 steps on the correlation is nowhere above 0.2 in the first four arms, mean of
the seeds. Whether discriminators forget by these means cannot be told from five seeds: the intervals of all but the
packed ones hold zero.

Packing ends the hops in four of five seeds, where labels alone do not: +2.61 ± 1.86 modes at a time, and 8, 8, 8, 0 and
8 at the end; the mode with the most samples still changes, since all are near an eighth. Grouping by class then adds
nothing that is seen, +0.14 ± 0.20. Seed 7 of the arms with labels never leaves a place beside the ring. The arm with
labels alone was added when the others had been seen, to tell what packing does from what labels do.

Tried on seeds 0 and 1: of the plain GAN, standard deviations of 0.05 and 0.1, and rates of the discriminator of 0.1,
0.3 and 1 of the generator's; at 0.1 one seed never finds a mode, and at 1 all modes are found in the end. Eight old
discriminators, saved every 20 steps, with a weight of 1: seed 0 found no mode. Replay as it is.
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
from driving import Results, kept, publish, table, written
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
SHOWN = 50  # times that the picture shows, the last ones of the first seed


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
    "labels": Arm("labels", labels=True, against="labels"),
    "packed": Arm("labels, packed by 2", labels=True, pack=2, against="labels"),
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
    """Steps of each run, a multiple of --every, at least 6."""
    every: int = 20
    """Steps between two times at which samples are drawn."""
    samples: int = 500
    """How many are."""

    def __post_init__(self):
        if unknown := [arm for arm in self.arms if arm not in ARMS]:
            raise ValueError(f"there is no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
        if self.every < 1 or self.steps % self.every or self.steps < 6 * self.every:
            raise ValueError(f"--steps must be a multiple of --every, at least 6, not {self.steps} of {self.every}")


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
        nearest = np.asarray(of_arm[options.first_seed]["nearest"], float)
        last = options.steps
        sides = (last - len(nearest) * options.every, last, -0.5, nearest.shape[1] - 0.5)
        shares = nearest.T / options.samples
        panel.imshow(shares, aspect="auto", origin="lower", extent=sides, cmap="Blues", vmin=0, vmax=1)
        panel.set_title(ARMS[name].said, fontsize=17)
        panel.set_xticks([sides[0] + share * (last - sides[0]) for share in (0.1, 0.5, 0.9)])
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
        found = numbers(nearest, good, logits, options)
        return {**found, "nearest": nearest[-SHOWN:]} if seed == options.first_seed else found

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    cells = [(arm, seed) for arm in options.arms for seed in seeds]
    settings = {name: getattr(options, name) for name in ("steps", "every", "samples")}
    results = kept(options.workdir / "results.json", settings, cells, measure)
    drawn = picture(results, options)
    write_whole(options.workdir / "cycling.png", lambda file: drawn.savefig(file, format="png", dpi=110))
    publish(options.workdir, summarised(results))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return exit_status(lambda: compare(tyro.cli(Options, args=arguments)), "stopped; the same command goes on")


if __name__ == "__main__":
    sys.exit(main())
