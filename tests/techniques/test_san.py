"""SAN: the gradient by the direction is Wasserstein's, and that by all else the loss's, against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Unroll, losses, networks, techniques
from tests.helpers import constant_latent, jit, perceptron, recording, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("san:1.0", signed=True, direction=True)
random = np.random.default_rng(0)
BATCH, WEIGHT = 6, 0.7


def game(loss, *chosen, **options):
    """A GAN with fixed latents, its optimizers' states being the gradients; its state before and after a step."""
    z = jnp.asarray(np.random.default_rng(1).standard_normal((BATCH, 3)))
    players = small_gan(
        *chosen,
        discriminator=networks.normalised_linear(perceptron([5], out=4)),
        loss=loss,
        generator_optimizer=recording(),
        discriminator_optimizer=recording(),
        latent_distribution=constant_latent(z),
        **options,
    )
    real = np.random.default_rng(2).standard_normal((BATCH, 2))
    state = jit(players.init)(jax.random.key(0), real)
    after, info = jit(players.step)(jax.random.key(0), state, real)
    generator = jax.tree.map(np.asarray, state.generator.params)
    fake = np.tanh(z @ generator[0]["w"] + generator[0]["b"][None]) @ generator[1]["w"] + generator[1]["b"][None]
    return state.discriminator.params, after, info, real, np.asarray(fake)


def features(params, x):
    first, last = params["network"]
    hidden = np.tanh(x @ np.asarray(first["w"]) + np.asarray(first["b"]))
    return float(params["scale"]) * (hidden @ np.asarray(last["w"]) + np.asarray(last["b"]))


@pytest.mark.parametrize(
    ("loss", "unroll"), [(losses.hinge(), Unroll(2)), (losses.relativistic(), Unroll())], ids=["lookahead", "plain"]
)
def test_direction_is_trained_by_wassersteins_loss_and_the_rest_by_the_gans(x64, loss, unroll):
    params, after, info, real, fake = game(loss, techniques.san(WEIGHT), unroll=unroll)
    _, plain, plain_info, _, _ = game(loss, unroll=unroll)
    gradient, of_loss = (dict(s.discriminator.opt_state) for s in (after, plain))
    difference = features(params, fake).mean(axis=0) - features(params, real).mean(axis=0)
    direction = np.asarray(params["direction"])
    length = np.linalg.norm(direction)
    unit = direction / length
    expected = WEIGHT * (difference - unit * (unit @ difference)) / length
    np.testing.assert_allclose(gradient.pop("direction"), expected, rtol=1e-6)
    assert np.linalg.norm(of_loss.pop("direction") - expected) > 1e-3  # which the loss alone would not do
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12), gradient, of_loss)
    wasserstein = WEIGHT * unit @ difference
    np.testing.assert_allclose(info.discriminator_loss, plain_info.discriminator_loss + wasserstein, rtol=1e-6)
    np.testing.assert_allclose(info.terms.discriminator["san"], wasserstein, rtol=1e-6)
    # With a learning rate of zero the generator faces the same discriminator.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12),
        after.generator.opt_state,
        plain.generator.opt_state,
    )


def test_the_layer_projects_scaled_features_onto_a_unit():
    network, x = networks.normalised_linear(networks.mlp([5], out=3)), random.standard_normal((4, 2)).astype(np.float32)
    params, stats = jit(network.init)(jax.random.key(0), x)
    params = {**params, "scale": jnp.float32(2.0), "direction": jnp.array([3.0, 0.0, -4.0])}
    logits, shown = jit(
        lambda p: (network.apply(p, stats, x, train=True)[0], network.features(p, stats, x, train=True))
    )(params)
    h, _ = networks.mlp([5], out=3).apply(params["network"], {}, x, train=True)
    np.testing.assert_allclose(shown, 2.0 * h, rtol=1e-6)
    np.testing.assert_allclose(logits, 2.0 * (0.6 * h[:, 0] - 0.8 * h[:, 2]), rtol=1e-5)
    assert network.group == 1 and not network.conditional


def test_mistakes():
    with pytest.raises(ValueError, match="weight of san must be positive and finite, got 0"):
        techniques.san(0.0)
    players = small_gan(techniques.san())
    state = players.init(jax.random.key(0), np.ones((4, 2), np.float32))
    with pytest.raises(ValueError, match=r"san trains the direction of a discriminator of networks\.normalised_linear"):
        players.step(jax.random.key(0), state, np.ones((4, 2), np.float32))
