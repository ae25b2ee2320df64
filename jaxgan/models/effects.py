"""How much each technique changes a step."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.adversarial.derivatives import norm
from jaxgan.types import Array, Play, PyTree, State, Technique


def effects_of(
    step: Callable[[tuple[Technique, ...]], State], techniques: tuple[Technique, ...], state: State
) -> dict[str, Array]:
    """How far a step moves when one technique alone is left idle, relative to its length; see `types.GAN`.

    All steps run in one compiled loop with a switch for every technique, so that they are rounded alike, and a
    technique that changes nothing has an effect of exactly zero.

    Args:
      step: `step(techniques) -> State`, the step with these techniques.
      techniques: of the GAN.
      state: before the step.
    """
    acting = [i for i, technique in enumerate(techniques) if technique.acts()]
    fixed: set[str] = set()  # written while the step is traced

    def after(switches: Array) -> State:
        switched = tuple(_switched(technique, switches[i], fixed) for i, technique in enumerate(techniques))
        return step(switched)

    everything = jnp.ones((len(acting) + 1, len(techniques)), bool)
    for row, i in enumerate(acting):
        everything = everything.at[row + 1, i].set(False)

    def trained(state: State) -> PyTree:
        return [(player.params, player.techniques) for player in (state.generator, state.discriminator)]

    ends = jax.lax.map(lambda switches: trained(after(switches)), everything)
    whole = jax.tree.map(lambda a: a[0], ends)

    def distance(a: PyTree, b: PyTree) -> Array:
        return norm(jax.tree.map(lambda x, y: (x - y).astype(jnp.float32), a, b))

    total = jnp.maximum(distance(whole, trained(state)), 1e-30)
    return {
        techniques[i].name: distance(jax.tree.map(lambda a, row=row: a[row + 1], ends), whole) / total
        for row, i in enumerate(acting)
        if techniques[i].name not in fixed
    }


def _switched(technique: Technique, on: Array, fixed: set[str]) -> Technique:
    """The technique, idle where `on` is false; one that changes shapes stays on, and its name is added to `fixed`."""

    def chosen(changed: PyTree, given: PyTree) -> PyTree:
        if jax.tree.map(jnp.shape, changed) != jax.tree.map(jnp.shape, given):
            fixed.add(technique.name)
            return changed
        return jax.tree.map(lambda a, b: jnp.where(on, a, b), changed, given)

    def latent(own, key, z, columns):
        assert technique.latent is not None
        return chosen(technique.latent(own, key, z, columns), z)

    def shift(own, key, z, noise, judge):
        assert technique.shift is not None
        return chosen(technique.shift(own, key, z, noise, judge), z)

    def meet(own, key, real, fake, features):
        assert technique.meet is not None
        return chosen(technique.meet(own, key, real, fake, features), (real, fake))

    def rehearse(own, key, fake):
        assert technique.rehearse is not None
        return chosen(technique.rehearse(own, key, fake), fake)

    def weights(hook: str) -> Callable:
        weigh = getattr(technique, hook)
        return lambda own, key, play: jax.tree.map(lambda w: jnp.where(on, w, 1.0), weigh(own, key, play))

    def term(hook: str) -> Callable:
        add = getattr(technique, hook)

        def switched(own, key, play: Play):
            value = add(own, key, play)
            return jnp.where(on, value, jnp.zeros_like(value))

        return switched

    def adjust(own, key, before, after):
        assert technique.adjust is not None
        state, mine = technique.adjust(own, key, before, after)
        return chosen(state, after), mine

    idle = {"latent": latent, "shift": shift, "meet": meet, "rehearse": rehearse, "adjust": adjust}
    idle |= {hook: weights(hook) for hook in ("discriminator_weights", "generator_weights")}
    idle |= {hook: term(hook) for hook in ("discriminator_loss", "generator_loss")}
    return technique._replace(**{hook: f for hook, f in idle.items() if getattr(technique, hook) is not None})
