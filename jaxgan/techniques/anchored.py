"""Anchored: holds players near the parameters that they were given, so that what these knew is not lost."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Own, Params, Technique
from jaxgan.types.checks import at_least


def anchored(
    generator: Params,
    discriminator: Params,
    weight: float | Array,
    *,
    generator_importance: Params = None,
    discriminator_importance: Params = None,
) -> Technique:
    """Adds `weight · Σ F_i (θ_i - θ*_i)²` to a player's loss, where θ* are parameters that are given to it.

    Without an importance F = 1, which is L2-SP; with that of each parameter for an older task, its Fisher information
    (`fisher_information`), it is elastic weight consolidation. An importance of zero leaves a parameter free. The
    players do not begin at their anchors by themselves: `gan.init(key, batch, start_from=state)` begins with those of
    an older state, such as one of `jaxgan.load(workdir).states`. Anchors are kept in the technique's state, and no text
    can say them, so it is not an option of the command line.

    Use when: a GAN goes on with other or fewer data, and must keep the modes that it had.

    Cost: memory for the anchors and their importances; no pass of a network.

    Args:
      generator: θ* of the generator, a tree like its parameters; None leaves it free.
      discriminator: θ* of the discriminator, likewise.
      weight: λ, 0 or more; α / 2 of L2-SP.
      generator_importance: F of the generator, a tree like its parameters, 0 or more; None is 1 for all.
      discriminator_importance: F of the discriminator, likewise.

    Raises:
      ValueError: a negative weight, no anchor at all, or an importance without its anchor; when a GAN with it begins,
        anchors that are not like the parameters.

    Reference:
      Li, Grandvalet and Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", 2018.
      Kirkpatrick et al., "Overcoming Catastrophic Forgetting in Neural Networks", 2017; for a GAN's generator Li,
      Zhang, Lu and Shechtman, "Few-shot Image Generation with Elastic Weight Consolidation", 2020.
    """
    at_least("the weight of anchored", weight, 0)
    anchors = {"generator": generator, "discriminator": discriminator}
    importances = {"generator": generator_importance, "discriminator": discriminator_importance}
    held = tuple(player for player, anchor in anchors.items() if anchor is not None)
    if not held:
        raise ValueError("anchored needs the parameters of the generator, of the discriminator, or both, got neither")
    for player, importance in importances.items():
        if importance is not None and player not in held:
            raise ValueError(f"anchored was given an importance of the {player}'s parameters, but no anchor of them")

    def attach(own, key, shapes):
        del own, key
        for player in held:
            wanted = jax.tree.map(jnp.shape, getattr(shapes, player))
            for what, tree in (("anchor", anchors[player]), ("importance", importances[player])):
                if tree is not None and jax.tree.map(jnp.shape, tree) != wanted:
                    raise ValueError(f"the {what} of the {player} must be a tree of the shapes of its parameters")
        return Own(state={player: (anchors[player], importances[player]) for player in held})

    def term(player: str):
        def added(own, key, play):
            del key
            anchor, importance = own.state[player]
            wide = jax.tree.map(_squared_distance, getattr(play, player), anchor)
            if importance is not None:
                wide = jax.tree.map(lambda square, f: square * f, wide, importance)
            return weight * sum((jnp.sum(leaf) for leaf in jax.tree.leaves(wide)), jnp.zeros(()))

        return added if player in held else None

    return Technique(
        "anchored", attach=attach, generator_loss=term("generator"), discriminator_loss=term("discriminator")
    )


def _squared_distance(params: Array, anchor: Array) -> Array:
    wide = jnp.promote_types(params.dtype, jnp.float32)
    return jnp.square(params.astype(wide) - jnp.asarray(anchor, wide))
