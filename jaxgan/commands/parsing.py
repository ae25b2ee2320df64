"""Command lines, read by tyro; a mistake in one is an error of one line. It imports neither JAX nor what is slow."""

import contextlib
import io
import itertools
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
        message = _in_one_line(complaint.getvalue())
        # What the options complain of together is complete; tyro names the group and breaks the lines.
        cause = _cause(stopped)
        if isinstance(cause, ValueError) and not message.startswith("Error parsing --"):
            raise ValueError(str(cause)) from None
        raise ValueError(f"{message}; see --help") from None


def _in_one_line(framed: str) -> str:
    """What is wrong, and the name that comes nearest: a frame of box-drawing characters has parts between rules."""
    lines = filter(None, (line.strip("│╭╮╰╯ ") for line in framed.splitlines()[1:]))
    parts = [list(part) for rule, part in itertools.groupby(lines, lambda line: not line.strip("─")) if not rule]
    first = parts[0]
    if first[0].startswith("Missing from"):  # what an option is for stands in the help
        first = [first[0], *(line for line in first[1:] if line.startswith("--"))]
    message = " ".join(" ".join(first).split())
    for part in parts[1:]:
        if part[0].startswith("Perhaps you meant"):
            near = [line.split()[0] for line in part[1:] if line.startswith("--")]
            message += f"; perhaps you meant {' or '.join(near[:2])}" if near else ""
        elif part[0].startswith(("Available subcommands", "Unrecognized options")):
            message += "; " + " ".join(part)
    return message


def _cause(error: BaseException) -> BaseException:
    """What an exception goes back to, as far as those who raised it say."""
    while error.__context__ is not None and not error.__suppress_context__:
        error = error.__context__
    return error
