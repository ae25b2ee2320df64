"""The architecture, kept by reading the source: which module imports which, and what the pure core never does.

Every rule is one row of `RULES`. It is run on the package, on sources that break it, so that it is shown to be able
to fail, and on sources that keep it.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each module or package of jaxgan may import of jaxgan, besides its own siblings: the arrows, pointing down.
MAY_IMPORT = {
    "types": set(),
    "backend": {"types"},
    "losses": {"types"},
    "techniques": {"types"},
    "optimizers": {"types"},
    "networks": {"types", "backend"},
    "data": {"types", "backend", "metrics"},  # of backend the reading of files
    "features": {"types", "backend", "networks"},  # likewise
    "metrics": {"types", "features"},
    "adversarial": {"types", "backend"},
    "models": {"types", "backend", "adversarial"},
    "samplers": {"types"},  # they are handed a GAN as a value, and need none of what makes it
    "evaluation": {"types", "backend", "metrics", "features", "data"},
    "diagnosis": {"types", "backend", "data", "features", "metrics", "evaluation", "runs"},
    "runs": {
        "types",
        "backend",
        "losses",
        "techniques",
        "optimizers",
        "networks",
        "adversarial",
        "models",
    },
    "report": {"types", "backend", "runs", "data"},  # of data how its rows are encoded
    "training": {"types", "backend", "diagnosis", "evaluation", "runs"},
    "watch": set(),  # it is for programs without JAX
}
FRONT = {"__init__", "__main__", "commands"}  # these may import everything
CORE = {"types", "losses", "techniques", "optimizers", "networks", "data", "metrics", "features"}
CORE |= {"adversarial", "models", "samplers"}

# Where a third-party package with an interface of its own is at home.
HOME = {
    "flax": {"networks", "features"},
    "equinox": {"networks"},
    "orbax": {"runs"},
    "matplotlib": {"report", "watch"},
    "tensorflow_datasets": {"data"},
    "grain": {"data"},
}
# Slow to import and needed by few, or optional: imported by the function that uses them.
LAZY = {"tensorflow_datasets", "grain", "equinox"}
WATCHER = {"numpy", "scipy", "jaxgan"}  # all that the watcher needs, besides matplotlib for its picture
LINES = 350
FUNCTION_LINES = 80


class Source(NamedTuple):
    """A file to judge.

    Attributes:
      path: relative to the repository, e.g. "jaxgan/metrics/modes.py".
      text: its content.
    """

    path: str
    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The dotted name as a tuple; a package's `__init__.py` keeps its last part."""
        return PurePosixPath(self.path).with_suffix("").parts

    @property
    def unit(self) -> str:
        """The module or package directly below jaxgan (or experiments) that the file belongs to."""
        return self.parts[1]

    @property
    def tree(self) -> ast.Module:
        """The parsed source."""
        return ast.parse(self.text, self.path)


class Import(NamedTuple):
    """One imported name.

    Attributes:
      name: absolute and dotted; `from a import b` is "a.b".
      line: where it stands.
      lazy: it is carried out when a function is called, or by a type checker only.
    """

    name: str
    line: int
    lazy: bool


class Rule(NamedTuple):
    """One rule.

    Attributes:
      name: what always holds.
      findings: lists what breaks it in one source.
      broken: sources that break it, each once.
      kept: sources near to these that keep it.
    """

    name: str
    findings: Callable[[Source], list[str]]
    broken: list[Source]
    kept: list[Source]


