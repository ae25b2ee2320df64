"""The gap-aware rate: the known numbers, the average, and what of the loss it reads."""

import functools

import jax
import numpy as np
import pytest

from jaxgan import Info, Own, techniques
from jaxgan.types import Terms
from tests.helpers import jit, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("gap_aware_rate", constant=True)
IDEAL = np.log(4.0)


def info(loss, **terms):
    zero = np.float32(0.0)
    return Info(zero, loss, zero, zero, zero, zero, Terms({}, terms))


@functools.cache
def report(technique):
    return jit(lambda average: technique.report(Own(state=average)))


PAPER = techniques.gap_aware_rate()


def factor(technique, average):
    return report(technique)(average)["factor"]


@pytest.mark.parametrize(
    ("average", "expected"),
    [(1.05 * IDEAL, np.sqrt(2.0)), (0.95 * IDEAL, 0.31623), (2.0, 2.0), (0.5, 0.1), (IDEAL, 1.0)],
)
def test_the_papers_function_of_the_gap(x64, average, expected):
    np.testing.assert_allclose(factor(PAPER, average), expected, rtol=1e-4)


def test_another_ideal_has_another_width(x64):
    np.testing.assert_allclose(factor(techniques.gap_aware_rate(0.25), 0.2625), np.sqrt(2.0), rtol=1e-9)
    np.testing.assert_allclose(factor(techniques.gap_aware_rate(0.0, width=0.5), -0.25), np.sqrt(0.1), rtol=1e-9)


def test_the_average_is_of_the_loss_without_terms(x64):
    technique = techniques.gap_aware_rate(2.0, decay=0.9)
    own = technique.init(jax.random.key(0), None, 2)
    update = jit(lambda own, info: technique.update(own, jax.random.key(0), None, info))
    assert own.state == 2.0
    for loss, terms, expected in ((5.0, {}, 2.3), (4.0, {"r1": 2.5, "r2": 0.5}, 2.17)):
        own = own._replace(state=update(own, info(loss, **terms)))
        np.testing.assert_allclose(own.state, expected, rtol=1e-9)


@pytest.mark.slow
def test_in_a_step_the_update_is_multiplied():
    """Beside a penalty, whose term is left out: the loss alone is near log 4, and above an ideal that is lower."""
    key, data = jax.random.key(0), np.random.default_rng(5).standard_normal((8, 2)).astype(np.float32)
    r1 = techniques.r1(100.0)
    plain, changed = small_gan(r1), small_gan(r1, techniques.gap_aware_rate(width=1.0, decay=0.0, most=4.0))
    start = jit(plain.init)(key, data)
    whole, _ = jit(plain.step)(key, start, data)
    state, seen = jit(changed.step)(key, jit(changed.init)(key, data), data)
    loss = float(seen.discriminator_loss - seen.terms.discriminator["r1"])
    s = float(seen.reports["gap_aware_rate"]["factor"])
    np.testing.assert_allclose(s, (4.0 if loss > IDEAL else 0.1) ** (abs(loss - IDEAL)), rtol=1e-5)
    assert 1e-3 < abs(s - 1.0) < 1.0
    jax.tree.map(
        lambda was, now, made: np.testing.assert_allclose(made, was + s * (now - was), rtol=1e-5, atol=1e-7),
        start.discriminator.params,
        whole.discriminator.params,
        state.discriminator.params,
    )


def test_mistakes_are_one_line():
    with pytest.raises(ValueError, match="the width of gap_aware_rate, by default a tenth of its ideal, must be pos"):
        techniques.gap_aware_rate(0.0)
    with pytest.raises(ValueError, match=r"the ideal of gap_aware_rate must be in .*, got inf"):
        techniques.gap_aware_rate(np.inf)
    with pytest.raises(ValueError, match=r"the least of gap_aware_rate must be in \(0, 1\], got 0"):
        techniques.gap_aware_rate(least=0.0)
    with pytest.raises(ValueError, match="the most of gap_aware_rate must be positive and finite, got 0"):
        techniques.gap_aware_rate(most=0.0)
    with pytest.raises(ValueError, match=r"the decay of gap_aware_rate must be in \[0, 1\), got 1"):
        techniques.gap_aware_rate(decay=1.0)
