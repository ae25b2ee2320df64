"""What a way of taking turns is, and what it leaves behind."""

from collections.abc import Callable
from typing import NamedTuple

from jaxgan.adversarial.parts import Keys, Parts, Trained
from jaxgan.adversarial.updates import Answer, Round
from jaxgan.types import Batch, Play, Player, PyTree, State


class Moved(NamedTuple):
    """Both players after a step, and what their passes left behind.

    Attributes:
      generator: after the step.
      discriminator: after the step.
      answer: of the generator's pass.
      round: of the discriminator's pass.
      play: the discriminator's round, as techniques look at it after the step.
      memory: what the dynamics carry to the next step.
    """

    generator: Player
    discriminator: Player
    answer: Answer
    round: Round
    play: Play
    memory: PyTree = {}


class Dynamics(NamedTuple):
    """How the players take turns.

    Attributes:
      name: what it is called.
      move: `move(parts, keys, state, batch, more) -> Moved`; `more` is a stack `[minibatches - 1, batch, ...]`.
      minibatches: how many minibatches of real examples one step can use.
      begin: `begin(generator, discriminator) -> memory`, what is carried from step to step, at the start.
    """

    name: str
    move: Callable[[Parts, Keys, State, Batch, Batch], Moved]
    minibatches: int = 1
    begin: Callable[[Trained, Trained], PyTree] = lambda generator, discriminator: {}
