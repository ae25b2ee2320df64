"""What the tests of the core share: networks, optimizers and a whole step written by hand, and a played round."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxgan
from jaxgan import GAN, Technique, losses, optimizers
from jaxgan.types import Array, Batch, Key, Network, Params, Play, Player, State, Stats, Task, as_batch

jit = jax.jit  # conftest.py makes compiling cheap


def drawn(task: Task, key: Key, n: int) -> Any:
    """`task.sample(key, n)` as one program."""
    return jit(task.draw, static_argnums=2)(task.arrays, key, n)


def counted(function: Callable[..., Any]) -> tuple[Callable[..., Any], list[str]]:
    """The function, and a list that grows by one whenever it is run, or traced once it is compiled."""
    calls: list[str] = []

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        calls.append(function.__name__)
        return function(*arguments)

    return call, calls


def perceptron(
    widths: Sequence[int], out: int, *, activation: Callable[[Array], Array] = jnp.tanh, noise: float = 0.0
) -> Network:
    """A multilayer perceptron without any library; with `noise`, training draws some and needs a key."""

    def init(key: Key, x: Array) -> tuple[Params, Stats]:
        sizes = [x.shape[-1], *widths, out]
        keys = jax.random.split(key, len(sizes) - 1)
        return [
            {"w": jax.random.normal(k, (a, b), x.dtype) / np.sqrt(a), "b": jnp.zeros((b,), x.dtype)}
            for k, a, b in zip(keys, sizes[:-1], sizes[1:], strict=True)
        ], {}

    def features(params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None) -> Array:
        for layer in params[:-1]:
            x = activation(x @ layer["w"] + layer["b"][None])
        if train and noise:
            assert key is not None
            x = x + noise * jax.random.normal(key, x.shape, x.dtype)
        return x

    def apply(params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None) -> tuple[Array, Stats]:
        return features(params, stats, x, train=train, key=key) @ params[-1]["w"] + params[-1]["b"][None], stats

    return Network(init, apply, features)


def fetched(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """The compiled function, with results in NumPy: a test that computes on with these compiles nothing more."""
    program = jit(function, **options)

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        found = program(*arguments, **named)
        traced = any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(found))
        return found if traced else jax.device_get(found)

    return call


def compiled(network: Network) -> Network:
    """The network with compiled functions: outside of `jit` each of its operations would be a program of its own."""
    shown = network.features and fetched(network.features, static_argnames="train")
    return network._replace(
        init=fetched(network.init), apply=fetched(network.apply, static_argnames="train"), features=shown
    )


def standard_normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers of the standard normal distribution in float32, which no program draws."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def in_double(network: Network) -> Network:
    """The network with parameters and statistics in float64, where linen makes float32 even under x64."""
    return network._replace(
        init=lambda key, x: jax.tree.map(lambda a: a.astype(jnp.float64), network.init(key, x)),
    )


def constant_latent(z: Array) -> Callable[..., Array]:
    """A latent distribution that always draws `z`, so that a test knows what the generator is given."""

    def draw(key: Key, shape: tuple[int, ...], dtype: Any) -> Array:
        assert shape == z.shape
        return z.astype(dtype)

    return draw


def recording(learning_rate: float = 0.0) -> optax.GradientTransformation:
    """Gradient descent whose state is the last gradient, so that a test can read it off the player."""
    return optax.GradientTransformation(
        lambda params: jax.tree.map(jnp.zeros_like, params),
        lambda gradient, state, params=None: (jax.tree.map(lambda g: -learning_rate * g, gradient), gradient),
    )


class Explicit(NamedTuple):
    """What `explicit_step` arrives at."""

    generator_loss: Array
    gradient: Params
    discriminator: Player
    ahead: Player


def zero_sum(real: Array, fake: Array) -> Array:
    """The generator's side of the original game, both terms."""
    return -jax.nn.softplus(-real) - jax.nn.softplus(fake)


