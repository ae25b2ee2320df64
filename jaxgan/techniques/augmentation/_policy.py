"""Which changes of examples are made, named by a text such as "color+translation+cutout"."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.techniques.augmentation import _operations
from jaxgan.types import Array, Key

Operation = Callable[..., Array]

OF_IMAGES: dict[str, tuple[Operation, ...]] = {
    "color": (_operations.brightness, _operations.saturation, _operations.contrast),
    "brightness": (_operations.brightness,),
    "saturation": (_operations.saturation,),
    "contrast": (_operations.contrast,),
    "translation": (_operations.translation,),
    "cutout": (_operations.cutout,),
    "flip": (_operations.flip,),
    "quarter_turns": (_operations.quarter_turns,),
}
OF_POINTS: dict[str, tuple[Operation, ...]] = {
    "noise": (_operations.noise,),
    "rotation": (_operations.rotation,),
    "scale": (_operations.scale,),
}
POINTS = "noise+scale"  # suits points of any width


def check(name: str, policy: str | None) -> None:
    """Raises a ValueError for a policy of the technique `name` that is not made of known operations."""
    for part in _parts(policy or ""):
        if part not in OF_IMAGES and part not in OF_POINTS:
            known = ", ".join([*OF_IMAGES, *OF_POINTS])
            raise ValueError(f"{name} has no operation {part!r}; known are {known}, joined by +")


def augmented(
    name: str,
    policy: str | None,
    images: str,
    key: Key,
    x: Array,
    std: float | Array,
    probability: Array | None = None,
) -> Array:
    """Examples after all operations of a policy, in its order.

    Args:
      name: of the technique, for messages.
      policy: names joined by +; None is `images` for images and `POINTS` for points.
      images: the policy for images where none is named.
      key: randomness.
      x: images `[batch, height, width, channels]` or points `[batch, width]`.
      std: of the operation noise.
      probability: with which each operation changes each example, independently; None is always.

    Raises:
      ValueError: examples of another kind, or an operation that is not for them.
    """
    if not isinstance(x, jax.Array) or x.ndim not in (2, 4):
        raise ValueError(
            f"{name} changes images [batch, height, width, channels] or points [batch, width], not "
            f"{jax.tree.map(jnp.shape, x)}"
        )
    known, kind, default = (OF_IMAGES, "images", images) if x.ndim == 4 else (OF_POINTS, "points", POINTS)
    for i, part in enumerate(_parts(default if policy is None else policy)):
        if part not in known:
            raise ValueError(f"the operation {part} of {name} is not for {kind}; known are {', '.join(known)}")
        for j, operation in enumerate(known[part]):
            if operation is _operations.noise:
                operation = functools.partial(operation, std=std)
            key_change, key_whether = jax.random.split(jax.random.fold_in(jax.random.fold_in(key, i), j))
            changed = operation(key_change, x)
            if probability is None:
                x = changed
            else:
                drawn = jax.random.uniform(key_whether, (x.shape[0], *[1] * (x.ndim - 1)))
                x = jnp.where(drawn < probability, changed, x)
    return x


def _parts(policy: str) -> list[str]:
    return [part.strip() for part in policy.split("+") if part.strip()]
