"""Precision, recall, density and coverage against published implementations, an explicit loop, ties and devices."""

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import jit
from tests.metrics import golden

precision_recall = jit(metrics.precision_recall, static_argnames=("k", "strict", "tile_rows"))


@functools.partial(jit, static_argnames=("k", "tile_rows"))
def all_four(real, fake, k, tile_rows=None) -> tuple[jax.Array, ...]:
    options = {"k": k, "tile_rows": tile_rows}
    return *metrics.precision_recall(real, fake, **options), *metrics.density_coverage(real, fake, **options)


# Below and above the dimension from which distances are expanded; the tests share shapes, and so compiled programs.
DIMENSIONS = (2, 20)


def reference(real, fake, k, strict=False) -> tuple[float, ...]:
    """Precision, recall, density and coverage, one ball at a time."""

    def radius(points, i):
        return sorted(np.linalg.norm(points[j] - points[i]) for j in range(len(points)) if j != i)[k - 1]

    real_radii, fake_radii = ([radius(x, i) for i in range(len(x))] for x in (real, fake))

    def held(point, centres, radii, strict):
        distances = [np.linalg.norm(point - centre) for centre in centres]
        return [d < r if strict else d <= r for d, r in zip(distances, radii, strict=True)]

    return (
        np.mean([any(held(x, real, real_radii, strict)) for x in fake]),
        np.mean([any(held(x, fake, fake_radii, strict)) for x in real]),
        np.mean([sum(held(x, real, real_radii, True)) for x in fake]) / k,
        np.mean([any(np.linalg.norm(x - y) < r for y in fake) for x, r in zip(real, real_radii, strict=True)]),
    )


def golden_fake(name: str) -> np.ndarray:
    data = golden.data()
    return {"data": data.fake, "collapsed": data.collapsed, "ten points": data.ten_points}[name]


