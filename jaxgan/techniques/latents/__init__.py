"""Latents that are learned: where the generator's input is drawn moves with the generator."""

from jaxgan.techniques.latents.deligan import deligan as deligan
from jaxgan.techniques.latents.particle_prior import particle_prior as particle_prior
