"""The examples of docs/watch.md: run where their framework is there, in a process of their own, and read otherwise."""

import ast
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from jaxgan.watch.reference import DOORS
from jaxgan.watch.significance import too_few

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "watch.md").read_text(encoding="utf-8")
EXAMPLES = {
    section.partition("\n")[0].removeprefix("# "): found[1]
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)
    if (found := re.search(r"```python\n(.*?)```", section, re.DOTALL))
}


def run(program: str, folder: Path) -> list[str]:
    command = [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{program}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_plain_python_loses_a_mode_and_is_told(tmp_path):
    found, reason, back = run(EXAMPLES["Watch any training loop"], tmp_path)
    assert found.startswith("600 lost modes") or found.startswith("600 starved modes")
    assert "(there at step 500)" in reason and back == "go back to step 500"
    assert (tmp_path / "watch.png").stat().st_size > 10_000


@pytest.mark.parametrize(("share", "check", "found"), [(0.06, 1000, True), (0.02, 1, False)])
def test_what_it_can_find(share, check, found):
    """Of 1000 reals, half of 2000, and 500 fakes: the p-value of the lost one of 20 modes, and the level."""
    reals = np.array([1000 * share, 1000 * (1 - share)]).astype(int)
    p_value = 20 * too_few(reals, np.array([0, 500]))[0]
    assert (p_value <= 0.01 / (check * (check + 1) * len(DOORS))) == found


def test_the_example_in_pytorch(tmp_path):
    pytest.importorskip("torch")
    program = EXAMPLES["PyTorch"] + "\nprint(len(watch.history))\nassert 'jax' not in sys.modules"
    assert run(program, tmp_path)[-1] == "25"


@pytest.mark.parametrize("name", ["Lightning", "Keras", "Hugging Face Trainer", "JAX"])
def test_the_others_are_programs_that_update_a_watch(name):
    program = ast.parse(EXAMPLES[name])
    (library,) = {"lightning", "keras", "transformers", "jax"} & {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
        for node in ast.walk(program)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    calls = [ast.unparse(node.func) for node in ast.walk(program) if isinstance(node, ast.Call)]
    assert "Watch" in calls and any(call.endswith("watch.update") for call in calls)
    if find_spec(library):
        exec(compile(program, name, "exec"), {"__name__": name})
