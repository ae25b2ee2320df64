"""Metropolis-Hastings: one move and a long chain in closed form."""

import jax
import numpy as np
import pytest

from jaxgan import samplers
from tests.helpers import jit
from tests.samplers.games import choices, shares

N = 20_000
PROBABILITIES = np.array([0.2, 0.5])  # what the discriminator believes, p with D = log p / (1 - p)
LOGITS = np.log(PROBABILITIES / (1 - PROBABILITIES))


def drawn(proposals):
    gan, state = choices(LOGITS)
    sampler = samplers.metropolis_hastings(gan, proposals=proposals)
    return shares(jit(lambda key, state: sampler(key, state, N))(jax.random.key(1), state), 2)


def test_one_move_down_is_accepted_with_the_ratio_of_the_odds():
    """From p = .5 to .2 with (1/.5 - 1) / (1/.2 - 1) = .25; upwards always. Both begin and propose with 1/2."""
    down = 0.5 * 0.5 * 0.25
    np.testing.assert_allclose(drawn(1), [0.5 - 0.25 + down, 0.5 + 0.25 - down], atol=0.012)


def test_a_long_chain_ends_in_the_density_ratio():
    np.testing.assert_allclose(drawn(30), [0.2, 0.8], atol=0.012)  # odds .25 to 1


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="proposals of metropolis_hastings must be a whole number of at least 1"):
        samplers.metropolis_hastings(choices([0.0])[0], proposals=0)
