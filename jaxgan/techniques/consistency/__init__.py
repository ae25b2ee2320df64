"""Consistency: the discriminator answers alike to examples, or latents, that hardly differ."""

from jaxgan.techniques.consistency.balanced_consistency import balanced_consistency as balanced_consistency
from jaxgan.techniques.consistency.consistency import consistency as consistency
from jaxgan.techniques.consistency.latent_consistency import latent_consistency as latent_consistency
