"""The Fisher information: how much each parameter matters for what a network does."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Params, PyTree
from jaxgan.types.checks import whole


def fisher_information(
    log_likelihood: Callable[[Params, PyTree], Array], params: Params, examples: PyTree, *, chunk: int = 64
) -> Params:
    """Computes the diagonal of the Fisher information, `F_i = E (∂ log p(x | θ) / ∂θ_i)²` over examples x.

    It is the importance that `anchored` takes for elastic weight consolidation. Where examples are drawn from p it is
    the true one; of data it is the empirical one. For the generator of a GAN Li et al. take what the discriminator
    makes of a sample, `log D(G(z))`, over latents z:

        def realism(params, z):
            return jax.nn.log_sigmoid(discriminator(generator(params, z[None]))[0])

        importance = fisher_information(realism, state.generator.params, latents)

    Args:
      log_likelihood: `log_likelihood(params, example) -> scalar` of a single example.
      params: θ, where it is taken.
      examples: a tree of arrays `[n, ...]`.
      chunk: gradients that are held at a time, at least 1; n must be a multiple of it where it is larger.

    Returns:
      A tree like `params`, 0 or more, in float32 or wider.

    Raises:
      ValueError: a chunk below 1, no examples, or a number of them that is no multiple of the chunk.

    Reference:
      Kirkpatrick et al., "Overcoming Catastrophic Forgetting in Neural Networks", 2017, arXiv:1612.00796. Li, Zhang, Lu
      and Shechtman, "Few-shot Image Generation with Elastic Weight Consolidation", 2020, arXiv:2012.02780.
    """
    whole("the chunk of fisher_information", chunk, 1)
    shapes = [jnp.shape(leaf) for leaf in jax.tree.leaves(examples)]
    n = shapes[0][0] if shapes and shapes[0] else 0
    chunk = min(chunk, n)
    if n == 0 or n % chunk or any(shape[:1] != (n,) for shape in shapes):
        raise ValueError(
            f"fisher_information takes arrays [n, ...] with n a multiple of chunk={chunk}, got shapes {shapes}"
        )

    def squares(params: Params, example: PyTree) -> Params:
        gradient = jax.grad(log_likelihood)(params, example)
        return jax.tree.map(lambda g: jnp.square(g.astype(jnp.promote_types(g.dtype, jnp.float32))), gradient)

    def add(total: Params, part: PyTree) -> tuple[Params, None]:
        of_part = jax.vmap(squares, in_axes=(None, 0))(params, part)
        return jax.tree.map(lambda total, square: total + square.sum(axis=0), total, of_part), None

    parts = jax.tree.map(lambda a: jnp.reshape(a, (n // chunk, chunk, *jnp.shape(a)[1:])), examples)
    nothing = jax.tree.map(lambda p: jnp.zeros(p.shape, jnp.promote_types(p.dtype, jnp.float32)), params)
    total, _ = jax.lax.scan(add, nothing, parts)
    return jax.tree.map(lambda total: total / n, total)
