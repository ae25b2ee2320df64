"""The step as a whole: one trace, differentiable, vmappable; what techniques are called with; what it reports."""

import functools

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Batch, Network, Own, Technique, Unroll, losses, networks, optimizers, packed, techniques
from tests.helpers import (
    constant_latent,
    counted,
    in_double,
    jit,
    perceptron,
    recording,
    relative_error,
)

BATCH = 8


class Grouped(nn.Module):
    """A discriminator that compares four neighbours with each other."""

    @nn.compact
    def __call__(self, x):
        x = jnp.tanh(nn.Dense(5)(x))
        return nn.Dense(1)(networks.minibatch_stddev(x, 4))


GENERATOR, DISCRIMINATOR = perceptron([4], out=2), perceptron([5], out=1)


def key():
    return jax.random.key(3)


def real(n=BATCH, seed=5, dtype=None):
    return jax.random.normal(jax.random.key(seed), (n, 2), dtype) + 1.0


def make(**options):
    options = {
        "generator": GENERATOR,
        "discriminator": DISCRIMINATOR,
        "loss": losses.non_saturating(),
        "generator_optimizer": optimizers.adam(0.01),
        "discriminator_optimizer": optimizers.adam(0.01),
        "latent_dim": 3,
        **options,
    }
    return jaxgan.gan(**options)


def labelled():
    return Batch(real(), jnp.arange(BATCH))


# name: (what `make` is given, the batch)
CONFIGURATIONS = {
    "plain": ({}, real),
    "lookahead": ({"unroll": Unroll(2)}, real),
    "normalised": (
        {
            "discriminator": networks.mlp([5], out=1, batch_norm=True, spectral_norm=True),
            "unroll": Unroll(2, gradient="first_order"),
            "discriminator_optimizer": optimizers.adam(optax.cosine_decay_schedule(0.01, 10)),
        },
        labelled,
    ),
    "everything": (
        {
            "discriminator": packed(perceptron([5], out=1, noise=0.1), 2),
            "unroll": Unroll(2, remat=True, resample=True),
            "average": 0.9,
            "techniques": (
                techniques.r1(0.1),
                techniques.instance_noise(0.1, steps=5),
                techniques.replay(6),
            ),
        },
        labelled,
    ),
}
SLOW = {"normalised", "everything"}


@functools.cache
def compiled(name):
    options, draw = CONFIGURATIONS[name]
    players = make(**options)
    step, traces = counted(players.step)
    return players, draw(), jit(players.init), jit(step), traces


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CONFIGURATIONS]
)
def test_step_is_traced_once_and_keeps_the_form_of_the_state(name):
    _, batch, init, step, traces = compiled(name)
    start = state = init(key(), batch)
    for i in range(3):
        state, info = step(key(), state, batch)
        assert state.step == i + 1
        chex.assert_trees_all_equal_shapes_and_dtypes(state, start)
        chex.assert_tree_all_finite((state, info))
        assert all(leaf.shape == () for leaf in jax.tree.leaves(info))
    assert len(traces) == 1


@pytest.mark.slow
def test_many_seeds_at_once_equal_separate_runs():
    players, batch, init, step, _ = compiled("everything")
    keys = jax.vmap(jax.random.key)(jnp.arange(16))
    separate = [init(jax.random.key(i), batch) for i in range(16)]
    states = jax.tree.map(lambda *leaves: jnp.stack(leaves), *separate)
    steps = jit(jax.vmap(players.step, (0, 0, None)))
    for _ in range(3):
        states, infos = steps(keys, states, batch)
        separate = [step(jax.random.key(i), state, batch) for i, state in enumerate(separate)]
        stacked_states, stacked_infos = jax.tree.map(lambda *leaves: jnp.stack(leaves), *separate)
        assert relative_error(infos, stacked_infos) < 1e-5
        for part in ("generator", "discriminator", "average"):
            assert relative_error(getattr(states, part), getattr(stacked_states, part)) < 1e-5
        separate = [state for state, _ in separate]
    assert np.std(infos.generator_loss) > 0.01  # seeds differ


