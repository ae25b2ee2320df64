"""The lookahead against finite differences and against the same thing written as a Python loop."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Network, Unroll, losses, networks, optimizers, unrolled
from tests.helpers import (
    constant_latent,
    derivative,
    directions,
    explicit_step,
    in_double,
    jit,
    non_saturating,
    perceptron,
    recording,
    relative_error,
)

BATCH = 8

OPTIMIZERS = {
    "sgd": optax.sgd(0.3),
    "momentum": optax.sgd(0.1, momentum=0.9),
    "rmsprop": optax.rmsprop(0.03),
    "adam": optimizers.adam(0.03),
}

PLAIN = perceptron([5], out=1)
GENERATOR = perceptron([4], out=2)


def normalised(width: int = 4) -> Network:
    """Batch norm, and spectral norm with singular vectors that stay as they are.

    Gradients take these vectors as given, by definition, while finite differences see them move with the weights, so
    the two can be compared only where they do not. Linen's, which move, are in `test_full_step_equals_a_python_loop`.
    """

    def init(key, x):
        keys = jax.random.split(key)
        w = jax.random.normal(keys[0], (x.shape[1], width), x.dtype)
        v = jax.random.normal(keys[1], (width, 1), x.dtype)
        left, _, right = jnp.linalg.svd(w)
        singular = {"left": left[:, 0], "right": right[0]}
        return {"w": w, "scale": jnp.ones(width, x.dtype), "v": v}, {**singular, "mean": jnp.zeros(width, x.dtype)}

    def apply(params, stats, x, *, train, key=None):
        h = x @ (params["w"] / (stats["left"] @ params["w"] @ stats["right"]))
        mean = jnp.mean(h, axis=0)
        h = (h - mean[None]) * (params["scale"] / jnp.sqrt(jnp.var(h, axis=0) + 0.1))[None]
        return jnp.tanh(h + 0.5) @ params["v"], {**stats, "mean": 0.9 * stats["mean"] + 0.1 * mean}

    return Network(init, apply)


def arrays(more=0):
    """Latents, a batch and further batches, in the default precision."""
    keys = jax.random.split(jax.random.key(7), 3)
    z = jax.random.normal(keys[0], (BATCH, 2))
    own = jax.random.normal(keys[1], (BATCH, 2)) + 1.0
    return z, own, jax.random.normal(keys[2], (more, BATCH, 2))


def make(z, *, discriminator=PLAIN, optimizer="adam", rate=0.1, **options):
    options = {"loss": losses.minimax(), **options}
    return jaxgan.gan(
        generator=GENERATOR,
        discriminator=discriminator,
        generator_optimizer=recording(rate),
        discriminator_optimizer=OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer,
        latent_dim=2,
        latent_distribution=constant_latent(z),
        **options,
    )


def run(players, batch, more=None, steps=3):
    """Compiled steps from the start; the last generator gradient is in the generator's `opt_state`."""
    step = jit(players.step)
    state = jit(players.init)(jax.random.key(1), batch)
    for _ in range(steps):
        state, info = step(jax.random.key(1), state, batch, more)
    return state, info


# The gradient


@pytest.mark.parametrize(
    "optimizer", [name if name == "adam" else pytest.param(name, marks=pytest.mark.slow) for name in OPTIMIZERS]
)
def test_gradient_equals_finite_differences_and_a_python_loop(x64, optimizer):
    """With batch norm and spectral norm in the discriminator, and with moments to carry."""
    z, own, _ = arrays()
    discriminator = normalised()
    players = make(z, discriminator=discriminator, optimizer=optimizer, unroll=Unroll(steps=2))
    state, step = jit(players.init)(jax.random.key(1), own), jit(players.step)
    for _ in range(2):  # the first step of Adam is close to a sign, which has no derivative
        state, _ = step(jax.random.key(1), state, own)
    gradient = step(jax.random.key(1), state, own)[0].generator.opt_state

    h, along = 1e-3, directions(jax.random.key(2), 3, state.generator.params)
    for i in range(3):
        direction = jax.tree.map(lambda a, i=i: a[i], along)

        def loss(offset, direction=direction):
            params = jax.tree.map(lambda p, d: p + offset * d, state.generator.params, direction)
            moved = state._replace(generator=state.generator._replace(params=params))
            return step(jax.random.key(1), moved, own)[1].generator_loss

        np.testing.assert_allclose(optax.tree.vdot(gradient, direction), derivative(loss, 0.0, h), rtol=1e-6)

    explicit = functools.partial(explicit_step, GENERATOR, discriminator, OPTIMIZERS[optimizer])
    loop = jit(lambda state: explicit(state, z, own=own, beyond=[own]))(state)
    assert relative_error(gradient, loop.gradient) < 1e-10


