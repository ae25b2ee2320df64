"""Gradient descent with momentum, negative by default."""

import optax

from jaxgan.types.checks import between


def momentum(learning_rate: optax.ScalarOrSchedule, momentum: float = -0.5) -> optax.GradientTransformation:
    """Gradient descent with momentum, `θ_(t+1) = θ_t - η g_t + β (θ_t - θ_(t-1))`.

    A negative β turns back where the last step went, which damps the circles of alternating play: on f(x, y) = xy it
    converges, where β = 0 circles for ever. Play that is simultaneous still diverges there. `optimizers.adam` takes a
    negative `b1` to the same end.

    Use when: losses swing with a fixed period in alternating play.

    Cost: memory for one more gradient; no pass of a network.

    Args:
      learning_rate: a number, a traced scalar or an optax schedule.
      momentum: β, in (-1, 1); -0.5 converges on f(x, y) = xy for rates below 1.

    Raises:
      ValueError: β out of range.

    Reference:
      Gidel et al., "Negative Momentum for Improved Game Dynamics", 2019.
    """
    between("the momentum", momentum, -1, 1, ends="()")
    return optax.sgd(learning_rate, momentum=momentum)
