"""What `--sweep` means: its values, the settings that they make together, and one line for what it cannot be."""

import typing

import pytest

from jaxgan import Unroll
from jaxgan.runs import sweeping
from jaxgan.runs.options import Architecture, Training
from jaxgan.runs.sweeping import read_axes, setting_name, settings
from jaxgan.runs.values import reader

TRAINING = Training(technique=("r1:2.0", "mode_seeking(0.1)"))


def of(*texts, training=TRAINING):
    return settings(read_axes(texts), Architecture(), training)


def test_every_combination_is_a_setting_the_last_axis_fastest():
    found = of("technique.r1.weight=0.1,1", "discriminator-learning-rate=1e-4,3e-4,1e-3")
    assert list(found)[:2] == [
        "technique.r1.weight=0.1,discriminator_learning_rate=1e-4",
        "technique.r1.weight=0.1,discriminator_learning_rate=3e-4",
    ]
    given = [(training.technique[0], training.discriminator_learning_rate) for _, training in found.values()]
    assert given == [(f"r1:{weight}", rate) for weight in ("0.1", "1") for rate in (1e-4, 3e-4, 1e-3)]
    assert all(training.technique[1:] == ("mode_seeking(0.1)",) for _, training in found.values())


def test_options_of_every_kind_are_set():
    (_, training), (_, other) = of("unroll.steps=0,5").values()
    assert (training.unroll, other.unroll) == (Unroll(0), Unroll(5))
    assert [architecture.batch_norm for architecture, _ in of("batch_norm=true,false").values()] == [True, False]
    losses = [training.loss for _, training in of("loss=hinge,realness(atoms=10,relative=true)").values()]
    assert losses == ["hinge", "realness(atoms=10,relative=true)"]
    assert [training.technique for _, training in of("technique=r1:0.1,dragan:1").values()] == [
        ("r1:0.1",),
        ("dragan:1",),
    ]


def test_every_option_of_networks_and_training_can_be_swept():
    for kind in (Architecture, Training, Unroll):
        for name, hint in typing.get_type_hints(kind).items():
            assert hint is Unroll or reader(hint) is not None, name
    names = {*sweeping._options(Architecture), *sweeping._options(Training)}
    assert {"generator_width", "latent_dim", "unroll.steps", "unroll.gradient", "beta1", "average"} <= names


def test_a_technique_that_is_not_named_yet_is_added_and_others_keep_their_parameters():
    found = [training.technique for _, training in of("technique.replay.capacity=8,16", training=Training()).values()]
    assert found == [("replay:8",), ("replay:16",)]
    given = Training(technique=("replay:4096,share=0.25",))
    found = [training.technique for _, training in of("technique.replay.share=0.1,0.5", training=given).values()]
    assert found == [("replay:4096,share=0.1",), ("replay:4096,share=0.5",)]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["x=1"], "no option x"),
        (["generator_widt=3"], "did you mean generator_width?"),
        (["seeds=1,2"], "no option seeds"),
        (["steps"], "write OPTION=VALUE,VALUE,..."),
        (["steps=1,,2"], "write OPTION=VALUE,VALUE,..."),
        (["steps=1,1"], "a value is given twice"),
        (["steps=1,2", "steps=3"], "steps is given twice"),
        (["steps=abc"], "takes a whole number, not 'abc'"),
        (["pack=3"], "a batch of 128 cannot be packed by 3"),
        (["technique.r1=3"], "write technique.NAME.PARAMETER=VALUE,VALUE,..."),
        (["technique.r7.weight=3"], "no technique 'r7'"),
        (["technique.r1.wait=3"], "r1 has no parameter 'wait'; did you mean weight?"),
        (["technique.r1.weight=-3"], "the weight of r1 must be at least 0, got -3.0"),
        (["loss=hinge?,hinge*"], "no loss 'hinge?'"),
        ([f"steps={','.join(map(str, range(1, 102)))}", "batch_size=1,2,3,4,5,6,7,8,9,10"], "1,010 settings"),
    ],
)
def test_what_cannot_be_is_one_line(texts, says):
    with pytest.raises(ValueError) as raised:
        of(*texts)
    assert says in str(raised.value) and "\n" not in str(raised.value) and str(raised.value).startswith("--sweep")


def test_a_folder_has_a_name_that_file_systems_and_shells_take():
    axes = read_axes(["generator=mlp(widths=64+64),mlp:32", "loss=hinge"])
    assert setting_name(axes, ("mlp(widths=64+64)", "hinge")) == "generator=mlp_widths=64+64_,loss=hinge"
