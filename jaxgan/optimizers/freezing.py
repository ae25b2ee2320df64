"""Parameters that an optimizer leaves as they are."""

import jax
import optax

from jaxgan.types import Params


def frozen(optimizer: optax.GradientTransformation, *paths: str) -> optax.GradientTransformation:
    """Trains all parameters but those whose path begins with one of `paths`.

    A path is the keys down a tree of parameters, joined by `/`: `Conv_0` holds `Conv_0/kernel` and `Conv_0/bias`, and
    `0` is the first of a list. Frozen in a discriminator that comes from another task, its lower layers are FreezeD.
    What changes without a gradient, such as the statistics of batch normalisation, goes on changing.

    A technique that trains parameters with this player takes its optimizer too, where such paths do not exist: give
    that technique one of its own, `technique._replace(optimizer=...)`.

    Use when: both players start from a larger data set and there are few examples of the new one.

    Cost: less than training everything: no moments of what is frozen.

    >>> optimizer = frozen(optax.sgd(0.1), "Conv_0", "Conv_1/bias")

    Args:
      optimizer: any optax transformation.
      *paths: beginnings of paths, in whole keys; none freezes nothing.

    Raises:
      ValueError: when it is initialised, a path that no parameter has.

    Reference:
      Mo, Cho and Shin, "Freeze the Discriminator: a Simple Baseline for Fine-Tuning GANs", 2020.
    """

    def begins(path: tuple, start: str) -> bool:
        name = jax.tree_util.keystr(path, simple=True, separator="/")
        return f"{name}/".startswith(f"{start}/")

    def labels(params: Params) -> Params:
        for start in paths:
            every = [path for path, _ in jax.tree_util.tree_leaves_with_path(params)]
            if not any(begins(path, start) for path in every):
                known = ", ".join(jax.tree_util.keystr(path, simple=True, separator="/") for path in every)
                raise ValueError(f"frozen knows no parameters {start!r}; there are {known}")
        return jax.tree_util.tree_map_with_path(
            lambda path, _: "frozen" if any(begins(path, start) for start in paths) else "trained", params
        )

    return optax.multi_transform({"trained": optimizer, "frozen": optax.set_to_zero()}, labels)
