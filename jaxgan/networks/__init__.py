"""Networks: an adapter for Flax linen modules, the networks of the classic experiments, and layers to build others."""

from jaxgan.networks.dcgan import (
    dcgan_discriminator,
    dcgan_generator,
)
from jaxgan.networks.layers import (
    MinibatchStddev,
    SpectralNorm,
    maxout,
    minibatch_stddev,
    upsample_nearest,
)
from jaxgan.networks.linen import from_linen
from jaxgan.networks.mlp import mlp
from jaxgan.networks.precision import in_bfloat16

__all__ = [
    "MinibatchStddev",
    "SpectralNorm",
    "dcgan_discriminator",
    "dcgan_generator",
    "from_linen",
    "in_bfloat16",
    "maxout",
    "minibatch_stddev",
    "mlp",
    "upsample_nearest",
]
