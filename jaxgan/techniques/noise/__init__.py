"""Noise on what the discriminator sees, real and fake alike, and on what the generator is given."""

from jaxgan.techniques.noise.diffusion import diffusion as diffusion
from jaxgan.techniques.noise.instance_noise import instance_noise as instance_noise
from jaxgan.techniques.noise.latent_noise import latent_noise as latent_noise