def with_discriminator(state, **changes):
    return state._replace(discriminator=state.discriminator._replace(**changes))


def test_gradient_of_all_that_is_reported_is_finite_where_the_players_gradients_are_zero():
    """A discriminator without a live unit teaches nothing, and a norm has a root at zero."""
    batch = real()

    def dead_apply(params, stats, x, *, train, key=None):
        return jax.nn.relu(x @ params["w"] - 100.0), stats

    dead = Network(lambda key, x: ({"w": jnp.ones((2, 1))}, {}), dead_apply)
    players = make(discriminator=dead, unroll=Unroll(2))
    state = jit(players.init)(key(), batch)

    def everything(w):
        info = players.step(key(), with_discriminator(state, params={"w": w}), batch)[1]
        return sum(jax.tree.leaves(info)), info

    gradient, info = jit(jax.grad(everything, has_aux=True))(jnp.ones((2, 1)))
    assert info.generator_gradient_norm == 0.0 and info.discriminator_gradient_norm == 0.0
    assert np.all(np.isfinite(gradient))


# Techniques


def scaled(batch, factor):
    return batch._replace(data=factor * batch.data)


def moved(batch, by):
    return batch._replace(data=batch.data + by)


def probe(name, change, log, check):
    """A technique with every hook: it logs its calls, changes examples by its own state, and checks what it is given.

    What `check` finds wrong is added to the loss, so that it shows in `Info`.
    """

    def logged(hook, function):
        def call(own, *arguments):
            log.append((hook, name))
            if hook not in ("init", "attach") and own.state != 5:  # complete once `attach` was called
                assert set(own.generator) == {"of_generator"} and set(own.discriminator) == {"of_discriminator"}
            return function(own, *arguments)

        return call

    def attach(own, key, shapes):
        assert own.state == 5 and shapes.features.shape == (BATCH, 5)
        assert shapes.real_logits.shape == (BATCH,) and shapes.generated.latent.shape == (BATCH, 3 + 2 * COLUMNS)
        assert shapes.columns[name].stop - shapes.columns[name].start == COLUMNS
        return Own(
            {"of_generator": jnp.ones(3)}, {"of_discriminator": jnp.ones(2)}, {"constant": change[1], "play": BLANK}
        )

    def transform(own, key, batch):
        if own.state == 5:
            return batch
        return change[0](batch, own.state["constant"])

    def latent(own, key, z, columns):
        if own.state == 5:
            return z
        return z._replace(data=z.data.at[:, columns].set(own.state["constant"]))

    def update(own, key, play, info):
        assert jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and isinstance(info, jaxgan.Info)
        kept = {k: v for k, v in play._asdict().items() if k in BLANK}
        return {"constant": own.state["constant"], "play": kept}

    return Technique(
        name,
        columns=COLUMNS,
        init=logged("init", lambda key, batch, width: Own(state=5) if width == 3 + 2 * COLUMNS else None),
        attach=logged("attach", attach),
        latent=logged("latent", latent),
        shift=logged("shift", lambda own, key, z, noise, judge: z if noise == slice(0, 3) else judge(z)),
        meet=logged("meet", lambda own, key, real, fake, f: (transform(own, key, real), transform(own, key, fake))),
        rehearse=logged("rehearse", transform),
        discriminator_weights=logged("discriminator_weights", lambda own, key, play: (2.0, jnp.ones(BATCH))),
        generator_weights=logged("generator_weights", lambda own, key, play: 0.5 * jnp.ones(BATCH)),
        discriminator_loss=logged(
            "discriminator_loss",
            lambda own, key, play: jnp.sum(own.discriminator["of_discriminator"] ** 2) + check(play, rehearsed=True),
        ),
        generator_loss=logged(
            "generator_loss",
            lambda own, key, play: jnp.sum(own.generator["of_generator"] ** 2) + check(play, rehearsed=False),
        ),
        update=logged("update", update),
        adjust=logged("adjust", lambda own, key, before, after: (after, own.state)),
        report=logged("report", lambda own: {"constant": own.state["constant"]}),
    )


