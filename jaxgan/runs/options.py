"""What a run is made of, as frozen dataclasses, one per concern; the command line is generated from them."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import jax
import optax

from jaxgan import losses, networks, optimizers, techniques
from jaxgan.models.gan import gan
from jaxgan.networks.packing import packed
from jaxgan.types import GAN, AdversarialLoss, Technique
from jaxgan.adversarial.lookahead import Unroll

LOSSES: dict[str, Callable[[], AdversarialLoss]] = {
    "minimax": losses.minimax,
    "non_saturating": losses.non_saturating,
    "least_squares": losses.least_squares,
    "hinge": losses.hinge,
    "wasserstein": losses.wasserstein,
    "relativistic": losses.relativistic,
}
TECHNIQUES: dict[str, Callable[[float], Technique]] = {
    "dragan": techniques.dragan,
    "gradient_penalty": techniques.gradient_penalty,
    "instance_noise": techniques.instance_noise,
    "mode_seeking": techniques.mode_seeking,
    "r1": techniques.r1,
    "r2": techniques.r2,
    "replay": lambda capacity: techniques.replay(int(capacity)),
}
ACTIVATIONS: dict[str, Callable] = {"relu": jax.nn.relu, "leaky_relu": jax.nn.leaky_relu, "tanh": jax.nn.tanh}
INITIALISERS: dict[str, Callable] = {
    "he": lambda: jax.nn.initializers.he_normal(),
    "orthogonal": jax.nn.initializers.orthogonal,
    "normal": jax.nn.initializers.normal,
}


def _choose(kind: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise ValueError(f"there is no {kind} {name!r}; known are {', '.join(known)}")
    return known[name]


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"--{name.replace('_', '-')} is at least {least}, not {value}")


@dataclasses.dataclass(frozen=True)
class Architecture:
    """The two networks: MLPs for points, DCGANs for images."""

    generator_width: int = 64
    """Units in each hidden layer of the generator, or channels at its full resolution."""
    discriminator_width: int = 64
    """Units in each hidden layer of the discriminator, or channels of its first layer."""
    layers: int = 2
    """Hidden layers of an MLP; a DCGAN has one for each doubling of the resolution."""
    activation: str = "relu"
    """Activation of an MLP: relu, leaky_relu or tanh."""
    initialisation: str = "he"
    """Weights of an MLP: he, orthogonal:GAIN or normal:STD."""
    latent_dim: int = 64
    """Dimensions of the latent."""
    batch_norm: bool = False
    """Batch normalisation in the generator."""
    spectral_norm: bool = False
    """Spectral normalisation in the discriminator."""
    compute: Literal["float32", "bfloat16"] = "float32"
    """What the layers compute in; parameters, statistics, penalties and optimizers are in float32 with both."""

    def __post_init__(self):
        for name in ("generator_width", "discriminator_width", "layers", "latent_dim"):
            _at_least(name, getattr(self, name), 1)
        _choose("activation", self.activation, ACTIVATIONS)
        self.kernel_init()

    def kernel_init(self) -> Callable:
        """The initialiser that `initialisation` names."""
        name, _, scale = self.initialisation.partition(":")
        make = _choose("initialisation", name, INITIALISERS)
        return make(_number("initialisation", self.initialisation)) if scale else make()


@dataclasses.dataclass(frozen=True)
class Training:
    """How the two networks are trained."""

    steps: int = 10_000
    """Generator updates."""
    batch_size: int = 128
    """Real examples per discriminator update."""
    loss: str = "non_saturating"
    """minimax, non_saturating, least_squares, hinge, wasserstein or relativistic."""
    technique: tuple[str, ...] = ()
    """Techniques against collapse as NAME:NUMBER, e.g. r1:1.0 replay:4096; the number is the weight (dragan,
    gradient_penalty, mode_seeking, r1, r2), the standard deviation (instance_noise) or the capacity (replay)."""
    pack: int = 1
    """Examples that the discriminator judges together; 1 is no packing."""
    unroll: Unroll = dataclasses.field(default_factory=Unroll)
    """The lookahead."""
    discriminator_steps: int = 1
    """Discriminator updates per generator update."""
    generator_learning_rate: float = 1e-3
    """Of Adam."""
    discriminator_learning_rate: float = 1e-3
    """Of Adam."""
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
        _at_least("steps", self.steps, 1)
        _at_least("batch_size", self.batch_size, 1)
        _at_least("pack", self.pack, 1)
        _at_least("discriminator_steps", self.discriminator_steps, 1)
        _at_least("clip", self.clip, 0.0)
        for name in ("generator_learning_rate", "discriminator_learning_rate", "decay_from"):
            _at_least(name, getattr(self, name), 0.0)
        if self.decay_from > 1:
            raise ValueError(f"--decay-from is a share of the steps, up to 1, not {self.decay_from}")
        if self.batch_size % self.pack:
            raise ValueError(f"a batch of {self.batch_size} cannot be packed by {self.pack}: take a multiple")
        _choose("loss", self.loss, LOSSES)
        self.techniques()

    def techniques(self) -> tuple[Technique, ...]:
        """The techniques that `technique` names."""
        return tuple(
            _choose("technique", text.partition(":")[0], TECHNIQUES)(_number("technique", text))
            for text in self.technique
        )

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
    """Folder for all that the run leaves behind; the same command with the same folder continues a run."""
    seeds: int = 4
    """How many runs, each from a seed of its own."""
    first_seed: int = 0
    """The first of the seeds; the others follow it."""
    samples: int = 2500
    """Samples that each evaluation measures, and that are kept at the end, per seed."""
    metric: tuple[str, ...] = ()
    """Metrics besides mode coverage, which is measured where modes are known: autocorrelation, class_accuracy,
    density_coverage, different_bins, duplicates, frechet, inception_score, kernel, missing_mass, mmd, ms_ssim,
    nearest_psnr, precision_recall, sliced_wasserstein, vendi, wasserstein; or mode_coverage of labelled images."""
    log_every: int = 0
    """Steps between two lines of metrics.jsonl; 0 is about a hundredth of the run."""
    evaluate_every: int = 0
    """Steps between two evaluations, a multiple of --log-every; 0 is about a tenth of the run."""
    checkpoint_every: int = 0
    """Steps between two checkpoints, a multiple of --log-every; 0 is about a tenth of the run."""
    on_alarm: Literal["warn", "checkpoint", "stop", "roll_back", "off"] = "warn"
    """When modes are lost or a player fails, a warning; and with it a checkpoint, or a checkpoint and the end of the
    run, or the return of that seed's players to the last checkpoint from before; or nothing at all."""
    watch_modes: bool = True
    """Count the modes of the fakes inside the step, for alarms of lost modes; this changes how results are rounded."""
    seed_axis: Literal["auto", "turn", "vmap", "mesh"] = "auto"
    """How several seeds are trained: in turn (as many at once as there are cores, each bit for bit as if alone), as one
    vmapped program, as one program on all devices, or the fastest of these here."""
    divide_optimizer: bool = False
    """Spread the optimizers' moments over the devices that share a seed, in place of a copy on each."""
    accept_changes: bool = False
    """Continue a run although its configuration has changed."""
    coordinator: str | None = None
    """HOST:PORT of process 0 of a run of many processes; not needed on Cloud TPU and under Slurm."""
    processes: int | None = None
    """How many processes there are; goes with --coordinator."""
    process: int | None = None
    """Number of this process, from 0; goes with --coordinator."""

    def __post_init__(self):
        for name, least in dict(
            seeds=1, first_seed=0, samples=1, log_every=0, evaluate_every=0, checkpoint_every=0
        ).items():
            _at_least(name, getattr(self, name), least)
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


