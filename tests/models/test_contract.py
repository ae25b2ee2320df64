"""The contract between a GAN and its techniques, from outside: what was once wrong, and what a mistake says."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Batch, Network, Technique, Unroll, dynamics, losses, networks, optimizers, packed, techniques
from jaxgan.types import AdversarialLoss, Own
from tests.helpers import counted, jit, perceptron, recording, small_gan

BATCH = 8


def key():
    return jax.random.key(3)


def real(dtype=None):
    return jax.random.normal(jax.random.key(5), (BATCH, 2), dtype) + 1.0


def codes(name, columns, value):
    """Writes a constant into columns of its own, and reports what the generator was given."""

    def latent(own, key, z, columns):
        return z._replace(data=z.data.at[:, columns].set(value))

    def update(own, key, play, info):
        return jnp.stack([play.latent[:, play.columns[name]].min(), play.latent[:, play.columns[name]].max()])

    return Technique(
        name,
        columns=columns,
        init=lambda key, batch, width: Own(state=jnp.zeros(2)),
        latent=latent,
        update=update,
        report=lambda own: {"least": own.state[0], "most": own.state[1]},
    )


def test_techniques_write_into_columns_of_their_own():
    gan = small_gan(codes("first", 2, 5.0), codes("second", 3, -5.0))
    state = jit(gan.init)(key(), real())
    after, info = jit(gan.step)(key(), state, real())
    assert info.reports == {"first": {"least": 5.0, "most": 5.0}, "second": {"least": -5.0, "most": -5.0}}
    z = gan.latent(key(), after, 20)
    assert z.shape == (20, 8)
    np.testing.assert_array_equal(z[:, 3:5], 5.0)
    np.testing.assert_array_equal(z[:, 5:], -5.0)
    assert np.all(np.abs(z[:, :3]) < 5.0)
    effects = jit(gan.effects)(key(), state, real())
    assert set(effects) == {"first", "second"} and min(effects.values()) > 1e-3


def conditional_generator():
    """Linear in the latent and in the label; the label is seen in what it makes."""
    base = perceptron([4], out=2)

    def apply(params, stats, z, *, train, key=None, label):
        x, stats = base.apply(params, stats, z, train=train)
        return x + 100.0 * label[:, None], stats

    return Network(lambda key, z, label: base.init(key, z), apply, conditional=True)


def conditional_discriminator(log=None):
    base = perceptron([5], out=1)

    def joined(x, label):
        return jnp.concatenate([x / 100.0, jnp.broadcast_to(label[:, None], (len(label), 1)).astype(x.dtype)], axis=1)

    def apply(params, stats, x, *, train, key=None, label):
        return base.apply(params, stats, joined(x, label), train=train)

    def features(params, stats, x, *, train, key=None, label):
        return base.features(params, stats, joined(x, label), train=train)

    return Network(lambda key, x, label: base.init(key, joined(x, label)), apply, features, conditional=True)


def belongs(batch):
    """How far examples are from their labels; the generator above makes them within a few units of 100 label."""
    return jnp.max(jnp.abs(batch.data - 100.0 * batch.label[:, None]))


def labelled(n=BATCH):
    label = jnp.arange(n) % 3
    return Batch(100.0 * label[:, None] + jax.random.normal(jax.random.key(5), (n, 2)), label)


@pytest.mark.parametrize(
    "options", [{}, {"unroll": Unroll(2, resample=True), "discriminator_steps": 2}], ids=["plain", "fresh"]
)
def test_labels_travel_with_what_they_belong_to(options):
    """Through the networks, replay, penalties and every minibatch; a fake keeps its label in the buffer."""

    def guard(own, key, play):
        apart = [belongs(x) for x in (play.data, play.generated, play.real, play.fake)]
        made = play.generate(Batch(play.latent, play.generated.label))
        return jnp.stack([*apart, jnp.max(jnp.abs(made.data - play.generated.data))]).max()

    gan = small_gan(
        techniques.replay(12),
        techniques.r1(0.1),
        techniques.gradient_penalty(0.1),
        Technique("guard", discriminator_loss=guard, generator_loss=guard),
        generator=conditional_generator(),
        discriminator=conditional_discriminator(),
        label_distribution=lambda key, n: jax.random.randint(key, (n,), 0, 3),
        **options,
    )
    state, step = jit(gan.init)(key(), labelled()), jit(gan.step)
    for _ in range(4):
        state, info = step(key(), state, labelled())
        assert info.terms.discriminator["guard"] < 20.0 and info.terms.generator["guard"] < 20.0
    buffer = state.techniques["replay"].buffer
    assert belongs(buffer) < 20.0 and len(np.unique(buffer.label)) == 3 and buffer.latent.shape == (12, 3)
    label = jnp.array([2, 0, 1, 1])
    np.testing.assert_allclose(gan.sample(key(), state, 4, label) / 100.0, np.stack([label, label], 1), atol=0.2)
    drawn = gan.sample(key(), state, 64)
    assert set(np.unique(np.round(drawn[:, 0] / 100.0))) == {0.0, 1.0, 2.0}


def test_a_conditional_generator_takes_the_labels_of_the_minibatch_in_training():
    gan = small_gan(generator=conditional_generator(), discriminator=conditional_discriminator())
    state = jit(gan.init)(key(), labelled())
    _, info = jit(gan.step)(key(), state, labelled())
    assert 0.5 < info.diversity < 2.0
    with pytest.raises(ValueError, match=r"told what to make: sample\(key, state, n, label\)"):
        gan.sample(key(), state, 4)
    with pytest.raises(ValueError, match=r"4 samples take 4 labels, not \(3,\)"):
        gan.sample(key(), state, 4, jnp.zeros(3, int))
    with pytest.raises(ValueError, match="needs labels, and these examples have none"):
        gan.step(key(), state, labelled().data)


def test_examples_may_be_trees():
    """Pairs of arrays of different shapes go through both networks, packing aside, and every penalty."""
    flat = perceptron([4], out=5)

    def make_pair(params, stats, z, *, train, key=None):
        y, stats = flat.apply(params, stats, z, train=train)
        return {"x": y[:, :2], "y": y[:, 2:].reshape(-1, 3, 1)}, stats

    judge = perceptron([5], out=1)

    def joined(pair):
        return jnp.concatenate([leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(pair)], axis=1)

    discriminator = Network(
        lambda key, pair: judge.init(key, joined(pair)),
        lambda params, stats, pair, *, train, key=None: judge.apply(params, stats, joined(pair), train=train),
        lambda params, stats, pair, *, train, key=None: judge.features(params, stats, joined(pair), train=train),
        group=1,
    )
    every = (
        techniques.r1(0.1), techniques.r2(0.1), techniques.dragan(), techniques.gradient_penalty(),
        techniques.instance_noise(0.1), techniques.replay(8), techniques.mode_seeking(0.1),
    )  # fmt: skip
    gan = small_gan(*every, generator=Network(flat.init, make_pair), discriminator=discriminator, unroll=Unroll(1))
    batch = {"x": real(), "y": jnp.ones((BATCH, 3, 1))}
    state = jit(gan.init)(key(), batch)
    after, info = jit(gan.step)(key(), state, batch)
    chex.assert_tree_all_finite((after, info))
    assert jax.tree.map(jnp.shape, gan.sample(key(), state, 3)) == {"x": (3, 2), "y": (3, 3, 1)}
    with pytest.raises(ValueError, match=r"the generator makes .*, but the data are"):
        gan.init(key(), {"x": real(), "y": jnp.ones((BATCH, 4, 1))})


def several(parts):
    """A discriminator in parts whose logits are those of one network, times 1, 2, ..."""
    base = perceptron([5], out=1)

    def apply(params, stats, x, *, train, key=None):
        y, stats = base.apply(params, stats, x, train=train)
        return y * jnp.arange(1.0, parts + 1.0)[None], stats

    return base._replace(apply=apply)


def test_logits_in_parts_are_averaged_and_read_as_one_number():
    seen = {}

    def look(own, key, play):
        seen.update(logits=play.real_logits.shape, one=play.discriminate(play.real).shape)
        return jnp.max(jnp.abs(play.discriminate(play.real) - play.real_logits.mean(axis=1)))

    gan = small_gan(Technique("look", discriminator_loss=look), techniques.r1(0.3), discriminator=several(3))
    state = jit(gan.init)(key(), real())
    _, info = jit(gan.step)(key(), state, real())
    assert seen == {"logits": (BATCH, 3), "one": (BATCH,)}
    np.testing.assert_allclose(info.terms.discriminator["look"], 0.0, atol=1e-6)
    base = perceptron([5], out=1)
    logits = base.apply(state.discriminator.params, {}, real(), train=True)[0]
    fake = gan_fakes(gan, state)
    on_fake = base.apply(state.discriminator.params, {}, fake, train=True)[0]
    expected = np.mean([np.logaddexp(0, -k * logits) + np.logaddexp(0, k * on_fake) for k in (1, 2, 3)])
    actual = info.discriminator_loss - sum(info.terms.discriminator.values())
    np.testing.assert_allclose(actual, expected, rtol=1e-5)
    assert gan.judge(key(), state, real()).shape == (BATCH,)


def gan_fakes(gan, state):
    """The fakes of the first step, from a technique that remembers them."""
    remember = Technique(
        "remember",
        init=lambda key, batch, width: Own(state=jnp.zeros((BATCH, 2))),
        update=lambda own, key, play, info: play.generated.data,
    )
    with_memory = small_gan(remember, discriminator=several(3))
    state = jit(with_memory.init)(key(), real())._replace(generator=state.generator)
    return jit(with_memory.step)(key(), state, real())[0].techniques["remember"]


def test_a_joint_loss_reads_all_parts_of_an_example():
    def first_and_last(real, fake):
        assert real.shape == (BATCH, 3)
        return fake[:, 0] - real[:, 2]

    loss = AdversarialLoss(first_and_last, lambda real, fake: -fake[:, 0], joint=True, logit=lambda y: y[:, 2])
    gan = small_gan(discriminator=several(3), loss=loss)
    state = jit(gan.init)(key(), real())
    _, info = jit(gan.step)(key(), state, real())
    base = perceptron([5], out=1).apply(state.discriminator.params, {}, real(), train=True)[0]
    on_fake = perceptron([5], out=1).apply(state.discriminator.params, {}, gan_fakes(gan, state), train=True)[0]
    np.testing.assert_allclose(info.discriminator_loss, np.mean(on_fake - 3 * base), rtol=1e-4)
    np.testing.assert_allclose(gan.judge(key(), state, real()), 3 * base[:, 0], rtol=1e-5)


def test_features_of_a_generators_term_are_frozen_unless_asked_for():
    """Under a lookahead the discriminator's features depend on the generator; a term is not lowered by that."""

    def gradient(through):
        def matching(own, key, play):
            # Real examples alone: without the way through the discriminator's updates there is no gradient.
            return jnp.mean(play.features(play.data, through=through) ** 2)

        gan = small_gan(
            Technique("match", generator_loss=matching),
            loss=losses.wasserstein()._replace(generator=lambda real, fake: 0.0 * fake),
            unroll=Unroll(2),
            generator_optimizer=recording(),
        )
        state = jit(gan.init)(key(), real())
        return optax.tree.norm(jit(gan.step)(key(), state, real())[0].generator.opt_state)

    assert gradient(False) == 0.0 and gradient(True) > 1e-6


