"""The image encoder of CLIP with weights of yours, which CMMD is measured in."""

import os
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.tree_util import Partial

from jaxgan.features._vision_transformer import (
    HIGHEST,
    Stored,
    Transformer,
    encode,
    few_at_a_time,
    normalised_pixels,
    stacked,
)
from jaxgan.types import Array, PyTree

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # of the published network
EPSILON = 1e-5
HEAD = 64  # channels of a head in all published sizes
ADVICE = (
    "get model.safetensors of openai/clip-vit-large-patch14-336 or another openai/clip-vit from "
    "https://huggingface.co and pass its path"
)


def clip(weights: str | os.PathLike[str] | PyTree) -> Callable[[Array], Array]:
    """Makes the feature extractor of CLIP, any of OpenAI's vision transformers: ViT-B/32, -B/16, -L/14, -L/14@336.

    Images in [-1, 1] are resized with a cubic filter to the side that the positions were learned for and normalised as
    published; where they are not square they are squeezed, not cut. The feature is the projected class token, of unit
    length, so that Euclidean distances order pairs as cosines do. Everything is computed in float32 with the highest
    precision that the device has.

    Radford, Kim, Hallacy et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021. For
    metrics of generators, with ViT-L/14@336: Jayasumana, Ramalingam, Veit, Glasner, Chakrabarti, Kumar, "Rethinking
    FID: Towards a Better Evaluation Metric for Image Generation", 2024 (`metrics.clip_discrepancy`).

    Args:
      weights: a file for `load_clip`, or what it returned.

    Returns:
      `extract(images) -> features` for images `[n, height, width, 1 or 3]` in [-1, 1]; features are float32 `[n, 512]`
      or `[n, 768]`. It is a pytree whose leaves are the weights.

    Raises:
      ValueError: as `load_clip`; from the extractor, for images that are not floating or have neither 1 nor 3 channels.
    """
    tree = load_clip(weights) if isinstance(weights, str | os.PathLike) else weights
    return Partial(_features, tree)


def load_clip(path: str | os.PathLike[str]) -> PyTree:
    """Reads the weights of CLIP's image encoder from a file.

    The file has the names of Hugging Face's `model.safetensors`, as `.safetensors`, `.npz` or a state dict. Networks of
    OpenCLIP have the same names but other hidden activations, which no file tells: do not pass these. PyTorch is not
    needed, and nothing that a file may contain is run. Entries that the network has no use for, such as those of the
    text encoder, are ignored.

    Args:
      path: of the file.

    Returns:
      The weights as a tree of float32 arrays.

    Raises:
      ValueError: if the file is missing, cannot be read, or is not of this network; the message names the first entry
        that is missing or of another shape.
    """
    stored = Stored.read(path, "CLIP", "vision_model.", ADVICE)
    token = stored.take("embeddings.class_embedding", None)
    width = len(token)
    stored.check_width(width, HEAD)
    position = stored.positions("embeddings.position_embedding.weight", width=width)
    kernel = stored.patch("embeddings.patch_embedding", width)
    blocks = range(stored.layers("encoder.layers."))
    tree = {
        "patch": kernel,
        "bias": jnp.zeros(width),
        "class": token[None],
        "position": position,
        "first": stored.norm("pre_layrnorm", width),
        "blocks": stacked([_block(stored, f"encoder.layers.{i}.", width) for i in blocks]),
        "last": stored.norm("post_layernorm", width),
        "projection": stored.take("visual_projection.weight", None, width).T,
    }
    return jax.tree.map(jnp.asarray, tree)


def _block(stored: Stored, prefix: str, width: int) -> PyTree:
    hidden = stored.take(f"{prefix}mlp.fc1.weight", None, width).shape[0]
    return {
        "norm_1": stored.norm(f"{prefix}layer_norm1", width),
        "attention": stored.linear(tuple(f"{prefix}self_attn.{x}_proj" for x in "qkv"), width, width),
        "project": stored.linear((f"{prefix}self_attn.out_proj",), width, width),
        "norm_2": stored.norm(f"{prefix}layer_norm2", width),
        "hidden": stored.linear((f"{prefix}mlp.fc1",), width, hidden),
        "out": stored.linear((f"{prefix}mlp.fc2",), hidden, width),
    }


def _quick_gelu(x: Array) -> Array:
    return x * jax.nn.sigmoid(1.702 * x)


def _features(weights: PyTree, images: Array) -> Array:
    network = Transformer(weights["class"].shape[1] // HEAD, EPSILON, _quick_gelu)
    side = weights["patch"].shape[0] * round((len(weights["position"]) - 1) ** 0.5)

    def embed(x: Array) -> Array:
        found = encode(network, weights, normalised_pixels(x, MEAN, STD, side))
        found = jnp.matmul(found, weights["projection"], precision=HIGHEST)
        return found * jax.lax.rsqrt(jnp.sum(found**2, axis=-1, keepdims=True) + 1e-12)

    return few_at_a_time(embed, images)
