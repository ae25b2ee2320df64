"""Losses: what the two players minimise, as functions of the discriminator's logits; every factory returns a value."""

from jaxgan.losses.adversarial import hinge as hinge
from jaxgan.losses.adversarial import least_squares as least_squares
from jaxgan.losses.adversarial import minimax as minimax
from jaxgan.losses.adversarial import non_saturating as non_saturating
from jaxgan.losses.adversarial import relativistic as relativistic
from jaxgan.losses.adversarial import wasserstein as wasserstein
from jaxgan.losses.adversarial import zero_sum as zero_sum
from jaxgan.losses.alpha import alpha as alpha
from jaxgan.losses.d2gan import d2gan as d2gan
from jaxgan.losses.f_divergence import f_divergence as f_divergence
from jaxgan.losses.realness import realness as realness
from jaxgan.losses.relativistic_average import relativistic_average as relativistic_average
from jaxgan.losses.smoothing import flipped as flipped
from jaxgan.losses.smoothing import smoothed as smoothed