COLUMNS = 2
BLANK = {
    "real": Batch(jnp.zeros((BATCH, 2)), jnp.zeros(BATCH, int)),
    "fake": Batch(jnp.zeros((BATCH, 2)), None, jnp.zeros((BATCH, 3 + 2 * COLUMNS))),
    "real_logits": jnp.zeros(BATCH),
}


def test_hooks_are_called_in_order_with_what_they_may_look_at():
    z = jax.random.normal(jax.random.key(8), (BATCH, 3 + 2 * COLUMNS))
    whole = z.at[:, 3:5].set(2.0).at[:, 5:].set(3.0)
    batch = labelled()

    def check(play, *, rehearsed):
        both = lambda x: 2.0 * x + 3.0  # noqa: E731
        expected = {
            "data": batch.data,
            "generated": play.generate(whole).data,
            "real": both(play.data.data),
            # The generator is trained on the fakes it has just made: nothing is rehearsed.
            "fake": both(both(play.generated.data) if rehearsed else play.generated.data),
        }
        wrong = [jnp.max(jnp.abs(getattr(play, name).data - value)) for name, value in expected.items()]
        wrong += [jnp.max(jnp.abs(play.real_logits - play.discriminate(play.real)))]
        wrong += [jnp.max(jnp.abs(play.fake_logits - play.judge(play.discriminator, play.fake)))]
        wrong += [jnp.max(jnp.abs(play.make(play.generator, whole).data - play.generated.data))]
        wrong += [jnp.max(jnp.abs(play.latent - whole)), jnp.max(jnp.abs(play.real.label - batch.label))]
        assert play.features(play.real).shape == (BATCH, 5) and play.columns == {
            "times": slice(3, 5),
            "plus": slice(5, 7),
        }
        return sum(wrong)

    log = []
    chosen = probe("times", (scaled, 2.0), log, check), probe("plus", (moved, 3.0), log, check)
    sgd = {"generator_optimizer": optax.sgd(0.1), "discriminator_optimizer": optax.sgd(0.2)}
    players = make(techniques=chosen, latent_distribution=constant_latent(z), **sgd)
    state = jit(players.init)(key(), batch)

    def pairs(*hooks):
        return [(hook, name) for hook in hooks for name in ("times", "plus")]

    assert (
        log == pairs("init", "latent", "meet") + [e for e in log if e[0] in ("attach", "shift", "meet", "adjust")][2:]
    )
    log.clear()
    after, info = jit(players.step)(key(), state, batch)
    trained_on = pairs("latent", "shift", "rehearse", "meet", "discriminator_weights", "discriminator_loss")
    assert log == trained_on + pairs(
        "shift", "meet", "generator_weights", "generator_loss", "update", "adjust", "report"
    )

    np.testing.assert_allclose([*info.terms.generator.values()], 3.0, rtol=1e-4)  # sum(1²), nothing wrong
    np.testing.assert_allclose([*info.terms.discriminator.values()], 2.0, rtol=1e-4)
    assert info.reports == {"times": {"constant": 2.0}, "plus": {"constant": 3.0}}
    # Each side's parameters follow its own loss, by the optimizer of that player.
    of_generator = after.generator.techniques["plus"].params["of_generator"]
    of_discriminator = after.discriminator.techniques["times"].params["of_discriminator"]
    np.testing.assert_allclose(of_generator, 1.0 - 0.1 * 2.0, rtol=1e-6)
    np.testing.assert_allclose(of_discriminator, 1.0 - 0.2 * 2.0, rtol=1e-6)

    play = after.techniques["plus"]["play"]  # the round that the discriminator was trained on
    np.testing.assert_array_equal(play["real"].label, batch.label)
    generated = GENERATOR.apply(state.generator.params, {}, whole, train=True)[0]
    np.testing.assert_allclose(play["fake"].data, 2.0 * (2.0 * generated + 3.0) + 3.0, rtol=1e-5)
    np.testing.assert_allclose(play["fake"].latent, whole)
    logits = DISCRIMINATOR.apply(state.discriminator.params, {}, play["real"].data, train=True)[0][:, 0]
    np.testing.assert_allclose(play["real_logits"], logits, rtol=1e-5)
    weighted = 4.0 * np.mean(np.logaddexp(0, -logits)) + np.mean(
        np.logaddexp(0, DISCRIMINATOR.apply(state.discriminator.params, {}, play["fake"].data, train=True)[0])
    )
    np.testing.assert_allclose(info.discriminator_loss, weighted + 2 * 2.0, rtol=1e-4)


