"""The online detector: what it counts inside the step, and what it says of a run's log lines."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import data, evaluation, losses, networks
from jaxgan.diagnosis import alarms
from jaxgan.models.gan import gan
from jaxgan.types import Own
from tests.helpers import jit, played

NAMES = tuple("abcdefgh")
EXPECTED = np.full(8, 1 / 8)
BATCH = 64


def assign(x):
    return jnp.where(x[:, 0] < 0, -1, jnp.floor(x[:, 0]).astype(jnp.int32))


def made(*techniques):
    return gan(
        generator=networks.mlp([8], out=2),
        discriminator=networks.mlp([8], out=1),
        loss=losses.non_saturating(),
        generator_optimizer=optax.adam(1e-3),
        discriminator_optimizer=optax.adam(1e-3),
        latent_dim=2,
        techniques=techniques,
    )


def trained(players, steps, key):
    batch = data.ring().sample(jax.random.key(1), BATCH)
    state = players.init(key, batch)
    step = jit(players.step)
    for _ in range(steps):
        state, _ = step(key, state, batch)
    return state


def test_watching_changes_nothing(key):
    plain = trained(made(), 3, key)
    watched = trained(made(alarms.watch(assign, 8, window=10, every=2)), 3, key)
    for a, b in zip(jax.tree.leaves(plain.generator), jax.tree.leaves(watched.generator), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert int(watched.techniques[alarms.NAME].step) == 3


def test_a_watcher_is_no_silent_technique(key):
    players = made(alarms.watch(assign, 8))
    batch = data.ring().sample(jax.random.key(1), BATCH)
    assert players.effects(key, players.init(key, batch), batch) == {}


def test_the_window_equals_a_loop():
    technique = alarms.watch(assign, 3, window=10, every=2)
    state = technique.init(jax.random.key(0), None, 2).state
    random = np.random.RandomState(0)
    keep, counts, total, squares, alike, minibatches = np.exp(-0.2), np.zeros(3), 0.0, 0.0, 0.0, 0.0
    for step in range(7):
        x = random.uniform(-1, 3, (5, 2)).astype(np.float32)
        state = technique.update(Own(state=state), None, played(lambda x: x[:, 0], x, x), None)
        if step % 2 == 0:
            of = np.array([np.sum(np.floor(x[:, 0]) == k) for k in range(3)])
            counts, total, squares = keep * counts + of, keep * total + 5, keep**2 * squares + 5
            alike, minibatches = keep * alike + np.sum(of * (of - 1)) / 20, keep * minibatches + 1
    for actual, expected in zip(state, (7, counts, total, squares, alike, minibatches), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5)
    seen = alarms.seen(state)
    assert seen["effective"] == pytest.approx(total**2 / squares, abs=0.01)
    assert seen["counts"] == pytest.approx(list(counts / total * total**2 / squares), abs=0.01)


@pytest.mark.parametrize("arguments", [(0, 100, 5), (3, 4, 5), (3, 10, 0)])
def test_watch_refuses(arguments):
    modes, window, every = arguments
    with pytest.raises(ValueError, match="watch takes"):
        alarms.watch(assign, modes, window=window, every=every)


def lines(shares, *, samples=2000, at_once=None, seed=0, **others):
    """Log lines every 100 steps, of counts drawn with the given shares `[t, k]`."""
    random = np.random.RandomState(seed)
    usual = {
        "generator_loss": 1.0,
        "discriminator_loss": 1.0,
        "discriminator_accuracy": 0.7,
        "generator_gradient_norm": 1.0,
        "discriminator_gradient_norm": 1.0,
    }
    made = []
    for i, share in enumerate(shares):
        counts = random.multinomial(samples, share).tolist()
        narrow = 1 / np.sum(np.square(share)) if at_once is None else at_once[i]
        window = {"counts": counts, "effective": float(samples), "modes_at_once": narrow}
        line = {"step": 100 * (i + 1), "window": window, **usual}
        made.append({**line, **{name: values[i] for name, values in others.items()}})
    return made


def without(*modes):
    share = np.ones(8)
    share[list(modes)] = 0
    return share / share.sum()


def said(history):
    return [(alarm.kind, alarm.step, alarm.modes) for alarm in alarms.alarms(history, NAMES, EXPECTED)]


def test_healthy_runs_raise_no_alarm():
    for seed in range(200):
        assert not said(lines([EXPECTED] * 30, seed=seed))


def test_lost_modes_are_named_once():
    history = lines([EXPECTED] * 3 + [without(2, 5)] * 4)
    assert said(history) == [("mode_loss", 400, ("c", "f"))]
    alarm = alarms.alarms(history, NAMES, EXPECTED)[0]
    assert alarm.since == 300 and alarm.p_value < 1e-4 and "c, f" in alarm.sentence


def test_modes_that_return_can_be_lost_again():
    history = lines([EXPECTED, without(0), EXPECTED, without(0)])
    assert said(history) == [("mode_loss", 200, ("a",)), ("mode_loss", 400, ("a",))]


def test_a_mode_that_was_never_found_is_not_lost():
    assert not said(lines([without(7)] * 3 + [EXPECTED] * 3))


def test_losing_half_of_the_data_is_a_collapse():
    assert said(lines([EXPECTED] * 2 + [without(0, 1, 2, 3)] * 3)) == [("collapse", 300, tuple("abcd"))]


def test_wandering_from_mode_to_mode_is_a_collapse():
    history = lines([EXPECTED] * 8, at_once=[7.9, 7.8, 1.2, 1.0, 1.1, 1.3, 1.0, 1.0])
    assert said(history) == [("collapse", 600, ())]
    assert alarms.alarms(history, NAMES, EXPECTED)[0].since == 300
    assert not said(lines([EXPECTED] * 8, at_once=[7.9, 1.0, 1.0, 1.0, 7.9, 1.0, 1.0, 7.9]))


@pytest.mark.parametrize(
    ("field", "values", "kind", "step"),
    [
        ("discriminator_accuracy", [0.7] * 3 + [1.0] * 7, "overpowering_discriminator", 800),
        ("generator_gradient_norm", [1.0] * 7 + [500.0] * 3, "exploding_gradient", 900),
        ("generator_gradient_norm", [1.0] * 7 + [1e-4] * 3, "vanishing_gradient", 900),
        ("generator_gradient_norm", [1.0] * 9 + [0.0], "frozen_generator", 1000),
        ("generator_loss", [1.0] * 9 + [float("nan")], "not_finite", 1000),
        ("generator_loss", [1.0] * 9 + [None], "not_finite", 1000),
    ],
)
def test_other_failures_are_told_apart_from_collapse(field, values, kind, step):
    assert said(lines([EXPECTED] * 10, **{field: values})) == [(kind, step, ())]


def test_a_single_outlier_of_the_gradient_is_no_alarm():
    assert not said(lines([EXPECTED] * 10, generator_gradient_norm=[1.0] * 7 + [500.0, 1.0, 1e-4]))


def test_mixtures_are_monitored_by_their_means_and_other_data_by_clusters():
    ring = data.ring(weights=[1, 2, 1, 1, 1, 1, 1, 0])
    monitored = evaluation.monitored_modes(ring)
    assert monitored.names == tuple(ring.names[:7]) and monitored.expected[1] == pytest.approx(2 / 8)
    assert monitored.assign(ring.means[:7]).tolist() == list(range(7))
    monitored = evaluation.monitored_modes(data.swiss_roll())
    assert len(monitored.names) == 20 and monitored.expected.sum() == pytest.approx(1)


def test_a_model_of_one_gradient_is_watched_too():
    def of_steps(losses, norms):
        pairs = zip(losses, norms, strict=True)
        return [
            {"step": 100 * (i + 1), "loss": loss, "kl": 3.0, "gradient_norm": norm}
            for i, (loss, norm) in enumerate(pairs)
        ]

    assert said(of_steps([1.0] * 12, [2.0] * 12)) == []
    assert said(of_steps([1.0] * 8 + [None] * 2, [2.0] * 10)) == [("not_finite", 900, ())]
    assert said(of_steps([1.0] * 12, [2.0] * 8 + [900.0] * 4)) == [("exploding_gradient", 1000, ())]
    assert said(of_steps([1.0] * 12, [2.0] * 8 + [0.001] * 4)) == [("vanishing_gradient", 1000, ())]


def test_a_number_that_is_not_finite_is_named_with_its_step():
    wrong = {"step": 812, "quantity": "generator.params", "steps": 3}
    history = lines([EXPECTED] * 10)
    history[8]["not_finite"] = wrong
    (alarm,) = alarms.alarms(history, NAMES, EXPECTED)
    assert alarm == alarms.divergence(**wrong) and (alarm.step, alarm.since) == (812, 811)
    assert alarm.sentence == (
        "the params of the generator are not finite since step 812, in 3 steps; likely the update was too large: lower "
        "the learning rate of that player"
    )
    for quantity in ("generator_loss", "gradient_norm"):
        assert alarms.divergence(5, quantity, 1).sentence.startswith(f"the {quantity.replace('_', ' ')} is not finite")


def test_an_alarm_stands_until_it_is_over_and_is_raised_again_after_a_roll_back():
    detector = alarms.Detector(NAMES, EXPECTED)
    history = lines([EXPECTED] * 3 + [without(2, 5)] * 3 + [EXPECTED])
    for line in history[:4]:
        found = detector.see(line)
    assert detector.standing() == found and found[0].kind == "mode_loss"
    assert detector.see(history[4]) == []
    detector.forget()
    assert detector.standing() == []
    assert [alarm.kind for alarm in detector.see(history[5])] == ["mode_loss"]
    detector.see(history[6])
    assert detector.standing() == []
    # A run that is continued reads from its lines what happened.
    rolled_back = [line | {"rolled_back_to": 200} if i == 3 else line for i, line in enumerate(history[:5])]
    assert said(rolled_back) == [("mode_loss", 400, ("c", "f")), ("mode_loss", 500, ("c", "f"))]


def test_the_usual_gradient_is_the_median_of_all_that_were_finite(monkeypatch):
    monkeypatch.setattr(alarms, "EXPLODED", 3.0)
    norms = np.random.default_rng(0).lognormal(sigma=1.5, size=200)
    norms[::7] = np.nan
    expected, going_on = [], False
    for i in range(len(norms)):
        before = norms[: max(i - 1, 0)]
        before = before[np.isfinite(before)]
        usual = np.median(before) if len(before) >= alarms.LINES else np.nan
        exploded = bool((norms[max(i - 1, 0) : i + 1] > 3 * usual).all())
        if exploded and not going_on:
            expected.append(100 * (i + 1))
        going_on = exploded
    history = [
        {"step": 100 * (i + 1), alarms.MAKES: norm if np.isfinite(norm) else None} for i, norm in enumerate(norms)
    ]
    found = [alarm.step for alarm in alarms.alarms(history) if alarm.kind == "exploding_gradient"]
    assert found == expected and len(found) > 3
