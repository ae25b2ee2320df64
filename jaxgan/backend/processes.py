"""Many hosts: how the processes of a run find each other, and what they agree on."""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

import jax
from jax.experimental import multihost_utils
from tqdm import tqdm

COORDINATOR, PROCESSES, PROCESS = "JAXGAN_COORDINATOR", "JAXGAN_PROCESSES", "JAXGAN_PROCESS"
HEARTBEAT_SECONDS = 20  # after which a process that says nothing is taken for dead


def initialize(coordinator: str | None = None, processes: int | None = None, process: int | None = None) -> None:
    """Joins the processes of a run on many hosts; call it before anything else of JAX.

    On Cloud TPU and under Slurm there is nothing to pass. Elsewhere the three values are arguments, or the environment
    variables JAXGAN_COORDINATOR, JAXGAN_PROCESSES and JAXGAN_PROCESS. A process alone, without any of these, does
    nothing. When one process dies, the others notice at their next exchange, or after 20 seconds without a sign of
    life, and end.

    Args:
      coordinator: `host:port` of process 0, the same in all of them.
      processes: how many there are.
      process: number of this one, from 0.

    Raises:
      ValueError: only some of the three values are given, or one is out of range.
    """
    given = _values({COORDINATOR: coordinator, PROCESSES: processes, PROCESS: process}, os.environ)
    if given is not None:
        address, count, number = given
        jax.distributed.initialize(address, count, number, heartbeat_timeout_seconds=HEARTBEAT_SECONDS)
    elif _in_a_cluster(os.environ):
        jax.distributed.initialize(heartbeat_timeout_seconds=HEARTBEAT_SECONDS)


def _values(arguments: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, int, int] | None:
    values = {name: environment.get(name) if value is None else value for name, value in arguments.items()}
    missing = [name for name, value in values.items() if value in (None, "")]
    if len(missing) == len(values):
        return None
    if missing:
        raise ValueError(f"a run of many processes needs {', '.join(values)}; {' and '.join(missing)} is not set")
    texts = {name: str(value) for name, value in values.items()}
    if not (texts[PROCESSES].isdigit() and texts[PROCESS].isdigit()):
        raise ValueError(f"{PROCESSES} and {PROCESS} are numbers, not {texts[PROCESSES]!r} and {texts[PROCESS]!r}")
    count, number = int(texts[PROCESSES]), int(texts[PROCESS])
    if not 0 <= number < count:
        raise ValueError(f"{PROCESS} is in [0, {PROCESSES}), not {number} of {count}")
    return texts[COORDINATOR], count, number


def _in_a_cluster(environment: Mapping[str, str]) -> bool:
    """Whether a job of several tasks started this process, or it runs on a TPU VM, which may be one of a slice."""
    tasks = environment.get("SLURM_STEP_NUM_TASKS", environment.get("SLURM_NTASKS", "1"))
    chips = [*Path("/dev").glob("accel*"), *Path("/dev/vfio").glob("[0-9]*")]
    tpu = bool(chips) and find_spec("libtpu") is not None and environment.get("JAX_PLATFORMS", "tpu") != "cpu"
    return tpu or (tasks.isdigit() and int(tasks) > 1)


def is_first() -> bool:
    """Whether this is the process that writes logs and files."""
    return jax.process_index() == 0


def say(sentence: str, stream: TextIO | None = None) -> None:
    """Shows a line, once for all processes, on the error stream or another one; nobody has to be there to read it."""
    if not is_first():
        return
    shown: TextIO = sys.stderr if stream is None else stream
    try:
        tqdm.write(sentence, file=shown)
        shown.flush()
    except BrokenPipeError:  # as in `2>&1 | head -1`: what is printed from now on goes nowhere
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, shown.fileno())
        os.close(nowhere)


def meet(name: str) -> None:
    """Waits until every process is here."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)


def preempted(step: int) -> bool:
    """Whether the processes of a run on many hosts were told to stop; all of them hear it at the same step."""
    return jax.process_count() > 1 and multihost_utils.reached_preemption_sync_point(step)
