"""Optimism: a step that counts on the next gradient to change as the last one did."""

import optax

from jaxgan.optimizers.presets import adam


def optimistic(optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
    """Moves by `2 u_t - u_(t-1)`, where u are the updates of an optimizer; `u_0 = u_1`, so the first step is its own.

    Around a gradient descent it is optimistic gradient descent, `- 2 η g_t + η g_(t-1)`: where two players chase each
    other in circles, as on f(x, y) = xy, it spirals inwards, in simultaneous play and in alternating play. The authors'
    program starts from `u_0 = 0` instead, whose first step is twice as long.

    Use when: losses swing with a fixed period, so that the players circle each other.

    Cost: memory for one more update; no pass of a network.

    >>> optimizer = optimistic(optax.sgd(0.1))

    Args:
      optimizer: any optax transformation, with its own learning rate.

    Reference:
      Daskalakis, Ilyas, Syrgkanis and Zeng, "Training GANs with Optimism", 2018.
    """
    return optax.chain(optimizer, optax.scale_by_optimistic_gradient())


def optimistic_adam(
    learning_rate: optax.ScalarOrSchedule,
    b1: float = 0.5,
    b2: float = 0.999,
    *,
    eps: float = 1e-8,
    eps_root: float = 1e-12,
) -> optax.GradientTransformation:
    """Optimistic Adam, `θ - 2 η m_t / (√v_t + ε) + η m_(t-1) / (√v_(t-1) + ε)`: `optimistic` around `optimizers.adam`.

    Both directions are corrected for bias as of their own step. `optax.optimistic_adam_v2` adds Nesterov's momentum by
    default, which the paper has not, and cannot be differentiated where a gradient is exactly zero.

    Use when: losses swing with a fixed period and the players are trained by Adam.

    Cost: memory for one more update; no pass of a network.

    Args:
      learning_rate: a number, a traced scalar or an optax schedule; best the same for both players.
      b1: decay of the mean, in [0, 1).
      b2: decay of the mean square, in [0, 1).
      eps: added outside the root.
      eps_root: added inside the root, above 0.

    Raises:
      ValueError: `eps_root` is not positive.

    Reference:
      Daskalakis, Ilyas, Syrgkanis and Zeng, "Training GANs with Optimism", 2018.
    """
    return optimistic(adam(learning_rate, b1, b2, eps=eps, eps_root=eps_root))
