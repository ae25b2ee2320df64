"""What `gan` and its functions are given, checked before anything is compiled; each mistake is one line."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.adversarial.parts import Parts
from jaxgan.types import AdversarialLoss, Batch, Network, PyTree, State, Technique, as_batch


def check_parts(parts: Parts) -> Parts:
    """Raises ValueError for a part of the wrong kind or out of range; returns the techniques as a tuple."""
    for player in ("generator", "discriminator"):
        network = getattr(parts, player)
        if not isinstance(network, Network):
            raise ValueError(
                f"the {player} is a Network, not {_what(network)}; networks.from_linen, from_nnx and from_equinox make "
                "one of a module"
            )
    if not isinstance(parts.loss, AdversarialLoss):
        raise ValueError(f"the loss is a value such as losses.hinge(), not {_what(parts.loss)}")
    for player in ("generator_optimizer", "discriminator_optimizer"):
        optimizer = getattr(parts, player)
        if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
            raise ValueError(
                f"the {player} is an optax transformation, such as optimizers.adam(1e-3), not {optimizer!r}"
            )
    if isinstance(parts.latent_dim, bool) or not isinstance(parts.latent_dim, int) or parts.latent_dim < 1:
        raise ValueError(f"the latent has at least 1 dimension, not latent_dim={parts.latent_dim}")
    return parts._replace(techniques=_techniques(parts.techniques))


def _techniques(techniques: Any) -> tuple[Technique, ...]:
    if isinstance(techniques, Technique):
        raise ValueError(f"techniques are a sequence: write techniques=({techniques.name},), with a comma")
    for technique in techniques:
        if not isinstance(technique, Technique):
            raise ValueError(f"techniques are values such as techniques.r1(1.0), not {_what(technique)}")
        if technique.latent is not None and technique.columns < 0:
            raise ValueError(f"{technique.name} takes 0 or more columns of the latent, not {technique.columns}")
    names = [technique.name for technique in techniques]
    if len(set(names)) < len(names):
        raise ValueError(f"every technique is used once and has a name of its own, not {', '.join(names)}")
    return tuple(techniques)


def _what(value: Any) -> str:
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__} itself: call it"
    return repr(value) if isinstance(value, str) else f"a {type(value).__name__}"


def check_start(what: str, there: PyTree, here: PyTree) -> PyTree:
    """Returns the tree `there`; raises ValueError, which names the first array that differs, unless it is like `here`.

    Args:
      what: the place of both in a state, such as "generator.params".
      there: what a state that another one starts from has.
      here: what the network begins with by itself.
    """
    found, wanted = (
        {
            ".".join(filter(None, (what, jax.tree_util.keystr(place, simple=True, separator=".")))): leaf
            for place, leaf in jax.tree_util.tree_leaves_with_path(tree)
        }
        for tree in (there, here)
    )
    for name in [*wanted, *(name for name in found if name not in wanted)]:
        has, takes = (_array(of.get(name)) for of in (found, wanted))
        if has != takes:
            raise ValueError(f"networks that start_from does not fit: {name} is {has} there, and {takes} here")
    return there


def _array(leaf: Any) -> str:
    return "nothing" if leaf is None else f"{jnp.asarray(leaf).dtype} {list(jnp.shape(leaf))}"


def check_batch(batch: PyTree | Batch) -> Batch:
    """Reads a batch; raises ValueError unless it holds `[batch, ...]` floating-point data and as many labels."""
    batch = as_batch(batch)
    leaves = jax.tree.leaves(batch.data)
    shapes = [jnp.shape(leaf) for leaf in leaves]
    if not leaves or any(len(shape) < 2 or shape[:1] != shapes[0][:1] or shape[0] < 1 for shape in shapes):
        shown = shapes[0] if len(shapes) == 1 else shapes
        raise ValueError(f"a batch is [batch, ...] with at least one example, not {shown}")
    for leaf in leaves:
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            raise ValueError(f"a batch holds floating-point numbers, not {leaf.dtype}: scale images to [-1, 1]")
    for leaf in jax.tree.leaves(batch.label):
        if jnp.shape(leaf)[:1] != shapes[0][:1]:
            raise ValueError(f"a batch of {shapes[0][0]} examples has as many labels, not {jnp.shape(leaf)}")
    return batch


def check_further(batch: Batch, more: PyTree | Batch | None, count: int) -> Batch:
    """The further minibatches of a step, `[count, batch, ...]`; without any, `batch` is seen again."""
    if more is None:
        return jax.tree.map(lambda a: jnp.broadcast_to(a, (count, *jnp.shape(a))), batch)
    further = as_batch(more)
    if _described(further) != _described(batch):
        raise ValueError(f"further minibatches are like the batch, {_described(batch)}, not {_described(further)}")
    wanted = jax.tree.map(lambda a: (count, *jnp.shape(a)), batch)
    if (found := jax.tree.map(jnp.shape, further)) != wanted:
        shown = [jax.tree.leaves(tree.data, is_leaf=lambda a: isinstance(a, tuple)) for tree in (wanted, found)]
        if shown[0] == shown[1]:
            raise ValueError(f"further labels are {wanted.label}, like the batch's, not {found.label}")
        raise ValueError(
            f"a step of this GAN takes {count} more minibatches of {', '.join(str(s[1:]) for s in shown[0])}, "
            f"not {', '.join(map(str, shown[1]))}"
        )
    return further


def _described(batch: Batch) -> str:
    dtypes = ", ".join(str(leaf.dtype) for leaf in jax.tree.leaves(batch.data))
    return f"{dtypes} {'without labels' if batch.label is None else 'with labels'}"


def check_state(parts: Parts, state: State) -> None:
    """Raises ValueError for a state of a GAN with other techniques."""
    if not isinstance(state, State):
        raise ValueError(f"a step takes the State that `init` returned, not a {type(state).__name__}")
    names = [technique.name for technique in parts.techniques]
    if sorted(state.techniques) != sorted(names):
        raise ValueError(
            f"this state is of a GAN with the techniques {', '.join(sorted(state.techniques)) or '(none)'}, "
            f"not of this one, with {', '.join(names) or '(none)'}"
        )
