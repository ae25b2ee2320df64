"""The catalogue: every metric is reached by its name, fits what it says, and has real data beside it."""

import functools
import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.typing import ArrayLike

import jaxgan
from jaxgan import data, metrics
from jaxgan.evaluation import METRICS, Side, catalogue, evaluator, modes
from jaxgan.types import Batch

# What is public in `jaxgan.metrics` and measured by no name, each with the reason.
NO_METRICS = {
    "autocorrelation": "what autocorrelation_distance compares",
    "missing_modes": "names the modes without counts, which a summary lists as `missing`",
    "data_copying": "takes unseen data beside the training data and the fakes",
    "feature_likelihood_divergence": "takes unseen data beside the training data and the fakes",
    "inversion_distance": "takes the generator itself, by whose gradient it searches, and no samples",
    "discriminator_accuracy": "takes logits, and no samples; a run logs it at every step, from `Info`",
    "logit_gap": "takes logits, and no samples",
    "cycling": "takes the counts of many evaluations, and no samples",
    "forgetting": "takes logits of the fakes of many steps, and no samples",
}


def images() -> data.Examples:
    """A few digits with their labels."""
    task = data.digits()
    return task._replace(data=task.data[:240], labels=task.labels[:240])


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """Classifiers that are trained shortly, which is enough for what is asked of them here."""
    monkeypatch.setattr(modes, "train_classifier", functools.partial(modes.train_classifier, steps=400))


def test_every_metric_is_reached_by_a_run_or_by_a_diagnosis():
    """Under its own name, or by what calls it there."""
    public = {name for name, _ in inspect.getmembers(metrics, inspect.isfunction)}
    package = Path(jaxgan.__file__).parent
    sources = [
        p.read_text(encoding="utf-8")
        for room in ("evaluation", "diagnosis", "data")
        for p in (package / room).glob("*.py")
    ]
    called = set(re.findall(r"\bmetrics\.(\w+)", "\n".join(sources)))
    assert public - called - METRICS.keys() == NO_METRICS.keys()


@pytest.fixture(scope="module")
def measured():
    """All metrics of images, of real ones and of one that is repeated."""
    task = images()
    evaluation = evaluator(task, metrics=sorted(METRICS.keys() - {"autocorrelation_distance"}))
    batch = task.sample(jax.random.key(5), 100)
    repeated = jax.tree.map(lambda x: np.repeat(np.asarray(x[:1]), 100, axis=0), batch)
    return evaluation, evaluation.measure(batch), evaluation.measure(repeated), evaluation.real(100)


@pytest.mark.slow
def test_numbers_conventions_and_reals_have_the_same_names(measured):
    evaluation, found, _, real = measured
    arrays = {"counts", "class_accuracies"}
    assert found.keys() == evaluation.conventions.keys() - {"reverse_kl_floor"}
    assert real.keys() == evaluation.conventions.keys() - {"counts"}
    np.testing.assert_allclose(np.nanmean(real["class_accuracies"]), real["class_accuracy"], rtol=1e-6)
    for name, x in found.items():
        assert isinstance(x, np.ndarray) if name in arrays else type(x) in (int, float), name
    assert found["class_accuracies"].shape == found["counts"].shape == (10,)
    assert all(evaluation.conventions.values())
    assert evaluation.conventions["frechet_distance"].endswith(
        "; features of random convolutions; real data are compared at up to 120 samples, half of all there are"
    )


@pytest.mark.slow
def test_a_repeated_image_is_told_from_real_ones(measured):
    _, found, repeated, real = measured
    low = (
        *("modes", "recall", "coverage", "vendi_score", "vendi_score_uncentred", "inception_score"),
        *("clipped_coverage", "probabilistic_recall", "renyi_kernel_entropy", "authenticity"),
    )
    high = (
        *("relative_renyi_kernel_entropy", "frechet_distance_infinity", "monge_inception_distance", "clip_discrepancy"),
        *("reverse_kl", "missing_mass", "frechet_distance", "kernel_distance", "maximum_mean_discrepancy"),
        *("sliced_wasserstein", "wasserstein_distance", "different_bins", "duplicates", "duplicate_pairs", "ms_ssim"),
    )
    for name in low:
        assert repeated[name] < min(found[name], real[name]), name
    for name in high:
        assert repeated[name] > max(found[name], real[name]), name
    assert repeated["modes"] == 1 and repeated["duplicate_pairs"] == 4950
    # The drawn ones are members of the data, half of them of the reference.
    assert found["nearest_psnr"] > real["nearest_psnr"]


@pytest.mark.slow
def test_labels_that_do_not_belong_to_their_images_are_inaccurate():
    task = images()
    evaluation = evaluator(task, metrics=["class_accuracy"])
    batch = task.sample(jax.random.key(5), 300)
    right = evaluation.measure(batch)["class_accuracy"]
    wrong = evaluation.measure(batch._replace(label=(batch.label + 1) % 10))["class_accuracy"]
    assert right > 0.9 and wrong < 0.05
    one = evaluation.measure(Batch(batch.data, np.full(300, 3)))["class_accuracies"]
    assert np.isnan(one[:3]).all() and 0 < one[3] < 0.3
    assert 0.6 < evaluation.real(300)["class_accuracy"] < right  # trained on few, and these it has not seen
    with pytest.raises(ValueError, match="class_accuracy needs samples with labels"):
        evaluation.measure(batch.data)


