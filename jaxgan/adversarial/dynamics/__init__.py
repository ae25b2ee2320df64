"""How the players take turns: each way is a value, and composes the same few functions."""

from jaxgan.adversarial.dynamics.alternating import alternating as alternating
from jaxgan.adversarial.dynamics.consensus import consensus as consensus
from jaxgan.adversarial.dynamics.extragradient import extragradient as extragradient
from jaxgan.adversarial.dynamics.moves import Dynamics as Dynamics
from jaxgan.adversarial.dynamics.simultaneous import simultaneous as simultaneous
