"""A run for use without jaxgan: its sampler as a program of `jax.export`, and its parameters as safetensors."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jax.export import Exported

from jaxgan.backend import compiling_for
from jaxgan.runs.checkpoints import names_in
from jaxgan.runs.loading import Loaded, key_of_chunk
from jaxgan.types import Array, PyTree

PLATFORMS = ("cpu", "cuda", "tpu")


def exported_sampler(run: Loaded, seed: int | None = None, decode: Callable[[Array], Array] | None = None) -> Exported:
    """The sampler of a trained seed as one program for CPUs, NVIDIA GPUs and TPUs, its parameters in it.

    `exported.serialize()` is what a file holds. `jax.export.deserialize(content).call(key, label)` needs JAX and
    nothing of jaxgan. It takes a uint32 scalar, another one for other samples, and int32 labels `[n]` for any n, and
    gives samples `[n, ...]`: those that `loading.draw` gives for `jax.random.key(key)`, bit for bit if they fit into
    one of its chunks, and decoded. An unconditional model reads of the labels only how many there are.

    Args:
      run: from `load`.
      seed: number of the trained seed; None for the first.
      decode: from what the model makes to the units of the data.

    Raises:
      ValueError: there is no such seed, labels that are not classes, or a sampler whose shapes depend on n in a way
        that cannot be exported.
    """
    state, label = run.state(seed), run.example.label
    if run.model.conditional and label is not None and (label.shape or not label.dtype.startswith("int")):
        raise ValueError(f"the labels of this run are {label.dtype} {list(label.shape)}, and only classes are exported")

    def sample_for(platform: str) -> Callable[[Array, Array], Array]:
        def sample(key: Array, label: Array) -> Array:
            with compiling_for(platform):
                given = {"label": label} if run.model.conditional else {}
                chunk = key_of_chunk(jax.random.key(key), 0)
                samples = run.model.sample(chunk, _opaque(state, key), label.shape[0], **given)
                return samples if decode is None else decode(samples)

        return sample

    def sample(key: Array, label: Array) -> Array:
        return jax.lax.platform_dependent(key, label, cpu=sample_for("cpu"), default=sample_for("tpu"))

    (n,) = export.symbolic_shape("n", constraints=("n >= 1",))
    taken = jax.ShapeDtypeStruct((), jnp.uint32), jax.ShapeDtypeStruct((n,), jnp.int32)
    try:
        return export.export(jax.jit(sample), platforms=PLATFORMS)(*taken)
    except jax.errors.InconclusiveDimensionOperation as error:
        first_line = str(error).strip().split("\n")[0]
        raise ValueError(f"this run's sampler cannot be exported for any number of samples: {first_line}") from error


def _opaque(state: PyTree, key: Array) -> PyTree:
    """The state times a one that no compiler knows to be one.

    Known parameters would be transposed and multiplied while the program is compiled: slow for large networks, and
    rounded in another way than where they are arguments, as they are in `loading.draw`.
    """
    one = 1 + 0 * key.astype(jnp.float32)  # floating-point zero times something is not simplified: it may be NaN
    return jax.tree.map(lambda a: a * one.astype(a.dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a, state)


def parameters(run: Loaded, seed: int | None = None) -> bytes:
    """Parameters and statistics of the networks of a trained seed, and the moving average, as a safetensors file.

    Names are those of the checkpoint, such as "generator.params.Dense_0.bias"; the metadata hold `seed` and `step`.

    Args:
      run: from `load`.
      seed: number of the trained seed; None for the first.

    Raises:
      ValueError: there is no such seed.
    """
    from safetensors.numpy import save

    state, number = run.state(seed), run.seeds[0] if seed is None else seed
    named = dict(zip(names_in(state), jax.tree.leaves(state), strict=True))
    kept = {name: np.asarray(array) for name, array in named.items() if _is_parameter(name)}
    return save(kept, {"seed": str(number), "step": str(run.step)})


def _is_parameter(name: str) -> bool:
    first, *rest = name.split(".")
    return first == "average" or rest[:1] in (["params"], ["stats"])
