"""Networks: adapters for Flax and Equinox modules, the networks of the classic experiments, networks made of others
(packed, given labels, several of one player), and layers to build more."""

from jaxgan.networks.conditioning import labelled, projection
from jaxgan.networks.dcgan import (
    dcgan_discriminator,
    dcgan_generator,
)
from jaxgan.networks.equinox import from_equinox
from jaxgan.networks.fourier import fourier_features
from jaxgan.networks.gradient_normalisation import gradient_normalised
from jaxgan.networks.layers import (
    ConditionalBatchNorm,
    GaussianNoise,
    MinibatchStddev,
    SpectralNorm,
    maxout,
    minibatch_stddev,
    upsample_nearest,
)
from jaxgan.networks.linen import from_linen
from jaxgan.networks.minibatch_discrimination import MinibatchDiscrimination, minibatch_discrimination
from jaxgan.networks.mlp import mlp
from jaxgan.networks.nnx import from_nnx
from jaxgan.networks.normalised_linear import normalised_linear
from jaxgan.networks.packed_features import packed_features
from jaxgan.networks.packing import packed
from jaxgan.networks.parts import by_part
from jaxgan.networks.precision import in_bfloat16
from jaxgan.networks.recurrent import GRU
from jaxgan.networks.sequences import sequence_discriminator, sequence_generator
from jaxgan.networks.several_discriminators import several_discriminators
from jaxgan.networks.several_generators import blocks, several_generators
from jaxgan.networks.virtual_batch_norm import VirtualBatchNorm, with_reference

__all__ = [
    "GRU",
    "ConditionalBatchNorm",
    "GaussianNoise",
    "MinibatchDiscrimination",
    "MinibatchStddev",
    "SpectralNorm",
    "VirtualBatchNorm",
    "blocks",
    "by_part",
    "dcgan_discriminator",
    "dcgan_generator",
    "fourier_features",
    "from_equinox",
    "from_linen",
    "from_nnx",
    "gradient_normalised",
    "in_bfloat16",
    "labelled",
    "maxout",
    "minibatch_discrimination",
    "minibatch_stddev",
    "mlp",
    "normalised_linear",
    "packed",
    "packed_features",
    "projection",
    "sequence_discriminator",
    "sequence_generator",
    "several_discriminators",
    "several_generators",
    "upsample_nearest",
    "with_reference",
]
