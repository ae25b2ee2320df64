"""The options that programs are compiled with are known to this JAX, and change no more than the rounding."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.backend import compiler, compiling_for, of_platform


@pytest.fixture(params=["cpu", "tpu"])
def platform(request):
    with compiling_for(request.param):
        yield request.param


def cpu_with(**options):
    return compiling_for(dataclasses.replace(of_platform("cpu"), **options))


def test_options_compile_and_give_the_same():
    def function(x):
        return jnp.tanh(x @ x.T).sum(0)

    x = jnp.linspace(-1, 1, 600).reshape(20, 30)
    with_options = jax.jit(function, compiler_options=compiler.compiler_options())(x)
    np.testing.assert_allclose(with_options, jax.jit(function)(x), rtol=1e-4)


def test_there_are_options_on_a_cpu_only(platform):
    assert bool(compiler.compiler_options()) is (platform == "cpu")


def test_small_programs_get_one_thread_on_a_cpu(platform):
    assert "xla_cpu_multi_thread_eigen" not in compiler.compiler_options()
    found = compiler.compiler_options(1e6).get("xla_cpu_multi_thread_eigen")
    assert found is (False if platform == "cpu" else None)


def test_options_that_are_not_known_are_left_out():
    known = {"xla_cpu_prefer_vector_width": "512"}
    options = (*known.items(), ("xla_cpu_no_such_option", "1"))
    with cpu_with(compiler_options=options, compiler_options_if_small=(("xla_cpu_no_such_option_either", True),)):
        assert compiler.compiler_options(1e6) == known


def test_a_wrong_value_is_an_error():
    with (
        cpu_with(compiler_options=(("xla_cpu_experimental_ynn_fusion_type", "LIBRARY_NONSENSE"),)),
        pytest.raises(jax.errors.JaxRuntimeError, match="LIBRARY_NONSENSE"),
    ):
        compiler.compiler_options()
