"""DINOv2 with weights of yours, whose Fréchet distance agrees best with what people see."""

import math
import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxgan.features._vision_transformer import (
    Stored,
    Transformer,
    encode,
    few_at_a_time,
    normalised_pixels,
    stacked,
)
from jaxgan.types import Array, PyTree

SIDE = 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
EPSILON = 1e-6
HEAD = 64  # channels of a head in all sizes of the network
OFFSET = 0.1  # of the size of the grid, by which the published network rescales its positions
ADVICE = (
    "get model.safetensors of facebook/dinov2-small, -base or -large from https://huggingface.co, or "
    "dinov2_vits14_pretrain.pth and the like from https://github.com/facebookresearch/dinov2, and pass its path"
)


class Names(NamedTuple):
    """What a kind of file calls the parts."""

    token: str
    position: str
    patch: str
    registers: str
    last: str
    blocks: str
    attention: tuple[str, ...]
    project: str
    scale: str


PUBLISHED = Names(
    "cls_token",
    "pos_embed",
    "patch_embed.proj",
    "register_tokens",
    "norm",
    "blocks.",
    ("attn.qkv",),
    "attn.proj",
    "ls{}.gamma",
)
HUGGING_FACE = Names(
    "embeddings.cls_token",
    "embeddings.position_embeddings",
    "embeddings.patch_embeddings.projection",
    "embeddings.register_tokens",
    "layernorm",
    "encoder.layer.",
    ("attention.attention.query", "attention.attention.key", "attention.attention.value"),
    "attention.output.dense",
    "layer_scale{}.lambda1",
)


def dinov2(weights: str | os.PathLike[str] | PyTree) -> Callable[[Array], Array]:
    """Makes the feature extractor of DINOv2, ViT-S/14, -B/14 or -L/14, with registers or without.

    Images in [-1, 1] are resized to 224x224 with a cubic filter and normalised as ImageNet is; the feature is the class
    token after the last normalisation. Positions, which were learned for images of 518 pixels, are interpolated as the
    published network does it. Everything is computed in float32 with the highest precision that the device has.

    Oquab, Darcet, Moutakanni et al., "DINOv2: Learning Robust Visual Features without Supervision", 2023; registers:
    Darcet, Oquab, Mairal, Bojanowski, "Vision Transformers Need Registers", 2023. For metrics of generators, with the
    class token and the size of here: Stein, Cresswell, Hosseinzadeh, Sui, Ross, Villecroze, Liu, Caterini, Taylor,
    Loaiza-Ganem, "Exposing flaws of generative model evaluation metrics and their unfair treatment of diffusion
    models", 2023, which has the Fréchet distance of ViT-L/14.

    Args:
      weights: a file for `load_dinov2`, or what it returned.

    Returns:
      `extract(images) -> features` for images `[n, height, width, 1 or 3]` in [-1, 1]; features are float32 `[n, 384]`,
      `[n, 768]` or `[n, 1024]`. It is a pytree whose leaves are the weights.

    Raises:
      ValueError: as `load_dinov2`; from the extractor, for images that are not floating or have neither 1 nor 3
        channels.
    """
    tree = load_dinov2(weights) if isinstance(weights, str | os.PathLike) else weights
    return Partial(_features, tree)


