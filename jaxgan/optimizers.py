"""Thin presets over optax for what a GAN needs and optax does not have by default."""

import jax
import jax.numpy as jnp
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


def weight_clipping(limit: float) -> optax.GradientTransformation:
    """Keeps every parameter in `[-limit, limit]`; chain it last, after the optimizer.

    >>> optimizer = optax.chain(optax.rmsprop(5e-5), weight_clipping(0.01))

    Args:
      limit: above 0; 0.01 in the paper.

    Raises:
      ValueError: `limit` is not positive, or no parameters are given to the update.

    Reference:
      Arjovsky, Chintala and Bottou, "Wasserstein GAN", 2017, algorithm 1, line 7.
    """
    if not limit > 0:
        raise ValueError(f"weights are clipped to a limit above 0, not {limit}")

    def update(updates, state, params=None):
        if params is None:
            raise ValueError("weight_clipping needs the parameters: optimizer.update(updates, state, params)")
        return jax.tree.map(lambda u, p: jnp.clip(p + u, -limit, limit) - p, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
