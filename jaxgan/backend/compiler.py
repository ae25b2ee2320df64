"""How jaxgan's own programs are compiled."""

import functools
import math

import jax

# Of what XLA hands to its library YNNPACK on a CPU, all but sums over an axis is slower than XLA's own code for the
# networks of GANs: products of small matrices by 1.2, convolutions by 1.6. Wide vectors gain 1.2 in small networks.
_CPU = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_REDUCE", "xla_cpu_prefer_vector_width": "512"}

# A program of small products runs faster on one thread than on several that hand them to each other: by 1.0 to 1.2
# where as many seeds run at once as there are cores.
_SMALL: dict[str, str | bool] = {"xla_cpu_multi_thread_eigen": False}
SMALL_OPERATIONS = 5e8


def compiler_options(operations: float = math.inf) -> dict[str, str | bool]:
    """What `jax.jit(..., compiler_options=...)` is given to train fast: some options on a CPU, none elsewhere.

    The options are XLA's own, and experimental; one that this version of JAX does not know is left out.

    Args:
      operations: floating-point operations of a step, where they are known: below 5e8 its products are done by one
        thread.
    """
    if jax.default_backend() != "cpu":
        return {}
    options = {**_CPU, **(_SMALL if operations < SMALL_OPERATIONS else {})}
    return {name: value for name, value in options.items() if _known(name, value)}


def compiled(lowered: jax.stages.Lowered) -> jax.stages.Compiled:
    """Compiles a program with the options that suit its number of operations.

    >>> compiled(jax.jit(lambda x: 2 * x).lower(1.0))(3.0)
    Array(6., dtype=float32, weak_type=True)
    """
    counted = lowered.cost_analysis() or {}  # the body of a loop over steps counts once
    return lowered.compile(compiler_options=compiler_options(counted.get("flops", math.inf)))


@functools.cache
def _known(name: str, value: str | bool) -> bool:
    """Whether this version of JAX knows an option."""
    try:
        jax.jit(lambda: 0, compiler_options={name: value})()
    except jax.errors.JaxRuntimeError as error:
        if "No such compile option" not in str(error):
            raise
        return False
    return True
