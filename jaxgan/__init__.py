"""Generative adversarial networks in JAX, as values made of pure functions, with every cure for mode collapse.

A GAN is a value made of pure functions; a technique against mode collapse is a value that the GAN folds in.

Importing the package is quick: what it names is imported when it is first used, so that `jaxgan.watch` needs no JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxgan import data as data
    from jaxgan import features as features
    from jaxgan import losses as losses
    from jaxgan import metrics as metrics
    from jaxgan import networks as networks
    from jaxgan import optimizers as optimizers
    from jaxgan import samplers as samplers
    from jaxgan import techniques as techniques
    from jaxgan import watch as watch
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

# Where each name is at home, as above, where type checkers read it: modules in packages, and what else is in modules.
_PACKAGES = {
    "jaxgan": ("data", "features", "losses", "metrics", "networks", "optimizers", "samplers", "techniques", "watch"),
    "jaxgan.adversarial": ("dynamics",),
}
_MODULES = {
    "jaxgan.adversarial.lookahead": ("Unroll", "unrolled"),
    "jaxgan.models.gan": ("gan",),
    "jaxgan.models.vae": ("vae",),
    "jaxgan.networks.packing": ("packed",),
    "jaxgan.runs.loading": ("load",),
    "jaxgan.types": (
        *("GAN", "AdversarialLoss", "Batch", "Gradients", "Info", "Network", "Own", "Play", "Player", "State", "Task"),
        "Technique",
    ),
}
_SUBMODULES = {name: f"{home}.{name}" for home, names in _PACKAGES.items() for name in names}
_HOMES = {name: home for home, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        found = importlib.import_module(_SUBMODULES[name])
    elif name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES, *_HOMES})
