"""The types that everything else is made of: named tuples of arrays and of pure functions.

A GAN is a value made of pure functions. What changes during training is in `State`, `Player` and the dictionaries
that they hold; everything else closes over its hyper-parameters and never changes.
"""

from jaxgan.types.batches import Array as Array
from jaxgan.types.batches import Batch as Batch
from jaxgan.types.batches import Key as Key
from jaxgan.types.batches import Params as Params
from jaxgan.types.batches import PyTree as PyTree
from jaxgan.types.batches import Stats as Stats
from jaxgan.types.batches import as_batch as as_batch
from jaxgan.types.losses import AdversarialLoss as AdversarialLoss
from jaxgan.types.losses import Halves as Halves
from jaxgan.types.models import GAN as GAN
from jaxgan.types.models import Gradients as Gradients
from jaxgan.types.models import Info as Info
from jaxgan.types.models import Learned as Learned
from jaxgan.types.models import Model as Model
from jaxgan.types.models import Player as Player
from jaxgan.types.models import State as State
from jaxgan.types.models import Terms as Terms
from jaxgan.types.networks import Network as Network
from jaxgan.types.tasks import BatchIterator as BatchIterator
from jaxgan.types.tasks import CentredModes as CentredModes
from jaxgan.types.tasks import Classes as Classes
from jaxgan.types.tasks import Classified as Classified
from jaxgan.types.tasks import Finite as Finite
from jaxgan.types.tasks import GradedModes as GradedModes
from jaxgan.types.tasks import Kind as Kind
from jaxgan.types.tasks import KnownModes as KnownModes
from jaxgan.types.tasks import Reweighted as Reweighted
from jaxgan.types.tasks import Stream as Stream
from jaxgan.types.tasks import Tabular as Tabular
from jaxgan.types.tasks import Task as Task
from jaxgan.types.techniques import Own as Own
from jaxgan.types.techniques import Play as Play
from jaxgan.types.techniques import Technique as Technique
from jaxgan.types.variational import VAE as VAE
from jaxgan.types.verdicts import SeedVerdict as SeedVerdict
from jaxgan.types.verdicts import Verdict as Verdict
