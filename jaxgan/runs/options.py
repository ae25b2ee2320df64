"""What a run is made of, as frozen dataclasses, one per concern; the command line is generated from them."""

import dataclasses
import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import optax

from jaxgan.adversarial.dynamics import Dynamics
from jaxgan.adversarial.lookahead import Unroll
from jaxgan.runs.catalogues import (
    ACTIVATIONS,
    DYNAMICS,
    INITIALISERS,
    LOSSES,
    MODELS,
    NETWORKS,
    OPTIMIZERS,
    TECHNIQUES,
)
from jaxgan.runs.factories import Call, make, read
from jaxgan.types import AdversarialLoss, Technique, checks

AUTO = "auto"
PLAYERS = ("generator", "discriminator")
# Parameters of a network that follow from the data, so that no text needs to give them.
FROM_DATA = ("out", "shape", "size", "channels", "length")
# Parts of which a model may be made; its signature says which of them it takes.
PARTS = (
    "generator",
    "discriminator",
    "loss",
    "generator_optimizer",
    "discriminator_optimizer",
    "techniques",
    "unroll",
    "discriminator_steps",
    "dynamics",
    "average",
    "encoder",
    "decoder",
    "optimizer",
    "latent_dim",
)
# The part that an option of `Training` belongs to; a model without that part does not take the option either.
PART_OF = {
    "loss": "loss",
    "technique": "techniques",
    "pack": "discriminator",
    "unroll": "unroll",
    "discriminator_steps": "discriminator_steps",
    "dynamics": "dynamics",
    "discriminator_learning_rate": "discriminator_optimizer",
    "discriminator_optimizer": "discriminator_optimizer",
    "clip": "discriminator_optimizer",
    "average": "average",
}
# Beyond these a program would not be compiled, or not end, in a lifetime, and steps and seeds are 32 bits wide.
LAYERS, REPEATS, INTEGER = 1000, 100_000, 2**31 - 1


def _at_least(name: str, value: float, least: float) -> None:
    checks.at_least(f"--{name.replace('_', '-')}", value, least)


@dataclasses.dataclass(frozen=True)
class Architecture:
    """The two networks."""

    generator_width: int = 64
    """Of an "auto" generator: units in each hidden layer, or channels at the full resolution."""
    discriminator_width: int = 64
    """Of an "auto" discriminator: units in each hidden layer, or channels of the first layer."""
    layers: int = 2
    """Hidden layers of an "auto" MLP; a DCGAN has one for each doubling of the resolution."""
    activation: str = "relu"
    """Of an "auto" MLP: relu, leaky_relu[:SLOPE], tanh, elu or silu."""
    initialisation: str = "he"
    """Weights of an "auto" MLP: he, orthogonal:GAIN or normal:STD."""
    latent_dim: int = 64
    """Dimensions of the latent."""
    batch_norm: bool = False
    """Batch normalisation in an "auto" generator."""
    spectral_norm: bool = False
    """Spectral normalisation in an "auto" discriminator."""
    compute: Literal["float32", "bfloat16"] = "float32"
    """What layers compute in; parameters, statistics, penalties and optimizers stay in float32."""
    conditional: bool = False
    """Tell "auto" networks the class: the generator makes what it is asked for; of data with labels."""
    generator: str = AUTO
    """A network by name (--list networks), e.g. mlp:widths=64+64; auto: an MLP for points and
    tables, a DCGAN for images, recurrent for sequences."""
    discriminator: str = AUTO
    """The same. What is named takes none of the options that say "auto"."""

    def __post_init__(self):
        for name in ("generator_width", "discriminator_width", "latent_dim"):
            _at_least(name, getattr(self, name), 1)
        checks.between("--layers", self.layers, 1, LAYERS)
        self.hidden_activation()
        self.kernel_init()
        for player in PLAYERS:
            if getattr(self, player) != AUTO:
                read(NETWORKS, getattr(self, player), f"--{player}", FROM_DATA)

    def hidden_activation(self) -> Callable:
        """The function that `activation` names."""
        return make(read(ACTIVATIONS, self.activation, "--activation"))

    def kernel_init(self) -> Callable:
        """The initialiser that `initialisation` names."""
        return make(read(INITIALISERS, self.initialisation, "--initialisation"))

    def recorded(self) -> dict[str, Any]:
        """The options as a run records them: what is not named, or came later, leaves no line at its default."""
        options, silent = dataclasses.asdict(self), {**dict.fromkeys(PLAYERS, AUTO), "conditional": False}
        return {name: value for name, value in options.items() if name not in silent or value != silent[name]}


