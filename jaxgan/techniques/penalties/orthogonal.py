"""Orthogonal regularisation: keeps the filters of every layer of a player apart."""

from typing import Literal

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Params, Technique
from jaxgan.types.checks import at_least

_NO_KERNELS = {"bias", "gain", "scale", "embedding", "steps"}


def orthogonal(
    weight: float | Array = 1e-4, *, player: Literal["generator", "discriminator"] = "generator"
) -> Technique:
    """Adds `weight · Σ ‖(KᵀK) ∘ (1 - I)‖²` over a player's kernels K, `[inputs, outputs]`, to its loss.

    The squared scalar products of every pair of a layer's filters: filters at right angles cost nothing, whatever their
    lengths. A kernel is a parameter with two axes or more, read as `[-1, outputs]`; a parameter named `weight`, as
    Equinox has it, as `[outputs, -1]`. Vectors are left out, and so are biases, gains, embeddings and the like by their
    names. Several networks whose parameters are stacked are read as one. The formula is the paper's; a program that
    adds `2 (W Wᵀ ∘ (1 - I)) W` to the gradient, as its authors' does, descends half of it.

    Use when: generators of many layers give alike images for different latents, or a truncated latent breaks them.

    Cost: the product of each kernel with itself, little beside a pass over a batch; of the discriminator, real and fake
    examples no longer share a pass.

    Args:
      weight: β, 0 or more; 1e-4 in the paper.
      player: whose kernels, the generator's as in the paper or the discriminator's.

    Raises:
      ValueError: a negative weight or another player.

    Reference:
      Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", 2019.
    """
    at_least("the weight of orthogonal", weight, 0)
    if player not in ("generator", "discriminator"):
        raise ValueError(f"the player of orthogonal must be 'generator' or 'discriminator', got {player!r}")

    def cost(own, key, play):
        del own, key
        return weight * sum(map(_off_diagonal, _kernels(getattr(play, player))), jnp.zeros(()))

    if player == "generator":
        return Technique("orthogonal", generator_loss=cost)
    return Technique("orthogonal", discriminator_loss=cost)


def _kernels(params: Params) -> list[Array]:
    """All kernels of a player, each `[inputs, outputs]`, in float32 or wider."""
    found = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        name = jax.tree_util.keystr(path, simple=True, separator=".").rsplit(".", 1)[-1]
        if leaf.ndim > 1 and name not in _NO_KERNELS:
            kernel = leaf.reshape(leaf.shape[0], -1).T if name == "weight" else leaf.reshape(-1, leaf.shape[-1])
            found.append(kernel.astype(jnp.promote_types(kernel.dtype, jnp.float32)))
    return found


def _off_diagonal(kernel: Array) -> Array:
    """`‖(KᵀK) ∘ (1 - I)‖²`."""
    inputs, outputs = kernel.shape
    if inputs < outputs:  # KKᵀ has the same norm and is smaller
        return jnp.sum((kernel @ kernel.T) ** 2) - jnp.sum(jnp.sum(kernel**2, axis=0) ** 2)
    return jnp.sum((kernel.T @ kernel * (1.0 - jnp.eye(outputs, dtype=kernel.dtype))) ** 2)