def load_dinov2(path: str | os.PathLike[str]) -> PyTree:
    """Reads the weights of DINOv2 from a file.

    The file has the names of the published `dinov2_vits14_pretrain.pth` or those of Hugging Face's `model.safetensors`,
    as `.pth`, `.npz` or `.safetensors`. PyTorch is not needed, and nothing that a file may contain is run. Entries that
    the network has no use for are ignored.

    Args:
      path: of the file.

    Returns:
      The weights as a tree of float32 arrays, positions for 224x224 pixels.

    Raises:
      ValueError: if the file is missing, cannot be read, or is not of this network, such as the largest one, whose
        hidden layers are gated; the message names the first entry that is missing or of another shape.
    """
    stored = Stored.read(path, "DINOv2", "dinov2.", ADVICE)
    names = HUGGING_FACE if HUGGING_FACE.token in stored.arrays else PUBLISHED
    token = stored.take(names.token, 1, 1, None)
    width = token.shape[-1]
    stored.check_width(width, HEAD)
    patch = stored.patch(names.patch, width)
    if SIDE % len(patch):
        raise ValueError(f"{stored.path} is not DINOv2: patches of {len(patch)} pixels do not divide {SIDE}")
    # The networks with registers were published with another interpolation than those without.
    several = names.registers in stored.arrays
    position = stored.positions(names.position, 1, width=width)
    blocks = range(stored.layers(names.blocks))
    tree = {
        "patch": patch,
        "bias": stored.take(f"{names.patch}.bias", width),
        "class": token[0],
        "position": _interpolated(position, SIDE // len(patch), antialias=several),
        "blocks": stacked([_block(stored, names, f"{names.blocks}{i}.", width) for i in blocks]),
        "last": stored.norm(names.last, width),
    }
    if several:
        tree["registers"] = stored.take(names.registers, 1, None, width)[0]
    return jax.tree.map(jnp.asarray, tree)


def _block(stored: Stored, names: Names, prefix: str, width: int) -> PyTree:
    attention = tuple(prefix + name for name in names.attention)
    hidden = stored.take(f"{prefix}mlp.fc1.weight", None, width).shape[0]
    return {
        "norm_1": stored.norm(f"{prefix}norm1", width),
        "attention": stored.linear(attention, width, 3 * width // len(attention)),
        "project": stored.linear((prefix + names.project,), width, width),
        "scale_1": stored.take(prefix + names.scale.format(1), width),
        "norm_2": stored.norm(f"{prefix}norm2", width),
        "hidden": stored.linear((f"{prefix}mlp.fc1",), width, hidden),
        "out": stored.linear((f"{prefix}mlp.fc2",), hidden, width),
        "scale_2": stored.take(prefix + names.scale.format(2), width),
    }


def _interpolated(position: np.ndarray, side: int, *, antialias: bool) -> np.ndarray:
    """Positions `[1 + old * old, width]` of the class and of a grid, the latter for another grid."""
    old = math.isqrt(len(position) - 1)
    if old == side:
        return position
    grid = position[1:].reshape(old, old, -1)
    matrix = _cubic(old, side, 1.0, antialias) if antialias else _cubic(old, side, 1 + OFFSET / side, antialias)
    grid = np.einsum("ab,cd,bdw->acw", matrix, matrix, grid).reshape(side * side, -1)
    return np.concatenate([position[:1], grid]).astype(np.float32)


def _cubic(old: int, new: int, stretch: float, antialias: bool) -> np.ndarray:
    """The `[new, old]` matrix of PyTorch's bicubic interpolation along an axis."""
    scale = old / (new * stretch)
    centre = (np.arange(new)[:, None] + 0.5) * scale - 0.5
    if antialias:  # with the parameter -1/2, renormalised at the edges
        width = max(scale, 1.0)
        matrix = _kernel((np.arange(old) - centre) / width, -0.5)
        return matrix / matrix.sum(axis=1, keepdims=True)
    taps = np.floor(centre).astype(int) + np.arange(-1, 3)
    matrix = np.zeros((new, old))
    np.add.at(matrix, (np.arange(new)[:, None], taps.clip(0, old - 1)), _kernel(taps - centre, -0.75))
    return matrix


def _kernel(x: np.ndarray, a: float) -> np.ndarray:
    """Keys' cubic kernel, "Cubic convolution interpolation for digital image processing", 1981."""
    x = np.abs(x)
    near, far = ((a + 2) * x - (a + 3)) * x**2 + 1, a * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _features(weights: PyTree, images: Array) -> Array:
    gelu = partial(jax.nn.gelu, approximate=False)
    network = Transformer(weights["last"]["bias"].shape[0] // HEAD, EPSILON, gelu)
    return few_at_a_time(lambda x: encode(network, weights, normalised_pixels(x, MEAN, STD, SIDE)), images)