def test_meet_may_change_what_the_discriminator_sees():
    """One more column, a learned shift on the discriminator's side, and labels that the technique makes."""

    def meet(own, key, real, fake, features):
        def wider(batch):
            shifted = batch.data + own.discriminator.get("shift", jnp.zeros(2))[None]
            return Batch(jnp.concatenate([shifted, jnp.ones((len(shifted), 1))], axis=1), jnp.zeros(len(shifted), int))

        return wider(real), wider(fake)

    def start(key, batch, width):
        return Own(discriminator={"shift": jnp.zeros(2)})

    gan = small_gan(Technique("wider", init=start, meet=meet), techniques.r1(0.1), unroll=Unroll(1))
    state = jit(gan.init)(key(), real())
    assert state.discriminator.params[0]["w"].shape == (3, 5)
    after, _ = jit(gan.step)(key(), state, real())
    assert np.any(after.discriminator.techniques["wider"].params["shift"] != 0.0)
    assert gan.effects(key(), state, real()).keys() == {"r1"}  # another shape cannot be left idle


def test_adjust_comes_last_and_may_change_both_players():
    def adjust(own, key, before, after):
        slower = jax.tree.map(lambda a, b: (a + b) / 2, before.generator.params, after.generator.params)
        return after._replace(generator=after.generator._replace(params=slower)), own.state + 1

    half = Technique("half", init=lambda key, batch, width: Own(state=jnp.int32(0)), adjust=adjust)
    slow, fast = small_gan(half), small_gan()
    begun, plain = jit(slow.init)(key(), real()), jit(fast.init)(key(), real())
    assert begun.techniques["half"] == 1  # once at the start, with the same state before and after
    after, _ = jit(slow.step)(key(), begun, real())
    whole, _ = jit(fast.step)(key(), plain, real())
    expected = jax.tree.map(lambda a, b: (a + b) / 2, plain.generator.params, whole.generator.params)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), after.generator.params, expected)
    assert after.techniques["half"] == 2


