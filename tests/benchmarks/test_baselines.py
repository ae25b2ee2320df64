"""The PyTorch baselines of the benchmark compute what jaxgan's step computes; skipped where PyTorch is missing."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import losses, networks, optimizers
from tests.helpers import constant_latent, in_double, recording

torch = pytest.importorskip("torch")

from benchmarks import measuring_torch  # noqa: E402
from benchmarks.baselines import plain_gan, tuned_gan  # noqa: E402

LATENT, BATCH = 5, 6


def dense(layer):
    return [layer["kernel"].T, *([layer["bias"]] if "bias" in layer else [])]


def convolution(layer):
    return [jnp.transpose(layer["kernel"], (3, 2, 0, 1)), *([layer["bias"]] if "bias" in layer else [])]


def of_mlp(params):
    return [array for i in range(3) for array in dense(params[f"Dense_{i}"])]


def of_generator(params):
    """Those of a DCGAN's generator, whose linear layer makes the channels first in PyTorch."""
    kernel = params["Dense_0"]["kernel"]
    arrays = [kernel.reshape(len(kernel), 16, -1).swapaxes(1, 2).reshape(len(kernel), -1).T]
    for i in range(4):
        arrays += [params[f"BatchNorm_{i}"]["scale"], params[f"BatchNorm_{i}"]["bias"]]
        arrays += convolution(params[f"Conv_{i}"])
    return arrays


def of_discriminator(params):
    kernel = params["Dense_0"]["kernel"]
    channels_first = kernel.reshape(16, -1, 1).swapaxes(0, 1).reshape(-1, 1)
    convolutions = [array for i in range(3) for array in convolution(params[f"Conv_{i}"])]
    return [*convolutions, *dense({**params["Dense_0"], "kernel": channels_first})]


def tensor(array):
    return torch.from_numpy(np.array(array))


class Tuned:
    """How the tuned baseline is given parameters and asked for them."""

    name, networks = "tuned", tuned_gan

    @staticmethod
    def make(players, arrays, lookahead):
        networks = [
            network._replace(params=list(map(tensor, params))) for network, params in zip(players, arrays, strict=True)
        ]
        return tuned_gan.TunedGAN(*networks, lookahead)

    @staticmethod
    def generator(gan):
        return gan.generator

    @staticmethod
    def samples(gan, latent):
        return gan.generate(gan.generator, latent)

    @staticmethod
    def discriminator(gan):
        return tuned_gan.unflatten(gan.discriminator.params.detach(), gan.shapes)


class Plain:
    """The same of the plain one."""

    name, networks = "plain", plain_gan

    @staticmethod
    def make(players, arrays, lookahead):
        for module, params in zip(players, arrays, strict=True):
            module.double()
            for parameter, array in zip(module.parameters(), params, strict=True):
                assert parameter.shape == array.shape
                parameter.data = tensor(array)
        return plain_gan.PlainGAN(*players, lookahead)

    @staticmethod
    def generator(gan):
        return list(gan.generator.parameters())

    @staticmethod
    def samples(gan, latent):
        return gan.generator(latent)

    @staticmethod
    def discriminator(gan):
        return [parameter.detach() for parameter in gan.discriminator.parameters()]


CASES = {
    "mlp": (
        (networks.mlp([8, 8], 2, activation=jnp.tanh), networks.mlp([7, 7], 1, activation=jnp.tanh)),
        lambda theirs: (theirs.mlp(LATENT, [8, 8], 2), theirs.mlp(2, [7, 7], 1)),
        (of_mlp, of_mlp),
        (2,),
    ),
    "dcgan": (
        (networks.dcgan_generator(28, 3, width=2), networks.dcgan_discriminator(width=3)),
        lambda theirs: (theirs.dcgan_generator(LATENT, 2), theirs.dcgan_discriminator(3)),
        (of_generator, of_discriminator),
        (28, 28, 3),
    ),
}


