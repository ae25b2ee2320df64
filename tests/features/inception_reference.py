"""Inception-v3 once more, in NumPy and float64 with images as `[n, channels, height, width]`, for the tests.

Convolutions are listed in one table with explicit strides and paddings; pools look at windows in which the padding is
not a number.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# Name, outputs, inputs, height and width of the kernel, stride, vertical and horizontal padding.
STEM = """
Conv2d_1a_3x3 32 3 3 3 2 0 0
Conv2d_2a_3x3 32 32 3 3 1 0 0
Conv2d_2b_3x3 64 32 3 3 1 1 1
Conv2d_3b_1x1 80 64 1 1 1 0 0
Conv2d_4a_3x3 192 80 3 3 1 0 0
"""
A = """
branch1x1 64 {inputs} 1 1 1 0 0
branch5x5_1 48 {inputs} 1 1 1 0 0
branch5x5_2 64 48 5 5 1 2 2
branch3x3dbl_1 64 {inputs} 1 1 1 0 0
branch3x3dbl_2 96 64 3 3 1 1 1
branch3x3dbl_3 96 96 3 3 1 1 1
branch_pool {width} {inputs} 1 1 1 0 0
"""
B = """
branch3x3 384 288 3 3 2 0 0
branch3x3dbl_1 64 288 1 1 1 0 0
branch3x3dbl_2 96 64 3 3 1 1 1
branch3x3dbl_3 96 96 3 3 2 0 0
"""
C = """
branch1x1 192 768 1 1 1 0 0
branch7x7_1 {width} 768 1 1 1 0 0
branch7x7_2 {width} {width} 1 7 1 0 3
branch7x7_3 192 {width} 7 1 1 3 0
branch7x7dbl_1 {width} 768 1 1 1 0 0
branch7x7dbl_2 {width} {width} 7 1 1 3 0
branch7x7dbl_3 {width} {width} 1 7 1 0 3
branch7x7dbl_4 {width} {width} 7 1 1 3 0
branch7x7dbl_5 192 {width} 1 7 1 0 3
branch_pool 192 768 1 1 1 0 0
"""
D = """
branch3x3_1 192 768 1 1 1 0 0
branch3x3_2 320 192 3 3 2 0 0
branch7x7x3_1 192 768 1 1 1 0 0
branch7x7x3_2 192 192 1 7 1 0 3
branch7x7x3_3 192 192 7 1 1 3 0
branch7x7x3_4 192 192 3 3 2 0 0
"""
E = """
branch1x1 320 {inputs} 1 1 1 0 0
branch3x3_1 384 {inputs} 1 1 1 0 0
branch3x3_2a 384 384 1 3 1 0 1
branch3x3_2b 384 384 3 1 1 1 0
branch3x3dbl_1 448 {inputs} 1 1 1 0 0
branch3x3dbl_2 384 448 3 3 1 1 1
branch3x3dbl_3a 384 384 1 3 1 0 1
branch3x3dbl_3b 384 384 3 1 1 1 0
branch_pool 192 {inputs} 1 1 1 0 0
"""
BLOCKS = [
    ("Mixed_5b", A, 192, 32),
    ("Mixed_5c", A, 256, 64),
    ("Mixed_5d", A, 288, 64),
    ("Mixed_6a", B, 288, 0),
    ("Mixed_6b", C, 768, 128),
    ("Mixed_6c", C, 768, 160),
    ("Mixed_6d", C, 768, 160),
    ("Mixed_6e", C, 768, 192),
    ("Mixed_7a", D, 768, 0),
    ("Mixed_7b", E, 1280, 0),
    ("Mixed_7c", E, 2048, 0),
]


def _rows(text: str, prefix: str = "") -> dict[str, tuple[int, ...]]:
    return {prefix + name: tuple(map(int, rest)) for name, *rest in map(str.split, text.strip().splitlines())}


LAYERS = _rows(STEM)
for _block, _text, _inputs, _width in BLOCKS:
    LAYERS |= _rows(_text.format(inputs=_inputs, width=_width), f"{_block}.")


def random_state_dict(seed: int) -> dict[str, np.ndarray]:
    """Random weights under the names and in the layout of a state dict, with counters that no network needs."""
    random = np.random.default_rng(seed)
    state = {}
    for name, (outputs, inputs, height, width, *_) in LAYERS.items():
        scale = np.float32(np.sqrt(2 / (inputs * height * width)))
        state[f"{name}.conv.weight"] = scale * random.standard_normal((outputs, inputs, height, width), np.float32)
        state[f"{name}.bn.weight"] = random.uniform(0.8, 1.2, outputs).astype(np.float32)
        state[f"{name}.bn.bias"] = random.normal(0, 0.1, outputs).astype(np.float32)
        state[f"{name}.bn.running_mean"] = random.normal(0, 0.1, outputs).astype(np.float32)
        state[f"{name}.bn.running_var"] = random.uniform(0.5, 1.5, outputs).astype(np.float32)
        state[f"{name}.bn.num_batches_tracked"] = np.array(7)
    state["fc.weight"] = np.float32(0.03) * random.standard_normal((1008, 2048), np.float32)
    state["fc.bias"] = random.standard_normal(1008, np.float32)
    return state


def forward(state: dict[str, np.ndarray], images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features `[n, 2048]` and logits `[n, 1008]` of what the network sees, `[n, height, width, 3]`."""

    def layer(name: str, x: np.ndarray) -> np.ndarray:
        *_, stride, vertical, horizontal = LAYERS[name]
        x = np.pad(x, ((0, 0), (0, 0), (vertical, vertical), (horizontal, horizontal)))
        kernel = state[f"{name}.conv.weight"].astype(np.float64)
        windows = sliding_window_view(x, kernel.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        y = np.moveaxis(np.tensordot(windows, kernel, ((1, 4, 5), (1, 2, 3))), 3, 1)
        gain, bias, mean, variance = (
            state[f"{name}.bn.{entry}"].astype(np.float64)[:, None, None]
            for entry in ("weight", "bias", "running_mean", "running_var")
        )
        return np.maximum((y - mean) / np.sqrt(variance + 0.001) * gain + bias, 0)

    def chain(prefix: str, x: np.ndarray, *names: str) -> np.ndarray:
        for name in names:
            x = layer(f"{prefix}.{name}", x)
        return x

    def numbered(prefix: str, x: np.ndarray, name: str, last: int) -> np.ndarray:
        return chain(prefix, x, *(f"{name}_{index}" for index in range(1, last + 1)))

    def block(name: str, x: np.ndarray) -> np.ndarray:
        kind = name[6]
        if name == "Mixed_6a":
            return np.concatenate(
                [chain(name, x, "branch3x3"), numbered(name, x, "branch3x3dbl", 3), shrunk(x)], axis=1
            )
        if name == "Mixed_7a":
            return np.concatenate(
                [numbered(name, x, "branch3x3", 2), numbered(name, x, "branch7x7x3", 4), shrunk(x)], axis=1
            )
        pooled = maximum(x) if name == "Mixed_7c" else average(x)
        parts = [chain(name, x, "branch1x1")]
        if kind == "5":
            parts += [numbered(name, x, "branch5x5", 2), numbered(name, x, "branch3x3dbl", 3)]
        elif kind == "6":
            parts += [numbered(name, x, "branch7x7", 3), numbered(name, x, "branch7x7dbl", 5)]
        else:
            for branch, last in (("branch3x3", 2), ("branch3x3dbl", 3)):
                inner = numbered(name, x, branch, last - 1)
                parts += [chain(name, inner, f"{branch}_{last}{half}") for half in "ab"]
        return np.concatenate([*parts, chain(name, pooled, "branch_pool")], axis=1)

    x = np.moveaxis(images.astype(np.float64), 3, 1)
    x = layer("Conv2d_2b_3x3", layer("Conv2d_2a_3x3", layer("Conv2d_1a_3x3", x)))
    x = layer("Conv2d_4a_3x3", layer("Conv2d_3b_1x1", shrunk(x)))
    x = shrunk(x)
    for name, *_ in BLOCKS:
        x = block(name, x)
    features = x.mean(axis=(2, 3))
    return features, features @ state["fc.weight"].astype(np.float64).T + state["fc.bias"]


def _windows(x: np.ndarray, padding: int) -> np.ndarray:
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=np.nan)
    return sliding_window_view(padded, (3, 3), axis=(2, 3))


def average(x: np.ndarray) -> np.ndarray:
    """The mean over 3x3 of what is inside the image."""
    return np.nanmean(_windows(x, 1), axis=(4, 5))


def maximum(x: np.ndarray) -> np.ndarray:
    """The maximum over 3x3 of what is inside the image."""
    return np.nanmax(_windows(x, 1), axis=(4, 5))


def shrunk(x: np.ndarray) -> np.ndarray:
    """The maximum over 3x3 at every second position."""
    return _windows(x, 0)[:, :, ::2, ::2].max(axis=(4, 5))
