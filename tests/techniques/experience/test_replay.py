"""Replay: what the buffer holds, what the discriminator is shown of it, and what the generator is not."""

import functools

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
    return np.arange(first, first + n, dtype=np.float32)[:, None] * np.ones((1, 2), np.float32)


def numbers(x):
    x = np.asarray(x)
    assert np.array_equal(x[:, 0], x[:, 1])
    return [int(a) for a in x[:, 0]]


def begun(technique):
    shapes = {
        "generated": Batch(fakes(0), None, fakes(0)),
        "fake_logits": jax.ShapeDtypeStruct((4,), np.float32),
    }
    attach = lambda: technique.attach(Own(), None, Play(**{**dict.fromkeys(Play._fields), **shapes})).state  # noqa: E731
    return jax.tree.map(np.asarray, jit(attach)())


def holding(state, x, filled):
    return state._replace(buffer=Batch(x, None, x), filled=np.int32(filled))


@functools.cache
def rehearse(technique):
    return jit(
        lambda state, seed, fake: technique.rehearse(Own(state=state), jax.random.key(seed), Batch(fake, None, fake))
    )


def shown(technique, state, seed=0):
    fake = rehearse(technique)(state, seed, fakes(1))
    np.testing.assert_array_equal(fake.data, fake.latent)  # a fake keeps its latent
    return numbers(fake.data)


@functools.cache
def update(technique):
    @jit
    def run(state, generated, seed, step):
        play = played(lambda x: x[:, 0], generated, generated, step=step)
        return technique.update(Own(state=state), jax.random.key(seed), play, None)

    return run


def remember(technique, state, generated, seed=0, step=0):
    return jax.tree.map(np.asarray, update(technique)(state, generated, seed, np.int32(step)))


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


def test_a_reservoir_is_a_uniform_sample_of_all_that_was_offered():
    technique, offers = techniques.replay(3, keep="reservoir"), 5
    empty = begun(technique)

    def history(key):
        state = jax.tree.map(jnp.asarray, empty)
        for i, key_update in enumerate(jax.random.split(key, offers)):
            offered = jnp.asarray(fakes(4 * i))
            play = played(lambda x: x[:, 0], offered, offered)  # its last two are offered
            state = technique.update(Own(state=state), key_update, play, None)
        return state

    run = jit(lambda key: jax.vmap(history)(jax.random.split(key, 400)))
    state = jax.tree.map(np.asarray, run(jax.random.key(1)))
    np.testing.assert_array_equal(state.buffer.data, state.buffer.latent)
    assert np.all(state.filled == 3) and np.all(state.seen == 10)
    held = state.buffer.data[:, :, 0].astype(int)
    assert all(len(set(row)) == 3 for row in held)
    counts = np.bincount(held.reshape(-1), minlength=20)
    assert set(np.nonzero(counts)[0]) == {4 * i + j for i in range(offers) for j in (2, 3)}
    np.testing.assert_allclose(counts[counts > 0] / 400, 0.3, atol=0.09)  # four standard deviations


def test_what_is_replayed_comes_in_the_order_of_its_age():
    technique = techniques.replay(8, share=1.0)
    born = np.array([5, 3, 8, 1, 7, 2, 6, 4], np.int32)
    state = holding(begun(technique), born.astype(np.float32)[:, None] * np.ones((1, 2), np.float32), 8)
    state = state._replace(born=born)
    for seed in range(5):
        found = shown(technique, state, seed)
        assert found == sorted(found)


def test_report_tells_logits_by_age_and_the_age_of_the_buffer():
    technique = techniques.replay(6)
    state = begun(technique)
    report = jit(lambda state: technique.report(Own(state=state)))
    assert all(float(value) == 0.0 for value in report(state).values())
    for step, first in enumerate((10, 20, 30)):
        state = remember(technique, state, fakes(first), step=step)
    found = report(state)  # the logits of the last round were 30, 31, 32 and 33
    assert found == {"old": 30.0, "recent": 31.0, "new": 32.5, "age": 1.0}


def test_report_leaves_out_what_a_batch_has_no_logits_for():
    assert set(begun(techniques.replay(8, share=1.0)).logits) == {"old", "recent"}
    assert set(begun(techniques.replay(8, share=0.25)).logits) == {"old", "new"}


def test_past_fakes_reach_the_discriminator_only():
    z = np.random.default_rng(8).standard_normal((4, 3)).astype(np.float32)
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

    with_replay, without = players(techniques.replay(2)), players()

    @jit
    def run(key, data):
        state = with_replay.init(key, data)
        previous, _ = generator.apply(state.generator.params, {}, z, train=True)
        state, _ = with_replay.step(key, state, data)
        plain_state = without.init(key, data)._replace(generator=state.generator, discriminator=state.discriminator)
        kept = state.techniques["replay"].buffer.data
        return previous, kept, with_replay.step(key, state, data), without.step(key, plain_state, data)

    found = run(jax.random.key(0), np.ones((4, 2), np.float32))
    previous, kept, (after, info), (plain_after, plain_info) = jax.tree.map(np.asarray, found)
    np.testing.assert_allclose(kept, previous[-2:], rtol=1e-5)
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


def test_what_is_kept_is_checked():
    with pytest.raises(ValueError, match="keeps 'recent' fakes or a 'reservoir' of all, not 'oldest'"):
        techniques.replay(4, keep="oldest")


def test_buffer_must_hold_one_share():
    with pytest.raises(ValueError, match="keeps 2 fakes per step, but its capacity is 1"):
        begun(techniques.replay(1))
