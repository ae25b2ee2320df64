"""What `jaxgan` says of itself, at once."""

import os
import subprocess
import sys

import pytest

import jaxgan
from jaxgan.commands.main import main

COMMANDS = ("train", "sample", "export", "report", "diagnose", "techniques")
# Runs the command, and says on the error stream what of these it imported.
PROGRAM = """
import sys
from jaxgan.commands.main import main
try:
    status = main()
except SystemExit as stopped:
    status = stopped.code
slow = {"jax", "flax", "optax", "scipy", "sklearn", "matplotlib", "orbax"} & set(sys.modules)
print(*sorted(slow), file=sys.stderr, end="")
sys.exit(status)
"""


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_says_what_it_can_do(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith("usage: jaxgan ") and len(printed.splitlines()) <= 40
    assert all(f"• {command} " in printed for command in COMMANDS)


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jaxgan {jaxgan.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--help"], 0, ""),
        (["--version"], 0, ""),
        (["sample", "--help"], 0, ""),
        (["export", "runs/a"], 2, "error: "),
        (["nothing"], 2, "error: "),
    ],
)
def test_help_and_mistakes_are_answered_without_importing_what_is_slow(arguments, status, says):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == status
    assert done.stderr.startswith(says) and done.stderr.count("\n") == (1 if says else 0)
    assert done.stderr.partition("\n")[2] == "" if says else done.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0 and f"jaxgan {command}" in capsys.readouterr().out
