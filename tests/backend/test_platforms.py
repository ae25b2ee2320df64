"""What is decided for each platform, and that programs are built by the decisions of the one that is named."""

import dataclasses
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import losses, networks, optimizers
from jaxgan.adversarial.lookahead import unrolled
from jaxgan.backend import Backend, compiling_for, in_force, of_platform
from jaxgan.backend.random_bits import straight
from jaxgan.networks.convolution import convolution

ACCELERATORS = ["gpu", "cuda", "rocm", "tpu"]


def test_decisions_for_a_cpu():
    cpu = of_platform("cpu")
    assert [cpu.straight_line(steps) for steps in (1, 12, 13)] == [True, True, False]
    assert not cpu.straight_line(1, recomputed=True)
    assert cpu.convolutions_as_products and cpu.straight_line_random_bits
    assert cpu.slow_in_loops == ("conv_general_dilated",)
    assert cpu.takes_turns(1) and cpu.takes_turns(8)
    assert cpu.seeds_at_once(devices=1, cores=6) == 6
    assert cpu.seeds_at_once(devices=2, cores=6) == 1
    assert not cpu.wants_mesh(devices=8, processes=1)
    assert cpu.wants_mesh(devices=2, processes=2)
    assert cpu.compiler_options and cpu.compiler_options_if_small


@pytest.mark.parametrize("platform", ACCELERATORS)
def test_decisions_for_an_accelerator(platform):
    accelerator = of_platform(platform)
    assert accelerator.platform == platform
    assert not any(accelerator.straight_line(steps) for steps in (1, 2, 50))
    assert not accelerator.convolutions_as_products and not accelerator.straight_line_random_bits
    assert accelerator.slow_in_loops == ()
    assert accelerator.takes_turns(1) and not accelerator.takes_turns(2)
    assert accelerator.seeds_at_once(devices=1, cores=6) == 1
    assert not accelerator.wants_mesh(devices=1, processes=1)
    assert accelerator.wants_mesh(devices=8, processes=1)
    assert not accelerator.compiler_options and not accelerator.compiler_options_if_small


@pytest.mark.parametrize("name", ["tup", "CPU", ""])
def test_another_name_is_an_error(name):
    with pytest.raises(ValueError, match=f"one of cpu, gpu, cuda, rocm, tpu, not '{name}'"):
        of_platform(name)
    with pytest.raises(ValueError, match="one of cpu"), compiling_for(name):
        pytest.fail("must not be entered")


def test_the_machine_that_is_here_is_in_force_until_another_is_named():
    here = in_force()
    assert here.platform == jax.default_backend()
    with compiling_for("tpu") as named:
        assert in_force() is named and named == of_platform("tpu")
        with compiling_for("cpu"):
            assert in_force().platform == "cpu"
        assert in_force() is named
    assert in_force() == here
    with pytest.raises(ZeroDivisionError), compiling_for("tpu"):
        raise ZeroDivisionError
    assert in_force() == here


def test_a_plugin_is_an_accelerator(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "neuron")
    assert in_force() == dataclasses.replace(of_platform("tpu"), platform="neuron")


def test_threads_do_not_see_what_another_named():
    seen: dict[str, str] = {}
    both = threading.Barrier(2)

    def see(platform: str) -> None:
        with compiling_for(platform):
            both.wait(timeout=60)  # now both have named theirs
            seen[platform] = in_force().platform
            both.wait(timeout=60)

    with compiling_for("rocm"):
        threads = [threading.Thread(target=see, args=(platform,)) for platform in ("tpu", "cuda")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert in_force().platform == "rocm"
    assert seen == {"tpu": "tpu", "cuda": "cuda"}


def test_a_jitted_function_is_traced_once_for_each_backend():
    traced = []

    @jax.jit
    def inner(x):
        traced.append(in_force().platform)
        return x + 1

    @jax.jit
    def outer(x):
        return jax.lax.scan(lambda x, _: (inner(x), None), x, length=2)[0]

    x = jnp.zeros(())
    for _ in range(2):
        for platform in ("cpu", "tpu", "gpu"):
            with compiling_for(platform):
                assert outer(x) == 2
                jax.eval_shape(outer, x)
    assert traced == ["cpu", "tpu", "gpu"]


def test_single_decisions_can_be_changed():
    x, kernel = jnp.ones((1, 4, 4, 1)), jnp.ones((3, 3, 1, 1))
    with compiling_for(dataclasses.replace(of_platform("tpu"), convolutions_as_products=True)):
        assert "conv_general_dilated" not in str(jax.make_jaxpr(convolution)(x, kernel))
    with compiling_for("tpu"):
        assert "conv_general_dilated" in str(jax.make_jaxpr(convolution)(x, kernel))


def test_random_bits_are_those_of_jax_on_an_accelerator():
    key = jax.random.key(0)
    with compiling_for("tpu"):
        assert straight(key) is key
    with compiling_for("cpu"):
        ours = straight(key)
    assert ours is not key
    np.testing.assert_array_equal(jax.random.bits(ours, (5,)), jax.random.bits(key, (5,)))


@pytest.mark.parametrize(
    ("backend", "loops"),
    [
        ("cpu", False),
        ("tpu", True),
        (dataclasses.replace(of_platform("cpu"), straight_line_steps=2), True),
        (dataclasses.replace(of_platform("tpu"), straight_line_steps=3), False),
    ],
    ids=["cpu", "tpu", "shorter", "longer"],
)
def test_a_lookahead_is_a_loop_where_the_backend_says_so(backend: str | Backend, loops: bool):
    def halved(x):
        return x / 2, x

    with compiling_for(backend):
        text = jax.jit(unrolled(halved, steps=3)).lower(1.0).as_text()
    assert ("stablehlo.while" in text) is loops


def small_gan(lookahead: int) -> jaxgan.GAN:
    optimizer = optimizers.adam(1e-3)
    return jaxgan.gan(
        generator=networks.dcgan_generator(8, 3, width=2),
        discriminator=networks.dcgan_discriminator(width=2),
        loss=losses.minimax(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optimizer,
        latent_dim=4,
        unroll=jaxgan.Unroll(lookahead),
    )


def lowered(gan: jaxgan.GAN, platform: str) -> str:
    key, images = jax.random.key(0), jax.ShapeDtypeStruct((4, 8, 8, 3), jnp.float32)
    state = jax.eval_shape(gan.init, key, images)
    with compiling_for(platform):
        return jax.jit(gan.step).trace(key, state, images).lower(lowering_platforms=(platform,)).as_text()


@pytest.mark.slow
def test_a_step_is_built_for_a_machine_that_is_not_here():
    gan = small_gan(lookahead=3)
    texts = {platform: lowered(gan, platform) for platform in ("cpu", "tpu")}
    for operation in ("stablehlo.while", "stablehlo.convolution"):
        assert operation in texts["tpu"]
        assert operation not in texts["cpu"]
    # The loop is that of the lookahead, and not one of those that JAX draws random bits by on a CPU.
    assert "stablehlo.while" not in lowered(small_gan(lookahead=0), "tpu")


@pytest.mark.slow
def test_a_step_computes_the_same_by_the_decisions_of_every_platform():
    gan = small_gan(lookahead=2)
    key, images = jax.random.key(0), jax.random.normal(jax.random.key(1), (4, 8, 8, 3))
    state = gan.init(key, images)
    step, results = jax.jit(gan.step), []
    for platform in ("cpu", "tpu"):
        with compiling_for(platform):
            results.append(jax.device_get(step(key, state, images)[1]))
    for a, b in zip(*map(jax.tree.leaves, results), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert step._cache_size() == 2
