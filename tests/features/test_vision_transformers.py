"""DINOv2 and CLIP against a second implementation with the same random weights, and their loaders."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from jaxgan import features
from jaxgan.features.clip import MEAN as CLIP_MEAN
from jaxgan.features.clip import STD as CLIP_STD
from jaxgan.features.dinov2 import MEAN, STD, _interpolated
from tests.features import transformer_reference as reference
from tests.helpers import jit

# Patches that are large, so that the loops of the reference have few tokens.
DINOV2 = {"patch": 56, "grid": 4}
CLIP = {"patch": 16, "grid": 5}


def images(seed, shape=(2, 30, 40, 3)):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def extracted(extract, x):
    return jit(lambda extract, x: extract(x))(extract, x)


@pytest.fixture
def saved(tmp_path):
    def save(state):
        path = tmp_path / "model.safetensors"
        save_file(state, path)
        return path

    return save


@pytest.mark.parametrize("registers", [0, 4])
def test_dinov2_is_the_second_implementation(saved, registers):
    state = reference.random_state_dict("dinov2", registers=registers, **DINOV2)
    x = images(1)
    found = extracted(features.dinov2(saved(state)), x)
    position = state["embeddings.position_embeddings"][0]
    normalised = [(reference.resized(image, 224) - MEAN) / STD for image in x]
    expected = [reference.forward("dinov2", state, image, position) for image in normalised]
    assert found.shape == (2, 128) and found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert np.abs(np.diff(expected, axis=0)).max() > 0.01  # the images matter


def test_clip_is_the_second_implementation(saved):
    state = reference.random_state_dict("clip", **CLIP)
    x = images(2)
    found = extracted(features.clip(saved(state)), x)
    position = state["vision_model.embeddings.position_embedding.weight"]
    normalised = [(reference.resized(image, 80) - CLIP_MEAN) / CLIP_STD for image in x]
    expected = [reference.forward("clip", state, image, position) for image in normalised]
    assert found.shape == (2, 96)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_both_kinds_of_file_hold_the_same_network(saved, tmp_path):
    state = reference.random_state_dict("dinov2", **DINOV2)
    np.savez(tmp_path / "published.npz", **reference.published(state))
    one, other = features.load_dinov2(saved(state)), features.load_dinov2(tmp_path / "published.npz")
    jax.tree.map(np.testing.assert_array_equal, one, other)


# Of torch.nn.functional.interpolate(mode="bicubic", align_corners=False), PyTorch 2.13, of the squares 0, 1, 4, ... in
# rows of 5, onto 3 by 3: with scale_factor=3.1 / 5, and with size=3, antialias=True.
OFFSET = [
    [4.184525, 11.5127296, 25.2631111],
    [93.4545364, 128.0483398, 170.4532776],
    [338.4934692, 401.7418518, 474.2611084],
]
ANTIALIASED = [
    [5.6520791, 15.5030498, 30.47101],
    [112.1298752, 149.0791015, 191.1452483],
    [346.5324707, 410.5798950, 479.7442627],
]


@pytest.mark.parametrize(("antialias", "expected"), [(False, OFFSET), (True, ANTIALIASED)])
def test_positions_are_interpolated_as_in_pytorch(antialias, expected):
    position = np.concatenate([[-1.0], np.arange(25.0) ** 2])[:, None]
    found = _interpolated(position, 3, antialias=antialias)
    np.testing.assert_allclose(found[:, 0], [-1.0, *np.ravel(expected)], rtol=1e-5, atol=1e-4)


def test_gray_images_and_any_number(saved):
    extract = features.dinov2(saved(reference.random_state_dict("dinov2", **DINOV2)))
    x = images(3, (23, 16, 16, 1))
    found = extracted(extract, x)
    np.testing.assert_allclose(found, extracted(extract, np.repeat(x, 3, axis=3)), atol=1e-5)
    np.testing.assert_allclose(found[-1:], extracted(extract, x[-1:]), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("encoder.layer.1.mlp.fc1.weight"), r"it has no encoder.layer.1.mlp.fc1.weight"),
        (lambda s: s.update({"layernorm.bias": np.zeros(3, np.float32)}), r"layernorm.bias is float32 \[3\], not"),
        (lambda s: s.update({"embeddings.cls_token": np.zeros((1, 1, 100), np.float32)}), r"100 wide"),
        (
            lambda s: s.update({"embeddings.position_embeddings": np.zeros((1, 12, 128), np.float32)}),
            "12 positions, not 1 and a square",
        ),
        (
            lambda s: s.update({"embeddings.patch_embeddings.projection.weight": np.zeros((128, 3, 9, 9), np.float32)}),
            "patches of 9 pixels do not divide 224",
        ),
        (lambda s: [s.pop(name) for name in list(s) if name.startswith("encoder")], "it has no encoder.layer.0"),
    ],
)
def test_another_network_is_named(saved, change, said):
    state = reference.random_state_dict("dinov2", **DINOV2)
    change(state)
    with pytest.raises(ValueError, match=said):
        features.load_dinov2(saved(state))


def test_files_of_the_other_network_and_missing_ones(saved, tmp_path):
    with pytest.raises(ValueError, match="is not DINOv2: it has no cls_token"):
        features.dinov2(saved(reference.random_state_dict("clip", **CLIP)))
    with pytest.raises(ValueError, match=r"is not CLIP: it has no embeddings\.class_embedding"):
        features.clip(saved(reference.random_state_dict("dinov2", **DINOV2)))
    for load in (features.dinov2, features.clip):
        with pytest.raises(ValueError, match=r"https://huggingface\.co"):
            load(tmp_path / "none.safetensors")
