"""The package: what it names is imported when it is used, and importing it or its watcher imports no JAX."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import jaxgan

SOURCE = Path(jaxgan.__file__)


def test_names_are_those_that_type_checkers_see():
    block = next(node for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body if isinstance(node, ast.If))
    seen = {
        (statement.module, name.name, name.asname)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for name in statement.names
    }
    homes = {**jaxgan._PACKAGES, **jaxgan._MODULES}
    assert seen == {(home, name, name) for home, names in homes.items() for name in names}


def test_every_name_is_that_of_its_home():
    for name, module in jaxgan._SUBMODULES.items():
        assert getattr(jaxgan, name) is importlib.import_module(module)
    for name, home in jaxgan._HOMES.items():
        assert getattr(jaxgan, name) is vars(importlib.import_module(home))[name]
    assert {*jaxgan._SUBMODULES, *jaxgan._HOMES} <= set(dir(jaxgan))


def test_a_name_that_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'jaxgan' has no attribute 'nothing'"):
        _ = jaxgan.nothing
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from jaxgan import nothing")


def loaded_after(program: str) -> set[str]:
    """The top-level modules that a fresh process has loaded after a program."""
    program += "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=SOURCE.parents[1]
    )
    return set(done.stdout.split())


def test_importing_the_package_is_quick():
    assert loaded_after("import jaxgan; jaxgan.__version__; dir(jaxgan)").isdisjoint({"jax", "numpy", "scipy"})


def test_watching_needs_neither_jax_nor_a_framework():
    program = """
import numpy as np
from jaxgan.watch import Watch

random = np.random.default_rng(0)
watch = Watch(random.standard_normal((200, 2)), samples=100)
assert watch.update(0, random.standard_normal((100, 2))) is None
assert watch.update(1, np.zeros((100, 2))).kinds
"""
    unwanted = {"jax", "jaxlib", "flax", "optax", "sklearn", "torch", "tensorflow"}
    assert loaded_after(program).isdisjoint(unwanted | {"matplotlib"})
    assert loaded_after(program + "watch.picture()").isdisjoint(unwanted)
