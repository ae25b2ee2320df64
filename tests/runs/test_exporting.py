"""A sampler as a program of `jax.export`: for any number of samples, of any generator, told its class or not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import losses, networks, optimizers, techniques
from jaxgan.runs.examples import Example, Label
from jaxgan.runs.exporting import PLATFORMS, exported_sampler, parameters
from jaxgan.runs.loading import Loaded, draw


def loaded(generator, discriminator, example, *used):
    """Two seeds of a GAN as it is before training."""
    gan = jaxgan.gan(
        generator=generator,
        discriminator=discriminator,
        loss=losses.non_saturating(),
        generator_optimizer=optimizers.adam(1e-3),
        discriminator_optimizer=optimizers.adam(1e-3),
        latent_dim=2,
        techniques=used,
    )
    batch = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), example.batch(8))
    init = jax.jit(gan.init)
    return Loaded(gan, [init(jax.random.key(seed), batch) for seed in (5, 6)], (5, 6), 0, example, {})


POINTS = Example("points", (2,))
MLP = networks.mlp([4], out=2), networks.mlp([4], out=1)


def test_it_makes_what_is_asked_for_in_any_number_bit_for_bit():
    """Also of images, whose convolutions are other programs on other machines."""
    label = Label((), "int32", 3)
    run = loaded(
        networks.labelled(networks.dcgan_generator((4, 4), 1, width=2, batch_norm=True), 3),
        networks.projection(networks.dcgan_discriminator(width=2), 3),
        Example("images", (4, 4, 1), label=label),
    )
    exported = exported_sampler(run, 6)
    assert exported.platforms == PLATFORMS and set(PLATFORMS) == {"cpu", "cuda", "tpu"}
    program = jax.export.deserialize(exported.serialize())
    labels = np.array([2, 0, 1, 1, 2], np.int32)
    for n in (5, 3):
        expected = draw(run, jax.random.key(9), n, seed=6, label=labels[:n])
        np.testing.assert_array_equal(program.call(np.uint32(9), labels[:n]), expected)
    assert np.ptp(expected) > 0


@pytest.mark.parametrize(
    "technique",
    [
        techniques.mgan(3),
        *(pytest.param(t, marks=pytest.mark.slow) for t in (techniques.infogan(2), techniques.deligan(4))),
    ],
    ids=lambda technique: technique.name,
)
def test_techniques_that_choose_latents_are_exported(technique):
    run = loaded(*MLP, POINTS, technique)
    program = exported_sampler(run)
    for n in (6, 7):  # mgan shares what it can share evenly
        expected = draw(run, jax.random.key(1), n)
        np.testing.assert_array_equal(program.call(np.uint32(1), np.zeros(n, np.int32)), expected)


def test_what_cannot_be_exported_is_one_line():
    generator, discriminator = MLP

    def apply(params, stats, x, **others):
        y, stats = generator.apply(params, stats, x, **others)
        return (y if x.shape[0] > 5 else -y), stats

    with pytest.raises(ValueError, match=r"^this run's sampler cannot be exported for any number of samples: [^\n]+$"):
        exported_sampler(loaded(generator._replace(apply=apply), discriminator, POINTS))
    told = networks.labelled(networks.mlp([4], out=2), 3), networks.projection(networks.mlp([4], out=1), 3)
    run = loaded(*told, POINTS._replace(label=Label((), "int32", 3)))
    run = run._replace(example=POINTS._replace(label=Label((2,), "float32")))
    with pytest.raises(ValueError, match=r"labels of this run are float32 \[2\], and only classes are exported"):
        exported_sampler(run)


def test_parameters_are_those_of_the_networks():
    from safetensors.numpy import load

    run = loaded(*MLP, POINTS)
    held = load(parameters(run, 6))
    assert set(held) == {
        f"{player}.params.Dense_{i}.{kind}"
        for player in ("generator", "discriminator")
        for i in (0, 1)
        for kind in ("bias", "kernel")
    }
    found = run.states[1].discriminator.params["Dense_1"]["kernel"]
    np.testing.assert_array_equal(held["discriminator.params.Dense_1.kernel"], found)
