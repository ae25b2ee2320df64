"""Sampling from a trained GAN by the discriminator's judgement, or from several; each returns a `sample` of its own.

They shift weight between the modes that a generator has, and cannot make one that it has lost; `adagan` can, since it
trains others for it.
"""

from jaxgan.samplers.adagan import Boosted as Boosted
from jaxgan.samplers.adagan import adagan as adagan
from jaxgan.samplers.latent_descent import latent_descent as latent_descent
from jaxgan.samplers.metropolis_hastings import metropolis_hastings as metropolis_hastings
from jaxgan.samplers.mixture import adagan_weights as adagan_weights
from jaxgan.samplers.mixture import mixture as mixture
from jaxgan.samplers.mixture import mixture_weights as mixture_weights
from jaxgan.samplers.rejection import rejection as rejection
