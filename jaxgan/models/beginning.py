"""How a GAN begins: what techniques own, then the networks, then what techniques attach to them."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.adversarial import hooks
from jaxgan.adversarial.parts import Context, Parts, Trained, begin
from jaxgan.adversarial.rounds import (
    Minibatch,
    condition,
    draw_latents,
    features_of,
    generate,
    look,
    play,
)
from jaxgan.models.checking import check_start
from jaxgan.types import Batch, Key, Learned, Own, Params, Play, Player, PyTree, State, Stats, Technique


def begin_gan(parts: Parts, key: Key, batch: Batch, start_from: State | None, *, averages: bool) -> State:
    """The state before the first step, without what the dynamics carry; `averages` says that an average is kept."""
    of_generator, of_discriminator = (None, None) if start_from is None else start_from[1:3]
    key_generator, key_discriminator, key_latent, key_techniques, key_apply = jax.random.split(key, 5)
    owned = {}
    for i, technique in enumerate(parts.techniques):
        own = Own()
        if technique.init is not None:
            own = technique.init(jax.random.fold_in(key_techniques, i), batch, parts.latent_width)
        owned[technique.name] = _checked(own, technique, "init")
    n, dtype = jax.tree.leaves(batch.data)[0].shape[0], jax.tree.leaves(batch.data)[0].dtype
    z = draw_latents(parts, lambda t: owned[t.name], key_latent, n, dtype, batch.label, given=False)
    params, stats = parts.generator.init(key_generator, z.data, **condition(parts.generator, z))
    params, stats = _known("generator", of_generator, params, stats)
    states = {name: own.state for name, own in owned.items()}
    context = Context(parts, states, stats, key_apply, jnp.zeros((), jnp.int32))
    made = jax.eval_shape(lambda params: generate(context, params, z)[0].data, params)
    _check_made(made, batch.data)
    # The discriminator begins on what it will see. Its parameters depend on the shapes of that alone.
    fake = Batch(jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), made), z.label, z.data)
    met, _ = hooks.meetings(parts.techniques, lambda t: owned[t.name], key_apply, batch, fake, None)
    params_d, stats_d = parts.discriminator.init(key_discriminator, met.data, **condition(parts.discriminator, met))
    params_d, stats_d = _known("discriminator", of_discriminator, params_d, stats_d)
    if any(technique.attach for technique in parts.techniques):
        networks = (params, params_d, stats_d)
        owned = _attached(parts, context, owned, networks, Minibatch(key_apply, batch, fake), key_techniques)
    techniques = parts.techniques
    learned = {name: _learned(of_generator, name, own.generator) for name, own in owned.items()}
    learned_d = {name: _learned(of_discriminator, name, own.discriminator) for name, own in owned.items()}
    average = params if start_from is None or not start_from.average else start_from.average
    return State(
        step=jnp.zeros((), jnp.int32),
        generator=begin(parts.generator_optimizer, techniques, params, stats, learned),
        discriminator=begin(parts.discriminator_optimizer, techniques, params_d, stats_d, learned_d),
        techniques={name: own.state for name, own in owned.items()},
        average=average if averages else {},
    )


def _known(name: str, source: Player | None, params: Params, stats: Stats) -> tuple[Params, Stats]:
    """A network's parameters and statistics: those of the player that it starts from, where there is one."""
    if source is None:
        return params, stats
    return check_start(f"{name}.params", source.params, params), check_start(f"{name}.stats", source.stats, stats)


def _learned(source: Player | None, name: str, params: Params) -> Params:
    """What a technique trains: as it was learned where the player starts from one with the like, or from its start."""
    if source is None:
        return params
    known = source.techniques.get(name, Learned(params, ())).params
    return known if jax.tree.map(jnp.shape, known) == jax.tree.map(jnp.shape, params) else params


def _checked(own: Any, technique: Technique, hook: str) -> Own:
    if not isinstance(own, Own):
        raise ValueError(
            f"the {hook} hook of {technique.name} returns Own(generator, discriminator, state), not a "
            f"{type(own).__name__}"
        )
    return own


def _check_made(made: PyTree, data: PyTree) -> None:
    found, wanted = (jax.tree.map(jnp.shape, tree) for tree in (made, data))
    if found != wanted:
        raise ValueError(f"the generator makes {found}, but the data are {wanted}")


def _attached(
    parts: Parts, context: Context, owned: dict[str, Own], networks: tuple, minibatch: Minibatch, key: Key
) -> dict[str, Own]:
    """What techniques own once they know the shapes of a whole round."""
    params, params_d, stats_d = networks

    def shapes() -> tuple:
        generator = Trained(params, {name: own.generator for name, own in owned.items()})
        discriminator = Trained(params_d, {name: own.discriminator for name, own in owned.items()})
        features = features_of(context, params_d, stats_d, minibatch.key)
        seen, _ = look(context, generator, discriminator, stats_d, minibatch, None, rehearse=False, together=False)
        game = play(context, generator, discriminator, stats_d, minibatch, seen, (params_d, stats_d), params_d)
        arrays = {name: x for name, x in game._asdict().items() if not callable(x) and name not in ("columns", "loss")}
        return arrays, None if features is None else features(seen.real)

    arrays, features = jax.eval_shape(shapes)
    nothing = dict.fromkeys(Play._fields)
    whole: Any = {**nothing, **arrays, "features": features, "loss": parts.loss, "columns": parts.columns}
    shown = Play(**whole)
    attached = {}
    for i, technique in enumerate(parts.techniques):
        own = owned[technique.name]
        if technique.attach is not None:
            key_attach = jax.random.fold_in(jax.random.fold_in(key, len(parts.techniques)), i)
            own = _checked(technique.attach(own, key_attach, shown), technique, "attach")
        attached[technique.name] = own
    return attached
