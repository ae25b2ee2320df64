"""The watcher: its level on healthy streams, what it finds, what it takes, and its picture."""

import pickle
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxgan.watch import Watch, significance

Draw = Callable[[np.random.Generator, int], np.ndarray]


def ring(random: np.random.Generator, n: int, shares: np.ndarray | None = None) -> np.ndarray:
    """Eight Gaussians on a ring."""
    angle = 2 * np.pi * random.choice(8, n, p=shares) / 8
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.05 * random.standard_normal((n, 2))


HEALTHY: dict[str, Draw] = {
    "modes": ring,
    "many dimensions": lambda random, n: random.standard_normal((n, 20)),
    "heavy tails": lambda random, n: random.pareto(1.5, (n, 2)),
    "few different values": lambda random, n: random.integers(0, 4, (n, 3)),
    "categories": lambda random, n: np.eye(5)[random.choice(5, n, p=[0.6, 0.2, 0.1, 0.05, 0.05])],
}


def share_of_alarms(draw: Draw, level: float, runs: int, checks: int) -> float:
    def any_alarm(seed: int) -> bool:
        random = np.random.default_rng(seed)
        watch = Watch(draw(random, 160), samples=80, level=level, seed=seed)
        return any([watch.update(step, draw(random, 80)) is not None for step in range(checks)])

    return float(np.mean([any_alarm(seed) for seed in range(runs)]))


@pytest.mark.parametrize("name", HEALTHY)
def test_p_values_of_a_healthy_generator_are_as_rare_as_they_say(name):
    runs, found = 200, []
    for seed in range(runs):
        random = np.random.default_rng(seed)
        watch = Watch(HEALTHY[name](random, 160), samples=80, seed=seed)
        watch.update(0, HEALTHY[name](random, 80))
        found.append(list(watch.history[0].p_values.values()))
    for p in (0.02, 0.1):
        # As many as only one in 10 000 tests at its level has, over all kinds of data and questions.
        assert (np.array(found) <= p).sum(axis=0).max() <= stats.binom.ppf(1 - 1e-4, runs, p)


def test_a_healthy_run_raises_an_alarm_as_seldom_as_it_says():
    runs, level = 40, 0.2
    for name in ("modes", "categories"):
        assert share_of_alarms(HEALTHY[name], level, runs, 8) * runs <= stats.binom.ppf(0.999, runs, level)


@pytest.mark.slow
@pytest.mark.parametrize("name", HEALTHY)
def test_at_most_three_of_three_hundred_healthy_runs_raise_an_alarm(name):
    assert share_of_alarms(HEALTHY[name], 0.01, 300, 20) <= 0.01


def without_one(random: np.random.Generator, n: int) -> np.ndarray:
    return ring(random, n, np.array([0, *[1 / 7] * 7]))


def rare(random: np.random.Generator, n: int) -> np.ndarray:
    return ring(random, n, np.array([0.02, *[0.14] * 7]))


