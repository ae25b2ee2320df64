"""Thin presets over optax for what a GAN needs and optax does not have by default."""

import optax

from jaxgan.types import Array, checks


def adam(
    learning_rate: optax.ScalarOrSchedule,
    b1: float = 0.5,
    b2: float = 0.999,
    *,
    eps: float = 1e-8,
    eps_root: float = 1e-12,
    weight_decay: float | Array | None = None,
) -> optax.GradientTransformation:
    """Adam that is safe to differentiate through.

    `optax.adam` has `eps_root = 0`: its derivative where a gradient is exactly zero (a ReLU that never fires) is NaN,
    and one such weight makes the whole generator's gradient NaN under a lookahead. `eps_root = 1e-12` caps that
    derivative at 1e6 per unit of learning rate, and leaves updates by gradients above 1e-5 as they are (within 1 %).

    A negative `b1` is negative momentum: a part of each step is taken back in the next, which damps the circling of two
    players that move in turns (Gidel et al., "Negative Momentum for Improved Game Dynamics", 2019). `weight_decay`
    takes the share `learning_rate * weight_decay` off every parameter at each update, biases too, apart from the
    gradient and its moments (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).

    Args:
      learning_rate: a number, a traced scalar or an optax schedule.
      b1: decay of the mean, in (-1, 1); 0.5 is the custom in GANs (Radford et al., 2016).
      b2: decay of the mean square, in [0, 1).
      eps: added outside the root.
      eps_root: added inside the root, above 0.
      weight_decay: 0 or more; None is none. With it an update needs the parameters, as `gan` gives them.

    Raises:
      ValueError: `eps_root` is not positive, a decay is out of its range, or `weight_decay` is negative.

    Reference:
      Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
    """
    # `optax.inject_hyperparams` turns every number into an array, whose value is unknown while it is traced.
    if isinstance(eps_root, int | float) and not eps_root > 0:
        raise ValueError(f"an Adam that is differentiated needs eps_root > 0, not {eps_root}; otherwise use optax.adam")
    checks.between("the b1 of adam", b1, -1, 1, ends="()")
    checks.between("the b2 of adam", b2, 0, 1, ends="[)")
    # None rather than 0 for none: injected, a 0 would be an array, and an update without parameters an error.
    if weight_decay is None:
        return optax.adam(learning_rate, b1=b1, b2=b2, eps=eps, eps_root=eps_root)
    checks.at_least("the weight_decay of adam", weight_decay, 0)
    return optax.adamw(learning_rate, b1=b1, b2=b2, eps=eps, eps_root=eps_root, weight_decay=weight_decay)
