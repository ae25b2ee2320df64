"""How jaxgan's own programs are compiled."""

import functools

import jax

# Of what XLA hands to its library YNNPACK on a CPU, all but sums over an axis is slower than XLA's own code for the
# networks of GANs: products of small matrices by 1.2, convolutions by 1.6. Wide vectors gain 1.2 in small networks.
_CPU = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_REDUCE", "xla_cpu_prefer_vector_width": 512}


@functools.cache
def compiler_options() -> dict[str, str | int]:
    """What `jax.jit(..., compiler_options=...)` is given to train fast: some options on a CPU, none elsewhere.

    The options are XLA's own, and experimental; one that this version of JAX does not know is left out.
    """

    def known(name: str) -> bool:
        try:
            jax.jit(lambda: 0, compiler_options={name: _CPU[name]})()
        except jax.errors.JaxRuntimeError as error:
            if "No such compile option" not in str(error):
                raise
            return False
        return True

    return {name: _CPU[name] for name in _CPU if known(name)} if jax.default_backend() == "cpu" else {}
