"""What a run can be made of by name: one catalogue per concern, found from the public names of its package.

A technique, a loss or a network that its package exports is in its catalogue at once; nothing is entered here.

>>> sorted(LOSSES.factories)[:2], "r1" in TECHNIQUES.factories, "mlp" in NETWORKS.factories
(['alpha', 'd2gan'], True, True)
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import optax
from jax.nn.initializers import Initializer

from jaxgan import losses, models, networks, optimizers, techniques
from jaxgan.adversarial import dynamics
from jaxgan.runs.factories import Catalogue, naming, public
from jaxgan.runs.values import Reader
from jaxgan.types import AdversarialLoss, Array, Network, Technique, checks

Activation = Callable[[Array], Array]


def _leaky_relu(slope: float = 0.01) -> Activation:
    return functools.partial(jax.nn.leaky_relu, negative_slope=slope)


def _elu(alpha: float = 1.0) -> Activation:
    return functools.partial(jax.nn.elu, alpha=alpha)


def _he() -> Initializer:
    return jax.nn.initializers.he_normal()


def _orthogonal(gain: float = 1.0) -> Initializer:
    return jax.nn.initializers.orthogonal(gain)


def _normal(std: float = 0.01) -> Initializer:
    checks.at_least("std", std, 0)
    return jax.nn.initializers.normal(std)


ACTIVATIONS = Catalogue(
    "activation",
    {
        "relu": lambda: jax.nn.relu,
        "leaky_relu": _leaky_relu,
        "tanh": lambda: jax.nn.tanh,
        "elu": _elu,
        "silu": lambda: jax.nn.silu,
    },
)
INITIALISERS = Catalogue("initialiser", {"he": _he, "orthogonal": _orthogonal, "normal": _normal})
_FUNCTIONS = {Activation: naming(ACTIVATIONS), Initializer: naming(INITIALISERS)}

# Explicit, since no text can say their networks: `jaxgan.runs.building` makes the parts that a signature names.
MODELS = Catalogue("model", {"gan": models.gan, "vae": models.vae})
_PLAIN_NETWORKS = public(networks, "network", Network, _FUNCTIONS)
# With those that wrap one of the others, `projection:dcgan_discriminator(width=32),classes=10`.
NETWORKS = public(networks, "network", Network, {**_FUNCTIONS, Network: naming(_PLAIN_NETWORKS)})
_PLAIN_LOSSES = public(losses, "loss", AdversarialLoss, _FUNCTIONS)
# With those that change one of the others, `smoothed:hinge,real=0.8`.
LOSSES = public(losses, "loss", AdversarialLoss, {**_FUNCTIONS, AdversarialLoss: naming(_PLAIN_LOSSES)})
DYNAMICS = public(dynamics, "dynamics", dynamics.Dynamics)
TECHNIQUES = public(
    techniques,
    "technique",
    Technique,
    {**_FUNCTIONS, AdversarialLoss: naming(LOSSES), Network: naming(NETWORKS)},
)


FROM_OPTIONS = {
    "learning_rate": "that of --generator-learning-rate or --discriminator-learning-rate",
    "b1": "default --beta1",
    "b2": "default --beta2",
}
"""Parameters of optimizers that have options of their own, and which."""


def _no_learning_rate(text: str) -> None:
    raise ValueError(f"is {FROM_OPTIONS['learning_rate']}, not {text!r}")


def _optimizers(readers: Mapping[Any, Reader]) -> Catalogue:
    found = public(optimizers, "optimizer", optax.GradientTransformation, readers)
    # A link of a chain, and no optimizer: --clip is its option.
    whole = {name: factory for name, factory in found.factories.items() if name != "weight_clipping"}
    return found._replace(factories=whole)


_RATE = {optax.ScalarOrSchedule: Reader("", _no_learning_rate)}
_PLAIN_OPTIMIZERS = _optimizers(_RATE)
# With those that change one of the others, `frozen:adam(weight_decay=0.1),paths=Conv_0+Conv_1`.
OPTIMIZERS = _optimizers({**_RATE, optax.GradientTransformation: naming(_PLAIN_OPTIMIZERS, FROM_OPTIONS)})
