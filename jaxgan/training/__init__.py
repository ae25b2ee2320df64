"""Training: the loop, its seeds, where its examples come from and what lies where on the devices."""

from jaxgan.training.loop import Interrupted as Interrupted
from jaxgan.training.loop import fit as fit