@pytest.mark.slow
def test_labels_stay_with_their_data_in_every_minibatch():
    """A term that is zero only if they do; otherwise it would move the discriminator."""

    def discriminator_loss(own, key, play):
        return jnp.mean(jnp.abs(play.data.label - play.data.data[:, 0])) * jnp.sum(play.real_logits)

    def with_labels(data):
        return Batch(data, data[..., 0])

    batch, more = real(), jnp.stack([real(seed=20), real(seed=21)])
    options = {"unroll": Unroll(2, resample=True), "discriminator_steps": 2, "generator_optimizer": recording()}
    guarded = make(techniques=(Technique("guard", discriminator_loss=discriminator_loss),), **options)
    state = jit(guarded.init)(key(), with_labels(batch))
    step = jit(guarded.step)
    kept, _ = step(key(), state, with_labels(batch), with_labels(more))
    plain = make(**options)
    free, _ = jit(plain.step)(key(), jit(plain.init)(key(), batch), batch, more)
    assert relative_error(kept.generator.opt_state, free.generator.opt_state) < 1e-5
    mixed, _ = step(key(), state, with_labels(batch), Batch(more, more[::-1, :, 0]))
    assert relative_error(mixed.generator.opt_state, free.generator.opt_state) > 1e-3


def test_techniques_draw_differently_and_anew_at_every_step():
    def noise(name, sign, *hooks):
        def draw(own, key, play):
            return jax.random.normal(key, ())

        def update(own, key, play, info):
            return {"drawn": jax.random.normal(key, ()), "moved": jnp.mean(jnp.abs(play.real.data - play.data.data))}

        def meet(own, key, real, fake, features):
            return moved(real, sign * jax.random.normal(key, real.data.shape)), fake

        return Technique(
            name,
            init=lambda key, batch, width: Own(state={"drawn": jnp.zeros(()), "moved": jnp.zeros(())}),
            meet=meet,
            update=update,
            **{hook: draw for hook in hooks},
        )

    players = make(
        techniques=(
            noise("one", 1.0, "discriminator_loss"),
            noise("two", -1.0, "discriminator_loss"),
            noise("three", 1.0, "generator_loss"),
            noise("four", -1.0, "generator_loss"),
        )
    )
    start, step = jit(players.init)(key(), real()), jit(players.step)
    state, drawn = start, []
    for _ in range(2):
        state, info = step(key(), state, real())
        stats = state.techniques
        assert stats["one"]["moved"] > 0.5  # noise from the same key would cancel
        terms = {**info.terms.generator, **info.terms.discriminator}
        drawn += [float(stats[name]["drawn"]) for name in terms] + [float(term) for term in terms.values()]
    assert len(drawn) == len(set(drawn)) == 2 * 8
    again, _ = step(key(), start, real())
    assert float(again.techniques["one"]["drawn"]) in drawn[:8]  # a step is a function of key and step count