@pytest.mark.parametrize("baseline", [Plain, Tuned])
@pytest.mark.parametrize("lookahead", [0, 1, 3])
@pytest.mark.parametrize("case", CASES)
def test_the_same_gradients_as_jaxgan(key, x64, case, lookahead, baseline):
    """Over two steps, so that Adam's moments and its bias correction count as well."""
    players, theirs, conversions, shape = CASES[case]
    key_latent, key_real = jax.random.split(jax.random.key(1))
    latent = jax.random.normal(key_latent, (BATCH, LATENT))
    real = jnp.tanh(jax.random.normal(key_real, (2, BATCH, *shape)))
    # PyTorch's own Adam, which the baselines use where it need not be differentiated, has no epsilon in its root.
    adam = optimizers.adam(1e-3) if lookahead else optax.adam(1e-3, b1=0.5)
    gan = jaxgan.gan(
        generator=in_double(players[0]),
        discriminator=in_double(players[1]),
        loss=losses.minimax(),
        generator_optimizer=recording(),
        discriminator_optimizer=adam,
        latent_dim=LATENT,
        unroll=jaxgan.Unroll(lookahead, scan_unroll=True),
        latent_distribution=constant_latent(latent),
    )
    state = gan.init(key, real[0])
    # Biases that are zero leave inputs of a ReLU at exactly zero, where JAX and PyTorch take different derivatives.
    state = jax.tree.map(lambda a: a + 0.01 if jnp.issubdtype(a.dtype, jnp.floating) else a, state)
    state = state._replace(discriminator=state.discriminator._replace(opt_state=adam.init(state.discriminator.params)))
    params = (state.generator.params, state.discriminator.params)
    arrays = [convert(each) for convert, each in zip(conversions, params, strict=True)]
    gan_of_torch = baseline.make(theirs(baseline.networks), arrays, lookahead)
    step = jax.jit(gan.step)
    for batch in real:
        state, info = step(key, state, batch)
        # Channels come first in PyTorch.
        value, loss = gan_of_torch.backward(torch.movedim(tensor(batch), -1, 1), tensor(latent))
        gradients = [parameter.grad.numpy().copy() for parameter in baseline.generator(gan_of_torch)]
        expected = conversions[0](state.generator.opt_state)
        for gradient, same in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(gradient, same, rtol=1e-8, atol=1e-8 * np.abs(same).max())
        for parameter, same in zip(
            baseline.discriminator(gan_of_torch), conversions[1](state.discriminator.params), strict=True
        ):
            np.testing.assert_allclose(parameter.numpy(), same, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(loss.item(), info.discriminator_loss, rtol=1e-8)
        if lookahead:  # without one, the baselines leave the real examples out of the generator's loss
            np.testing.assert_allclose(value.item(), info.generator_loss, rtol=1e-8)
        gan_of_torch.generator_adam.zero_grad()


def test_parameters_survive_being_flattened():
    shapes = [(4, 3, 3, 3), (4,), (2, 5)]
    params = [torch.randn(shape) for shape in shapes]
    again = tuned_gan.unflatten(tuned_gan.flatten(params), [p.shape for p in params])
    assert all(torch.equal(a, b) for a, b in zip(again, params, strict=True))
    assert again[0].is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("baseline", [Plain, Tuned])
@pytest.mark.parametrize("lookahead", [0, 2])
def test_training_moves_the_generator_towards_the_data(lookahead, baseline):
    torch.manual_seed(0)
    torch.set_num_threads(1)  # threads that wait for each other are slow where tests run side by side
    spec = {"network": "mlp", "width": 32, "latent": 4, "batch": 64, "lookahead": lookahead, "baseline": baseline.name}
    gan, draw = measuring_torch.build(spec)
    distances = []
    for _ in range(200):
        measuring_torch.step(gan, draw(), torch.randn(64, 4))
        with torch.no_grad():
            distances.append((baseline.samples(gan, torch.randn(256, 4)).norm(dim=1) - 1).abs().mean().item())
    assert np.mean(distances[-50:]) < 0.7 * np.mean(distances[:10])