@dataclasses.dataclass(frozen=True)
class Training:
    """What model is made of the two networks, and how it is trained."""

    model: str = "gan"
    """The model: gan; or vae[:PARAMETER=VALUE,...], of the generator as decoder and the discriminator as encoder."""
    steps: int = 10_000
    """Generator updates."""
    batch_size: int = 128
    """Real examples per discriminator update."""
    loss: str = "non_saturating"
    """A loss by name (--list losses)."""
    technique: tuple[str, ...] = ()
    """Techniques by name, with spaces between (--list techniques), e.g. r1:1.0 replay:4096,share=0.25."""
    pack: int = 1
    """Examples that the discriminator judges together; 1 is no packing."""
    unroll: Unroll = dataclasses.field(default_factory=Unroll)
    """The lookahead."""
    discriminator_steps: int = 1
    """Discriminator updates per generator update."""
    dynamics: str = "alternating"
    """How the players take turns (--list dynamics), e.g. extragradient or consensus:0.1."""
    generator_learning_rate: float = 1e-3
    """Of the generator; also that of a model with a single optimizer."""
    discriminator_learning_rate: float = 1e-3
    """Of the discriminator."""
    generator_optimizer: str = AUTO
    """An optimizer by name (--list optimizers), e.g. optimistic_adam; auto: Adam. As for the learning rate, also that
    of a model with a single optimizer."""
    discriminator_optimizer: str = AUTO
    """The same, e.g. frozen:adam,paths=Conv_0+Conv_1."""
    beta1: float = 0.5
    """Adam's decay of the mean, both players."""
    beta2: float = 0.999
    """Adam's decay of the mean square, both players."""
    decay_from: float = 1.0
    """Share of the steps after which both learning rates fall to zero along a cosine; 1 is never."""
    clip: float = 0.0
    """Limit to which the discriminator's weights are clipped, as in WGAN; 0 is off."""
    average: float = 0.0
    """Decay of the moving average of the generator that is sampled, e.g. 0.999; 0 is off."""

    def __post_init__(self):
        checks.between("--steps", self.steps, 1, INTEGER)
        _at_least("batch_size", self.batch_size, 1)
        _at_least("pack", self.pack, 1)
        checks.between("--discriminator-steps", self.discriminator_steps, 1, REPEATS)
        checks.between("--unroll.steps", self.unroll.steps, 0, REPEATS)
        checks.between("--beta1", self.beta1, -1, 1, ends="()")
        checks.between("--beta2", self.beta2, 0, 1, ends="[)")
        _at_least("clip", self.clip, 0.0)
        for name in ("generator_learning_rate", "discriminator_learning_rate"):
            _at_least(name, getattr(self, name), 0.0)
        checks.between("--decay-from", self.decay_from, 0, 1)
        checks.between("--average", self.average, 0, 1, ends="[)")
        if self.batch_size % self.pack:
            raise ValueError(f"a batch of {self.batch_size} cannot be packed by {self.pack}: take a multiple")
        self.adversarial_loss()
        self.techniques()
        for player in PLAYERS:
            self.optimizer(player)
        if self.turns() is not None and (self.unroll != Unroll() or self.discriminator_steps != 1):
            raise ValueError(
                f"--unroll and --discriminator-steps belong to alternating play: not with --dynamics {self.dynamics}"
            )
        for field in dataclasses.fields(self):
            usual = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            part = PART_OF.get(field.name)
            if part is not None and getattr(self, field.name) != usual and not self.takes(part):
                raise ValueError(
                    f"--{field.name.replace('_', '-')} is not for --model {self.model}, which has no {part}"
                )

    def generative_model(self) -> Call:
        """The model that `model` names, still to be made of its parts."""
        return read(MODELS, self.model, "--model", PARTS)

    def takes(self, part: str) -> bool:
        """Whether the model is made of such a part, one of `PARTS`."""
        return part in inspect.signature(self.generative_model().factory).parameters

    def adversarial_loss(self) -> AdversarialLoss:
        """The loss that `loss` names."""
        return make(read(LOSSES, self.loss, "--loss"))

    def techniques(self) -> tuple[Technique, ...]:
        """The techniques that `technique` names."""
        return tuple(make(read(TECHNIQUES, text, "--technique")) for text in self.technique)

    def turns(self) -> Dynamics | None:
        """The dynamics that `dynamics` names; None for alternating play, which has options of its own."""
        named: Dynamics = make(read(DYNAMICS, self.dynamics, "--dynamics"))
        return None if self.dynamics == "alternating" else named

    def optimizer(self, player: str) -> optax.GradientTransformation | None:
        """The optimizer that is named for a player, with the learning rate and decays of the options; None for auto."""
        text = getattr(self, f"{player}_optimizer")
        if text == AUTO:
            return None
        rate = self.learning_rate(getattr(self, f"{player}_learning_rate"))
        supplied = {"learning_rate": rate, "b1": self.beta1, "b2": self.beta2}
        return make(read(OPTIMIZERS, text, f"--{player}-optimizer", supplied), supplied)

    def recorded(self) -> dict[str, Any]:
        """The options as a run records them: an optimizer that is not named leaves no line."""
        options = dataclasses.asdict(self)
        unnamed = [f"{player}_optimizer" for player in PLAYERS if getattr(self, f"{player}_optimizer") == AUTO]
        return {name: value for name, value in options.items() if name not in unnamed}

    def learning_rate(self, peak: float) -> optax.Schedule:
        """Constant, then falling along a cosine."""
        flat = round(self.decay_from * self.steps)
        if flat >= self.steps:
            return optax.constant_schedule(peak)
        return optax.join_schedules(
            [optax.constant_schedule(peak), optax.cosine_decay_schedule(peak, self.steps - flat)], [flat]
        )