def _number(kind: str, text: str) -> float:
    try:
        return float(text.partition(":")[2])
    except ValueError:
        raise ValueError(f"--{kind} takes NAME:NUMBER, e.g. r1:1.0, not {text!r}") from None


def build(
    architecture: Architecture,
    training: Training,
    example_shape: tuple[int, ...],
    scale: float = 1.0,
    further: Sequence[Technique] = (),
) -> GAN:
    """The GAN that a configuration describes.

    Args:
      architecture: the networks.
      training: everything else.
      example_shape: of one example: `(dimensions,)` for points, `(height, width, channels)` for images.
      scale: standard deviation of points; the networks work in units in which it is one.
      further: techniques that no option names, such as the monitor's.

    Raises:
      ValueError: images of a size for which there is no network.
    """
    if len(example_shape) == 1:
        mlp = functools.partial(
            networks.mlp, activation=ACTIVATIONS[architecture.activation], kernel_init=architecture.kernel_init()
        )
        generator = mlp(
            [architecture.generator_width] * architecture.layers,
            out=example_shape[0],
            batch_norm=architecture.batch_norm,
            output_activation=lambda x: scale * x,
        )
        discriminator = mlp(
            [architecture.discriminator_width] * architecture.layers,
            out=1,
            spectral_norm=architecture.spectral_norm,
            input_scale=1.0 / scale,
        )
    else:
        height, width, channels = example_shape
        if height != width:
            raise ValueError(f"images must be square, not {height}x{width}")
        generator = networks.dcgan_generator(
            height, channels, width=architecture.generator_width, batch_norm=architecture.batch_norm
        )
        discriminator = networks.dcgan_discriminator(
            width=architecture.discriminator_width, spectral_norm=architecture.spectral_norm
        )
    if architecture.compute == "bfloat16":
        generator, discriminator = networks.in_bfloat16(generator), networks.in_bfloat16(discriminator)
    betas = training.beta1, training.beta2
    discriminator_optimizer = optimizers.adam(training.learning_rate(training.discriminator_learning_rate), *betas)
    if training.clip:
        discriminator_optimizer = optax.chain(discriminator_optimizer, optimizers.weight_clipping(training.clip))
    return gan(
        generator=generator,
        discriminator=packed(discriminator, training.pack),
        loss=LOSSES[training.loss](),
        generator_optimizer=optax.adam(training.learning_rate(training.generator_learning_rate), *betas),
        discriminator_optimizer=discriminator_optimizer,
        latent_dim=architecture.latent_dim,
        techniques=(*training.techniques(), *further),
        unroll=training.unroll,
        discriminator_steps=training.discriminator_steps,
        average=training.average or None,
    )