# What was once wrong


def test_norms_are_of_the_networks_alone():
    big = Technique(
        "big",
        init=lambda key, batch, width: Own({"g": jnp.ones(())}, {"d": jnp.ones(())}),
        generator_loss=lambda own, key, play: 1e6 * own.generator["g"],
        discriminator_loss=lambda own, key, play: 1e6 * own.discriminator["d"],
    )
    gan = small_gan(big)
    _, info = jit(gan.step)(key(), jit(gan.init)(key(), real()), real())
    assert info.generator_gradient_norm < 100 and info.discriminator_gradient_norm < 100


def test_a_masked_optimizer_needs_no_techniques():
    frozen = optax.masked(optax.set_to_zero(), [True, False])
    gan = small_gan(generator_optimizer=optax.chain(optimizers.adam(0.01), frozen))
    state = jit(gan.init)(key(), real())
    after, _ = jit(gan.step)(key(), state, real())
    jax.tree.map(np.testing.assert_array_equal, after.generator.params[0], state.generator.params[0])
    assert np.any(after.generator.params[1]["w"] != state.generator.params[1]["w"])
    trains = Technique("trains", init=lambda key, batch, width: Own({"w": jnp.ones(2)}))
    with pytest.raises(ValueError, match=r"parameters of the technique trains .* Technique\(optimizer=\.\.\.\)"):
        small_gan(trains, generator_optimizer=optax.chain(optimizers.adam(0.01), frozen)).init(key(), real())
    own = small_gan(trains._replace(optimizer=optax.sgd(0.1)), generator_optimizer=frozen)
    assert jit(own.init)(key(), real()).generator.techniques["trains"].params["w"].shape == (2,)


