"""The classifier as a network, its training step and its predictions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import features
from tests.helpers import fetched, standard_normal


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3)])
def test_shapes(key, shape):
    network = features.classifier(7, hidden=20)

    def run(key, images):
        params, stats = network.init(key, images)
        logits, _ = network.apply(params, stats, images, train=False)
        return stats, logits, network.features(params, stats, images, train=False)

    stats, logits, activations = jax.eval_shape(run, key, jax.ShapeDtypeStruct((5, *shape), jnp.bfloat16))
    assert (logits.shape, logits.dtype) == ((5, 7), jnp.float32)
    assert (activations.shape, activations.dtype) == ((5, 20), jnp.float32)
    assert stats == {}


def test_the_last_layer_is_linear_in_the_features(key):
    network = features.classifier(3, widths=[4], hidden=6)

    def run(key, images):
        params, _ = network.init(key, images)
        shown = network.features(params, {}, images, train=False)
        return params["Dense_1"], shown, network.apply(params, {}, images, train=False)[0]

    last, shown, logits = fetched(run)(key, standard_normal(4, 8, 8, 1))
    np.testing.assert_allclose(logits, shown @ last["kernel"] + last["bias"], rtol=1e-5)


def test_training_learns_and_is_reproducible(key):
    labels = np.arange(64) % 2
    images = np.random.default_rng(0).normal(size=(64, 8, 8, 1)) * 0.3
    images[labels == 1, 2:6] += 1
    network, optimizer = features.classifier(2, widths=[4], hidden=8), optax.adam(1e-2)
    step = jax.jit(features.training_step(network, optimizer, shift=1))
    start, _ = jax.jit(network.init)(jax.random.key(1), images)
    runs = []
    for _ in range(2):
        params, opt_state, losses = start, jax.jit(optimizer.init)(start), []
        for index in range(60):
            params, opt_state, loss = step(params, opt_state, jax.random.fold_in(key, index), images, labels)
            losses.append(float(loss))
        runs.append(params)
    assert losses[-1] < 0.2 * losses[0]
    predict = fetched(functools.partial(features.predict, network))
    assert (predict(params, images) == labels).mean() > 0.95
    jax.tree.map(np.testing.assert_array_equal, *runs)


def test_step_without_randomness_is_gradient_descent_on_the_cross_entropy(key):
    network = features.classifier(3, widths=[2], hidden=4, dropout=0.0)
    images, labels, optimizer = standard_normal(6, 8, 8, 1), np.array([0, 1, 2, 0, 1, 2]), optax.sgd(0.1)

    def cross_entropy(params, images, labels):
        logits, _ = network.apply(params, {}, images, train=False)
        return -jax.nn.log_softmax(logits)[np.arange(6), labels].mean()

    def run(init_key, key, images, labels):
        params, _ = network.init(init_key, images)
        step = features.training_step(network, optimizer)
        changed, _, loss = step(params, optimizer.init(params), key, images, labels)
        return params, changed, loss, *jax.value_and_grad(cross_entropy)(params, images, labels)

    params, changed, loss, expected, gradient = fetched(run)(key, jax.random.key(2), images, labels)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    moved = jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), changed, moved)


def test_shifted_moves_whole_images_and_fills_with_black(key):
    image = np.zeros((1, 5, 5, 1), np.float32)
    image[0, 2, 2] = 1
    places = set()
    shifted = fetched(jax.vmap(lambda key, image: features.shifted(key, image, 1), (0, None)))
    for moved in shifted(jax.random.split(key, 40), image):
        row, column = np.argwhere(moved[0, :, :, 0] == 1)[0]
        expected = np.full((1, 7, 7, 1), -1.0)
        expected[:, row - 1 : row + 4, column - 1 : column + 4] = image
        np.testing.assert_array_equal(moved, expected[:, 1:6, 1:6])
        places.add((row, column))
    assert places == {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}
    np.testing.assert_array_equal(features.shifted(jax.random.key(1), image, 0), image)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_image_that_is_not_finite_has_no_class(key, value):
    network = features.classifier(3, widths=[2], hidden=4)
    images = np.zeros((3, 8, 8, 1), np.float32)
    broken = images.copy()
    broken[1, 0, 0, 0] = value

    def run(key, images, broken):
        params, _ = network.init(key, images)
        return [features.predict(network, params, x) for x in (images, broken)]

    clean, labels = fetched(run)(key, images, broken)
    np.testing.assert_array_equal(labels, [clean[0], -1, clean[2]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: features.classifier(1), "classes .* 1"),
        (lambda: features.classifier(3, widths=[]), "widths"),
        (lambda: features.classifier(3, hidden=0), "hidden"),
        (lambda: features.classifier(3, dropout=1.0), "dropout .* 1.0"),
        (lambda: features.training_step(features.classifier(3), optax.sgd(1.0), shift=-1), "shift .* -1"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_embed_gives_the_features_in_inference_mode(key):
    network = features.classifier(3, widths=[2], hidden=5)

    def run(key, images):
        params, _ = network.init(key, images)
        return features.embed(network, params, images), network.features(params, {}, images, train=False)

    images = standard_normal(4, 8, 8, 1)
    found, expected = fetched(run)(key, images)
    assert found.shape == (4, 5)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="network with features"):
        features.embed(network._replace(features=None), {}, images)
