"""Latents that are learned, or moved: where the generator's input lies follows the players."""

from jaxgan.techniques.latents.deligan import deligan as deligan
from jaxgan.techniques.latents.logan import logan as logan
from jaxgan.techniques.latents.particle_prior import particle_prior as particle_prior
