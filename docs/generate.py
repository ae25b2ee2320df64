"""Pages of the site that are written elsewhere: one for each public name, the README by its sections, results.

`mkdocs build` runs it. A public name is what `from jaxgan.PACKAGE import NAME` gives, but those of other libraries.
"""

import functools
import re
from pathlib import Path

import griffe
import mkdocs_gen_files

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "jaxgan": "The names at the top",
    "jaxgan.techniques": "Techniques against mode collapse",
    "jaxgan.losses": "Losses",
    "jaxgan.adversarial.dynamics": "Dynamics: how the players take turns",
    "jaxgan.networks": "Networks",
    "jaxgan.optimizers": "Optimizers",
    "jaxgan.samplers": "Samplers: after training",
    "jaxgan.data": "Data",
    "jaxgan.metrics": "Metrics",
    "jaxgan.features": "Features",
    "jaxgan.evaluation": "Evaluation",
    "jaxgan.diagnosis": "Diagnosis",
    "jaxgan.watch": "A watcher without JAX",
    "jaxgan.models": "Models",
    "jaxgan.training": "Training",
    "jaxgan.report": "Reports",
    "jaxgan.types": "Types: the contract",
    "jaxgan.backend": "Backends",
}
GUIDES = "guide"
RESULTS = (
    "cycling/cycling.png",
    "continued/continued.png",
    "compare_techniques/table.md",
    "compare_techniques/table.png",
)


@functools.cache
def _package(package: str) -> griffe.Object:
    """A package as its files say, without importing it."""
    loaded = griffe.load("jaxgan", search_paths=[str(ROOT)])
    return loaded if package == "jaxgan" else loaded[package.removeprefix("jaxgan.")]


def public_names(package: str) -> dict[str, griffe.Object]:
    """What a package offers, by name: functions, classes and values of jaxgan, no modules."""
    found = {}
    for name, member in _package(package).members.items():
        target = None if name.startswith("_") else _home(member)
        # A function hides the module, or the package, of its name; but here the module is found first.
        while target is not None and target.is_module and name in target.members:
            target = _home(target.members[name])
        if target is not None and not target.is_module:
            found[name] = target
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _home(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """What a name stands for, where jaxgan defines it; None of what is imported from elsewhere."""
    if not isinstance(member, griffe.Alias):
        return member
    return _home(member.target) if member.target_path.startswith("jaxgan.") else None


def sections(readme: str) -> dict[str, str]:
    """The sections of the README by their titles, with links that work in the site."""
    parts = re.split(r"^## (.+)$", readme, flags=re.MULTILINE)
    return {
        title: re.sub(r"\]\((?:docs|experiments(?=/results/))/([^)]+)\)", r"](../\1)", text).strip()
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def slug(title: str) -> str:
    """A file name for a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def write(path: str, text: str) -> None:
    with mkdocs_gen_files.open(path, "w") as file:
        file.write(text)


def generate() -> None:
    """Writes all pages, and what lists them."""
    listed = [
        "* [jaxgan](index.md)",
        "* [From collapse to cure](from-collapse-to-cure.ipynb)",
        "* [What mode collapse is](mode-collapse.md)",
        "* How to",
    ]
    for title, text in sections((ROOT / "README.md").read_text()).items():
        path = f"{GUIDES}/{slug(title)}.md"
        write(path, f"# {title}\n\n{text}\n")
        listed.append(f"    * [{title}]({path})")
    listed += [f"    * [{title}]({path})" for title, path in OTHERS.items() if (ROOT / "docs" / path).exists()]
    listed.append("* Reference")
    for package, title in PACKAGES.items():
        where = f"reference/{package}"
        lines = [f"# {title}", "", f"`{package}`", ""]
        inner = []
        for name, described in public_names(package).items():
            write(f"{where}/{name}.md", f"::: {described.path}\n")
            lines.append(f"- [`{name}`]({name}.md): {summary(described)}")
            inner.append(f"        * [{name}]({where}/{name}.md)")
        write(f"{where}/index.md", "\n".join(lines) + "\n")
        listed += [f"    * [{title}]({where}/index.md)", *inner]
    for name in RESULTS:
        with mkdocs_gen_files.open(f"results/{name}", "wb") as file:
            file.write((ROOT / "experiments" / "results" / name).read_bytes())
    write("SUMMARY.md", "\n".join(listed) + "\n")


OTHERS = {
    "Watch any training loop": "watch.md",
    "Metrics": "metrics.md",
    "Reliability": "reliability.md",
    "Scaling": "scaling.md",
}


def summary(described: griffe.Object) -> str:
    """The first line of a docstring."""
    return described.docstring.value.split("\n")[0] if described.docstring else ""


if __name__ == "<run_path>":  # as mkdocs runs it; tests import it
    generate()