@pytest.mark.slow
def test_full_step_equals_a_python_loop(x64):
    """Linen's batch norm and spectral norm, in two dimensions, over three steps."""
    z, own, _ = arrays()
    discriminator = in_double(networks.mlp([5], out=1, activation=jnp.tanh, batch_norm=True, spectral_norm=True))
    players = make(z, discriminator=discriminator, unroll=Unroll(steps=2))
    state, step = jit(players.init)(jax.random.key(1), own), jit(players.step)
    explicit = functools.partial(explicit_step, GENERATOR, discriminator, OPTIMIZERS["adam"])
    loop = jit(lambda state: explicit(state, z, own=own, beyond=[own]))
    for _ in range(3):
        expected = loop(state)
        state, info = step(jax.random.key(1), state, own)
        np.testing.assert_allclose(info.generator_loss, expected.generator_loss, rtol=1e-10)
        assert relative_error(state.generator.opt_state, expected.gradient) < 1e-10
        assert relative_error(state.discriminator, expected.discriminator) < 1e-10
        # The lookahead is for the generator only: it leaves no trace in the discriminator.
        assert relative_error(state.discriminator.params, expected.ahead.params) > 1e-3


@pytest.mark.slow
def test_discriminator_steps_and_then_the_lookahead_use_the_further_minibatches(x64):
    z, own, more = arrays(more=3)
    players = make(z, unroll=Unroll(steps=2, resample=True), discriminator_steps=3)
    assert players.minibatches == 4
    state = jit(players.init)(jax.random.key(1), own)
    actual, _ = jit(players.step)(jax.random.key(1), state, own, more)
    explicit = functools.partial(explicit_step, GENERATOR, PLAIN, OPTIMIZERS["adam"], state, z)
    loop = jit(lambda own, more: explicit(before=list(more[:2]), own=own, beyond=[more[2]]))
    expected = loop(own, more)
    assert relative_error(actual.generator.opt_state, expected.gradient) < 1e-10
    assert relative_error(actual.discriminator, expected.discriminator) < 1e-10
    assert relative_error(actual.generator.opt_state, loop(own, more.at[2].set(own)).gradient) > 1e-3


def test_first_order_equals_its_python_loop_and_differs(x64):
    z, own, more = arrays(more=1)
    players = make(z, unroll=Unroll(steps=2, resample=True, gradient="first_order"))
    state = jit(players.init)(jax.random.key(1), own)
    actual, _ = jit(players.step)(jax.random.key(1), state, own, more)
    loop = functools.partial(explicit_step, GENERATOR, PLAIN, OPTIMIZERS["adam"], state, z, own=own, beyond=[more[0]])
    assert relative_error(actual.generator.opt_state, jit(lambda: loop(second_order=False))().gradient) < 1e-10
    assert relative_error(actual.generator.opt_state, jit(loop)().gradient) > 0.01


# steps=0


def test_no_lookahead_is_the_plain_gan_bit_for_bit():
    z, own, _ = arrays()
    explicit = functools.partial(explicit_step, GENERATOR, PLAIN, OPTIMIZERS["adam"], z=z, own=own)
    plain = jit(lambda state: explicit(state, generator_loss=non_saturating, second_order=False))
    variants = [
        Unroll(),
        Unroll(steps=0, remat=True, resample=True),
        # The discriminator's own update is the first of the lookahead: one step, taken as given, adds nothing.
        Unroll(steps=1, gradient="first_order"),
    ]
    for variant in variants:
        players = make(z, unroll=variant, loss=losses.non_saturating())
        state, step = jit(players.init)(jax.random.key(1), own), jit(players.step)
        for _ in range(2):
            expected = plain(state)
            state, info = step(jax.random.key(1), state, own)
            assert info.generator_loss == expected.generator_loss
            jax.tree.map(np.testing.assert_array_equal, state.generator.opt_state, expected.gradient)
            jax.tree.map(np.testing.assert_array_equal, state.discriminator, expected.discriminator)


# Ways to compute the same


@pytest.mark.slow
def test_remat_and_loop_change_nothing(x64):
    z, own, _ = arrays()
    expected = run(make(z, unroll=Unroll(6, scan_unroll=True)), own)  # 5 steps beyond the own: blocks of 2, and 1 more
    for variant in (Unroll(6, scan_unroll=False), Unroll(6, remat=True), Unroll(6, remat="two_level")):
        assert relative_error(run(make(z, unroll=variant), own), expected) < 1e-10


def temporary_bytes(unroll, batch=1024):
    z, own = jnp.zeros((batch, 2)), jnp.zeros((batch, 2))
    players = jaxgan.gan(
        generator=perceptron([4], out=2),
        discriminator=perceptron([64], out=1),
        loss=losses.minimax(),
        generator_optimizer=optax.sgd(0.1),
        discriminator_optimizer=optax.sgd(0.1),
        latent_dim=2,
        latent_distribution=constant_latent(z),
        unroll=unroll,
    )
    state = jax.eval_shape(players.init, jax.random.key(0), own)
    compiled = jit(players.step).lower(jax.random.key(0), state, own).compile()
    return compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.slow
