"""Being told to stop: one flag for a whole command, which SIGTERM and SIGINT set and training looks at."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import jax

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_NOTICE = b"stopping at the next step that can be continued; control-C again stops at once\n"
_AT_ONCE = b"stopped at once; the same command continues from the last checkpoint\n"


class Interrupted(Exception):
    """A run was told to stop, and kept what it can be continued from; the message says how.

    Attributes:
      status: what a process ends with: 128 and the number of the signal, as a shell has it, or 1 after an alarm.
    """

    def __init__(self, message: str, status: int = 1):
        super().__init__(message)
        self.status = status


class _Flag:
    """What has arrived; a nested `heeding_signals` uses the flag of the outermost."""

    heeded = False
    arrived: signal.Signals | None = None


@contextmanager
def heeding_signals() -> Iterator[None]:
    """Lets SIGTERM and SIGINT set a flag, for the duration of a block; a second SIGINT ends the process at once.

    Inside, `told_to_stop` tells whether one arrived. Blocks nest, and the outermost forgets what arrived. In another
    thread than the main one, which no signal reaches, and in a run of many processes, where JAX itself catches SIGTERM
    so that all of them agree on a step (`processes.preempted`), it does nothing.
    """
    outside = threading.current_thread() is not threading.main_thread() or jax.process_count() > 1
    if _Flag.heeded or outside:
        yield
        return
    before = {number: signal.signal(number, _arrived) for number in _SIGNALS}
    _Flag.heeded, _Flag.arrived = True, None
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _Flag.heeded, _Flag.arrived = False, None


def told_to_stop() -> bool:
    """Whether a signal to stop has arrived."""
    return _Flag.arrived is not None


def stop_if_told(message: str) -> None:
    """Raises Interrupted with a message if a signal to stop has arrived."""
    if told_to_stop():
        raise interrupted(message)


def interrupted(message: str) -> Interrupted:
    """What is raised where a run stops, with the status of the signal that told it to."""
    return Interrupted(message, 1 if _Flag.arrived is None else 128 + _Flag.arrived)


def _arrived(number: int, frame: object) -> None:
    del frame
    if _Flag.arrived is not None and number == signal.SIGINT:
        _write(_AT_ONCE)
        os._exit(128 + signal.SIGINT)
    if _Flag.arrived is None:
        _Flag.arrived = signal.Signals(number)
        _write(_NOTICE)


def _write(message: bytes) -> None:
    with suppress(OSError):  # nobody reads
        os.write(2, message)  # printing is not allowed to a handler, which may interrupt a printing
