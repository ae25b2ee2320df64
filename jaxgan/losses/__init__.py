"""Losses: what the two players minimise, as functions of the discriminator's logits; every factory returns a value."""

from jaxgan.losses.adversarial import hinge as hinge
from jaxgan.losses.adversarial import least_squares as least_squares
from jaxgan.losses.adversarial import minimax as minimax
from jaxgan.losses.adversarial import non_saturating as non_saturating
from jaxgan.losses.adversarial import relativistic as relativistic
from jaxgan.losses.adversarial import wasserstein as wasserstein
from jaxgan.losses.adversarial import zero_sum as zero_sum
