"""How slowly an average forgets, in examples."""

from jaxgan.types import Array
from jaxgan.types.checks import positive


def half_life(examples: float | Array, batch_size: int) -> float | Array:
    """The decay `0.5 ** (batch_size / examples)` of a moving average that forgets half of itself in so many examples.

    For `gan(average=...)`, whose decay means something else at every batch size. An average calms the samples and not
    the training: where the players circle, its samples can show all modes while the generator still jumps from one to
    another.

    Use when: samples change from step to step, while training goes on well.

    Cost: memory for one more generator.

    >>> half_life(10_000, 64)
    0.995574

    Args:
      examples: real examples that are trained on until what was averaged before weighs half, above 0.
      batch_size: real examples of one step.

    Raises:
      ValueError: a number that is not positive.
    """
    positive("the half-life", examples)
    positive("the batch size", batch_size)
    return 0.5 ** (batch_size / examples)
