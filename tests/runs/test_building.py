"""From options to the GAN: what is named is what is built, and a network that does not fit is refused at once."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Unroll, dynamics, gan, losses, networks, optimizers, techniques, vae
from jaxgan.runs.building import build
from jaxgan.runs.options import Architecture, Training
from jaxgan.types import Batch

SMALL = Architecture(generator_width=8, discriminator_width=4, layers=2, activation="tanh", latent_dim=3)
TRAINING = Training(batch_size=6, steps=10)


def program(model, shape):
    """The beginning, a step and samples as operations, which is faster than to compile and run them."""

    def train(batch):
        state = model.init(jax.random.key(1), batch)
        state, info = model.step(jax.random.key(2), state, batch)
        return state, info, model.sample(jax.random.key(3), state, 5)

    return jax.jit(train).lower(jax.ShapeDtypeStruct((6, *shape), np.float32))


def assert_same(one, other):
    """The same operations with the same numbers."""
    assert one.as_text() == other.as_text()


def assert_alike(one, other):
    """Other operations, such as a factor of one, with the same results."""
    batch = np.random.default_rng(0).standard_normal((6, 2), np.float32)
    results = [jax.tree.leaves(found.compile()(batch)) for found in (one, other)]
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def players():
    """The two networks of `SMALL`, for points in [-0.5, 0.5]."""
    return (
        networks.mlp([8, 8], 2, activation=jax.nn.tanh, output_activation=lambda x: 0.5 * x),
        networks.mlp([4, 4], 1, activation=jax.nn.tanh, input_scale=2.0),
    )


def by_hand(generator, discriminator, **others):
    return gan(
        generator=generator,
        discriminator=discriminator,
        latent_dim=3,
        **{
            "loss": losses.non_saturating(),
            "generator_optimizer": optax.adam(optax.constant_schedule(1e-3), 0.5, 0.999),
            "discriminator_optimizer": optimizers.adam(optax.constant_schedule(1e-3), 0.5, 0.999),
            **others,
        },
    )


def test_auto_is_the_mlp_that_the_options_describe():
    expected = by_hand(
        *players(),
    )
    assert_same(program(build(SMALL, TRAINING, (2,), 0.5), (2,)), program(expected, (2,)))


@pytest.mark.slow
def test_auto_is_a_dcgan_for_images():
    architecture = dataclasses.replace(SMALL, batch_norm=True, spectral_norm=True)
    expected = by_hand(
        networks.dcgan_generator(8, 1, width=8, batch_norm=True),
        networks.dcgan_discriminator(width=4, spectral_norm=True),
    )
    assert_same(program(build(architecture, TRAINING, (8, 8, 1)), (8, 8, 1)), program(expected, (8, 8, 1)))


def test_loss_and_techniques_get_their_parameters():
    training = dataclasses.replace(TRAINING, loss="hinge", technique=("r1:0.1", "replay:capacity=12,share=0.25"))
    expected = by_hand(
        *players(),
        loss=losses.hinge(),
        techniques=(techniques.r1(0.1), techniques.replay(12, share=0.25)),
    )
    assert_same(program(build(SMALL, training, (2,), 0.5), (2,)), program(expected, (2,)))


def test_optimizers_get_the_rates_and_decays_of_the_options():
    training = dataclasses.replace(
        TRAINING,
        generator_learning_rate=2e-3,
        discriminator_learning_rate=3e-3,
        beta1=0.3,
        beta2=0.9,
        decay_from=0.5,
        clip=0.2,
        generator_optimizer="optimistic_adam:b1=0.1",
        discriminator_optimizer="frozen:adam(weight_decay=0.2),paths=Dense_0/bias+Dense_1",
    )
    discriminator = optimizers.adam(training.learning_rate(3e-3), 0.3, 0.9, weight_decay=0.2)
    discriminator = optimizers.frozen(discriminator, "Dense_0/bias", "Dense_1")
    expected = by_hand(
        *players(),
        generator_optimizer=optimizers.optimistic_adam(training.learning_rate(2e-3), 0.1, 0.9),
        discriminator_optimizer=optax.chain(discriminator, optimizers.weight_clipping(0.2)),
    )
    assert_same(program(build(SMALL, training, (2,), 0.5), (2,)), program(expected, (2,)))


def test_any_optimizer_of_optax_may_be_named():
    training = dataclasses.replace(TRAINING, generator_optimizer="optax:rmsprop:decay=0.7,momentum=0.2")
    made = training.optimizer("generator")
    wanted = optax.rmsprop(optax.constant_schedule(1e-3), decay=0.7, momentum=0.2)
    gradient = {"w": np.array([1.0, -2.0], np.float32)}
    (u, _), (v, _) = (each.update(gradient, each.init(gradient), gradient) for each in (made, wanted))
    np.testing.assert_array_equal(u["w"], v["w"])
    assert TRAINING.optimizer("generator") is None


@pytest.mark.slow
def test_dynamics_get_their_parameters():
    training = dataclasses.replace(TRAINING, dynamics="consensus:0.3")
    expected = by_hand(
        *players(),
        dynamics=dynamics.consensus(0.3),
    )
    assert_same(program(build(SMALL, training, (2,), 0.5), (2,)), program(expected, (2,)))


def test_a_named_generator_sees_the_columns_of_techniques():
    """The two generators of MGAN read who is to make an example from them."""
    architecture = dataclasses.replace(SMALL, generator="several_generators:mlp(widths=4,out=2),count=2")
    generator = networks.several_generators(networks.mlp([4], 2), 2)
    expected = by_hand(generator, networks.mlp([4, 4], 1, activation=jax.nn.tanh), techniques=(techniques.mgan(2),))
    training = dataclasses.replace(TRAINING, technique=("mgan:2",))
    assert_alike(program(build(architecture, training, (2,)), (2,)), program(expected, (2,)))


@pytest.mark.parametrize("alternating", [{"discriminator_steps": 2}, {"unroll": Unroll(1)}])
def test_other_dynamics_have_no_options_of_alternating_play(alternating):
    with pytest.raises(ValueError, match="belong to alternating play: not with --dynamics simultaneous"):
        Training(dynamics="simultaneous", **alternating)


def test_named_networks_work_in_the_units_of_the_data():
    architecture = dataclasses.replace(
        SMALL,
        generator="mlp:8+8,activation=tanh,kernel_init=orthogonal:1.4",
        discriminator="mlp:widths=4+4,activation=leaky_relu(0.2)",
    )
    expected = by_hand(
        networks.mlp(
            [8, 8],
            2,
            activation=jnp.tanh,
            kernel_init=jax.nn.initializers.orthogonal(1.4),
            output_activation=lambda x: 0.5 * x,
        ),
        networks.mlp([4, 4], 1, activation=lambda x: jax.nn.leaky_relu(x, 0.2), input_scale=2.0),
    )
    assert_alike(program(build(architecture, TRAINING, (2,), 0.5), (2,)), program(expected, (2,)))


@pytest.mark.slow
def test_one_player_may_be_named_and_a_flat_one_makes_images():
    architecture = dataclasses.replace(SMALL, generator="mlp:8,output_activation=tanh")
    training = dataclasses.replace(TRAINING, pack=2)
    samples = program(build(architecture, training, (8, 8, 1)), (8, 8, 1)).out_info[-1]
    assert samples.shape == (5, 8, 8, 1)


def test_a_network_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(
        "import jax.numpy as jnp\n"
        "from jaxgan.types import Network\n"
        "def linear(out: int, start: float = 0.0) -> Network:\n"
        "    def init(key, x):\n"
        "        return jnp.full((x.shape[1], out), start), {}\n"
        "    return Network(init, lambda params, stats, x, *, train, key=None: (x @ params, stats))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    architecture = dataclasses.replace(SMALL, discriminator="own_networks:linear:start=0.5")
    model = build(architecture, TRAINING, (2,))
    state = model.init(jax.random.key(0), jnp.ones((6, 2)))
    np.testing.assert_array_equal(state.discriminator.params, np.full((2, 1), 0.5))


@pytest.mark.parametrize(
    ("options", "shape", "kind", "says"),
    [
        ({"generator": "mlp:8,out=3"}, (2,), None, "--generator mlp:8,out=3: makes [3], but an example is [2]"),
        ({"generator": "mlp:0"}, (2,), None, "--generator mlp:0: each of widths must be at least 1, got 0"),
        ({"generator": "dcgan_generator"}, (2,), None, "dcgan_generator needs size, a whole number"),
        ({"generator": "dcgan_generator"}, (1, 9, 1), None, "a side of the images must be at least 2, got 1"),
        (
            {"discriminator": "dcgan_discriminator"},
            (2,),
            None,
            "--discriminator dcgan_discriminator: dcgan_discriminator",
        ),
        ({}, (8, 1, 1), None, "a side of the images must be at least 2, got 1"),
        ({}, (8, 9), None, "examples of shape (8, 9) are neither points [width] nor images"),
        ({}, (8, 9), "graphs", "there is no generator of its own for graphs: name one with --generator"),
    ],
)
def test_networks_that_do_not_fit_are_refused(options, shape, kind, says):
    architecture = dataclasses.replace(SMALL, **options)
    with pytest.raises(ValueError) as raised:
        build(architecture, TRAINING, shape, kind=kind)
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_named_networks_serve_any_kind():
    architecture = dataclasses.replace(SMALL, generator="mlp:8", discriminator="mlp:4")
    assert program(build(architecture, TRAINING, (4, 3), kind="sequences"), (4, 3)).out_info[-1].shape == (5, 4, 3)


@pytest.mark.slow
def test_auto_is_recurrent_for_sequences():
    expected = by_hand(networks.sequence_generator(4, 3, width=8), networks.sequence_discriminator(width=4))
    assert_same(program(build(SMALL, TRAINING, (4, 3), kind="sequences"), (4, 3)), program(expected, (4, 3)))


def test_a_model_is_made_of_the_parts_that_it_names():
    """A decoder is the generator, and an encoder the discriminator with a mean and a variance for each dimension."""
    expected = vae(
        encoder=networks.mlp([4, 4], 6, activation=jax.nn.tanh, input_scale=2.0),
        decoder=networks.mlp([8, 8], 2, activation=jax.nn.tanh, output_activation=lambda x: 0.5 * x),
        optimizer=optax.adam(optax.constant_schedule(1e-3), 0.5, 0.999),
        latent_dim=3,
        beta=0.5,
    )
    training = dataclasses.replace(TRAINING, model="vae:beta=0.5")
    assert_same(program(build(SMALL, training, (2,), 0.5), (2,)), program(expected, (2,)))
    named = dataclasses.replace(SMALL, generator="mlp:8", discriminator="mlp:4")
    assert build(named, training, (4, 3), kind="sequences").judge is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "vea"}, "--model vea: no model 'vea'; did you mean vae?"),
        ({"model": "vae", "technique": ("r1:1.0",)}, "--technique is not for --model vae, which has no techniques"),
        (
            {"model": "vae", "discriminator_optimizer": "adam"},
            "--discriminator-optimizer is not for --model vae, which has no discriminator_optimizer",
        ),
        ({"model": "vae", "pack": 2}, "--pack is not for --model vae, which has no discriminator"),
        ({"model": "vae", "average": 0.9}, "--average is not for --model vae, which has no average"),
        ({"model": "vae:beta=-1"}, "--model vae:beta=-1: beta must be at least 0"),
    ],
)
def test_a_model_takes_no_options_of_parts_that_it_has_not(options, says):
    with pytest.raises(ValueError) as raised:
        build(SMALL, dataclasses.replace(TRAINING, **options), (2,))
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_rows_of_a_table_end_in_their_parts_and_classes_are_told_to_both_networks():
    architecture = dataclasses.replace(SMALL, conditional=True)
    model = build(architecture, TRAINING, (4,), kind="tables", classes=3, widths=(1, 2, 1))
    assert model.conditional

    @jax.jit
    def run(batch):
        state = model.init(jax.random.key(0), batch)
        return state, model.sample(jax.random.key(1), state, 5, label=jnp.arange(5) % 3)

    state, samples = run(Batch(np.ones((6, 4), np.float32), np.arange(6) % 3))
    np.testing.assert_allclose(samples[:, 1:3].sum(axis=1), 1, rtol=1e-5)
    assert state.discriminator.params["embedding"].shape == (3, 4)
    assert state.generator.params["Dense_0"]["kernel"].shape == (3 + 3, 8)


def test_networks_are_told_classes_only_where_there_are_some():
    architecture = dataclasses.replace(SMALL, conditional=True)
    for classes in (None, 1):
        with pytest.raises(ValueError, match="--conditional needs data with at least two classes, and these have none"):
            build(architecture, TRAINING, (2,), classes=classes)


@pytest.mark.parametrize("shares", [(), (0.7, 0.2, 0.1)])
def test_fakes_of_a_conditional_generator_come_in_the_classes_shares(shares):
    """A generator that returns its label shows which ones it was asked for."""
    architecture = dataclasses.replace(SMALL, conditional=True)
    model = build(architecture, TRAINING, (2,), classes=3, shares=shares)
    state = model.init(jax.random.key(0), Batch(jnp.ones((6, 2)), jnp.arange(6) % 3))
    told = jax.jit(lambda key: model.sample(key, state, 2000))(jax.random.key(1))
    asked = [
        jax.jit(lambda key, label: model.sample(key, state, 2000, label=label))(jax.random.key(1), jnp.full(2000, c))
        for c in range(3)
    ]
    which = np.argmin([np.abs(told - of_class).sum(axis=1) for of_class in asked], axis=0)
    np.testing.assert_allclose(np.bincount(which, minlength=3) / 2000, shares or (1 / 3,) * 3, atol=0.05)
