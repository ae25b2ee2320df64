"""Training: the loop, its seeds, where its examples come from and what lies where on the devices."""

from jaxgan.training.callbacks import Point as Point
from jaxgan.training.callbacks import tensorboard as tensorboard
from jaxgan.training.loop import Interrupted as Interrupted
from jaxgan.training.loop import fit as fit
