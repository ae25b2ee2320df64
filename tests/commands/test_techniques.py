"""`jaxgan techniques`: everything that says when to use it, and each in full."""

import inspect

import pytest

from jaxgan import techniques
from jaxgan.commands.main import main
from jaxgan.commands.techniques import entries, labelled


def test_every_technique_says_when_to_use_it_and_what_it_costs():
    public = {name for name, value in vars(techniques).items() if inspect.isfunction(value)}
    assert public - {"fisher_information"} <= entries().keys()  # what `anchored` takes, and no technique
    assert {"relativistic", "extragradient", "Unroll", "packed", "rejection"} <= entries().keys()
    assert entries()["anchored"].how == "jaxgan.techniques.anchored"  # no text can say its parameters
    for entry in entries().values():
        assert entry.use.endswith(".") and entry.cost.endswith("."), entry.name


def test_a_labelled_paragraph_is_read_as_one_line():
    def documented():
        """Does something.

        Use when: this
          and that.

        Cost: nothing.
        """

    assert labelled(documented, "Use when") == "this and that."
    assert labelled(documented, "Cost") == "nothing."
    assert labelled(documented, "Reference") == ""


def test_the_table_names_all_of_them_and_the_option(capsys):
    assert main(["techniques"]) == 0
    shown = capsys.readouterr().out
    for entry in entries().values():
        assert entry.name in shown and entry.how in shown
    assert "--technique r1" in shown and "--loss relativistic" in shown


def test_one_shows_its_formula_paper_and_parameters(capsys):
    assert main(["techniques", "r1"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("r1(weight") and "--technique r1" in shown
    assert "‖∇ₓ D(x)‖²" in shown and "equation 9" in shown and "negative weight" in shown


@pytest.mark.parametrize(("name", "hint"), [("r11", "did you mean r1?"), ("zzz", "lists all of them")])
def test_an_unknown_name_is_an_error_of_one_line(capsys, name, hint):
    assert main(["techniques", name]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and hint in shown and name in shown