def test_effects_tell_what_changes_nothing():
    batch = real()
    players = make(techniques=(techniques.r1(0.0), techniques.replay(BATCH)))
    state = jit(players.init)(key(), batch)
    effects, step = jit(players.effects), jit(players.step)
    empty = effects(key(), state, batch)
    assert set(empty) == {"r1", "replay"}
    assert empty["r1"] == 0.0 and empty["replay"] == 0.0
    for _ in range(3):
        state, _ = step(key(), state, batch)
    filled = effects(key(), state, batch)
    assert filled["r1"] == 0.0 and filled["replay"] > 0.01


# Several discriminator steps


def test_without_further_minibatches_the_batch_is_seen_again_with_fresh_latents():
    """A linear discriminator with the Wasserstein loss moves by the difference of the means of fakes and data."""
    linear = Network(
        lambda key, x: (jnp.zeros(2), {}), lambda params, stats, x, *, train, key=None: (x @ params, stats)
    )
    remember = Technique(
        "remember",
        init=lambda key, batch, width: Own(state=jnp.zeros(2)),
        update=lambda own, key, play, info: jnp.mean(play.generated.data, axis=0),
    )
    players = make(
        discriminator=linear,
        loss=losses.wasserstein(),
        discriminator_optimizer=optax.sgd(1.0),
        discriminator_steps=2,
        techniques=(remember,),
    )
    assert players.minibatches == 2
    batch = real()
    state, step = jit(players.init)(key(), batch), jit(players.step)
    after, _ = step(key(), state, batch)
    own = after.techniques["remember"]
    before = -after.discriminator.params + 2 * jnp.mean(batch, axis=0) - own
    assert np.linalg.norm(before - own) > 1e-2
    assert np.linalg.norm(before - own) < 5.0
    explicit, _ = jit(players.step)(key(), state, batch, batch[None])
    jax.tree.map(np.testing.assert_array_equal, explicit.discriminator, after.discriminator)


# Samples


def test_average_follows_the_generator_and_is_sampled_from():
    players = make(average=0.75)
    batch = real()
    state, step = jit(players.init)(key(), batch), jit(players.step)
    expected = state.generator.params
    jax.tree.map(np.testing.assert_array_equal, state.average, expected)
    for _ in range(2):
        state, _ = step(key(), state, batch)
        expected = jax.tree.map(lambda a, p: 0.75 * a + 0.25 * p, expected, state.generator.params)
    assert relative_error(state.average, expected) < 1e-6
    assert relative_error(state.average, state.generator.params) > 1e-4
    samples, z = players.sample(key(), state, 5), players.latent(key(), state, 5)
    assert samples.shape == (5, 2) and z.shape == (5, 3)
    np.testing.assert_array_equal(players.decode(key(), state, z), samples)
    own = GENERATOR.apply(expected, {}, 2.0 * z, train=False)[0]
    np.testing.assert_allclose(players.decode(key(), state, 2.0 * z), own, rtol=1e-5)
    np.testing.assert_allclose(samples, GENERATOR.apply(expected, {}, z, train=False)[0], rtol=1e-5)


def test_samples_are_made_in_inference_mode():
    generator = networks.mlp([4], out=2, batch_norm=True)
    players = make(generator=generator)
    state, _ = jit(players.step)(key(), jit(players.init)(key(), real()), real())
    z = players.latent(key(), state, 6)
    samples = players.sample(key(), state, 6)
    params, stats = state.generator.params, state.generator.stats
    np.testing.assert_allclose(samples, generator.apply(params, stats, z, train=False)[0], rtol=1e-5)
    assert relative_error(samples, generator.apply(params, stats, z, train=True)[0]) > 0.01
    assert relative_error(samples, players.sample(jax.random.key(99), state, 6)) > 0.01


def test_latents_follow_the_distribution_and_the_techniques():
    shift = Technique("shift", latent=lambda own, key, z, columns: moved(z, 10.0))
    players = make(latent_distribution=functools.partial(jax.random.uniform, minval=-1.0), techniques=(shift,))
    z = players.latent(key(), players.init(key(), real()), 100)
    assert 9.0 <= z.min() < 9.2 and 10.8 < z.max() <= 11.0


# What is reported


