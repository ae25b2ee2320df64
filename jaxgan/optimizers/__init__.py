"""Optimizers: thin presets over optax for what a GAN needs and optax does not have by default."""

from jaxgan.optimizers.averages import half_life as half_life
from jaxgan.optimizers.clipping import weight_clipping as weight_clipping
from jaxgan.optimizers.freezing import frozen as frozen
from jaxgan.optimizers.momentum import momentum as momentum
from jaxgan.optimizers.optimistic import optimistic as optimistic
from jaxgan.optimizers.optimistic import optimistic_adam as optimistic_adam
from jaxgan.optimizers.presets import adam as adam
