"""Inception-v3 with the weights that the Fréchet and kernel distances and the Inception score were published with."""

import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxgan.features._images import float_images
from jaxgan.features._inception_network import InceptionTrunk
from jaxgan.features._resize import resize_bilinear
from jaxgan.features._weights import read_weights
from jaxgan.types import Array, Key, PyTree

FEATURES = 2048
LOGITS = 1008
SIDE = 299
SMALLEST_SIDE = 75  # of an image that is still one pixel large at the end of the network
ADVICE = (
    "get pt_inception-2015-12-05-6726825d.pth, 95 MB, from the release 'fid_weights' of "
    "https://github.com/mseitzer/pytorch-fid and pass its path"
)
_SUFFIXES = {"kernel": "weight", "scale": "weight", "bias": "bias", "mean": "running_mean", "var": "running_var"}


class Inception(NamedTuple):
    """Inception-v3 as functions; `features` is the feature extractor.

    It is a pytree whose leaves are its weights, 95 MB. As an argument of a compiled function they stay arrays,
    `jax.jit(lambda inception, images: inception.features(images))(inception, images)`; a compiled function that closes
    over it, such as `jax.jit(inception.features)`, holds them as constants, which takes longer to compile.

    Attributes:
      features: images `[n, height, width, 1 or 3]` in [-1, 1] to features `[n, 2048]`, not negative.
      head: `head(features, *, bias=True)`, features `[n, 2048]` to logits `[n, 1008]`. The Inception score is
        customarily computed without the bias. Classes are those of the network of 2015: 1000 of ImageNet, in an order
        of its own, and 8 that mean nothing.
    """

    features: Callable[[Array], Array]
    head: Callable[..., Array]

    def logits(self, images: Array) -> Array:
        """The logits `[n, 1008]` of images, with the bias. Where the features are there already, `head` is enough."""
        return self.head(self.features(images))


def inception_v3(weights: str | os.PathLike[str] | PyTree, *, resize: bool = True) -> Inception:
    """Makes the feature extractor of the Fréchet Inception distance.

    Images in [-1, 1] become pixels in [0, 255], are resized to 299x299 bilinearly as TensorFlow 1 did it, and are
    scaled to `(pixel - 128) / 128`; a grey image stands for three equal channels. Nothing is rounded on the way:
    published numbers are of 8-bit images, so round samples to 8 bits first where the number shall compare with these.
    Everything is computed in float32 with the highest precision that the device has.

    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer Vision", 2016. As a
    feature extractor: Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen, "Improved Techniques for Training GANs",
    2016; Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, "GANs Trained by a Two Time-Scale Update Rule Converge to
    a Local Nash Equilibrium", 2017. The convention is the one called `inception-v3-compat`.

    Args:
      weights: a file for `load_inception`, or what it or `init_inception` returned.
      resize: whether to resize; without it images must be at least 75 pixels large, and keep their size.

    Returns:
      An `Inception`.

    Raises:
      ValueError: if the file is missing, unreadable or of another network; from the extractor, for images that are not
        floating, have neither 1 nor 3 channels, or are too small.
    """
    tree = load_inception(weights) if isinstance(weights, str | os.PathLike) else weights
    trunk = {"params": tree["params"], "batch_stats": tree["batch_stats"]}
    return Inception(Partial(partial(_features, resize=resize), trunk), Partial(_logits, tree["fc"]))


def init_inception(key: Key) -> PyTree:
    """Draws random weights for `inception_v3`, for tests and for studies of random features.

    Kernels are He's, normal with variance `2 / inputs`; normalisation starts as the identity, biases at zero.

    Args:
      key: for the kernels.

    Returns:
      A dictionary: `params` and `batch_stats` of the trunk, and `fc`, the last layer. Float32.
    """
    leaves, structure = jax.tree.flatten_with_path(_shapes())
    kernels = [leaf for path, leaf in leaves if path[-1].key == "kernel"]
    # One draw for all: a draw for each of a hundred shapes is a hundred programs to compile.
    ends = np.cumsum([kernel.size for kernel in kernels])
    drawn = iter(jnp.split(jax.random.normal(key, (ends[-1],), jnp.float32), ends[:-1]))

    def initial(name: str, leaf: jax.ShapeDtypeStruct) -> Array:
        if name == "kernel":
            return next(drawn).reshape(leaf.shape) * math.sqrt(2 / math.prod(leaf.shape[:-1]))
        return jnp.full(leaf.shape, float(name in ("scale", "var")), jnp.float32)

    return jax.tree.unflatten(structure, [initial(path[-1].key, leaf) for path, leaf in leaves])


