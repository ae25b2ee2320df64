"""Thin presets over optax for what a GAN needs and optax does not have by default."""

import optax


def adam(
    learning_rate: optax.ScalarOrSchedule,
    b1: float = 0.5,
    b2: float = 0.999,
    *,
    eps: float = 1e-8,
    eps_root: float = 1e-12,
) -> optax.GradientTransformation:
    """Adam that is safe to differentiate through.

    `optax.adam` has `eps_root = 0`: its derivative where a gradient is exactly zero (a ReLU that never fires) is NaN,
    and one such weight makes the whole generator's gradient NaN under a lookahead. `eps_root = 1e-12` caps that
    derivative at 1e6 per unit of learning rate, and leaves updates by gradients above 1e-5 as they are (within 1 %).

    Args:
      learning_rate: a number, a traced scalar or an optax schedule.
      b1: decay of the mean, in [0, 1); 0.5 is the custom in GANs (Radford et al., 2016).
      b2: decay of the mean square, in [0, 1).
      eps: added outside the root.
      eps_root: added inside the root, above 0.

    Raises:
      ValueError: `eps_root` is not positive.

    Reference:
      Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
    """
    # `optax.inject_hyperparams` turns every number into an array, whose value is unknown while it is traced.
    if isinstance(eps_root, int | float) and not eps_root > 0:
        raise ValueError(f"an Adam that is differentiated needs eps_root > 0, not {eps_root}; otherwise use optax.adam")
    return optax.adam(learning_rate, b1=b1, b2=b2, eps=eps, eps_root=eps_root)