@pytest.mark.slow
def test_sequences_are_counted_by_their_segments_and_compared_in_time(key):
    task = data.digits_in_time(1)
    evaluation = evaluator(task, metrics=["autocorrelation_distance", "frechet_distance"])
    batch = task.draw_labelled(task.arrays, key, 400)
    real, expected = evaluation.measure(batch.data), evaluation.real(400)
    assert real["modes"] == 10
    assert np.abs(real["counts"] - np.bincount(batch.label, minlength=10)).sum() / 2 <= 0.03 * 400
    reversed_ = evaluation.measure(np.flip(batch.data, axis=1))
    shuffled = evaluation.measure(np.random.default_rng(0).permuted(np.asarray(batch.data), axis=1))
    assert expected["autocorrelation_distance"] < 0.3
    assert real["autocorrelation_distance"] < 0.3 < shuffled["autocorrelation_distance"]
    # The autocorrelation cannot tell the direction of time, but the values can.
    assert reversed_["autocorrelation_distance"] < 0.3
    assert reversed_["frechet_distance"] > 2 * max(real["frechet_distance"], expected["frechet_distance"])
    assert "segment of 8 steps is classified" in evaluation.conventions["modes"]
    assert evaluation.conventions["frechet_distance"].endswith("; the values of sequences")


class Halves(SimpleNamespace):
    """Points on a line with three modes, of which the task labels its own: below -1, above 1, and one without share."""

    name, kind, shape, arrays = "halves", "points", (1,), ()
    modes, names, shares = 3, ("low", "never", "high"), np.array([0.25, 0.0, 0.75])

    def draw(self, arrays, key, n):
        u = jax.random.uniform(key, (n, 1), minval=-1, maxval=3)
        return u - (u < 0)  # [-2, -1) and [0, 3)

    def sample(self, key, n):
        return self.draw((), key, n)

    def label_of(self, samples):
        return jax.numpy.where(samples[:, 0] < -1, 0, jax.numpy.where(samples[:, 0] > 1, 2, -1)).astype("int32")


def test_a_task_of_ones_own_needs_no_more_than_the_protocol():
    evaluation = evaluator(Halves(), metrics=["missing_mass", "maximum_mean_discrepancy"])
    assert evaluation.names == ("low", "high")
    # A third of what is high in the data lies in [0, 1], where the task gives no mode.
    np.testing.assert_allclose(evaluation.shares, 0.75 * np.array([0.25, 0.75]), atol=0.02)
    found = evaluation.measure(np.array([[-1.5], [2.0], [2.5], [1.5], [0.5]], np.float32))
    assert found["counts"].tolist() == [1, 3] and found["modes"] == 2
    np.testing.assert_allclose([found["reverse_kl"], found["missing_mass"]], 0, atol=1e-6)
    collapsed = evaluation.measure(np.full((5, 1), 2.0, np.float32))
    np.testing.assert_allclose([collapsed["reverse_kl"], collapsed["missing_mass"]], [np.log(4 / 3), 0.25], rtol=1e-5)
    assert evaluation.real(500)["modes"] == 2
    assert evaluation.conventions["modes"].endswith("out of 2, told by the task itself")


def test_features_of_the_user(key):
    task = data.ring()
    evaluation = evaluator(task, metrics=["frechet_distance"], features=lambda x: x[:, :1])
    samples = np.asarray(task.sample(key, 200))
    moved = samples + np.array([0, 5], np.float32)
    assert evaluation.measure(samples)["frechet_distance"] == evaluation.measure(moved)["frechet_distance"]
    assert evaluation.conventions["frechet_distance"].endswith("; features of the user")


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        (data.ring, {"metrics": ["fid"]}, "no metric 'fid'; known are mode_coverage, missing_mass"),
        (data.ring, {"metrics": ["ms_ssim"]}, "ms_ssim is for images, not for points as 'ring'"),
        (data.stacked_digits, {"metrics": ["autocorrelation_distance"]}, "for sequences, not for images"),
        (data.spiral, {"metrics": ["mode_coverage"]}, "mode_coverage needs known modes or labelled images"),
        (
            data.spiral,
            {"metrics": ["frechet_distance"], "features": "inception"},
            "no features 'inception'; known are auto",
        ),
        (
            lambda: data.arrays(np.eye(2), kind="tables"),
            {"metrics": ["frechet_distance"]},
            "kind tables have no features",
        ),
    ],
)
def test_what_does_not_fit_is_refused(task, options, message):
    with pytest.raises(ValueError, match=message) as raised:
        evaluator(task(), **options)
    assert "\n" not in str(raised.value)


def test_a_classifier_of_parts_gives_no_logits_of_the_whole():
    with pytest.raises(ValueError, match="inception_score needs a classifier of whole examples, and 'stacked_digits'"):
        evaluator(data.stacked_digits(2), metrics=["inception_score"])


def test_labels_that_are_not_drawn_are_counted_only_when_asked_for():
    task = images()._replace(labelled=False)
    assert evaluator(task).names == ()
    asked = evaluator(task, metrics=["missing_mass"])
    assert asked.names == task.names and "reverse_kl" in asked.conventions


def test_a_metric_of_features_needs_no_entry():
    """A run takes it by its name, and says what the first line of its docstring says."""

    class Spread(NamedTuple):
        mean: jax.Array
        ratio: jax.Array

    def spread(real: ArrayLike, fake: ArrayLike, *, order: int = 2) -> Spread:
        """Computes how far the fakes lie apart, beside the reals.

        And more.
        """
        return Spread(jnp.std(jnp.asarray(fake)), jnp.std(jnp.asarray(fake)) / jnp.std(jnp.asarray(real)))

    entry = catalogue.of_features(spread)
    found = entry.measure(*(Side((), features=np.arange(6.0).reshape(3, 2) * width) for width in (1, 3)))
    assert entry.conventions(None) == dict.fromkeys(("mean", "ratio"), "how far the fakes lie apart, beside the reals")
    np.testing.assert_allclose(found["ratio"], 3, rtol=1e-6)