def load_inception(path: str | os.PathLike[str]) -> PyTree:
    """Reads the weights of Inception-v3 from a file.

    The file is a state dict of the pytorch-fid project, or an `.npz` or `.safetensors` file with the same names and
    shapes, such as `Mixed_5b.branch1x1.conv.weight` `[outputs, inputs, height, width]`,
    `Mixed_5b.branch1x1.bn.running_mean` and `fc.weight` `[1008, 2048]`. PyTorch is not needed, and nothing that a file
    may contain is run. Entries that the network has no use for are ignored.

    Args:
      path: of the file.

    Returns:
      A dictionary as from `init_inception`.

    Raises:
      ValueError: if the file is missing, cannot be read, or is not of this network; the message names the first entry
        that is missing or of another shape.
    """
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"no Inception-v3 weights at {file}: {ADVICE}")
    arrays = read_weights(file)
    leaves, structure = jax.tree.flatten_with_path(_shapes())
    loaded = []
    for entry, leaf in leaves:
        name = _stored_name(entry)
        # The kernels of PyTorch have outputs and inputs first.
        order = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[len(leaf.shape)]
        shape = tuple(leaf.shape[axis] for axis in order)
        if name not in arrays:
            raise ValueError(f"{file} is not the Inception-v3 of the Fréchet distance: it has no {name}; {ADVICE}")
        array = arrays[name]
        if array.shape != shape or array.dtype.kind != "f":
            raise ValueError(
                f"{file} is not the Inception-v3 of the Fréchet distance: {name} is {array.dtype} "
                f"{list(array.shape)}, not float32 {list(shape)}; {ADVICE}"
            )
        loaded.append(jnp.asarray(array.transpose(np.argsort(order)), jnp.float32))
    return jax.tree.unflatten(structure, loaded)


def preprocess(images: Array, *, resize: bool = True) -> Array:
    """Turns images into what the network was trained on.

    Args:
      images: `[n, height, width, 1 or 3]` in [-1, 1].
      resize: whether to resize to 299x299.

    Returns:
      `[n, height, width, 3]` float32 in [-1, 127 / 128].

    Raises:
      ValueError: for images that are not floating, have other channels, or are below 75 pixels without `resize`.
    """
    pixels = (float_images(images, channels=(1, 3)) + 1) * 127.5
    if resize:
        pixels = resize_bilinear(pixels, SIDE, SIDE)
    elif min(pixels.shape[1:3]) < SMALLEST_SIDE:
        raise ValueError(f"without resize, images must be at least {SMALLEST_SIDE} pixels large, got {images.shape}")
    return (jnp.broadcast_to(pixels, (*pixels.shape[:3], 3)) - 128) / 128


def _features(variables: PyTree, images: Array, *, resize: bool) -> Array:
    return InceptionTrunk().apply(variables, preprocess(images, resize=resize))  # pyright: ignore[reportReturnType]


def _logits(weights: PyTree, features: Array, *, bias: bool = True) -> Array:
    logits = jnp.matmul(features, weights["kernel"], precision=jax.lax.Precision.HIGHEST)
    return logits + weights["bias"][None, :] if bias else logits


def _shapes() -> PyTree:
    """The weights as shapes, without computing anything."""
    images = jax.ShapeDtypeStruct((1, SMALLEST_SIDE, SMALLEST_SIDE, 3), jnp.float32)
    shapes = dict(jax.eval_shape(InceptionTrunk().init, jax.eval_shape(lambda: jax.random.key(0)), images))
    kernel = jax.ShapeDtypeStruct((FEATURES, LOGITS), jnp.float32)
    return {**shapes, "fc": {"kernel": kernel, "bias": jax.ShapeDtypeStruct((LOGITS,), jnp.float32)}}


def _stored_name(path: tuple[Any, ...]) -> str:
    """The name in a state dict: `("params", "Mixed_5b", "branch1x1", "bn", "scale")` is Mixed_5b.branch1x1.bn.weight,
    and `("fc", "bias")` is fc.bias."""
    *modules, leaf = (part.key for part in path)
    return ".".join([*(module for module in modules if module not in ("params", "batch_stats")), _SUFFIXES[leaf]])
