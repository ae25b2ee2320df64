"""Penalties on the gradient of the discriminator by its input."""

from jaxgan.techniques.penalties.dragan import dragan as dragan
from jaxgan.techniques.penalties.gradient_penalty import gradient_penalty as gradient_penalty
from jaxgan.techniques.penalties.r1 import r1 as r1
from jaxgan.techniques.penalties.r2 import r2 as r2