FOUND: dict[str, tuple[Draw, set[str]]] = {
    "one mode of eight": (without_one, {"lost modes"}),
    "one at a sixth of its share": (rare, {"starved modes"}),
    "one sample": (
        lambda random, n: ring(random, 1).repeat(n, 0),
        {"few different samples", "little spread", "lost modes"},
    ),
    "200 samples, nearly": (
        lambda random, n: ring(random, 200)[random.integers(0, 200, n)] + 1e-5 * random.standard_normal((n, 2)),
        {"few different samples"},
    ),
    "shrunk to its centre": (lambda random, n: 0.01 * ring(random, n), {"little spread", "unlike the data"}),
    "noise": (lambda random, n: random.uniform(-1, 1, (n, 2)), {"unlike the data"}),
    "other units": (lambda random, n: 255 * ring(random, n), {"unlike the data"}),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_goes_wrong_is_found_at_once_and_named(name):
    draw, kinds = FOUND[name]
    random = np.random.default_rng(0)
    watch = Watch(ring(random, 1000), samples=400)
    assert all(watch.update(step, ring(random, 400)) is None for step in (10, 20))
    alarm = watch.update(30, draw(random, 400))
    assert alarm is not None and set(alarm.kinds) == kinds
    assert (alarm.step, alarm.healthy) == (30, 20) and alarm.p_value <= 0.01
    assert watch.update(40, ring(random, 400)) is None and watch.healthy == 40
    if "lost modes" in kinds:
        assert "there at step 20" in alarm.reason and len(alarm.modes) >= 1


def test_lower_quality_is_no_collapse():
    random = np.random.default_rng(0)
    watch = Watch(ring(random, 1000), samples=400)
    assert watch.update(0, ring(random, 400) + 0.03 * random.standard_normal((400, 2))) is None


def test_modes_of_the_user_are_named():
    random = np.random.default_rng(1)

    def quadrant(x: np.ndarray) -> np.ndarray:
        return 2 * (x[:, 0] > 0) + (x[:, 1] > 0)

    names = ("south west", "north west", "south east", "north east")
    data = random.uniform(-1, 1, (800, 2))
    watch = Watch(data, samples=300, assign=quadrant, names=names)
    fakes = random.uniform(-1, 1, (300, 2))
    alarm = watch.update(5, np.where((quadrant(fakes) == 2)[:, None], fakes * [-1, 1], fakes))
    assert alarm is not None and alarm.modes == ("south east",)
    assert alarm.reason == "1 of 4 modes are lost: south east (never there)"


def test_small_batches_are_collected_and_copied():
    random = np.random.default_rng(2)
    watch = Watch(ring(random, 400), samples=100, start=3)
    memory = np.empty((25, 2))
    for step in range(7):
        memory[:] = ring(random, 25)
        assert watch.update(step, memory) is None
        assert len(watch.history) == (step == 6)
    assert watch.history[0].step == 6 and watch.history[0].samples == 100 and watch.history[0].twins < 0.05


class Tensor:
    """What a tensor of PyTorch does that NumPy cannot read before it has left its graph and its device."""

    def __init__(self, array: np.ndarray, dtype: str = "torch.float32", state: int = 0):
        self.array, self.dtype, self.state = array, dtype, state

    def detach(self):
        return Tensor(self.array, self.dtype, 1)

    def cpu(self):
        return Tensor(self.array, self.dtype, self.state + 1)

    def float(self):
        return Tensor(self.array, "torch.float32", self.state)

    def __array__(self, dtype=None, copy=None):
        if self.state < 2 or self.dtype == "torch.bfloat16":
            raise TypeError("can't convert")
        return self.array


@pytest.mark.parametrize("dtype", ["torch.float32", "torch.bfloat16"])
def test_tensors_with_a_graph_on_a_device_are_read(dtype):
    x = ring(np.random.default_rng(3), 100).astype(np.float32)
    watch = Watch(Tensor(x, dtype), samples=50)
    assert watch.update(0, Tensor(x[:50], dtype)) is None and len(watch.history) == 1
    assert Watch(jnp.asarray(x, jnp.bfloat16), samples=50).update(0, jnp.asarray(x[:50], jnp.bfloat16)) is None


def test_a_pickled_watch_goes_on_as_it_would_have():
    random = np.random.default_rng(8)
    watch = Watch(ring(random, 200), samples=50)
    watch.update(0, ring(random, 70))
    copy = pickle.loads(pickle.dumps(watch))
    fakes = without_one(random, 60)
    assert watch.update(1, fakes) == copy.update(1, fakes)
    assert watch.history[1].p_values == copy.history[1].p_values


def test_samples_that_are_not_finite_are_an_alarm():
    watch = Watch(ring(np.random.default_rng(4), 100))
    alarm = watch.update(7, np.array([[0.0, np.nan]]))
    assert alarm is not None and alarm.kinds == ("not finite",) and alarm.step == 7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: Watch(x[:30]), r"at least 40 finite examples, got shape \(30, 2\)"),
        (lambda x: Watch(np.where(x > 0.9, np.nan, x)), "finite examples"),
        (lambda x: Watch(np.ones((60, 2))), "all 30 real examples are the same"),
        (lambda x: Watch(x, samples=5), "samples must be at least 20 and level in .*got 5"),
        (lambda x: Watch(x, level=1.5), "got 500 and 1.5"),
        (lambda x: Watch(x, names=("a",)), "modes, and 1 names"),
        (lambda x: Watch(x, assign=lambda y: y[:, 0]), "assign must give .* whole numbers"),
        (lambda x: Watch(["a"] * 50), "array .* of numbers"),
        (lambda x: Watch(x).update(0, x[:, :1]), r"as the reference \(50, 2\), got \(100, 1\)"),
        (lambda x: Watch(x).update(0, np.ones((5, 2), np.uint8)), "same units, but samples are uint8"),
        (lambda x: Watch(x).picture(), "there was no check yet, which takes 500 samples"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message) as raised:
        call(ring(np.random.default_rng(5), 100))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("shape", [(2,), (8, 8), (3, 8, 8), (8, 8, 1), (5,)])
def test_a_picture_of_any_data(shape):
    random = np.random.default_rng(6)
    centres = 5 * random.standard_normal((3, *shape))
    data = centres[np.arange(400) % 3] + random.standard_normal((400, *shape))
    watch = Watch(data[:300], samples=100)
    watch.update(0, data[300:])
    watch.update(1, data[300:][np.arange(100) % 3 == 0].repeat(3, 0))
    assert watch.alarms
    figure = watch.picture()
    assert len(figure.axes[0].lines) == 4 + len(watch.alarms)
    assert len(figure.axes[1].patches) >= len(watch.reference.names)
    assert len(figure.axes[2].images) == (len(shape) > 1) and len(figure.axes[2].lines) == 2 * (len(shape) == 1)
    figure.canvas.draw()


def test_the_sign_flip_test_is_exact():
    fakes, reals = np.array([3, 1, 0, 2, 5]), np.array([0, 1, 2, 0, 1])
    sizes = np.abs(fakes - reals)
    flips = np.array(np.meshgrid(*[[0, 1]] * 5)).reshape(5, -1)
    expected = np.mean(sizes @ flips >= np.maximum(fakes - reals, 0).sum())
    np.testing.assert_allclose(significance.more_hits(fakes, reals), expected)
    assert significance.more_hits(reals, reals) == 1


def test_counts_are_compared_by_fishers_exact_test():
    table = [[9, 3], [40 - 9, 50 - 3]]
    np.testing.assert_allclose(significance.more_often(3, 50, 9, 40), stats.fisher_exact(table, "greater").pvalue)
    few = significance.too_few(np.array([20, 80]), np.array([5, 70]))
    np.testing.assert_allclose(few[0], stats.fisher_exact([[5, 20], [70, 80]], "less").pvalue)