def test_info_is_what_its_documentation_says():
    z = jax.random.normal(jax.random.key(8), (BATCH, 3))
    batch = real()
    players = make(
        latent_distribution=constant_latent(z), generator_optimizer=recording(), discriminator_optimizer=recording()
    )
    state = jit(players.init)(key(), batch)
    after, info = jit(players.step)(key(), state, batch)
    fake = GENERATOR.apply(state.generator.params, {}, z, train=True)[0]
    on_real, on_fake = (
        np.asarray(DISCRIMINATOR.apply(state.discriminator.params, {}, x, train=True)[0][:, 0]) for x in (batch, fake)
    )
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    np.testing.assert_allclose(info.discriminator_loss, np.mean(softplus(-on_real) + softplus(on_fake)), rtol=1e-5)
    np.testing.assert_allclose(info.generator_loss, np.mean(softplus(-on_fake)), rtol=1e-5)
    accuracy = (np.mean(on_real > 0) + np.mean(on_fake < 0)) / 2
    assert 0.0 < accuracy < 1.0
    np.testing.assert_allclose(info.discriminator_accuracy, accuracy, rtol=1e-6)
    for player, norm in (
        ("generator", info.generator_gradient_norm),
        ("discriminator", info.discriminator_gradient_norm),
    ):
        leaves = jax.tree.leaves(getattr(after, player).opt_state)
        np.testing.assert_allclose(norm, np.sqrt(sum(np.sum(np.square(leaf)) for leaf in leaves)), rtol=1e-5)
    spread = lambda x: np.mean(np.linalg.norm(np.asarray(x[0::2] - x[1::2]), axis=1))  # noqa: E731
    np.testing.assert_allclose(info.diversity, spread(fake) / spread(batch), rtol=1e-5)
    assert info.terms.generator == {} and info.terms.discriminator == {} and info.reports == {}


# Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 0}, "latent_dim=0"),
        ({"discriminator_steps": 0}, "discriminator_steps=0"),
        ({"average": 0.0}, r"average must be in \(0, 1\), got 0.0"),
        ({"average": 1.0}, r"average must be in \(0, 1\), got 1.0"),
        ({"techniques": (techniques.r1(1.0), techniques.r2(1.0), techniques.r1(2.0))}, "not r1, r2, r1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_parts_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (np.zeros(4), r"at least one example, not \(4,\)"),
        (np.zeros((0, 2)), r"at least one example, not \(0, 2\)"),
        (np.zeros((4, 2), np.uint8), "floating-point numbers, not uint8"),
        (Batch(np.zeros((4, 2), np.int32)), "floating-point numbers, not int32"),
        (np.zeros((4, 3), np.float32), r"makes \(4, 2\), but the data are \(4, 3\)"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(jax.tree.map(jnp.shape, value)),
)
def test_batch_is_checked_at_init(batch, message):
    with pytest.raises(ValueError, match=message):
        make().init(key(), batch)


def test_batches_are_checked_at_the_step():
    players = make(discriminator_steps=3)
    state = players.init(key(), real())
    with pytest.raises(ValueError, match="floating-point numbers, not int32"):
        players.step(key(), state, jnp.zeros((4, 2), int))
    for more in (real()[None], jnp.zeros((2, BATCH + 1, 2)), jnp.zeros((2, 2))):
        with pytest.raises(ValueError, match=r"takes 2 more minibatches of \(8, 2\), not \(.*\)"):
            players.step(key(), state, real(), more)
    with pytest.raises(ValueError, match="takes 0 more minibatches"):
        make().step(key(), state, real(), real()[None])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (Batch(np.zeros((1, BATCH, 2), np.uint8), np.zeros((1, BATCH), int)), "not uint8 with labels"),
        (np.zeros((1, BATCH, 2), np.float32), "not float32 without labels"),
    ],
    ids=["integers", "no labels"],
)
def test_further_minibatches_are_checked_like_the_batch(more, message):
    players = make(discriminator_steps=2)
    state = players.init(key(), labelled())
    with pytest.raises(ValueError, match=message):
        players.step(key(), state, labelled(), more)


