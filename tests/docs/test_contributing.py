"""CONTRIBUTING's recipe for a technique, followed on a throw-away file; its other examples are those of the code."""

import importlib.util
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.runs.factories import make, public, read
from jaxgan.types import Technique
from tests.helpers import jit, perceptron, small_gan

ROOT = Path(__file__).resolve().parents[2]


TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXCERPTS = re.findall(r"```python\n# (\S+\.py)\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize(("path", "excerpt"), EXCERPTS, ids=[path for path, _ in EXCERPTS])
def test_what_is_shown_is_what_the_code_says(path, excerpt):
    """In the same order, with something left out at each `...`."""
    pieces = [re.escape(piece.strip("\n")) for piece in re.split(r"^ *\.\.\.\n", excerpt, flags=re.MULTILINE)]
    assert re.search(r"\n.*?".join(pieces), (ROOT / path).read_text(encoding="utf-8"), re.DOTALL), path


def test_a_real_one_of_each_is_shown():
    rooms = {Path(path).parent.name for path, _ in EXCERPTS}
    assert rooms == {"losses", "networks", "data", "metrics", "experiments"}


@pytest.fixture
def followed(tmp_path):
    """The module that the template makes."""
    (template,) = re.findall(r'```python\n("""NAME in full.*?)```', TEXT, re.DOTALL)
    path = tmp_path / "name.py"
    path.write_text(template, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("name", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_template_of_a_technique_trains_and_is_an_option(followed):
    catalogue = public(followed, "technique", Technique)
    technique = make(read(catalogue, "name:0.5", "--technique"))
    gan = small_gan(technique)
    key, batch = jax.random.key(0), jnp.ones((8, 2))
    state = jit(gan.init)(key, batch)
    _, info = jit(gan.step)(key, state, batch)
    logits = perceptron([5], out=1).apply(state.discriminator.params, {}, batch, train=True)[0]
    np.testing.assert_allclose(info.terms.discriminator["name"], 0.5 * np.mean(logits**2), rtol=1e-5)
    with pytest.raises(ValueError, match="the weight of name must be at least 0, got -1"):
        followed.name(-1.0)
