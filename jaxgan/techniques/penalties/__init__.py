"""Penalties that keep a discriminator smooth: on its gradient by its input, its logits, and a player's kernels."""

from jaxgan.techniques.penalties.dragan import dragan as dragan
from jaxgan.techniques.penalties.gradient_penalty import gradient_penalty as gradient_penalty
from jaxgan.techniques.penalties.lecam import lecam as lecam
from jaxgan.techniques.penalties.lipschitz_penalty import lipschitz_penalty as lipschitz_penalty
from jaxgan.techniques.penalties.maximum_penalty import maximum_penalty as maximum_penalty
from jaxgan.techniques.penalties.orthogonal import orthogonal as orthogonal
from jaxgan.techniques.penalties.r1 import r1 as r1
from jaxgan.techniques.penalties.r2 import r2 as r2
from jaxgan.techniques.penalties.zero_centred_penalty import zero_centred_penalty as zero_centred_penalty