def test_remat_bounds_memory():
    few = temporary_bytes(Unroll(5, scan_unroll=False))
    assert temporary_bytes(Unroll(20, remat=True)) < 2 * few
    assert temporary_bytes(Unroll(20, scan_unroll=False)) > 2 * few  # what it is spared


def test_two_levels_need_less_memory_for_many_steps():
    """Of 400 players about 2 * 20 are kept."""
    one = temporary_bytes(Unroll(400, remat=True), batch=8)
    assert temporary_bytes(Unroll(400, remat="two_level"), batch=8) < one / 4


# A gradient that is zero


@pytest.mark.parametrize("safe", [True, False], ids=["optimizers.adam", "optax.adam"])
def test_dead_units_give_nan_with_optax_adam_only(safe):
    """The first layer's units never fire, so its gradient is computed as zero; a second path keeps the game alive."""
    alive = perceptron([4], out=1)

    def init(key, x):
        return {"dead": jnp.ones((2, 3)), "alive": alive.init(key, x)[0]}, {}

    def apply(params, stats, x, *, train, key=None):
        fired = jax.nn.relu(x @ params["dead"] - 100.0)
        return alive.apply(params["alive"], {}, x, train=train)[0] + jnp.sum(fired, axis=1, keepdims=True), stats

    z, own, _ = arrays()
    optimizer = optimizers.adam(1e-2) if safe else optax.adam(1e-2, b1=0.5)
    players = make(z, discriminator=Network(init, apply), optimizer=optimizer, unroll=Unroll(2))
    state, info = run(players, own, steps=1)
    assert np.isfinite(info.discriminator_loss)
    finite = jax.tree.map(lambda a: bool(np.all(np.isfinite(a))), state.generator.opt_state)
    assert all(jax.tree.leaves(finite)) == safe


# The bare lookahead


def test_bare_lookahead_of_gradient_descent_in_closed_form(x64):
    def update(x, rate):
        return x - rate * x, x**2 / 2

    def ahead(x, rates, **options):
        return unrolled(update, steps=3, **options)(x, rates)[0]

    rates = jnp.array([0.1, 0.2, 0.3])
    x, losses_ = unrolled(update, steps=3)(2.0, rates)
    np.testing.assert_allclose(x, 2 * 0.9 * 0.8 * 0.7, rtol=1e-12)
    np.testing.assert_allclose(losses_, [2.0, 2 * 0.9**2, 2 * (0.9 * 0.8) ** 2], rtol=1e-12)
    by_x, by_rates = jax.grad(ahead, (0, 1))(2.0, rates)
    np.testing.assert_allclose(by_x, 0.9 * 0.8 * 0.7, rtol=1e-12)
    np.testing.assert_allclose(by_rates, [-2 * 0.8 * 0.7, -2 * 0.9 * 0.7, -2 * 0.9 * 0.8], rtol=1e-12)
    assert jax.grad(lambda x: ahead(x, rates, gradient="first_order"))(2.0) == 0.0


@pytest.mark.parametrize("remat", [False, True, "two_level"])
def test_bare_lookahead_of_no_steps_is_the_identity(remat):
    x, losses_ = unrolled(lambda x: (2 * x, x), steps=0, remat=remat)(3.0)
    assert x == 3.0 and losses_.shape == (0,)


@pytest.mark.parametrize("steps", [1, 3, 4, 7])
def test_bare_lookahead_in_two_levels_takes_every_step_and_batch_in_order(steps):
    def update(x, batch):
        return 2 * x + batch["a"], {"loss": x, "seen": batch["a"]}

    batches = {"a": jnp.arange(1.0, steps + 1)}

    def end(x, **options):
        return unrolled(update, steps, **options)(x, batches)

    (x, seen), (expected, expected_seen) = end(1.0, remat="two_level"), end(1.0)
    assert x == expected
    jax.tree.map(np.testing.assert_array_equal, seen, expected_seen)
    assert jax.grad(lambda x: end(x, remat="two_level")[0])(1.0) == 2.0**steps


# Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": -1}, "0 or more steps, not -1"),
        ({"steps": 2.0}, "0 or more steps, not 2.0"),
        ({"steps": True}, "0 or more steps, not True"),
        ({"steps": 1, "scan_unroll": -2}, "positive number, not -2"),
        ({"steps": 1, "scan_unroll": 0}, "positive number, not 0"),
        ({"steps": 1, "scan_unroll": "always"}, "not 'always'"),
        ({"steps": 1, "scan_unroll": True, "remat": True}, "remat=True needs a loop"),
        ({"steps": 1, "scan_unroll": True, "remat": "two_level"}, "remat='two_level' needs a loop"),
        ({"steps": 1, "remat": "three_level"}, "True, False or 'two_level', not 'three_level'"),
        ({"steps": 1, "gradient": "third_order"}, "'second_order' or 'first_order', not 'third_order'"),
    ],
    ids=repr,
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        Unroll(**options)
    with pytest.raises(ValueError, match=message):
        unrolled(lambda x: (x, x), **options)
