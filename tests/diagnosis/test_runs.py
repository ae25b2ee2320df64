"""The verdict on a run: from samples with known damage to the kind, the names of modes, and the words."""

import jax
import numpy as np
import pytest

from jaxgan import data
from jaxgan.diagnosis.modes import judge_counts
from jaxgan.diagnosis.runs import judge_run
from jaxgan.evaluation import Evaluation, evaluator

RING = data.ring()
EVALUATION = evaluator(RING)


def ring(seed: int = 0, modes=range(8), n: int = 2500, std: float = 0.01) -> np.ndarray:
    """Samples `[n, 2]` of some of the modes, equally often."""
    random = np.random.default_rng(seed)
    return np.asarray(RING.means)[random.choice(list(modes), n)] + std * random.normal(size=(n, 2))


def judged(*samples, evaluation=EVALUATION):
    return judge_run(evaluation, range(len(samples)), [evaluation.measure(x) for x in samples], np.stack(samples))


def classes(shares: np.ndarray) -> Evaluation:
    """Samples are the numbers of their classes, `[n, 1]`."""
    names = tuple(f"class {i}" for i in range(len(shares)))

    def measure(x):
        counts = np.bincount(x[:, 0].astype(int), minlength=len(shares))
        return {"modes": int((counts > 0).sum()), "counts": counts}

    return Evaluation(measure, {}, lambda n: {}, names, shares)


def test_real_data_are_healthy():
    real = [np.asarray(RING.sample(jax.random.key(seed), 2500)) for seed in range(4)]
    verdict, of_seeds = judged(*real)
    assert (verdict.kind, verdict.quality) == ("healthy", "good")
    assert verdict.sentence.startswith("Healthy: 8 of 8 modes in every one of 4 seeds; 98.")
    assert all(of.kind == "healthy" and not of.lost and not of.starved for of in of_seeds)


def test_lost_and_starved_modes_are_named():
    samples = np.concatenate([ring(0, [0, 1, 2, 3, 4, 6], 2480), ring(1, [7], 20)])
    verdict, (of_seed,) = judged(samples)
    assert (verdict.kind, verdict.quality) == ("partial", "good")
    assert (of_seed.lost, of_seed.starved) == ((RING.names[5],), (RING.names[7],))
    assert f"1 lost: {RING.names[5]}; 1 starved: {RING.names[7]}" in verdict.sentence
    assert verdict.sentence.startswith("Partial collapse: 7 of 8 modes; ")
    assert "Penalize the discriminator's gradients" in verdict.advice[0] and "pack" in verdict.advice[1]


@pytest.mark.parametrize("modes", [(0,), (0, 1), (0, 1, 2, 3)])
def test_half_of_the_modes_lost_is_a_collapse(modes):
    verdict, (of_seed,) = judged(ring(modes=modes))
    assert verdict.kind == of_seed.kind == "collapse"
    assert of_seed.lost == RING.names[len(modes) :]


def test_states_equal_those_of_the_test():
    samples = ring(3, [*(5 * [0, 2, 3, 4, 6]), 1])
    measured = EVALUATION.measure(samples)
    modes = judge_counts(EVALUATION.names, EVALUATION.shares, measured["counts"], 2500)
    _, (of_seed,) = judged(samples)
    for state in ("lost", "starved"):
        assert getattr(of_seed, state) == tuple(mode.name for mode in modes if mode.state == state) != ()


def test_low_quality_is_no_collapse():
    """Blurred alike around every mode; a sixth of the samples are within three standard deviations."""
    verdict, (of_seed,) = judged(ring(std=0.05))
    assert (verdict.kind, verdict.quality, of_seed.lost) == ("unknown", "low", ())
    assert "this is low quality, not low diversity" in verdict.sentence
    verdict, _ = judged(ring(std=0.0227))
    assert (verdict.kind, verdict.quality) == ("healthy", "low")
    assert verdict.sentence.startswith("No collapse, but low quality: 8 of 8 modes; only ")


def test_a_blurred_collapse_is_a_collapse():
    """No sample is of high quality, so no mode is reached, but all are near one."""
    samples = ring(modes=[2]) + np.array([0.1, 0.0])
    verdict, (of_seed,) = judged(samples)
    assert verdict.kind == "collapse" and verdict.sentence.startswith("Collapse: 0 of 8 modes; 7 lost")
    assert RING.names[2] not in of_seed.lost and len(of_seed.lost) == 7


@pytest.mark.parametrize(("collapsed", "kind"), [(0, "healthy"), (1, "partial"), (2, "collapse"), (4, "collapse")])
def test_seeds_together(collapsed, kind):
    verdict, of_seeds = judged(*(ring(seed, range(1 if seed < collapsed else 8)) for seed in range(4)))
    assert [of.kind for of in of_seeds] == ["collapse"] * collapsed + ["healthy"] * (4 - collapsed)
    assert verdict.kind == kind
    assert verdict.evidence[0] == f"Seed 0: {of_seeds[0].sentence}"
    assert ("in 2 of 4 seeds: 1 to 8 of 8 modes over 4 seeds" in verdict.sentence) == (collapsed == 2)


def test_samples_that_are_not_finite():
    broken = ring()
    broken[:25] = np.nan
    verdict, of_seeds = judged(ring(), broken)
    assert [verdict.kind, of_seeds[0].kind, of_seeds[1].kind] == ["diverged", "healthy", "diverged"]
    assert verdict.sentence == "Diverged: 1 % of the samples of 1 of 2 seeds are not finite."
    verdict, _ = judged(np.full((10, 2), np.inf), evaluation=evaluator(data.spiral()))
    assert verdict.sentence == "Diverged: 100 % of the samples are not finite." and verdict.kind == "diverged"


def test_modes_too_rare_to_be_tested_are_judged_together():
    random = np.random.default_rng(0)
    evaluation = classes(np.full(1000, 1e-3))
    alarms = [judged(random.integers(0, 1000, (2500, 1)), evaluation=evaluation)[0].kind for _ in range(100)]
    assert alarms.count("healthy") >= 98
    verdict, (of_seed,) = judged(random.integers(0, 1000, (2500, 1)), evaluation=evaluation)
    assert of_seed.untested == 1000 and "(real data: 918)" in verdict.sentence
    for kept, kind in ((800, "partial"), (300, "collapse"), (5, "collapse")):
        verdict, _ = judged(random.integers(0, kept, (2500, 1)), evaluation=evaluation)
        assert verdict.kind == kind
        guess = int(verdict.sentence.split("about ")[1].split(" of")[0])
        assert guess == pytest.approx(1000 - kept, abs=40)


def test_too_few_samples_tell_nothing():
    random = np.random.default_rng(0)
    verdict, _ = judged(random.integers(0, 1000, (20, 1)), evaluation=classes(np.full(1000, 1e-3)))
    assert (verdict.kind, verdict.quality) == ("unknown", "unknown")
    assert verdict.sentence.endswith("with so few samples most modes could be missing by chance.")
    assert verdict.advice == ("Measure more samples (--samples), a few hundred for each mode.",)


def test_without_modes_nothing_is_judged():
    verdict, of_seeds = judged(ring(), ring(1), evaluation=evaluator(data.spiral()))
    assert verdict.kind == "unknown" and verdict.sentence.startswith("Not judged: no modes are known")
    assert not verdict.evidence and not verdict.advice and len(of_seeds) == 2
