"""How jaxgan's own programs are compiled."""

import functools
import math

import jax

from jaxgan.backend.platforms import in_force

SMALL_OPERATIONS = 5e8


def compiler_options(operations: float = math.inf) -> dict[str, str | bool]:
    """What `jax.jit(..., compiler_options=...)` is given to train fast: some options on a CPU, none elsewhere.

    The options are XLA's own, and experimental; one that this version of JAX does not know is left out. They are those
    of the backend in force, see `backend.compiling_for`.

    Args:
      operations: floating-point operations of a step, where they are known: below 5e8 its products are done by one
        thread.
    """
    backend = in_force()
    small = backend.compiler_options_if_small if operations < SMALL_OPERATIONS else ()
    options = (*backend.compiler_options, *small)
    return {name: value for name, value in options if _known(backend.platform, name, value)}


def compiled(lowered: jax.stages.Lowered) -> jax.stages.Compiled:
    """Compiles a program with the options that suit its number of operations.

    >>> compiled(jax.jit(lambda x: 2 * x).lower(1.0))(3.0)
    Array(6., dtype=float32, weak_type=True)
    """
    counted = lowered.cost_analysis() or {}  # the body of a loop over steps counts once
    return lowered.compile(compiler_options=compiler_options(counted.get("flops", math.inf)))


@functools.cache
def _known(platform: str, name: str, value: str | bool) -> bool:
    """Whether this version of JAX knows an option of a platform, which has to be here."""
    try:
        with jax.default_device(jax.local_devices(backend=platform)[0]):
            jax.jit(lambda: 0, compiler_options={name: value})()
    except jax.errors.JaxRuntimeError as error:
        if "No such compile option" not in str(error):
            raise
        return False
    return True
