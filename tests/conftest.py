"""The harness of all tests: eight forced CPU devices and JAX at its strictest, set before JAX is imported."""

import gc
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# A test compiles a program to run it a few times: halving the compile time is worth more than a fast program.
FLAGS = ["--xla_force_host_platform_device_count=8", "--xla_backend_optimization_level=0"]
FLAGS.append("--xla_cpu_parallel_codegen_split_count=1")  # the cores are busy with other workers
if version("jax").startswith("0.10."):  # later ones do not know this flag, and an unknown flag ends the process
    FLAGS.append("--xla_cpu_use_fusion_emitters=false")
os.environ["XLA_FLAGS"] = " ".join(FLAGS)
# Feature networks that a test trains are kept between runs, apart from the user's own.
os.environ["JAXGAN_CACHE"] = str(ROOT / ".pytest_cache" / "jaxgan")

import jax  # noqa: E402
import pytest  # noqa: E402

jax.config.update("jax_numpy_rank_promotion", "raise")
# Tests build the same small programs again and again. Compiled ones are kept, within a run and from run to run.
jax.config.update("jax_compilation_cache_dir", str(ROOT / ".jax_cache"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


# A test run keeps millions of small objects, JAX's traces, and collecting them over and over takes a tenth of its time.
gc.set_threshold(200_000, 50, 100)

# Looking for keys that are used twice takes a fifth of the time of a test; these draw all that the core draws.
CONTRACTS = ("test_contract.py", "test_dynamics.py", "test_tasks.py")

last_folder = None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """In the contracts a key that is used twice raises; each folder begins without the programs of others.

    JAX keeps what it lowered for every program, for each operation outside of `jit` too, and the more there is of it
    the longer lowering takes: 8 ms an operation at first, 13 after a thousand of them.
    """
    global last_folder
    if item.path.parent != last_folder:
        jax.clear_caches()
        last_folder = item.path.parent
    jax.config.update("jax_debug_key_reuse", item.path.name in CONTRACTS)


@pytest.fixture
def key() -> jax.Array:
    """A typed key, the same for every test."""
    return jax.random.key(0)


@pytest.fixture
def x64() -> Iterator[None]:
    """Double precision for the duration of the test, as finite differences need it."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The TFDS folder named by TFDS_DATA_DIR, which holds MNIST; without it the test is skipped."""
    folder = os.environ.get("TFDS_DATA_DIR")
    if folder is None or not (Path(folder) / "mnist").is_dir():
        pytest.skip(f"needs MNIST prepared by TFDS in the folder TFDS_DATA_DIR; it is {folder or 'not set'}")
    return Path(folder)
