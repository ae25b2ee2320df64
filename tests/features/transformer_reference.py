"""Vision transformers written a second time: NumPy in float64, one image, one head and one layer after another."""

import numpy as np
from PIL import Image
from scipy.special import erf

SETTINGS = {
    "dinov2": (1e-6, lambda x: x * (1 + erf(x / np.sqrt(2))) / 2),
    "clip": (1e-5, lambda x: x / (1 + np.exp(-1.702 * x))),
}
PARTS = {
    "dinov2": (
        "encoder.layer",
        [f"attention.attention.{name}" for name in ("query", "key", "value")],
        "attention.output.dense",
        "norm",
    ),
    "clip": (
        "encoder.layers",
        [f"self_attn.{name}_proj" for name in ("q", "k", "v")],
        "self_attn.out_proj",
        "layer_norm",
    ),
}


def random_state_dict(network, *, width=128, layers=2, patch=14, grid=37, registers=0, seed=0):
    """Random weights of a small network by the names of Hugging Face."""
    random = np.random.default_rng(seed)
    found = {}

    def draw(name, *shape, centre=0.0):
        found[name] = (centre + 0.2 * random.standard_normal(shape)).astype(np.float32)

    def linear(name, inputs, outputs):
        draw(f"{name}.weight", outputs, inputs)
        found[f"{name}.weight"] *= 5 / np.sqrt(inputs)
        draw(f"{name}.bias", outputs)

    def norm(name):
        draw(f"{name}.weight", width, centre=1.0)
        draw(f"{name}.bias", width)

    if network == "dinov2":
        draw("embeddings.cls_token", 1, 1, width)
        draw("embeddings.position_embeddings", 1, 1 + grid**2, width)
        if registers:
            draw("embeddings.register_tokens", 1, registers, width)
        draw("embeddings.patch_embeddings.projection.weight", width, 3, patch, patch)
        draw("embeddings.patch_embeddings.projection.bias", width)
        norm("layernorm")
        for i in range(layers):
            prefix = f"encoder.layer.{i}"
            for name in ("query", "key", "value"):
                linear(f"{prefix}.attention.attention.{name}", width, width)
            linear(f"{prefix}.attention.output.dense", width, width)
            for n in (1, 2):
                norm(f"{prefix}.norm{n}")
                draw(f"{prefix}.layer_scale{n}.lambda1", width)
            linear(f"{prefix}.mlp.fc1", width, 4 * width)
            linear(f"{prefix}.mlp.fc2", 4 * width, width)
        return found
    draw("vision_model.embeddings.class_embedding", width)
    draw("vision_model.embeddings.position_embedding.weight", 1 + grid**2, width)
    draw("vision_model.embeddings.patch_embedding.weight", width, 3, patch, patch)
    norm("vision_model.pre_layrnorm")
    norm("vision_model.post_layernorm")
    draw("visual_projection.weight", 96, width)
    for i in range(layers):
        prefix = f"vision_model.encoder.layers.{i}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            linear(f"{prefix}.self_attn.{name}", width, width)
        norm(f"{prefix}.layer_norm1")
        norm(f"{prefix}.layer_norm2")
        linear(f"{prefix}.mlp.fc1", width, 4 * width)
        linear(f"{prefix}.mlp.fc2", 4 * width, width)
    return found


def published(state):
    """The same weights of DINOv2 by the names of the file that it was published in."""
    changes = {
        "embeddings.patch_embeddings.projection": "patch_embed.proj",
        "embeddings.position_embeddings": "pos_embed",
        "embeddings.": "",
        "encoder.layer.": "blocks.",
        "attention.output.dense": "attn.proj",
        "layer_scale1.lambda1": "ls1.gamma",
        "layer_scale2.lambda1": "ls2.gamma",
        "layernorm": "norm",
    }
    found = {}
    for name, array in state.items():
        if "attention.attention" in name:
            continue
        for old, new in changes.items():
            name = name.replace(old, new)
        found[name] = array
    for i in range(sum(name.endswith("norm1.weight") for name in state)):
        for part in ("weight", "bias"):
            three = [state[f"encoder.layer.{i}.attention.attention.{x}.{part}"] for x in ("query", "key", "value")]
            found[f"blocks.{i}.attn.qkv.{part}"] = np.concatenate(three)
    return found


def resized(image, side):
    """An image `[height, width, 3]` in [-1, 1] by Pillow, each channel in floats, in [0, 1]."""
    channels = [Image.fromarray(((x + 1) / 2).astype(np.float32)) for x in np.moveaxis(image, 2, 0)]
    channels = [np.asarray(x.resize((side, side), Image.Resampling.BICUBIC)) for x in channels]
    return np.stack(channels, axis=2).clip(0, 1)


def forward(network, state, image, position):
    """The feature of one image, resized and normalised, `[side, side, 3]`; `position` is of its grid."""
    weights = {name.removeprefix("vision_model."): array.astype(np.float64) for name, array in state.items()}
    epsilon, activation = SETTINGS[network]
    ours = network == "dinov2"
    patch = "embeddings.patch_embeddings.projection" if ours else "embeddings.patch_embedding"
    kernel = weights[f"{patch}.weight"]
    bias = weights.get(f"{patch}.bias", 0.0)
    size = kernel.shape[2]

    def norm(x, name):
        deviation = x - x.mean()
        return (
            deviation / np.sqrt((deviation**2).mean() + epsilon) * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        )

    def linear(x, name):
        return weights[f"{name}.weight"] @ x + weights[f"{name}.bias"]

    tokens = [weights["embeddings.cls_token"].reshape(-1) if ours else weights["embeddings.class_embedding"]]
    for i in range(0, image.shape[0], size):
        for j in range(0, image.shape[1], size):
            tokens.append(np.einsum("oche,hec->o", kernel, image[i : i + size, j : j + size]) + bias)
    tokens = [token + place for token, place in zip(tokens, position, strict=True)]
    if "embeddings.register_tokens" in weights:
        tokens = [tokens[0], *weights["embeddings.register_tokens"][0], *tokens[1:]]
    if not ours:
        tokens = [norm(token, "pre_layrnorm") for token in tokens]
    blocks, attention, project, norms = PARTS[network]
    for i in range(sum(name.endswith("mlp.fc1.weight") for name in weights)):
        prefix = f"{blocks}.{i}"
        seen = [norm(token, f"{prefix}.{norms}1") for token in tokens]
        query, key, value = ([linear(token, f"{prefix}.{name}") for token in seen] for name in attention)
        mixed = np.zeros((len(tokens), len(tokens[0])))
        for head in range(len(tokens[0]) // 64):
            part = slice(64 * head, 64 * head + 64)
            scores = np.array([[q[part] @ k[part] / 8 for k in key] for q in query])
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            mixed[:, part] = shares @ np.array([v[part] for v in value])
        scales = [weights[f"{prefix}.layer_scale{n}.lambda1"] if ours else 1.0 for n in (1, 2)]
        tokens = [t + scales[0] * linear(m, f"{prefix}.{project}") for t, m in zip(tokens, mixed, strict=True)]
        hidden = [activation(linear(norm(t, f"{prefix}.{norms}2"), f"{prefix}.mlp.fc1")) for t in tokens]
        tokens = [t + scales[1] * linear(h, f"{prefix}.mlp.fc2") for t, h in zip(tokens, hidden, strict=True)]
    if ours:
        return norm(tokens[0], "layernorm")
    found = weights["visual_projection.weight"] @ norm(tokens[0], "post_layernorm")
    return found / np.linalg.norm(found)