def non_saturating(real: Array, fake: Array) -> Array:
    """The generator's side that is used in practice."""
    return jax.nn.softplus(-fake)


def explicit_step(
    generator: Network,
    discriminator: Network,
    optimizer: optax.GradientTransformation,
    state: State,
    z: Array,
    *,
    before: Sequence[Array] = (),
    own: Array,
    beyond: Sequence[Array] = (),
    generator_loss: Callable[[Array, Array], Array] = zero_sum,
    second_order: bool = True,
) -> Explicit:
    """One step as a Python loop: discriminator updates on `before` and `own`, lookahead on `own` and `beyond`.

    All rounds see the fakes that are made from `z`, and no technique takes part.
    """

    def generate(params: Params) -> Array:
        return generator.apply(params, state.generator.stats, z, train=True)[0]

    def judge(params: Params, stats: Stats, real: Array, fake: Array) -> tuple[Array, Array, Stats]:
        real_logits, stats = discriminator.apply(params, stats, real, train=True)
        fake_logits, stats = discriminator.apply(params, stats, fake, train=True)
        return real_logits[:, 0], fake_logits[:, 0], stats

    def update(player: Player, real: Array, fake: Array) -> Player:
        def objective(params: Params) -> tuple[Array, Stats]:
            real_logits, fake_logits, stats = judge(params, player.stats, real, fake)
            return jnp.mean(jax.nn.softplus(-real_logits) + jax.nn.softplus(fake_logits)), stats

        gradient, stats = jax.grad(objective, has_aux=True)(player.params)
        updates, opt_state = optimizer.update(gradient, player.opt_state, player.params)
        return Player(optax.apply_updates(player.params, updates), stats, opt_state)

    player = state.discriminator
    for real in before:
        player = update(player, real, generate(state.generator.params))

    def objective(params: Params) -> tuple[Array, tuple[Player, Player]]:
        fake = generate(params)
        updated = ahead = update(player, own, fake)
        for real in beyond:
            ahead = update(ahead, real, fake)
        if not second_order:
            ahead = jax.lax.stop_gradient(ahead)
        real_logits, fake_logits, _ = judge(ahead.params, ahead.stats, own, fake)
        return jnp.mean(generator_loss(real_logits, fake_logits)), (updated, ahead)

    (value, (updated, ahead)), gradient = jax.value_and_grad(objective, has_aux=True)(state.generator.params)
    return Explicit(value, gradient, updated, ahead)


def small_gan(*chosen: Technique, **options: Any) -> GAN:
    """A GAN of points in the plane with the techniques, which compiles in a moment; `options` replace parts."""
    return jaxgan.gan(
        **{
            "generator": perceptron([4], out=2),
            "discriminator": perceptron([5], out=1),
            "loss": losses.non_saturating(),
            "generator_optimizer": optimizers.adam(0.01),
            "discriminator_optimizer": optimizers.adam(0.01),
            "latent_dim": 3,
            "techniques": chosen,
            **options,
        }
    )


def with_learned(state: State, name: str, params: Params) -> State:
    """The state with other parameters of what a technique trains with the generator."""
    learned = state.generator.techniques[name]._replace(params=params)
    return state._replace(generator=state.generator._replace(techniques={**state.generator.techniques, name: learned}))


def played(
    discriminate: Callable[[Array], Array],
    real: Any,
    fake: Any,
    *,
    latent: Array | None = None,
    features: Callable[[Array], Array] | None = None,
    **others: Any,
) -> Play:
    """A round of the game in which nobody changed what the discriminator sees; `others` replaces fields.

    Functions are given on arrays, as a test writes them.
    """
    real, fake = as_batch(real), as_batch(fake)
    fake = fake._replace(latent=jax.tree.leaves(fake.data)[0] if latent is None else latent)

    def judge(x: Any) -> Array:
        return discriminate(as_batch(x).data)

    rest = {
        "features": lambda x, through=False: features and features(as_batch(x).data),
        "generate": as_batch,
        "judge": lambda params, x: judge(x),
        "make": lambda params, z: as_batch(z),
        "draw": lambda key: Batch(fake.latent, fake.label),
        "data": real,
        "generated": fake,
        "loss": losses.non_saturating(),
        "columns": {},
        "real_logits": judge(real),
        "fake_logits": judge(fake),
        "generator": {},
        "discriminator": {},
        "step": jnp.zeros((), jnp.int32),
    }
    whole = {**rest, **others}
    return Play(discriminate=judge, real=real, fake=fake, **{"held": whole["discriminator"], **whole})


