"""Models: each is made of pure functions, and the training loop asks no more of them."""

from jaxgan.models.gan import gan as gan
from jaxgan.models.vae import vae as vae
