"""The catalogues: nothing public is missing from them, and each entry can be made."""

import inspect
import typing

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import losses, networks, optimizers, techniques
from jaxgan.runs.catalogues import ACTIVATIONS, INITIALISERS, LOSSES, NETWORKS, OPTIMIZERS, TECHNIQUES
from jaxgan.runs.factories import make, read
from jaxgan.types import AdversarialLoss, Network, Technique


@pytest.mark.parametrize(
    ("catalogue", "module", "makes", "some"),
    [
        (TECHNIQUES, techniques, Technique, {"r1", "r2", "replay", "dragan", "gradient_penalty", "instance_noise"}),
        (LOSSES, losses, AdversarialLoss, {"minimax", "non_saturating", "hinge", "wasserstein", "relativistic"}),
        (NETWORKS, networks, Network, {"mlp", "dcgan_generator", "dcgan_discriminator"}),
        (OPTIMIZERS, optimizers, optax.GradientTransformation, {"adam", "optimistic", "frozen", "momentum"}),
    ],
)
def test_what_a_package_exports_can_be_named(catalogue, module, makes, some):
    assert some <= set(catalogue.factories)
    for name, factory in catalogue.factories.items():
        assert getattr(module, name) is factory
    # A function that does not say what it returns would be left out without a word.
    for name, factory in vars(module).items():
        if inspect.isfunction(factory) and not name.startswith("_"):
            assert "return" in typing.get_type_hints(factory), f"{name} does not say what it returns"


def test_what_no_text_can_say_is_left_out():
    assert not {"from_linen", "from_nnx", "maxout"} & set(NETWORKS.factories)


def test_a_network_may_wrap_another_one():
    network = make(read(NETWORKS, "projection:mlp(widths=4,out=1),classes=3"))
    assert network.conditional and network.features is not None


# What a loss needs besides its name.
NEEDED = {
    "alpha": ":0.5,generator=1.2",
    "f_divergence": ":kl",
    "flipped": ":hinge",
    "smoothed": ":hinge",
    "zero_sum": ":hinge",
}


@pytest.mark.parametrize("name", LOSSES.factories)
def test_each_loss_is_made_by_its_name(name):
    assert isinstance(make(read(LOSSES, name + NEEDED.get(name, ""))), AdversarialLoss)


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("smoothed:hinge,real=0.8", losses.smoothed(losses.hinge(), 0.8)),
        ("smoothed:loss=hinge", losses.smoothed(losses.hinge())),
        ("flipped:f_divergence(kl),probability=0.1", losses.flipped(losses.f_divergence("kl"), 0.1)),
        ("zero_sum:alpha(0.5,generator=1.0)", losses.zero_sum(losses.alpha(0.5, 1.0))),
    ],
)
def test_a_loss_may_change_another_one(text, loss):
    made, logits = make(read(LOSSES, text)), (jnp.array([0.3, -2.0]), jnp.array([1.1, 0.0]))
    for player in ("discriminator", "generator"):
        np.testing.assert_array_equal(getattr(made, player)(*logits), getattr(loss, player)(*logits))


def test_a_loss_changes_a_plain_one():
    with pytest.raises(ValueError, match=r"loss takes a loss; flipped\(hinge\): no loss 'flipped'"):
        read(LOSSES, "smoothed:flipped(hinge)", "--loss")
    with pytest.raises(ValueError, match="smoothed mixes the real and the fake half of a loss"):
        make(read(LOSSES, "smoothed:relativistic", "--loss"))


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("relu", jax.nn.relu),
        ("leaky_relu", jax.nn.leaky_relu),
        ("leaky_relu:0.2", lambda x: jnp.where(x > 0, x, 0.2 * x)),
        ("tanh", jnp.tanh),
        ("elu:0.5", lambda x: jnp.where(x > 0, x, 0.5 * jnp.expm1(x))),
        ("silu", lambda x: x / (1.0 + jnp.exp(-x))),
    ],
)
def test_activations(text, function):
    x = jnp.linspace(-2.0, 2.0, 9)
    np.testing.assert_allclose(make(read(ACTIVATIONS, text))(x), function(x), rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "initialiser"),
    [
        ("he", jax.nn.initializers.he_normal()),
        ("orthogonal", jax.nn.initializers.orthogonal()),
        ("orthogonal:1.4", jax.nn.initializers.orthogonal(1.4)),
        ("orthogonal(1.4)", jax.nn.initializers.orthogonal(1.4)),
        ("normal:0.02", jax.nn.initializers.normal(0.02)),
    ],
)
def test_initialisers(text, initialiser):
    made = make(read(INITIALISERS, text))(jax.random.key(0), (4, 3))
    np.testing.assert_array_equal(made, initialiser(jax.random.key(0), (4, 3)))
