"""Experience: what the players remember of each other's past."""

from jaxgan.techniques.experience.old_discriminators import old_discriminators as old_discriminators
from jaxgan.techniques.experience.replay import ReplayState as ReplayState
from jaxgan.techniques.experience.replay import replay as replay
