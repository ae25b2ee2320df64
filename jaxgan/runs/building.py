"""From the options of a run to its model."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import numpy as np
import optax

from jaxgan import networks, optimizers
from jaxgan.networks.packing import packed
from jaxgan.runs.catalogues import NETWORKS
from jaxgan.runs.factories import make, read
from jaxgan.runs.options import AUTO, Architecture, Training
from jaxgan.types import Array, Key, Kind, Model, Network, Params, Stats, Technique

Shape = tuple[int, ...]
EQUAL = 1e-6  # difference of shares


def build(
    architecture: Architecture,
    training: Training,
    example_shape: Shape,
    scale: float = 1.0,
    further: Sequence[Technique] = (),
    *,
    kind: Kind | None = None,
    classes: int | None = None,
    shares: Sequence[float] = (),
    widths: Sequence[int] = (),
) -> Model:
    """The model that a configuration describes, of those parts that the signature of its factory names.

    Args:
      architecture: the networks.
      training: everything else.
      example_shape: of one example: `(dimensions,)` for points, `(height, width, channels)` for images.
      scale: standard deviation of points; the networks work in units in which it is one.
      further: techniques that no option names, such as the monitor's; only of a model that takes techniques.
      kind: what an example is, which chooses the networks that are not named; None reads it off the shape, points
        with one axis and images with three.
      classes: how many the data have; None for data without.
      shares: of the classes, in which fakes of a conditional generator draw their labels; empty for equal ones.
      widths: of the parts of a row, see `types.Tabular`; a generator ends in a softmax over each choice.

    Raises:
      ValueError: examples for which there is no network, or a named network that does not fit them.
    """
    kind = kind or _kind(example_shape)
    if further and not training.takes("techniques"):
        raise ValueError(f"--model {training.model} takes no techniques, such as {further[0].name}")

    @functools.cache  # two parts ask for it
    def generator() -> Network:
        network = _player("generator", architecture, kind, example_shape, scale)
        network = networks.by_part(network, widths) if widths else network
        network = _told(network, "generator", architecture, classes)
        columns = sum(technique.columns for technique in training.techniques())
        _check_fit("generator", architecture, network, (training.batch_size, architecture.latent_dim + columns))
        return _computed(architecture, network)

    def discriminator(out: int = 1, pack: int = 1) -> Network:
        network = _player("discriminator", architecture, kind, example_shape, scale, out)
        network = packed(_told(network, "discriminator", architecture, classes), pack)
        _check_fit("discriminator", architecture, network, (training.batch_size, *example_shape))
        return _computed(architecture, network)

    betas, turns = (training.beta1, training.beta2), training.turns()

    def optimizer() -> optax.GradientTransformation:
        named = training.optimizer("generator")
        return named or optax.adam(training.learning_rate(training.generator_learning_rate), *betas)

    def discriminator_optimizer() -> optax.GradientTransformation:
        named = training.optimizer("discriminator")
        chosen = named or optimizers.adam(training.learning_rate(training.discriminator_learning_rate), *betas)
        return optax.chain(chosen, optimizers.weight_clipping(training.clip)) if training.clip else chosen

    parts: dict[str, Callable[[], Any]] = {
        "generator": generator,
        "discriminator": lambda: discriminator(pack=training.pack),
        "loss": training.adversarial_loss,
        "generator_optimizer": optimizer,
        "discriminator_optimizer": discriminator_optimizer,
        "latent_dim": lambda: architecture.latent_dim,
        "techniques": lambda: (*training.techniques(), *further),
        "unroll": lambda: None if turns else training.unroll,
        "discriminator_steps": lambda: None if turns else training.discriminator_steps,
        "dynamics": lambda: turns,
        "average": lambda: training.average or None,
        "label_distribution": lambda: _labels(generator(), classes, shares),
        "decoder": generator,
        "encoder": lambda: discriminator(out=2 * architecture.latent_dim),
        "optimizer": optimizer,
    }
    return make(training.generative_model(), {name: part() for name, part in parts.items() if training.takes(name)})


def _computed(architecture: Architecture, network: Network) -> Network:
    return networks.in_bfloat16(network) if architecture.compute == "bfloat16" else network


def _told(network: Network, player: str, architecture: Architecture, classes: int | None) -> Network:
    """A network that is not named, told the class if that is wanted."""
    if not architecture.conditional or getattr(architecture, player) != AUTO:
        return network
    if classes is None or classes < 2:
        raise ValueError("--conditional needs data with at least two classes, and these have none")
    # Joined to the latent, a label acts with and without batch normalisation, and in every kind of network.
    return networks.labelled(network, classes) if player == "generator" else networks.projection(network, classes)


def _labels(generator: Network, classes: int | None, shares: Sequence[float]) -> Callable[[Key, int], Array] | None:
    """Classes for a conditional generator, drawn in their shares; none for another one."""
    if not generator.conditional:
        return None
    if classes is None:
        raise ValueError("a conditional generator needs data with classes, and these have none")
    if not len(shares) or max(shares) - min(shares) < EQUAL:
        return lambda key, n: jax.random.randint(key, (n,), 0, classes)
    p = np.asarray(shares, np.float32)
    return lambda key, n: jax.random.choice(key, classes, (n,), p=p / p.sum())


def _kind(shape: Shape) -> Kind:
    kinds: dict[int, Kind] = {1: "points", 3: "images"}
    if len(shape) not in kinds:
        raise ValueError(f"examples of shape {shape} are neither points [width] nor images [height, width, channels]")
    return kinds[len(shape)]


def _player(
    player: Literal["generator", "discriminator"],
    architecture: Architecture,
    kind: Kind,
    shape: Shape,
    scale: float,
    out: int = 1,
) -> Network:
    """One of the two networks; `out` is how many numbers a discriminator gives, more than one for an encoder."""
    text = getattr(architecture, player)
    if text != AUTO:
        return _named(player, text, shape, scale, out)
    if kind not in _AUTOMATIC:
        raise ValueError(f"there is no {player} of its own for {kind}: name one with --{player} (--list networks)")
    return _AUTOMATIC[kind](player, architecture, shape, scale, out)


def _mlp(player: str, architecture: Architecture, shape: Shape, scale: float, out: int) -> Network:
    activation, kernel_init = architecture.hidden_activation(), architecture.kernel_init()
    if player == "generator":
        return networks.mlp(
            [architecture.generator_width] * architecture.layers,
            out=shape[0],
            activation=activation,
            kernel_init=kernel_init,
            batch_norm=architecture.batch_norm,
            output_activation=lambda x: scale * x,
        )
    return networks.mlp(
        [architecture.discriminator_width] * architecture.layers,
        out=out,
        activation=activation,
        kernel_init=kernel_init,
        spectral_norm=architecture.spectral_norm,
        input_scale=1.0 / scale,
    )


def _dcgan(player: str, architecture: Architecture, shape: Shape, scale: float, out: int) -> Network:
    del scale
    height, width, channels = shape
    if player == "generator":
        return networks.dcgan_generator(
            (height, width), channels, width=architecture.generator_width, batch_norm=architecture.batch_norm
        )
    return networks.dcgan_discriminator(
        width=architecture.discriminator_width, spectral_norm=architecture.spectral_norm, out=out
    )


def _sequential(player: str, architecture: Architecture, shape: Shape, scale: float, out: int) -> Network:
    del scale
    length, channels = shape
    if player == "generator":
        return networks.sequence_generator(length, channels, width=architecture.generator_width)
    return networks.sequence_discriminator(width=architecture.discriminator_width, out=out)


_AUTOMATIC: dict[str, Callable[[str, Architecture, Shape, float, int], Network]] = {
    "points": _mlp,
    "tables": _mlp,
    "images": _dcgan,
    "sequences": _sequential,
}


def _named(player: str, text: str, shape: Shape, scale: float, out: int) -> Network:
    """A network that the command line names, between the units of the data and those in which they have scale one."""
    option = f"--{player}"
    given = {**_from_data(player, shape), **({"out": out} if player == "discriminator" else {})}
    network = make(read(NETWORKS, text, option, given), given)
    if player == "generator":
        return _between(network, lambda x: x, lambda y: scale * _shaped(y, shape))
    return _between(network, lambda x: x * (1.0 / scale), lambda y: y)


def _from_data(player: str, shape: Shape) -> dict[str, Any]:
    """Those parameters of `options.FROM_DATA` that examples of this shape have."""
    given: dict[str, Any] = {"out": math.prod(shape) if player == "generator" else 1, "shape": shape}
    if len(shape) == 3:
        given |= {"size": shape[0] if shape[0] == shape[1] else shape[:2]}
    if len(shape) == 2:
        given |= {"length": shape[0]}
    return {**given, "channels": shape[-1]}


def _shaped(y: Array, shape: Shape) -> Array:
    """Brings what a flat network makes into the shape of the examples."""
    if math.prod(y.shape[1:]) != math.prod(shape):
        raise ValueError(f"makes {list(y.shape[1:])}, but an example is {list(shape)}")
    return y.reshape(y.shape[0], *shape)


def _check_fit(player: str, architecture: Architecture, network: Network, shape: Shape) -> None:
    """Traces a named network, so that one that does not fit the data is refused before a run leaves anything behind."""
    text = getattr(architecture, player)
    if text == AUTO or network.conditional:
        return

    def run(key: Key, x: Array) -> Array:
        return network.apply(*network.init(key, x), x, train=False)[0]

    try:
        jax.eval_shape(run, jax.random.key(0), jax.ShapeDtypeStruct(shape, float))
    except ValueError as error:
        raise ValueError(f"--{player} {text}: {error}") from error


def _between(network: Network, before: Callable[[Array], Array], after: Callable[[Array], Array]) -> Network:
    """A network with functions of its input and its output around it."""

    def apply(params: Params, stats: Stats, x: Array, **others: Any) -> tuple[Array, Stats]:
        y, stats = network.apply(params, stats, before(x), **others)
        return after(y), stats

    def features(params: Params, stats: Stats, x: Array, **others: Any) -> Array:
        assert network.features is not None
        return network.features(params, stats, before(x), **others)

    def init(key: Key, x: Array, **others: Any) -> tuple[Params, Stats]:
        return network.init(key, before(x), **others)

    return network._replace(init=init, apply=apply, features=network.features and features)