def test_generator_may_draw_noise_in_inference_mode():
    def apply(params, stats, x, *, train, key=None):
        assert key is not None
        return GENERATOR.apply(params, stats, x, train=train)[0] + jax.random.normal(key, (x.shape[0], 2)), stats

    players = make(generator=Network(GENERATOR.init, apply))
    state = players.init(key(), real())
    assert players.sample(key(), state, 4).shape == (4, 2)


def test_discriminator_may_draw_noise_under_several_penalties():
    """JAX checks here that no key is used twice, and each penalty runs the discriminator again."""
    chosen = (techniques.r1(0.1), techniques.r2(0.1), techniques.gradient_penalty(0.1))
    players = make(discriminator=perceptron([5], out=1, noise=0.1), techniques=chosen)
    state = jit(players.init)(key(), real())
    _, info = jit(players.step)(key(), state, real())
    assert all(np.isfinite(term) for term in info.terms.discriminator.values())


# name: (the discriminator, examples that it looks at together)
TOGETHER = {
    "examples": (networks.mlp([5], out=1), 1),
    "packs": (packed(networks.mlp([5], out=1), 2), 2),
    "packs of packs": (packed(packed(networks.mlp([5], out=1), 2), 2), 4),
    "groups": (networks.from_linen(Grouped(), group=4), 4),
}


@pytest.mark.parametrize(
    "name", [name if name == "packs" else pytest.param(name, marks=pytest.mark.slow) for name in TOGETHER]
)
def test_one_pass_over_real_and_fake_equals_two(x64, name):
    discriminator, group = TOGETHER[name]
    assert discriminator.group == group
    states = []
    for each in (discriminator, discriminator._replace(group=None)):
        calls = []

        def apply(params, stats, x, *, train, key=None, each=each, calls=calls):
            calls.append(x.shape[0])
            return each.apply(params, stats, x, train=train, key=key)

        players = make(discriminator=in_double(each._replace(apply=apply)), unroll=Unroll(3), discriminator_steps=2)
        batch = real(dtype=jnp.float64)
        state = jit(players.init)(key(), batch)
        calls.clear()
        state, info = jit(players.step)(key(), state, batch)
        states.append((state, info))
        seen = set(calls)
        assert seen == ({BATCH, 2 * BATCH} if each.group else {BATCH})
    chex.assert_trees_all_close(*states, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "discriminator",
    [
        networks.mlp([5], out=1, batch_norm=True),
        networks.mlp([5], out=1, dropout=0.5),
        networks.mlp([5], out=1, spectral_norm=True),
        networks.from_linen(Grouped(), group=BATCH + 1),
        networks.from_linen(Grouped()),
    ],
    ids=["batch_norm", "dropout", "spectral_norm", "part of a group", "unknown"],
)
def test_two_passes_where_examples_would_meet_that_do_not_belong_together(discriminator):
    sizes = set()

    def apply(params, stats, x, *, train, key=None):
        sizes.add(x.shape[0])
        return discriminator.apply(params, stats, x, train=train, key=key)

    players = make(discriminator=discriminator._replace(apply=apply), unroll=Unroll(2))
    state = jax.eval_shape(players.init, key(), real())
    jax.eval_shape(players.step, key(), state, real())
    assert sizes == {BATCH}


def test_a_penalty_shares_the_pass_over_real_examples():
    sizes = set()
    discriminator = networks.mlp([5], out=1)

    def apply(params, stats, x, *, train, key=None):
        sizes.add(x.shape[0])
        return discriminator.apply(params, stats, x, train=train, key=key)

    players = make(discriminator=discriminator._replace(apply=apply), techniques=[techniques.r1(1.0)])
    state = jax.eval_shape(players.init, key(), real())
    jax.eval_shape(players.step, key(), state, real())
    assert sizes == {BATCH}
