"""Optimizers: thin presets over optax for what a GAN needs and optax does not have by default."""

from jaxgan.optimizers.clipping import weight_clipping as weight_clipping
from jaxgan.optimizers.presets import adam as adam
