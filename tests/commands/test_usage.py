"""What `--help` and `--list` print."""

import dataclasses

import pytest

from jaxgan import metrics
from jaxgan.adversarial.lookahead import Unroll
from jaxgan.commands.experiment import Arm, Experiment, main
from jaxgan.commands.listing import documented_arguments, listing
from jaxgan.commands.usage import COMMON, description, differences
from jaxgan.runs.catalogues import LOSSES, NETWORKS, OPTIMIZERS, TECHNIQUES
from jaxgan.runs.options import Architecture, Run, Training


@dataclasses.dataclass(frozen=True)
class Data:
    """The data."""

    modes: int = 8
    """Gaussians on the ring."""


PLAIN = Arm(Architecture(batch_norm=True), Training(steps=20))
OTHER = Arm(
    Architecture(layers=3),
    dataclasses.replace(
        PLAIN.training,
        technique=("r1:1", "replay:64"),
        unroll=dataclasses.replace(PLAIN.training.unroll, steps=5, resample=True),
    ),
)
TEXT = "A ring\nof Gaussians.\n\n    python ring.py\n\n| a | table |\n"


def experiment(**arms):
    return Experiment("ring", TEXT, Data(), lambda options: options, Run(), arms)


def test_help_is_short_and_says_what_switches_from_the_arms_to_one_configuration(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(experiment(plain=PLAIN, other=OTHER), ["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) <= 60 and "| table |" not in printed
    said = " ".join(printed.replace("│", "").split())
    assert "A ring of Gaussians." in said
    assert "It compares 2 arms from the same seeds: plain, other. Any option besides --list, --modes and those" in said
    assert "switches from 2 arms to one" in said
    assert "--steps INT Generator updates. (default: 20)" in said
    assert "--modes INT Gaussians on the ring. (default: 8)" in said
    assert "non_saturating" in said and "--help-all shows all of them" in said
    assert "--beta1" not in said and "--layers" not in said


def test_all_of_help_explains_every_option_and_writes_the_other_arms_as_options(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(experiment(plain=PLAIN, other=OTHER), ["--seeds", "2", "--help-all"])
    assert stopped.value.code == 0
    said = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "--beta1 FLOAT Adam's decay of the mean, both players. (default: 0.5)" in said
    assert "other: plain with --layers 3 --no-batch-norm --technique r1:1 replay:64 --unroll.steps 5" in said
    assert "--unroll.resample" in said
    options = [field for part in (Architecture, Run, Training, Unroll) for field in dataclasses.fields(part)]
    assert all(f"{field.name.replace('_', '-')} " in said for field in options)


def test_help_of_one_configuration_speaks_of_no_arms():
    assert "arms" not in description(TEXT, {"plain": PLAIN}, Data()) and differences({"plain": PLAIN}) == ""


def test_what_help_shows_are_options():
    for part, shown in COMMON.items():
        assert shown <= {field.name for field in dataclasses.fields(part)}


def test_lists_what_can_be_named_and_trains_nothing(capsys, tmp_path):
    assert main(experiment(plain=PLAIN), ["--workdir", str(tmp_path / "run"), "--list", "techniques"]) == 0
    assert capsys.readouterr().out.strip() == listing("techniques")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("techniques", TECHNIQUES.factories),
        ("losses", LOSSES.factories),
        ("networks", NETWORKS.factories),
        ("optimizers", OPTIMIZERS.factories),
        ("dynamics", {"alternating", "extragradient", "consensus", "simultaneous"}),
        ("metrics", {"frechet_distance", "mode_coverage", "vendi_score"}),
    ],
)
def test_each_entry_has_its_first_line_and_its_parameters(listed, names):
    lines = listing(listed).splitlines()
    assert set(names) <= set(lines)
    assert all(len(line) <= 100 for line in lines)


def test_an_entry_says_how_each_parameter_is_written():
    said = " ".join(listing("techniques").split("\n\nreplay\n")[1].split("\n\n")[0].split())
    assert said == (
        "Replaces a share of the fakes that the discriminator is trained on by fakes of the past. "
        "capacity: places in the buffer, at least the share of a batch. [a whole number; required] "
        "share: of the batch, in (0, 1]; half in the paper. [a number; default 0.5] "
        'keep: "recent" or "reservoir". [one of recent, reservoir; default recent]'
    )
    optimizers = " ".join(listing("optimizers").split())
    assert "paths: beginnings of paths, in whole keys; none freezes nothing. [texts joined by +" in optimizers
    assert "b1: decay of the mean, in [0, 1). [a number; default --beta1]" in optimizers
    networks = " ".join(listing("networks").split())
    assert "out: units of the output; of an encoder" in networks and "[a whole number; from the data]" in networks
    assert "default relu]" in networks and "[true or false; default false]" in networks


def test_arguments_are_read_from_any_docstring():
    def f(a, b, c):
        """Does.

        Args:
          a, b: two of
            them: both.
          c: the last.

            After a gap.

        Returns:
          d: nothing.
        """

    assert documented_arguments(f) == {
        "a": "two of them: both.",
        "b": "two of them: both.",
        "c": "the last. After a gap.",
    }
    assert documented_arguments(lambda: None) == {}
    assert "std" in documented_arguments(metrics.mode_coverage)
