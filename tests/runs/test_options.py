"""The options: checked when they are made, and recorded as they were written."""

import dataclasses

import pytest

from jaxgan.runs.options import Architecture, Training


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Architecture(layers=0), "--layers must be in [1, 1000], got 0"),
        (lambda: Architecture(activation="relu6"), "--activation relu6: no activation 'relu6'; did you mean relu?"),
        (lambda: Architecture(initialisation="normal:x"), "--initialisation normal:x: std takes a number, not 'x'"),
        (lambda: Architecture(generator="mlp"), "--generator mlp: mlp needs widths, whole numbers"),
        (lambda: Architecture(discriminator="mpl:8"), "--discriminator mpl:8: no network 'mpl'; did you mean mlp?"),
        (lambda: Training(loss="hing"), "--loss hing: no loss 'hing'; did you mean hinge?"),
        (lambda: Training(technique=("r1:1", "r1")), "--technique r1: r1 needs weight, a number"),
        (lambda: Training(technique=("r1:-1",)), "--technique r1:-1: "),
        (
            lambda: Training(generator_optimizer="momentum:-0.5"),
            "--generator-optimizer momentum:-0.5: learning_rate is that of --generator-learning-rate",
        ),
        (
            lambda: Training(discriminator_optimizer="optimistic:adam(0.1)"),
            "--discriminator-optimizer optimistic:adam(0.1): optimizer takes an optimizer; adam(0.1): learning_rate is",
        ),
        (
            lambda: Training(discriminator_optimizer="weight_clipping:0.1"),
            "--discriminator-optimizer weight_clipping:0.1: no optimizer 'weight_clipping'",
        ),
        (
            lambda: Training(generator_optimizer="momentum:momentum=2"),
            "--generator-optimizer momentum:momentum=2: the momentum must be in (-1, 1), got 2",
        ),
        (lambda: Training(decay_from=1.5), "--decay-from must be in [0, 1], got 1.5"),
        (lambda: Training(clip=float("nan")), "--clip must be at least 0.0, got nan"),
    ],
)
def test_a_mistake_names_the_option(make, says):
    with pytest.raises(ValueError) as raised:
        make()
    assert str(raised.value).startswith(says) and "\n" not in str(raised.value)


def test_a_run_records_the_text_and_no_network_or_optimizer_that_is_not_named():
    plain = Architecture().recorded()
    assert not {"generator", "discriminator"} & set(plain)
    named = Architecture(generator="mlp:8+8").recorded()
    assert named == {**plain, "generator": "mlp:8+8"}
    assert Architecture(**named) == Architecture(generator="mlp:8+8")
    technique = ("r1:1.0", "replay:4096,share=0.25")
    assert dataclasses.asdict(Training(technique=technique))["technique"] == technique
    plain, named = (Training(generator_optimizer=text).recorded() for text in ("auto", "momentum"))
    assert named == {**plain, "generator_optimizer": "momentum"} and "discriminator_optimizer" not in named


def test_the_learning_rate_is_constant_and_then_a_cosine():
    schedule = Training(steps=100, decay_from=0.5).learning_rate(2.0)
    assert float(schedule(0)) == float(schedule(49)) == 2.0
    assert float(schedule(75)) == pytest.approx(1.0) and float(schedule(100)) == pytest.approx(0.0, abs=1e-6)
    assert float(Training(steps=100).learning_rate(2.0)(100)) == 2.0
