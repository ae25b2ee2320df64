"""Noise on what the discriminator sees, real and fake alike."""

from jaxgan.techniques.noise.diffusion import diffusion as diffusion
from jaxgan.techniques.noise.instance_noise import instance_noise as instance_noise
