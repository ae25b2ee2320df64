"""Command lines, read by tyro; a mistake in one is an error of one line. It imports neither JAX nor what is slow."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import tyro


def parse(kind: Any, arguments: Sequence[str], **others: Any) -> Any:
    """Reads options with tyro; a mistake in them is raised as a ValueError of one line."""
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(kind, args=arguments, **others)
    except SystemExit as stopped:
        if not stopped.code:
            raise
        # A frame of box-drawing characters around the message, a rule, and then advice.
        message = complaint.getvalue().split("\n", 1)[-1].split("───")[0].replace("│", " ")
        message = " ".join(message.split())
        # What the options complain of together is complete; tyro names the group and breaks the lines.
        cause = _cause(stopped)
        if isinstance(cause, ValueError) and not message.startswith("Error parsing --"):
            raise ValueError(str(cause)) from None
        raise ValueError(f"{message}; see --help") from None


def _cause(error: BaseException) -> BaseException:
    """What an exception goes back to, as far as those who raised it say."""
    while error.__context__ is not None and not error.__suppress_context__:
        error = error.__context__
    return error
