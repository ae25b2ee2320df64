"""Generative adversarial networks in JAX, as values made of pure functions, with every cure for mode collapse.

A GAN is a value made of pure functions; a technique against mode collapse is a value that the GAN folds in.
"""

from jaxgan import data as data
from jaxgan import features as features
from jaxgan import losses as losses
from jaxgan import metrics as metrics
from jaxgan import networks as networks
from jaxgan import optimizers as optimizers
from jaxgan import samplers as samplers
from jaxgan import techniques as techniques
from jaxgan.adversarial import dynamics as dynamics
from jaxgan.adversarial.lookahead import Unroll as Unroll
from jaxgan.adversarial.lookahead import unrolled as unrolled
from jaxgan.models.gan import gan as gan
from jaxgan.models.vae import vae as vae
from jaxgan.networks.packing import packed as packed
from jaxgan.runs.loading import load as load
from jaxgan.types import GAN as GAN
from jaxgan.types import AdversarialLoss as AdversarialLoss
from jaxgan.types import Batch as Batch
from jaxgan.types import Gradients as Gradients
from jaxgan.types import Info as Info
from jaxgan.types import Network as Network
from jaxgan.types import Own as Own
from jaxgan.types import Play as Play
from jaxgan.types import Player as Player
from jaxgan.types import State as State
from jaxgan.types import Task as Task
from jaxgan.types import Technique as Technique

__version__ = "0.1.0"
