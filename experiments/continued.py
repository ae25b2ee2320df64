"""Training that goes on with new data: which modes of the old data are kept, and by what?

    python experiments/continued.py

8000 steps on the first four modes of a ring of eight, standard deviation 0.02, then 8000 on the other four alone. The
GAN is the same for all: tanh, packed by 2, R1 of 1e-4, Adam at 1e-3, 2500 samples of the averaged generator. A mode is
found that holds 2 % of them within three standard deviations. All arms but those that say so start from the players of
the first training, and end with optimizers begun anew. L2-SP and EWC hold the generator alone, as Li et al. (2020,
arXiv:2012.02780) do; FreezeD holds the first of the discriminator's two hidden layers; generative replay (Shin et al.,
2017, arXiv:1705.08690) takes half of every minibatch from the generator of the first training. Seeds 4 to 8, mean and
95 % interval over seeds; one CPU core, 6 minutes:

| arm | old modes of 4, before | old, after | new, after | all of 8 | high quality |
| --- | --- | --- | --- | --- | --- |
| new data, no warm start | | 0, 0, 0, 0, 0 | 4, 4, 4, 4, 4 | 4.0 ± 0.0 | 0.94 ± 0.01 |
| all data, no warm start | | 4, 4, 4, 4, 4 | 4, 4, 4, 4, 4 | 8.0 ± 0.0 | 0.95 ± 0.02 |
| warm start | 4, 4, 4, 4, 4 | 0, 0, 0, 0, 0 | 4, 1, 4, 4, 4 | 3.4 ± 1.7 | 0.81 ± 0.40 |
| L2-SP, λ = 1 | 4, 4, 4, 4, 4 | 0, 0, 0, 0, 0 | 3, 3, 4, 3, 1 | 2.8 ± 1.4 | 0.67 ± 0.34 |
| L2-SP, λ = 1000 | 4, 4, 4, 4, 4 | 2, 3, 4, 4, 0 | 0, 0, 0, 0, 0 | 2.6 ± 2.1 | 0.49 ± 0.39 |
| EWC, λ = 30 | 4, 4, 4, 4, 4 | 0, 0, 0, 0, 0 | 4, 3, 3, 4, 3 | 3.4 ± 0.7 | 0.85 ± 0.10 |
| EWC, λ = 3000 | 4, 4, 4, 4, 4 | 0, 2, 0, 0, 0 | 2, 0, 2, 2, 2 | 2.0 ± 0.0 | 0.37 ± 0.37 |
| FreezeD | 4, 4, 4, 4, 4 | 0, 0, 0, 0, 0 | 4, 4, 4, 4, 2 | 3.6 ± 1.1 | 0.78 ± 0.28 |
| generative replay | 4, 4, 4, 4, 4 | 4, 4, 4, 3, 4 | 0, 0, 1, 1, 0 | 4.2 ± 0.6 | 0.86 ± 0.12 |
| the same, no warm start | | 4, 4, 4, 4, 4 | 4, 4, 4, 4, 4 | 8.0 ± 0.0 | 0.95 ± 0.02 |

One thing keeps the old modes and finds the new ones: generative replay in a GAN that begins anew, +4.6 ± 1.7 modes
above the warm start, seed by seed, and as good as the old data themselves. With a warm start the same minibatches leave
the generator where it is: it has the old modes, and does not find the new ones in 8000 steps. A warm start on the new
data alone loses all old modes within 400 steps, and finds the new ones no sooner than a GAN that begins anew. No
anchor gives both: of a weak one nothing is seen, and a strong one keeps some of what was or finds some of what is new,
never more than four modes of eight together. The discriminator, which sees no old data, pulls against it all the time.
FreezeD, which is for few examples of a similar kind, is as the warm start here. But for replay that begins anew and for
all data, no arm differs from the warm start in the number of modes, seed by seed, beyond its interval.

Seeds 4 to 8 were run once before, with 4000 steps and without the average, where all data gave 5.0 ± 3.5 modes: too
weak a GAN to tell what an arm keeps. The steps and the average were then set on seeds 0 and 1, by all data alone, and
there EWC was tried at 30, 300, 1000 and 3000 and L2-SP at 1, 10 and 1000, none of which kept old modes and found new
ones. The last arm was added when generative replay had found no new modes on seeds 0 and 1.
"""

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from driving import Results, kept, publish, table, written
from matplotlib.figure import Figure

import jaxgan
from jaxgan import GAN, State, Technique, data, losses, networks, optimizers, techniques
from jaxgan.backend.files import write_whole
from jaxgan.commands.experiment import exit_status
from jaxgan.optimizers import frozen
from jaxgan.report.style import COLOURS
from jaxgan.types import Array, Key

RESULTS = Path(__file__).parent / "results" / "continued"
BATCH, LATENT, WIDTH, RATE, MODES = 128, 2, 128, 1e-3, 8
FOUND = 0.02  # of the samples, of high quality, make a mode found
SAMPLES, LATENTS = 2500, 1024  # that are measured, and that the Fisher information is taken over