def relative_error(actual: Any, expected: Any) -> float:
    """Euclidean distance of two trees, relative to the expected one."""

    def norm(tree: Any) -> float:
        return math.sqrt(sum(np.sum(np.asarray(leaf, np.float64) ** 2) for leaf in jax.tree.leaves(tree)))

    return norm(jax.tree.map(lambda a, b: np.asarray(a) - np.asarray(b), actual, expected)) / norm(expected)


def directions(key: Key, n: int, tree: Any) -> Any:
    """`n` random directions of length one in the space of `tree`, stacked in front."""

    def one(key: Key) -> Any:
        leaves, structure = jax.tree.flatten(tree)
        keys = jax.random.split(key, len(leaves))
        drawn = [jax.random.normal(k, a.shape, a.dtype) for k, a in zip(keys, leaves, strict=True)]
        length = jnp.sqrt(sum(jnp.sum(a**2) for a in drawn))
        return jax.tree.unflatten(structure, [a / length for a in drawn])

    return jit(lambda key: jax.vmap(one)(jax.random.split(key, n)))(key)


def derivative(function: Callable[[Any], Array], at: float, h: float) -> float:
    """The derivative of a function of one number by central differences of fourth order, with an error of h⁴."""
    near = float(function(at + h)) - float(function(at - h))
    far = float(function(at + 2 * h)) - float(function(at - 2 * h))
    return (8 * near - far) / (12 * h)


def stepping(optimizer: optax.GradientTransformation) -> Callable[[Any, Any, Params], tuple[Params, Any]]:
    """The compiled update of a gradient, the optimizer's state and parameters: the new parameters and state."""

    def step(gradient: Any, state: Any, params: Params) -> tuple[Params, Any]:
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    return jit(step)


def bilinear_gan(**options: Any) -> GAN:
    """`min_x max_y xy` from (1, 1): the generator makes x of any latent, the discriminator's logit is minus y x.

    With the Wasserstein loss and all data at zero the discriminator minimises minus y x, and the generator y x, both by
    gradient descent with the rate 0.1; `options` replace parts.
    """
    generator = Network(
        init=lambda key, z: (jnp.ones(()), {}),
        apply=lambda params, stats, z, *, train, key=None: (jnp.broadcast_to(params, (z.shape[0], 1)), stats),
    )
    discriminator = Network(
        init=lambda key, x: (jnp.ones(()), {}),
        apply=lambda params, stats, x, *, train, key=None: (-params * x, stats),
    )
    return jaxgan.gan(
        **{
            "generator": generator,
            "discriminator": discriminator,
            "loss": losses.wasserstein(),
            "generator_optimizer": optax.sgd(0.1),
            "discriminator_optimizer": optax.sgd(0.1),
            "latent_dim": 1,
            **options,
        }
    )


def bilinear_path(gan: GAN, steps: int) -> np.ndarray:
    """The points (x, y) of the bilinear game after every step, the start first: `[steps + 1, 2]`."""
    data, key = jnp.zeros((2, 1)), jax.random.key(0)

    def step(state: State, _: None) -> tuple[State, tuple[Params, Params]]:
        state, _info = gan.step(key, state, data)
        return state, (state.generator.params, state.discriminator.params)

    _, points = jit(lambda: jax.lax.scan(step, gan.init(key, data), length=steps))()
    return np.concatenate([[[1.0, 1.0]], np.stack(points, axis=1)])
