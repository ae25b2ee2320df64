"""Inception-v3 against a second implementation with the same random weights, and its loader."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import features
from jaxgan.features._resize import resize_bilinear
from jaxgan.features.inception import preprocess
from tests.features import inception_reference as reference
from tests.features import torch_files as files
from tests.helpers import fetched, jit


@pytest.fixture(scope="module")
def state_dict():
    return reference.random_state_dict(0)


@pytest.fixture(scope="module")
def npz(state_dict, tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / "weights.npz"
    np.savez(path, **state_dict)
    return path


@pytest.fixture(scope="module")
def weights(npz):
    return features.load_inception(npz)


@pytest.mark.slow
def test_second_implementation(state_dict, weights):
    # Large enough that the last block sees 3x2 positions, and not square, so that rows and columns differ.
    images = np.random.default_rng(1).uniform(-1, 1, (1, 139, 107, 3)).astype(np.float32)
    expected, expected_logits = reference.forward(state_dict, ((images + 1) * 127.5 - 128) / 128)
    inception = features.inception_v3(weights, resize=False)
    assert isinstance(inception, features.Inception)

    @jit
    def outputs(inception, images):
        found = inception.features(images)
        return found, inception.logits(images), inception.head(found, bias=False)

    found, logits, unbiased = outputs(inception, images)
    assert (found.shape, found.dtype, logits.shape, logits.dtype) == ((1, 2048), jnp.float32, (1, 1008), jnp.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * expected.max())
    np.testing.assert_allclose(logits, expected_logits, rtol=1e-4, atol=1e-5 * np.abs(expected_logits).max())
    np.testing.assert_allclose(unbiased, logits - state_dict["fc.bias"][None, :], atol=1e-5)


def test_number_of_parameters(weights):
    # 21 785 568 is the published number for the network without its last layer.
    count = sum(leaf.size for leaf in jax.tree.leaves((weights["params"], weights["fc"])))
    assert count == 21_785_568 + 2048 * 1008 + 1008


@pytest.mark.parametrize("save", [files.save, files.save_legacy])
def test_a_file_of_torch_holds_the_same(tmp_path, state_dict, weights, save):
    path = save(tmp_path / "weights.pth", {name: files.contiguous(array) for name, array in state_dict.items()})
    jax.tree.map(np.testing.assert_array_equal, features.load_inception(path), weights)


def test_init_has_the_structure_of_the_file(key, weights):
    shapes = jax.eval_shape(features.init_inception, key)
    assert jax.tree.structure(shapes) == jax.tree.structure(weights)
    for drawn, loaded in zip(jax.tree.leaves(shapes), jax.tree.leaves(weights), strict=True):
        assert (drawn.shape, drawn.dtype) == (loaded.shape, loaded.dtype)


@pytest.mark.slow
def test_init_draws_kernels_and_nothing_else(key):
    @jax.jit  # all that is not returned is not computed
    def drawn(key):
        tree = features.init_inception(key)
        block = tree["params"]["Mixed_7b"]["branch3x3dbl_2"]
        return block["conv"]["kernel"], tree["fc"], block["bn"], tree["batch_stats"]["Mixed_7b"]["branch3x3dbl_2"]["bn"]

    kernel, last, norm, stats = drawn(key)
    np.testing.assert_allclose(kernel.std(), np.sqrt(2 / (9 * 448)), rtol=0.01)
    np.testing.assert_allclose(last["kernel"].std(), np.sqrt(2 / 2048), rtol=0.01)
    for values, expected in (
        (last["bias"], 0),
        (norm["scale"], 1),
        (norm["bias"], 0),
        (stats["mean"], 0),
        (stats["var"], 1),
    ):
        np.testing.assert_array_equal(values, np.full(values.shape, expected))


def test_extractor_takes_small_and_grey_images(npz, weights):
    shape = jax.eval_shape(features.inception_v3(weights).features, jax.ShapeDtypeStruct((5, 32, 28, 1), jnp.float32))
    assert (shape.shape, shape.dtype) == ((5, 2048), jnp.float32)
    inception = features.inception_v3(npz)
    shape = jax.eval_shape(inception.logits, jax.ShapeDtypeStruct((2, 20, 20, 3), jnp.bfloat16))
    assert (shape.shape, shape.dtype) == ((2, 1008), jnp.float32)
    jax.tree.map(
        np.testing.assert_array_equal, jax.tree.leaves(inception), jax.tree.leaves(features.inception_v3(weights))
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_preprocessing(channels):
    image = np.random.default_rng(0).uniform(-1, 1, (9, 7, channels)).astype(np.float32)
    ends = np.stack([-np.ones((75, 75, channels), np.float32), np.ones((75, 75, channels), np.float32)])

    def run(images, ends):
        resized = resize_bilinear((images + 1) / 2 * 255, 299, 299)
        return (resized[0] - 128) / 128, preprocess(images)[0], preprocess(ends, resize=False)

    expected, found, at_ends = fetched(run)(image[None], ends)
    np.testing.assert_allclose(found, np.broadcast_to(expected, (299, 299, 3)), atol=1e-4)
    np.testing.assert_array_equal(at_ends[:, 0, 0, 2], [-1, 127 / 128])


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (jnp.zeros((32, 32, 3)), {}, r"\[n, height, width, channels\], got shape \(32, 32, 3\)"),
        (jnp.zeros((1, 32, 32, 2)), {}, r"1 or 3 channels, got shape \(1, 32, 32, 2\)"),
        (jnp.zeros((1, 32, 32, 3), jnp.uint8), {}, r"floating, in \[-1, 1\], got uint8"),
        (jnp.zeros((1, 80, 74, 3)), {"resize": False}, r"at least 75 pixels large, got \(1, 80, 74, 3\)"),
    ],
)
def test_wrong_images_are_named(images, options, message):
    with pytest.raises(ValueError, match=message):
        preprocess(images, **options)


def test_a_missing_file_says_what_to_get(tmp_path):
    with pytest.raises(
        ValueError, match=r"no Inception-v3 weights at .*none\.pth: get pt_inception-2015-12-05"
    ) as error:
        features.inception_v3(tmp_path / "none.pth")
    assert "\n" not in str(error.value)


def zeros(*shape: int, dtype: type = np.float32) -> files.Tensor:
    """A tensor of which only the name and the shape matter: one stored zero for all elements."""
    return files.Tensor(np.zeros(1, dtype), 0, shape, (0,) * len(shape))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Conv2d_1a_3x3.bn.running_mean": None}, "it has no Conv2d_1a_3x3.bn.running_mean;"),
        ({"fc.weight": zeros(1000, 2048)}, r"fc\.weight is float32 \[1000, 2048\], not float32 \[1008, 2048\]"),
        (
            {"Mixed_6b.branch7x7_2.conv.weight": zeros(128, 128, 7, 1)},
            r"Mixed_6b\.branch7x7_2\.conv\.weight is float32 \[128, 128, 7, 1\], not float32 \[128, 128, 1, 7\]",
        ),
        ({"fc.bias": zeros(1008, dtype=np.int64)}, r"fc\.bias is int64 \[1008\], not float32 \[1008\]"),
    ],
)
def test_another_network_is_refused(tmp_path, state_dict, change, message):
    entries = {**{name: zeros(*array.shape) for name, array in state_dict.items()}, **change}
    path = files.save(tmp_path / "other.pth", {name: entry for name, entry in entries.items() if entry is not None})
    with pytest.raises(ValueError, match=f"is not the Inception-v3 of the Fréchet distance: {message}") as error:
        features.load_inception(path)
    assert "\n" not in str(error.value)
