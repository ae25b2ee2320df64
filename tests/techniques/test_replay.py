"""Replay: what the buffer holds, what the discriminator is shown of it, and what the generator is not."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import losses, techniques
from jaxgan.types import Batch, Own, Play
from tests.helpers import constant_latent, jit, perceptron, played, recording
from tests.techniques.examples import Example

EXAMPLE = Example("replay:6")


def fakes(first, n=4):
    """Fakes that are told apart by their number."""
    return jnp.arange(first, first + n, dtype=jnp.float32)[:, None] * jnp.ones((1, 2))


def numbers(x):
    assert np.array_equal(x[:, 0], x[:, 1])
    return [int(a) for a in x[:, 0]]


def begun(technique):
    shapes = jax.eval_shape(lambda: Batch(fakes(0), None, fakes(0)))
    nothing = dict.fromkeys(Play._fields)
    return technique.attach(Own(), jax.random.key(0), Play(**{**nothing, "generated": shapes})).state


def holding(state, x, filled):
    return state._replace(buffer=Batch(x, None, x), filled=jnp.int32(filled))


def shown(technique, state, seed=0):
    fake = technique.rehearse(Own(state=state), jax.random.key(seed), Batch(fakes(1), None, fakes(1)))
    np.testing.assert_array_equal(fake.data, fake.latent)  # a fake keeps its latent
    return numbers(fake.data)


def remember(technique, state, generated, seed=0):
    play = played(lambda x: x[:, 0], generated, generated)
    return technique.update(Own(state=state), jax.random.key(seed), play, None)


def test_free_places_are_filled_in_order():
    technique = techniques.replay(6)
    state = begun(technique)
    assert state.filled == 0 and state.buffer.data.shape == (6, 2)
    for first, places, filled in [
        (10, [12, 13, 0, 0, 0, 0], 2),
        (20, [12, 13, 22, 23, 0, 0], 4),
        (30, [12, 13, 22, 23, 32, 33], 6),
    ]:
        state = remember(technique, state, fakes(first))
        assert numbers(state.buffer.data) == places and state.filled == filled


def test_last_free_place_is_filled_before_any_is_overwritten():
    technique = techniques.replay(5)
    state = begun(technique)
    for first in (10, 20, 30):
        state = remember(technique, state, fakes(first))
    assert numbers(state.buffer.data) == [33, 13, 22, 23, 32] and state.filled == 5


def test_full_buffer_loses_neighbours_at_a_random_place():
    technique = techniques.replay(6)
    full = holding(begun(technique), fakes(1, 6), 6)
    starts = set()
    for seed in range(40):
        state = remember(technique, full, fakes(100), seed)
        new = [i for i, number in enumerate(numbers(state.buffer.data)) if number >= 100]
        assert sorted(numbers(state.buffer.data[np.array(new)])) == [102, 103]
        kept = [i for i in range(6) if i not in new]
        assert [numbers(state.buffer.data)[i] for i in kept] == [i + 1 for i in kept]
        start = new[0] if new != [0, 5] else 5
        assert new == sorted([start, (start + 1) % 6]) and state.filled == 6
        starts.add(start)
    assert starts == set(range(6))


@pytest.mark.parametrize(("share", "n"), [(0.5, 2), (0.25, 1), (1.0, 4), (0.01, 1)])
def test_share_of_the_batch_is_replaced_once_the_buffer_holds_as_much(share, n):
    technique = techniques.replay(8, share=share)
    state = begun(technique)
    assert shown(technique, holding(state, fakes(50, 8), n - 1)) == [1, 2, 3, 4]
    seen = set()
    for seed in range(20):
        found = shown(technique, holding(state, fakes(50, 8), n), seed)
        assert found[n:] == [1, 2, 3, 4][n:]
        seen |= set(found[:n])
    assert seen == set(range(50, 50 + n))  # everything that is kept, and none of the free places


def test_past_fakes_reach_the_discriminator_only():
    z = jax.random.normal(jax.random.key(8), (4, 3))
    generator, discriminator = perceptron([4], out=2), perceptron([5], out=1)

    def players(*chosen):
        return jaxgan.gan(
            generator=generator,
            discriminator=discriminator,
            loss=losses.non_saturating(),
            generator_optimizer=recording(0.5),
            discriminator_optimizer=optax.set_to_zero(),
            latent_dim=3,
            latent_distribution=constant_latent(z),
            techniques=chosen,
        )

    key, data = jax.random.key(0), jnp.ones((4, 2))
    with_replay, without = players(techniques.replay(2)), players()
    state, step, plain_step = jit(with_replay.init)(key, data), jit(with_replay.step), jit(without.step)
    previous, _ = generator.apply(state.generator.params, {}, z, train=True)
    state, _ = step(key, state, data)
    np.testing.assert_allclose(state.techniques["replay"].buffer.data, previous[-2:], rtol=1e-5)

    plain_state = jit(without.init)(key, data)._replace(generator=state.generator, discriminator=state.discriminator)
    after, info = step(key, state, data)
    plain_after, plain_info = plain_step(key, plain_state, data)
    assert abs(info.discriminator_loss - plain_info.discriminator_loss) > 1e-3
    np.testing.assert_allclose(info.generator_loss, plain_info.generator_loss, rtol=1e-5)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7),
        after.generator.opt_state,
        plain_after.generator.opt_state,
    )


@pytest.mark.parametrize(
    ("capacity", "share", "message"),
    [
        (0, 0.5, "capacity of replay must be a whole number of at least 1, got 0"),
        (4, 0.0, "share of replay must be in .*, got 0.0"),
        (4, 1.5, "share of replay must be in .*, got 1.5"),
    ],
)
def test_arguments_are_checked(capacity, share, message):
    with pytest.raises(ValueError, match=message):
        techniques.replay(capacity, share=share)


def test_buffer_must_hold_one_share():
    with pytest.raises(ValueError, match="keeps 2 fakes per step, but its capacity is 1"):
        begun(techniques.replay(1))
