"""A model that starts from the state of another: what goes over, what begins anew, and what does not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import dynamics, networks, techniques
from tests.helpers import jit, perceptron, small_gan

DATA = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
KEY, OTHER = 0, 1


def begun(model, start_from=None, seed=KEY):
    return jit(lambda data, start_from: model.init(jax.random.key(seed), data, start_from))(DATA, start_from)


def trained(model, state):
    return jit(lambda state, data: model.step(jax.random.key(OTHER), state, data))(state, DATA)[0]


def assert_equal(found, wanted):
    jax.tree.map(np.testing.assert_array_equal, found, wanted)


@pytest.fixture(scope="module")
def source():
    """A step of a GAN whose techniques train something with either player."""
    gan = small_gan(techniques.infogan(3), techniques.replay(8), average=0.5)
    return trained(gan, begun(gan, seed=OTHER))


def test_players_their_average_and_what_techniques_learned_go_over(source):
    state = begun(small_gan(techniques.infogan(3), techniques.replay(8), average=0.9), source)
    fresh = begun(small_gan(techniques.infogan(3), techniques.replay(8), average=0.9))
    for player in ("generator", "discriminator"):
        found, known, new = (getattr(of, player) for of in (state, source, fresh))
        assert_equal(found.params, known.params)
        assert_equal(found.opt_state, new.opt_state)
        assert found.techniques.keys() == known.techniques.keys()
        assert_equal([t.params for t in found.techniques.values()], [t.params for t in known.techniques.values()])
    assert source.discriminator.techniques and state.step == 0
    assert_equal(state.average, source.average)
    assert_equal(state.techniques["replay"], fresh.techniques["replay"])


def test_without_an_average_there_it_begins_at_the_generator(source):
    of_other = begun(small_gan(techniques.infogan(3), average=0.9), source._replace(average={}))
    assert_equal(of_other.average, source.generator.params)
    assert begun(small_gan(techniques.infogan(3)), source).average == {}


def test_what_a_technique_learned_in_another_shape_begins_anew(source):
    gan = small_gan(techniques.infogan(5), latent_dim=1)  # in all as wide as three codes and three columns of noise
    state, fresh = begun(gan, source), begun(gan)
    assert_equal(state.generator.params, source.generator.params)
    assert_equal(state.discriminator.techniques, fresh.discriminator.techniques)


def test_slow_weights_and_the_memory_of_the_dynamics_begin_at_the_players_too(source):
    source = source._replace(techniques={}, generator=source.generator._replace(techniques={}))
    plain = begun(small_gan(latent_dim=6))
    source = source._replace(discriminator=plain.discriminator)
    slow = small_gan(techniques.lookahead_minimax(2), latent_dim=6)
    state = begun(slow, source)
    kept = jax.tree.leaves(state.techniques["lookahead_minimax"])
    for leaf in jax.tree.leaves((source.generator.params, source.discriminator.params)):
        assert any(leaf.shape == other.shape and np.array_equal(leaf, other) for other in kept)
    past = small_gan(latent_dim=6, dynamics=dynamics.extragradient(from_the_past=True))
    moved = trained(past, begun(past, source))
    assert jax.tree.all(jax.tree.map(lambda a: bool(jnp.isfinite(a).all()), moved))


def test_anchors_of_a_gan_that_starts_from_their_state_cost_nothing_at_first(source):
    anchors = source.generator.params, source.discriminator.params
    gan = small_gan(techniques.infogan(3), techniques.anchored(*anchors, 10.0))
    state = begun(gan, source)
    step = jit(lambda state, data: gan.step(jax.random.key(OTHER), state, data))
    state, info = step(state, DATA)
    assert info.terms.generator["anchored"] == 0.0 and info.terms.discriminator["anchored"] == 0.0
    assert step(state, DATA)[1].terms.generator["anchored"] > 0.0


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"generator": perceptron([5], out=2)}, r"generator\.params\.0\.b is float32 \[4\] there, and float32 \[5\] h"),
        ({"discriminator": perceptron([5, 5], out=1)}, r"discriminator\.params\.1\.b is float32 \[1\] there, and floa"),
        ({"generator": networks.mlp([4], out=2)}, r"generator\.params\.Dense_0\.bias is nothing there, and float32"),
    ],
)
def test_networks_that_differ_are_one_line(source, parts, message):
    with pytest.raises(ValueError, match=f"networks that start_from does not fit: {message}") as error:
        begun(small_gan(techniques.infogan(3), **parts), source)
    assert "\n" not in str(error.value)


def test_a_variational_autoencoder_starts_from_another():
    def model(width):
        coders = {"encoder": perceptron([width], out=4), "decoder": perceptron([width], out=2)}
        return jaxgan.vae(**coders, optimizer=optax.adam(0.1), latent_dim=2)

    source = trained(model(3), begun(model(3), seed=OTHER))
    state = begun(model(3), source)
    assert_equal((state.encoder, state.decoder, state.log_scale), (source.encoder, source.decoder, source.log_scale))
    assert state.step == 0 and source.step == 1
    assert_equal(state.opt_state, begun(model(3)).opt_state)
    with pytest.raises(ValueError, match=r"encoder\.params\.0\.b is float32 \[3\] there, and float32 \[2\] here"):
        begun(model(2), source)