@pytest.mark.slow
def test_latents_have_one_dtype_in_training_and_sampling(x64):
    """Parameters of linen are float32, also where the data are float64."""
    gan = small_gan(codes("seen", 1, 0.0), generator=networks.mlp([4], out=2), discriminator=networks.mlp([4], out=1))
    seen = []
    record = Technique("record", discriminator_loss=lambda own, key, play: seen.append(play.latent.dtype) or 0.0)
    gan = small_gan(record, generator=networks.mlp([4], out=2), discriminator=networks.mlp([4], out=1))
    state = gan.init(key(), real(jnp.float64))
    jax.eval_shape(gan.step, key(), state, real(jnp.float64))
    assert set(seen) == {gan.latent(key(), state, 3).dtype} == {jnp.dtype(jnp.float32)}


def test_replay_keeps_fakes_in_their_own_dtype():
    generator = perceptron([4], out=2)
    half = generator._replace(
        apply=lambda params, stats, z, *, train, key=None: (
            generator.apply(params, stats, z, train=train)[0].astype(jnp.bfloat16),
            stats,
        )
    )
    gan = small_gan(techniques.replay(8), generator=half)
    state = jit(gan.init)(key(), real())
    assert state.techniques["replay"].buffer.data.dtype == jnp.bfloat16
    chex.assert_trees_all_equal_shapes_and_dtypes(jit(gan.step)(key(), state, real())[0], state)


def test_a_step_is_traced_once_from_a_learning_rate_that_is_a_number():
    gan = small_gan(discriminator_optimizer=optax.inject_hyperparams(optimizers.adam)(0.01))
    step, traces = counted(gan.step)
    state, step = gan.init(key(), real()), jit(step)
    for _ in range(2):
        state, _ = step(key(), state, real())
    assert len(traces) == 1


# Mistakes


class Module(nn.Module):
    """A bare module, not a Network."""

    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(x)


