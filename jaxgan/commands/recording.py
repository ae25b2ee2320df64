"""What `config.json` records of a run: its options, versions, device and command."""

import dataclasses
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax

from jaxgan.runs import folder
from jaxgan.runs.examples import EXAMPLE, Example
from jaxgan.runs.options import Run


def config_of(
    experiment: str, arm: str | None, options: Mapping[str, Any], example: Example | None = None
) -> dict[str, Any]:
    """What `config.json` is to hold.

    Args:
      experiment: its name.
      arm: of the experiment, or None.
      options: all of them, which a run that goes on must have in common.
      example: of the data; of a single run.
    """
    return {
        "experiment": experiment,
        "arm": arm,
        "options": folder.plain(options),
        # Of a single run, whose model can be made again from it; no option, since the data decide it.
        **({} if example is None else {EXAMPLE: example.as_json()}),
        "versions": {
            "python": platform.python_version(),
            **{name: __import__(name).__version__ for name in ("jax", "flax", "optax", "jaxgan")},
        },
        "device_kind": jax.devices()[0].device_kind,
        "device_count": jax.device_count(),
        "git_revision": _revision(),
        "command": shlex.join([Path(sys.orig_argv[0]).name, *sys.orig_argv[1:]]),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _revision() -> str | None:
    try:
        here = Path(__file__).parent
        asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        return asked.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def run_options(run: Run) -> dict[str, Any]:
    """Those options of a run that its results depend on."""
    options = dataclasses.asdict(run)
    for name in ("workdir", "accept_changes", "tensorboard", "coordinator", "processes", "process"):
        del options[name]
    # What is younger than the first runs leaves a line only where it is used, so that they continue.
    unused = {"start_from": None, "on_not_finite": "stop"}
    return {name: value for name, value in options.items() if name not in unused or value != unused[name]}