@pytest.mark.parametrize(
    ("name", "k"), [pytest.param(*of, marks=pytest.mark.slow if of == ("data", 3) else ()) for of in golden.NEIGHBOURS]
)
def test_golden_values(x64, name, k):
    precision, recall, _, density, coverage = golden.NEIGHBOURS[name, k]
    values = all_four(golden.data().real, golden_fake(name), k)
    np.testing.assert_allclose(values, (precision, recall, density, coverage), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data", "collapsed", "ten points"])
def test_golden_values_in_float32(name):
    precision, recall, strict_recall, density, coverage = golden.NEIGHBOURS[name, 5]
    real, fake = golden.data().real, golden_fake(name)
    np.testing.assert_allclose(all_four(real, fake, 5), (precision, recall, density, coverage), rtol=1e-4)
    strict = precision_recall(real, fake, k=5, strict=True)
    np.testing.assert_allclose(strict, (precision, strict_recall), rtol=1e-4)


def draw(seed: int, d: int, n: int = 40, m: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.standard_normal((n, d)), 0.8 * random.standard_normal((m, d)) + 0.2


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_equals_the_explicit_loop(d, seed):
    real, fake = draw(seed, d)
    np.testing.assert_allclose(all_four(real, fake, 2), reference(real, fake, 2), rtol=1e-6)


def test_tiles_do_not_change_the_result():
    real, fake = draw(0, 20, 37, 30)  # tiles of 5 rows leave a remainder of one, and of none
    np.testing.assert_allclose(all_four(real, fake, 2, tile_rows=5), reference(real, fake, 2), rtol=1e-6)


def test_without_jit():
    real, fake = draw(0, 2)
    np.testing.assert_allclose(metrics.density_coverage(real, fake, k=2), reference(real, fake, 2)[2:], rtol=1e-6)


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("strict", [False, True])
def test_copies_are_ties_and_not_noise(d, strict):
    # Fakes are copies of reals, one of them many times, far from the origin where the expanded form cancels most.
    real = (draw(0, d)[0] + 30).astype(np.float32)
    fake = real[np.concatenate([np.arange(20), np.full(18, 7), [0, 1]])]
    expected = reference(real.astype(np.float64), fake.astype(np.float64), 2, strict)
    np.testing.assert_allclose(precision_recall(real, fake, k=2, strict=strict), expected[:2], rtol=1e-6)
    np.testing.assert_allclose(all_four(real, fake, 2)[2:], expected[2:], rtol=1e-6)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_identical_sets(d):
    x = draw(1, d)[0] * 5 + 3
    # Every ball holds its own centre and k - 1 neighbours, the k-th lying on its edge.
    np.testing.assert_allclose(all_four(x, x, 2), (1, 1, 1, 1), rtol=1e-6)
    constant = np.full((40, d), 1.7)
    np.testing.assert_allclose(all_four(constant, constant, 2), (1, 1, 0, 0))
    np.testing.assert_array_equal(precision_recall(constant, constant, k=2, strict=True), (0, 0))


def test_radius_of_zero_holds_no_other_point():
    # Fakes at one point; reals very near to it, within the rounding error of the expanded form.
    random = np.random.default_rng(2)
    point = 100 * random.standard_normal((1, 20)).astype(np.float32)
    real = point + np.float32(1e-4) * random.standard_normal((40, 20)).astype(np.float32)
    assert (np.abs(real - point).max(axis=1) > 0).all()
    assert all_four(real, point.repeat(40, 0), 2)[1] == 0


def test_recall_and_coverage_fall_as_modes_are_removed():
    random = np.random.default_rng(3)
    centres = 10 * random.standard_normal((5, 20))
    real = centres[np.arange(40) % 5] + random.standard_normal((40, 20))
    scores = []
    for modes in (5, 3, 1):
        fake = centres[np.arange(40) % modes] + random.standard_normal((40, 20))
        scores.append(np.array(all_four(real, fake, 2))[[1, 3]])
    assert (scores[0] > scores[1]).all() and (scores[1] > scores[2]).all(), scores


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_order_and_rotation_do_not_matter(seed):
    random = np.random.default_rng(seed)
    real, fake = draw(seed, 20)
    value = all_four(real, fake, 2)
    np.testing.assert_allclose(all_four(random.permutation(real), random.permutation(fake), 2), value, rtol=1e-6)
    rotation = np.linalg.qr(random.standard_normal((20, 20)))[0]
    np.testing.assert_allclose(all_four(real @ rotation, fake @ rotation, 2), value, rtol=1e-6)
    np.testing.assert_allclose(all_four(fake, real, 2)[1::-1], value[:2], rtol=1e-6)


@functools.cache
def shardings() -> tuple[jax.NamedSharding, jax.NamedSharding]:
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    return jax.NamedSharding(mesh, jax.P()), jax.NamedSharding(mesh, jax.P("data"))


@pytest.mark.slow
def test_sharded_rows_give_the_same():
    real, fake = draw(4, 20, 80, 80)
    on_devices = (jax.device_put(x.astype(np.float32), shardings()[1]) for x in (real, fake))
    np.testing.assert_allclose(all_four(*on_devices, 2, tile_rows=32), reference(real, fake, 2), rtol=1e-6)


def test_sharded_queries_stay_on_their_device():
    replicated, sharded = shardings()
    queries, centres = jax.ShapeDtypeStruct((160, 20), jnp.float32), jax.ShapeDtypeStruct((100, 20), jnp.float32)
    shards = {"in_shardings": (sharded, replicated), "out_shardings": sharded}
    nearest = jit(functools.partial(metrics.nearest_centre, tile_rows=32), **shards)
    reverse = jit(lambda x, y: x[::-1] + y[:1], **shards)

    def moved(function) -> list[str]:
        program = function.lower(queries, centres).compile().as_text()
        return re.findall(r" (?:all-to-all|collective-permute|all-gather|reduce-scatter)(?:-start)?\(", program)

    assert moved(nearest) == []
    assert moved(reverse)


def test_large_sets_fit_in_four_gib():
    features = jax.ShapeDtypeStruct((50_000, 2048), jnp.float32)
    memory = jax.jit(metrics.precision_recall).lower(features, features).compile().memory_analysis()
    assert memory.temp_size_in_bytes + memory.argument_size_in_bytes < 2.5 * 2**30


def test_many_small_sets_at_once():
    x = np.random.default_rng(5).standard_normal((2, 3, 40, 20))
    many = jit(jax.vmap(functools.partial(metrics.density_coverage, k=2)))(*x)
    for i in range(3):
        np.testing.assert_allclose([v[i] for v in many], all_four(x[0, i], x[1, i], 2)[2:], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.precision_recall(np.ones((9, 2)), np.ones((5, 2)), k=5), "below the 5 rows .* got 5"),
        (lambda: metrics.precision_recall(np.ones((9, 2)), np.ones((5, 2)), k=0), "k must be at least 1 .* got 0"),
        (lambda: metrics.precision_recall(np.ones((1, 2)), np.ones((5, 2))), r"at least 2 rows, got shape \(1, 2\)"),
        (lambda: metrics.precision_recall(np.ones((9, 2)), np.ones((5, 2)), tile_rows=0), "tile_rows .* got 0"),
        (lambda: metrics.density_coverage(np.ones((5, 2)), np.ones((9, 2))), "below the 5 rows .* got 5"),
        (lambda: metrics.density_coverage(np.ones((5, 2)), np.ones((9, 3))), r"\(5, 2\) and \(9, 3\)"),
        (lambda: metrics.density_coverage(np.ones((5, 2)), np.ones(9)), r"fake must be .* \(9,\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