@dataclasses.dataclass(frozen=True)
class Run:
    """Where a run goes, how often it is repeated and how it is watched."""

    workdir: Path = Path("runs")
    """Folder of the run; the same command with the same folder continues it."""
    start_from: Path | None = None
    """Folder of another run, finished or not, from whose players each seed starts, in order; what is not said of the
    networks and their training is as there. Optimizers and steps begin anew, and that folder stays as it is."""
    seeds: int = 4
    """How many runs, each from a seed of its own."""
    first_seed: int = 0
    """The first of the seeds; the others follow it."""
    samples: int = 2500
    """Samples per seed that an evaluation measures and that are kept at the end."""
    metric: tuple[str, ...] = ()
    """Metrics besides mode coverage, which is measured where modes are known; `--list metrics` names them."""
    log_every: int = 0
    """Steps between two lines of metrics.jsonl; 0 is about a hundredth of the run."""
    evaluate_every: int = 0
    """Steps between two evaluations, a multiple of --log-every; 0 is about a tenth of the run."""
    checkpoint_every: int = 0
    """Steps between two checkpoints, a multiple of --log-every; 0 is about a tenth of the run."""
    on_alarm: Literal["warn", "checkpoint", "stop", "roll_back", "off"] = "warn"
    """When modes are lost or a player fails: warn; also save; also end; or take the seed back to before; or nothing."""
    on_not_finite: Literal["stop", "skip", "roll_back"] = "stop"
    """When a loss, a gradient or a parameter is NaN or infinite: end the run, and keep its last checkpoint and the step
    that went wrong; leave that step out; or take the seed back to its last checkpoint."""
    watch_modes: bool = True
    """Count modes inside the step, for alarms of lost modes; this changes how results are rounded."""
    seed_axis: Literal["auto", "turn", "vmap", "mesh"] = "auto"
    """Seeds train in turn, bit for bit as if alone, as one vmapped program, on all devices, or as is fastest here."""
    divide_optimizer: bool = False
    """Spread the optimizers' moments over the devices that share a seed."""
    tensorboard: bool = False
    """Write events for TensorBoard into the folder of the run too; needs pip install 'jaxgan[tensorboard]'."""
    accept_changes: bool = False
    """Continue a run although its configuration has changed."""
    coordinator: str | None = None
    """HOST:PORT of process 0 of many; not needed on Cloud TPU and under Slurm."""
    processes: int | None = None
    """How many processes there are; goes with --coordinator."""
    process: int | None = None
    """Number of this process, from 0; goes with --coordinator."""

    def __post_init__(self):
        for name, least in dict(
            seeds=1, first_seed=0, samples=1, log_every=0, evaluate_every=0, checkpoint_every=0
        ).items():
            _at_least(name, getattr(self, name), least)
        checks.between("the last seed", self.first_seed + self.seeds - 1, 0, INTEGER)
        for name in ("evaluate_every", "checkpoint_every"):
            if self.log_every and getattr(self, name) % self.log_every:
                raise ValueError(
                    f"--{name.replace('_', '-')} must be a multiple of --log-every, {self.log_every}, "
                    f"not {getattr(self, name)}"
                )

    def intervals(self, steps: int) -> tuple[int, int, int]:
        """Steps between two log lines, evaluations and checkpoints of a run of so many steps."""
        log = self.log_every or math.gcd(max(1, steps // 100), self.evaluate_every, self.checkpoint_every)
        usual = log * max(1, steps // (10 * log))
        return log, self.evaluate_every or usual, self.checkpoint_every or usual