def no_features():
    return perceptron([5], out=1)._replace(features=None)


def matching(own, key, play):
    return jnp.mean(play.features(play.fake))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge"}, r"a value such as losses.hinge\(\), not 'hinge'"),
        ({"loss": losses.hinge}, "the function hinge itself: call it"),
        ({"generator": Module()}, "the generator is a Network, not a Module; networks.from_linen"),
        ({"discriminator": Module()}, "the discriminator is a Network, not a Module"),
        ({"generator_optimizer": 1e-3}, "generator_optimizer is an optax transformation, such as"),
        ({"techniques": techniques.r1(1.0)}, r"write techniques=\(r1,\), with a comma"),
        ({"techniques": (techniques.r1,)}, r"such as techniques.r1\(1.0\), not the function r1 itself: call it"),
        ({"techniques": "r1"}, "values such as techniques.r1"),
        ({"dynamics": dynamics.simultaneous(), "unroll": Unroll(1)}, "give them to dynamics.alternating"),
    ],
)
def test_parts_of_the_wrong_kind_are_named_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        small_gan(**options)


def term(value):
    return Technique("mine", generator_loss=lambda own, key, play: value)


@pytest.mark.parametrize(
    ("technique", "options", "message"),
    [
        (
            Technique("mine", generator_loss=matching),
            {"discriminator": no_features()},
            "technique mine compares features",
        ),
        (Technique("mine", discriminator_loss=matching), {"discriminator": no_features()}, "mine compares features"),
        (term(jnp.zeros(3)), {}, r"generator_loss of mine is a scalar, not of shape \(3,\)"),
        (Technique("mine", init=lambda key, batch, width: {"a": 1}), {}, "init hook of mine returns Own.*not a dict"),
        (Technique("mine", init=lambda key, batch, width: ({}, {})), {}, "init hook of mine returns Own.*not a tuple"),
        (
            Technique("mine", latent=lambda own, key, z, columns: z._replace(data=jnp.ones((BATCH, 9)))),
            {},
            r"latent hook of mine keeps the shape .*columns=",
        ),
        (
            Technique("mine", shift=lambda own, key, z, noise, judge: z._replace(data=z.data[:, noise][:, 1:])),
            {},
            "shift hook of mine keeps the shape",
        ),
        (Technique("mine", shift=lambda own, key, z, noise, judge: z.data), {}, "shift hook of mine returns a Batch"),
        (Technique("mine", rehearse=lambda own, key, fake: fake.data), {}, "rehearse hook of mine returns a Batch"),
        (
            Technique("mine", generator_weights=lambda own, key, play: jnp.ones(BATCH)),
            {"loss": losses.relativistic()},
            "mine weighs real and fake examples apart, but this loss compares them",
        ),
        (Technique("mine", generator_weights=lambda own, key, play: jnp.ones(3)), {}, r"weights are .* not \(3,\)"),
    ],
)
def test_mistakes_of_a_technique_name_it(technique, options, message):
    gan = small_gan(technique, **options)
    with pytest.raises(ValueError, match=message):
        gan.step(key(), gan.init(key(), real()), real())


def test_a_state_of_another_gan_is_refused_by_its_techniques():
    with_replay, without = small_gan(techniques.replay(8)), small_gan()
    with pytest.raises(ValueError, match=r"techniques \(none\), not of this one, with replay"):
        with_replay.step(key(), without.init(key(), real()), real())
    with pytest.raises(ValueError, match=r"the techniques replay, not of this one, with \(none\)"):
        without.sample(key(), with_replay.init(key(), real()), 3)


def test_labels_are_as_many_as_examples():
    gan = small_gan()
    with pytest.raises(ValueError, match=r"a batch of 8 examples has as many labels, not \(7,\)"):
        gan.step(key(), gan.init(key(), real()), Batch(real(), jnp.zeros(7, int)))


def test_packs_of_labelled_examples_go_through_a_step():
    gan = small_gan(
        techniques.r1(0.1),
        generator=conditional_generator(),
        discriminator=packed(perceptron([5], out=1), 2),
        label_distribution=lambda key, n: jax.random.randint(key, (n,), 0, 3),
    )
    state = jit(gan.init)(key(), labelled())
    chex.assert_tree_all_finite(jit(gan.step)(key(), state, labelled()))
