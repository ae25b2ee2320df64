"""The documentation site: every public name has a page, and the README's sections are its guides."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("mkdocs_gen_files", reason="the site is built with the extra docs")


@pytest.fixture(scope="module")
def generate():
    import docs.generate

    return docs.generate


@pytest.mark.slow
def test_every_public_name_has_a_page(generate):
    for package in generate.PACKAGES:
        module = importlib.import_module(package)
        expected = {
            name
            for name in dir(module)
            if not name.startswith("_")
            and not inspect.ismodule(getattr(module, name))
            and getattr(getattr(module, name), "__module__", "").startswith("jaxgan")
        }
        assert expected <= set(generate.public_names(package)), package


def test_every_package_with_public_names_is_there(generate):
    """All rooms but those that hold no names of their own, and the commands."""
    packages = {f"jaxgan.{path.parent.name}" for path in (ROOT / "jaxgan").glob("*/__init__.py")}
    without = {"jaxgan.commands", "jaxgan.adversarial", "jaxgan.runs"}
    assert packages - without <= set(generate.PACKAGES)


def test_links_of_the_readme_work_in_the_site(generate):
    readme = (ROOT / "README.md").read_text()
    sections = generate.sections(readme)
    assert list(sections) == re.findall(r"^## (.+)$", readme, flags=re.MULTILINE)
    for text in sections.values():
        for link in re.findall(r"\]\(([^)#]+)", text):
            assert link.startswith("../"), link
            written = link[3:].removeprefix("results/")
            assert written in generate.RESULTS or (ROOT / "docs" / link[3:]).exists(), link
    slugs = [generate.slug(title) for title in sections]
    assert len(set(slugs)) == len(slugs)


def test_results_are_there(generate):
    for name in generate.RESULTS:
        assert (ROOT / "experiments" / "results" / name).exists()