def imports(source: Source) -> Iterator[Import]:
    """Every import of a source, with relative ones resolved."""

    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Without its last `level` parts the file's own name is the package that a relative import starts from.
            base = ".".join([*(source.parts[: -node.level] if node.level else ()), *filter(None, [node.module])])
            yield from (Import(f"{base}.{alias.name}", node.lineno, lazy) for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                yield from walk(child, True)
            for child in node.orelse:
                yield from walk(child, lazy)
        else:
            inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from walk(child, inside)

    return walk(source.tree, False)


def names(source: Source) -> Iterator[tuple[str, int]]:
    """Every name that a source uses, dotted and with the aliases of its imports written out, and its line."""
    aliases = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            yield ".".join(filter(None, [aliases.get(first, first), rest])), node.lineno


def report(source: Source, line: int, message: str) -> str:
    """One finding, as an editor finds it."""
    return f"{source.path}:{line}: {message}"


def upward_imports(source: Source) -> list[str]:
    """Imports of jaxgan that are not among the arrows."""
    if source.parts[0] != "jaxgan" or source.unit in FRONT:
        return []
    if source.unit not in MAY_IMPORT:
        return [report(source, 1, f"{source.unit} has no row in MAY_IMPORT")]
    allowed = MAY_IMPORT[source.unit] | ({source.unit} if len(source.parts) > 2 else set())
    return [
        report(source, found.line, f"{source.unit} imports {found.name}; it may import {sorted(allowed)} of jaxgan")
        for found in imports(source)
        if (target := found.name.split("."))[0] == "jaxgan" and not allowed.intersection(target[1:2])
    ]


def imports_from_outside(source: Source) -> list[str]:
    """Imports by the package of what stands on top of it."""
    if source.parts[0] != "jaxgan":
        return []
    return [
        report(source, found.line, f"the package imports {found.name}")
        for found in imports(source)
        if found.name.split(".")[0] in {"experiments", "tests"}
    ]


def private_imports(source: Source) -> list[str]:
    """Imports by an experiment of what a user could not import."""
    if source.parts[0] != "experiments":
        return []
    return [
        report(source, found.line, f"an experiment imports {found.name}, which is not public")
        for found in imports(source)
        if (target := found.name.split("."))[0] == "jaxgan"
        if any(part.startswith("_") and part != "__version__" for part in target)
    ]


def strangers(source: Source) -> list[str]:
    """Imports of a third-party package outside its home."""
    if source.parts[0] != "jaxgan":
        return []
    return [
        report(source, found.line, f"{package} is imported only in {sorted(HOME[package])}")
        for found in imports(source)
        if (package := found.name.split(".")[0]) in HOME and source.unit not in HOME[package]
    ]


def eager_imports(source: Source) -> list[str]:
    """Imports at the top of a module of what is slow and seldom needed."""
    if source.parts[0] != "jaxgan":
        return []
    return [
        report(source, found.line, f"{package} is imported inside the function that uses it")
        for found in imports(source)
        if (package := found.name.split(".")[0]) in LAZY and not found.lazy
    ]


def needs_of_the_watcher(source: Source) -> list[str]:
    """Imports by the watcher of what a program in another framework may not have."""
    if source.parts[:2] != ("jaxgan", "watch"):
        return []
    allowed = WATCHER | sys.stdlib_module_names | ({"matplotlib"} if source.parts[2:] == ("picture",) else set())
    return [
        report(source, found.line, f"the watcher imports {found.name}; it may import {sorted(WATCHER)}")
        for found in imports(source)
        if found.name.split(".")[0] not in allowed
    ]


def impurities(source: Source) -> list[str]:
    """Compilation, printing and file access in the core."""
    if source.parts[0] != "jaxgan" or source.unit not in CORE:
        return []
    impure = {"jax.jit", "jax.pmap", "jax.debug.print", "print", "input", "open"}
    return [report(source, line, f"{name} in the pure core") for name, line in names(source) if name in impure]


def machine_questions(source: Source) -> list[str]:
    """Questions about the machine where the answer would keep a program from being built for another one."""
    if source.parts[:2] == ("jaxgan", "backend"):
        return []
    asked = re.compile(r"jax\.(default_backend|extend\.backend|lib\.xla_bridge|(local_)?devices\(.*\.platform)\b")
    return [
        report(source, line, f"{name} is asked in jaxgan/backend only; ask jaxgan.backend.in_force()")
        for name, line in names(source)
        if asked.fullmatch(name)
    ]


def legacy_keys(source: Source) -> list[str]:
    """Untyped keys, which JAX cannot tell from other arrays of integers."""
    return [
        report(source, line, "jax.random.key makes a typed key, PRNGKey does not")
        for name, line in names(source)
        if name.split(".")[-1] == "PRNGKey"
    ]


def long_modules(source: Source) -> list[str]:
    """Modules of the package that hold more than one idea."""
    lines = len(source.text.splitlines())
    if source.parts[0] != "jaxgan" or lines <= LINES:
        return []
    return [report(source, lines, f"{lines} lines; at most {LINES}")]


def long_functions(source: Source) -> list[str]:
    """Functions of the package that nobody can walk through, without their docstrings."""
    if source.parts[0] != "jaxgan":
        return []
    found = []
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            body = function.body[1:] if ast.get_docstring(function) is not None else function.body
            lines = (function.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > FUNCTION_LINES:
                found.append(report(source, function.lineno, f"{function.name} has {lines}; at most {FUNCTION_LINES}"))
    return found


RULES = [
    Rule(
        "arrows point down",
        upward_imports,
        broken=[
            Source("jaxgan/losses/hinge.py", "from jaxgan.models import gan"),
            Source("jaxgan/losses/hinge.py", "import jaxgan"),
            Source("jaxgan/losses/hinge.py", "from jaxgan import networks"),
            Source("jaxgan/losses/hinge.py", "from .. import networks"),
            Source("jaxgan/losses/hinge.py", "def f():\n    from jaxgan.training import fit"),
            Source("jaxgan/techniques/r1.py", "import jaxgan.losses as losses"),
            Source("jaxgan/techniques/r1.py", "from ..losses import hinge"),
            Source("jaxgan/metrics/modes.py", "from jaxgan.data import ring"),
            Source("jaxgan/networks/__init__.py", "from ..metrics import modes"),
            Source("jaxgan/data/images.py", "from jaxgan.networks import mlp"),
            Source("jaxgan/models/gan.py", "from jaxgan.techniques import r1"),
            Source("jaxgan/samplers/rejection.py", "from jaxgan.models import gan"),
            Source("jaxgan/training/loop.py", "from jaxgan import commands"),
            Source("jaxgan/brand_new.py", ""),
        ],
        kept=[
            Source("jaxgan/losses/hinge.py", "import jax\nfrom jaxgan.types import Array"),
            Source(
                "jaxgan/techniques/r1.py",
                "from jaxgan.techniques._a import n\nfrom ..types import Array",
            ),
            Source("jaxgan/techniques/__init__.py", "from .r1 import r1"),
            Source("jaxgan/metrics/modes.py", "from jaxgan.features import classifier"),
            Source("jaxgan/models/gan.py", "from jaxgan.adversarial.lookahead import Unroll"),
            Source("jaxgan/training/loop.py", "from jaxgan import diagnosis, runs"),
            Source("jaxgan/__init__.py", "from jaxgan.models import gan"),
            Source("experiments/ring.py", "from jaxgan import losses, train"),
        ],
    ),
    Rule(
        "the package does not know who uses it",
        imports_from_outside,
        broken=[
            Source("jaxgan/training/loop.py", "import experiments.ring"),
            Source("jaxgan/a.py", "from tests import x"),
        ],
        kept=[
            Source("jaxgan/training/loop.py", "import jax"),
            Source("experiments/ring.py", "from experiments import grid"),
        ],
    ),
    Rule(
        "experiments use what any user could",
        private_imports,
        broken=[
            Source("experiments/ring.py", "from jaxgan.techniques._gradients import gradient_norms"),
            Source("experiments/ring.py", "from jaxgan.models.gan import _spread"),
        ],
        kept=[Source("experiments/ring.py", "from jaxgan import __version__, losses\nfrom jaxgan.training import fit")],
    ),
    Rule(
        "third-party packages stay at home",
        strangers,
        broken=[
            Source("jaxgan/models/gan.py", "import flax.linen as nn"),
            Source("jaxgan/techniques/r1.py", "from flax import linen"),
            Source("jaxgan/training/loop.py", "def f():\n    import orbax.checkpoint"),
            Source("jaxgan/training/loop.py", "from matplotlib import pyplot"),
            Source("jaxgan/training/loop.py", "def f():\n    import grain"),
            Source("jaxgan/metrics/modes.py", "def f():\n    import tensorflow_datasets as tfds"),
        ],
        kept=[
            Source("jaxgan/networks/mlp.py", "import flax.linen as nn"),
            Source("jaxgan/features/classifier.py", "import flax.linen as nn"),
            Source("jaxgan/runs/checkpoints.py", "from orbax.checkpoint import v1 as ocp"),
            Source("jaxgan/report/page.py", "from matplotlib.figure import Figure"),
            Source("jaxgan/data/images.py", "def f():\n    import tensorflow_datasets as tfds"),
            Source("jaxgan/models/gan.py", "import jax\nimport optax"),
        ],
    ),
    Rule(
        "TFDS, grain and Equinox are imported lazily",
        eager_imports,
        broken=[
            Source("jaxgan/data/images.py", "import tensorflow_datasets as tfds"),
            Source("jaxgan/data/images.py", "try:\n    import grain\nexcept ImportError:\n    grain = None"),
            Source("jaxgan/data/images.py", "class A:\n    from grain import MapDataset"),
            Source("jaxgan/networks/equinox.py", "import equinox as eqx"),
        ],
        kept=[
            Source("jaxgan/data/images.py", "def f():\n    import grain\n    import tensorflow_datasets"),
            Source("jaxgan/data/images.py", "if TYPE_CHECKING:\n    import grain"),
        ],
    ),
    Rule(
        "the watcher needs NumPy and SciPy alone",
        needs_of_the_watcher,
        broken=[
            Source("jaxgan/watch/watcher.py", "import jax.numpy as jnp"),
            Source("jaxgan/watch/reference.py", "def f():\n    from sklearn.cluster import KMeans"),
            Source("jaxgan/watch/watcher.py", "from matplotlib.figure import Figure"),
        ],
        kept=[
            Source("jaxgan/watch/watcher.py", "import math\nimport numpy as np\nfrom scipy import stats"),
            Source("jaxgan/watch/watcher.py", "def f():\n    from jaxgan.watch.picture import draw"),
            Source("jaxgan/watch/picture.py", "from matplotlib.figure import Figure"),
        ],
    ),
    Rule(
        "the core is pure",
        impurities,
        broken=[
            Source("jaxgan/models/gan.py", "import jax\n@jax.jit\ndef f(x):\n    return x"),
            Source("jaxgan/models/gan.py", "import jax\n@functools.partial(jax.jit, static_argnums=0)\ndef f(): ..."),
            Source("jaxgan/models/gan.py", "from jax import jit as compile\ng = compile(f)"),
            Source("jaxgan/models/gan.py", "import jax as j\ng = j.pmap(f)"),
            Source("jaxgan/losses/hinge.py", "print(1)"),
            Source("jaxgan/losses/hinge.py", "import jax\njax.debug.print('{}', 1)"),
            Source("jaxgan/metrics/modes.py", "with open('a') as f: ..."),
        ],
        kept=[
            Source("jaxgan/training/loop.py", "import jax\nstep = jax.jit(gan.step)\nprint(step)"),
            Source("jaxgan/models/gan.py", '"""\n>>> jax.jit(gan.step)\n"""\nfile.open()\nx = "jax.jit"'),
        ],
    ),
    Rule(
        "the backend alone asks what machine this is",
        machine_questions,
        broken=[
            Source("jaxgan/training/loop.py", 'import jax\nloops = jax.default_backend() != "cpu"'),
            Source("jaxgan/networks/convolution.py", "from jax import default_backend as where\nwhere()"),
            Source("jaxgan/models/gan.py", "import jax\njax.devices()[0].platform"),
            Source("jaxgan/models/gan.py", "import jax as j\nj.local_devices(backend=None)[0].platform == 'tpu'"),
            Source("jaxgan/adversarial/lookahead.py", "from jax.extend import backend\nbackend.get_backend()"),
            Source("experiments/ring.py", "import jax\nprint(jax.default_backend())"),
            Source("benchmarks/scaling.py", "import jax\nprint(jax.default_backend())"),
        ],
        kept=[
            Source("jaxgan/backend/platforms.py", "import jax\njax.default_backend()"),
            Source("jaxgan/training/loop.py", "from jaxgan.backend import in_force\nin_force().platform"),
            Source("jaxgan/training/placement.py", "import jax\njax.device_count()"),
            Source("jaxgan/commands/experiment.py", "import jax\njax.devices()[0].device_kind"),
            Source("jaxgan/models/gan.py", '"""Not `jax.default_backend()`."""'),
        ],
    ),
    Rule(
        "keys are typed",
        legacy_keys,
        broken=[
            Source("jaxgan/data/mixtures.py", "import jax\nkey = jax.random.PRNGKey(0)"),
            Source("experiments/ring.py", "from jax.random import PRNGKey as key\nkey(0)"),
            Source("jaxgan/training/loop.py", "import jax.random as jr\njr.PRNGKey(0)"),
        ],
        kept=[Source("jaxgan/data/mixtures.py", "import jax\nkey = jax.random.key(0)  # not PRNGKey")],
    ),
    Rule(
        f"functions have at most {FUNCTION_LINES} lines",
        long_functions,
        broken=[Source("jaxgan/a.py", "def f():\n" + "    x = 1\n" * (FUNCTION_LINES + 1))],
        kept=[
            Source("jaxgan/a.py", "def f():\n" + "    x = 1\n" * FUNCTION_LINES),
            Source("jaxgan/a.py", 'def f():\n    """Says.\n' + "\n" * FUNCTION_LINES + '    """\n    return 1\n'),
        ],
    ),
    Rule(
        f"modules have at most {LINES} lines",
        long_modules,
        broken=[Source("jaxgan/models/gan.py", "x = 1\n" * (LINES + 1))],
        kept=[
            Source("jaxgan/a.py", "x = 1\n" * LINES),
            Source("experiments/ring.py", "x = 1\n" * (LINES + 1)),
        ],
    ),
]

BY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "-"))


@BY_RULE
def test_rule_holds(rule: Rule):
    files = sorted(path for folder in ("jaxgan", "experiments", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
    assert files
    sources = (Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files)
    found = [finding for source in sources for finding in rule.findings(source)]
    assert not found, "\n".join([rule.name, *found])


@BY_RULE
def test_rule_can_fail(rule: Rule):
    for source in rule.broken:
        found = rule.findings(source)
        assert len(found) == 1 and found[0].startswith(f"{source.path}:"), f"{source} gave {found}"


@BY_RULE
def test_rule_lets_pass_what_keeps_it(rule: Rule):
    for source in rule.kept:
        assert rule.findings(source) == [], source