class Arm(NamedTuple):
    """One way to go on."""

    said: str
    starts: bool = True
    weight: float = 0.0
    fisher: bool = False
    freezes: bool = False
    data: Literal["new", "replayed", "all"] = "new"


ARMS = {
    "new": Arm("new data, no warm start", starts=False),
    "all": Arm("all data, no warm start", starts=False, data="all"),
    "warm": Arm("warm start"),
    "l2sp": Arm("L2-SP, λ = 1", weight=1.0),
    "l2sp_more": Arm("L2-SP, λ = 1000", weight=1e3),
    "ewc": Arm("EWC, λ = 30", weight=30.0, fisher=True),
    "ewc_more": Arm("EWC, λ = 3000", weight=3e3, fisher=True),
    "freezed": Arm("FreezeD", freezes=True),
    "replayed": Arm("generative replay", data="replayed"),
    "replayed_anew": Arm("the same, no warm start", starts=False, data="replayed"),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """Compares ways to go on with new data."""

    workdir: Path = RESULTS
    """Folder of results.json, table.md and continued.png; what it holds is not measured again."""
    arms: tuple[str, ...] = tuple(ARMS)
    """Which of them."""
    seeds: int = 5
    """How many seeds each."""
    first_seed: int = 4
    """The first of them; 0 and 1 were for tuning."""
    steps: int = 8000
    """Steps on the old data, and as many on the new, a multiple of --times."""
    times: int = 20
    """How often the new training is measured."""

    def __post_init__(self):
        if unknown := [arm for arm in self.arms if arm not in ARMS]:
            raise ValueError(f"there is no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
        if self.times < 1 or self.steps % self.times or self.steps < 1:
            raise ValueError(f"--steps must be a multiple of --times, not {self.steps} of {self.times}")


def ring(*halves: int) -> data.Mixture:
    """The ring, where all modes have examples, or only the first half of them, 0, or the other one, 1."""
    return data.ring(MODES, 1.0, 0.02, weights=np.isin(np.arange(MODES) // (MODES // 2), halves or (0, 1)))


def players(*chosen: Technique, freezes: bool = False) -> GAN:
    """The GAN of all arms."""
    discriminator_optimizer = optimizers.adam(RATE, b1=0.5)
    return jaxgan.gan(
        generator=networks.mlp([WIDTH, WIDTH], out=2, activation=jnp.tanh),
        discriminator=jaxgan.packed(networks.mlp([WIDTH, WIDTH], out=1, activation=jnp.tanh), 2),
        loss=losses.non_saturating(),
        generator_optimizer=optimizers.adam(RATE, b1=0.5),
        discriminator_optimizer=frozen(discriminator_optimizer, "Dense_0") if freezes else discriminator_optimizer,
        latent_dim=LATENT,
        techniques=(techniques.r1(1e-4), *chosen),
        average=0.999,
    )


def fisher(key: Key, state: State) -> Any:
    """The importance of the generator's parameters for what the discriminator makes of its samples."""
    gan = players()

    def realism(params, pack):
        source = state._replace(average=params)  # what is sampled
        return jax.nn.log_sigmoid(gan.judge(key, state, gan.decode(key, source, pack))[0])

    packs = gan.latent(key, state, LATENTS).reshape(-1, 2, LATENT)  # as the discriminator judges them
    return techniques.fisher_information(realism, state.average, packs)


def going_on(arm: Arm, state: State, key: Key, weight: Array) -> GAN:
    """The GAN of an arm, which starts from a state; `weight` is that of its anchors, if it has any."""
    if not arm.weight:
        return players(freezes=arm.freezes)
    params = state.average
    importance = fisher(key, state) if arm.fisher else None
    return players(techniques.anchored(params, None, weight, generator_importance=importance))


def counted(whole: data.Mixture, x: Array) -> Array:
    """`[modes]`, samples of high quality of each mode."""
    mode = whole.label_of(x)
    return jnp.zeros(MODES, jnp.int32).at[mode].add((mode >= 0).astype(jnp.int32))


def sections(
    gan: GAN, whole: data.Mixture, draw: Callable[[Key], Array], keys: Sequence[Key], state: State, options: Options
) -> tuple[State, Array]:
    """Trains; the state, and at each time how many samples each mode has."""
    key, key_data, key_sample = keys
    every = options.steps // options.times

    def step(state, i):
        return gan.step(key, state, draw(jax.random.fold_in(key_data, i)))[0], None

    def section(state, time):
        state, _ = jax.lax.scan(step, state, time * every + jnp.arange(every))
        return state, counted(whole, gan.sample(jax.random.fold_in(key_sample, time), state, SAMPLES))

    return jax.lax.scan(section, state, jnp.arange(options.times))


def first_training(options: Options) -> Callable[[Any], tuple[State, Array]]:
    """The program that trains on the old data, `seed -> (state, counts)`."""
    gan, old, whole = players(), ring(0), ring()

    def run(seed):
        keys = list(jax.random.split(jax.random.fold_in(jax.random.key(seed), 0), 3))
        start = gan.init(keys[0], old.sample(keys[1], BATCH))
        state, counts = sections(gan, whole, lambda key: old.sample(key, BATCH), keys, start, options)
        return state, counts[-1]

    return jax.jit(run)


def second_training(arm: Arm, options: Options) -> Callable[[Any, State, float], Array]:
    """The program that goes on, `(seed, state, weight) -> counts [time, modes]`."""
    old, new, whole = ring(0), ring(1), ring()

    def run(seed, state, weight):
        *keys, key_fisher = jax.random.split(jax.random.fold_in(jax.random.key(seed), 1), 4)
        gan = going_on(arm, state, key_fisher, weight)
        others = {
            "replayed": lambda key: gan.sample(key, state, BATCH // 2),
            "all": lambda key: old.sample(key, BATCH // 2),
        }

        def draw(key):
            if arm.data == "new":
                return new.sample(key, BATCH)
            key_new, key_other, key_order = jax.random.split(key, 3)
            both = jnp.concatenate([new.sample(key_new, BATCH // 2), others[arm.data](key_other)])
            return jax.random.permutation(key_order, both)  # neighbours are judged together

        start = gan.init(keys[0], new.sample(keys[1], BATCH), state if arm.starts else None)
        return sections(gan, whole, draw, keys, start, options)[1]

    return jax.jit(run)


def found(counts: Any, new: bool) -> np.ndarray:
    """How many modes of one half are found, at each time."""
    half = np.asarray(counts)[..., MODES // 2 :] if new else np.asarray(counts)[..., : MODES // 2]
    return (half >= FOUND * SAMPLES).sum(axis=-1)


def summarised(results: Results) -> str:
    """The table, a row for each arm; differences are from a plain warm start, seed by seed."""
    head = ["arm", "old modes of 4 before", "old after", "new after", "all of 8 after", "high quality"]
    head.append("all, above the warm start")
    rows = []
    for name, of_arm in results.items():
        ends = {seed: cell["counts"][-1] for seed, cell in of_arm.items()}
        every = {seed: found(end, new=False) + found(end, new=True) for seed, end in ends.items()}
        before = [found(cell["before"], new=False) for cell in of_arm.values()] if ARMS[name].starts else None
        row = [ARMS[name].said, written(before, 1) if before else ""]
        row += [written([found(end, new) for end in ends.values()], 1) for new in (False, True)]
        row += [written(list(every.values()), 1), written([sum(end) / SAMPLES for end in ends.values()])]
        compared = name != "warm" and "warm" in results
        above = []
        for seed in every if compared else ():
            warm = results["warm"][seed]["counts"][-1]
            above.append(every[seed] - found(warm, new=False) - found(warm, new=True))
        rows.append([*row, written(above, 1, "+") if compared else ""])
    return table(head, rows)


def picture(results: Results, options: Options) -> Figure:
    """Modes of the old and of the new half over the steps on new data, mean of the seeds."""
    figure = Figure(figsize=(10, 9), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    steps = np.linspace(0, options.steps, options.times + 1)
    for panel, new in zip(panels, (False, True), strict=True):
        for i, (name, of_arm) in enumerate(results.items()):
            cells = list(of_arm.values())
            before = np.mean([found(cell["before"], new) for cell in cells]) if ARMS[name].starts else 0.0
            mean = np.mean([found(cell["counts"], new) for cell in cells], axis=0)
            colour = [*COLOURS, "#777777"][i % 7]
            style = "-" if i < 7 else ":"
            panel.plot(steps, [before, *mean], style, label=ARMS[name].said, color=colour, linewidth=3)
        panel.set_ylabel(f"{'new' if new else 'old'} modes of 4", fontsize=18)
        panel.set_ylim(-0.15, 4.15)
        panel.tick_params(labelsize=15)
    panels[-1].set_xlabel("steps on the new data", fontsize=18)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=15)
    return figure


def compare(options: Options) -> int:
    """Measures what is missing, and writes the table and the picture."""
    programs: dict[Any, Callable] = {}
    sources: dict[int, tuple[State, Array]] = {}

    def measure(arm: str, seed: int) -> dict[str, Any]:
        if not programs:
            programs["before"] = first_training(options)
        chosen = ARMS[arm]
        kind = chosen._replace(said="", weight=float(chosen.weight > 0))  # one program for all weights
        if kind not in programs:
            programs[kind] = second_training(kind, options)
        if seed not in sources:
            sources[seed] = programs["before"](seed)
        state, before = sources[seed]
        return {"before": before, "counts": programs[kind](seed, state, chosen.weight)}

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    cells = [(arm, seed) for arm in options.arms for seed in seeds]
    results = kept(options.workdir / "results.json", {"steps": options.steps, "times": options.times}, cells, measure)
    drawn = picture(results, options)
    write_whole(options.workdir / "continued.png", lambda file: drawn.savefig(file, format="png", dpi=110))
    publish(options.workdir, summarised(results))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return exit_status(lambda: compare(tyro.cli(Options, args=arguments)), "stopped; the same command goes on")


if __name__ == "__main__":
    sys.exit(main())
