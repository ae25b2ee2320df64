"""Options out of any range, alone and in random company, and what the command line says of them.

    python -m tests.commands.hostile_options 1000

tries so many command lines and prints one line for each that ended in anything but one line of an error, or the start
of training, hung, or was refused after a file was written, and then the counts.
"""

import contextlib
import io
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

from jaxgan.commands import experiment
from jaxgan.runs.catalogues import TECHNIQUES
from jaxgan.runs.factories import parameters
from tests.commands.fixtures import RING

SECONDS = 10
HUGE = "1000000000000"
NUMBERS = ("nan", "inf", "-inf", "1e400", "1e39", "-1", "x", "1,5")
WHOLE = ("nan", "1.5", "-1", "-" + HUGE, HUGE, "1e3", "x", "0x10", "9" * 5000)
FLOATS = ("generator-learning-rate", "discriminator-learning-rate", "beta1", "beta2", "decay-from", "clip", "average")
COUNTS = ("steps", "batch-size", "samples", "seeds", "first-seed", "layers", "generator-width", "discriminator-width")
COUNTS += ("latent-dim", "pack", "discriminator-steps", "unroll.steps", "log-every")
TEXTS = {
    "technique": (
        "r1:1e400",
        "orthogonal:nan",
        "replay:" + HUGE,
        "replay:64,share=2",
        "r1:weight",
        "r9",
        "r1:",
        ":",
        "",
    ),
    "loss": ("smoothed:hinge,real=nan", "hinge:1", "hinge(", "no_such", ""),
    "dynamics": ("consensus:inf", "consensus:", "turns"),
    "generator": (
        "mlp:widths=" + HUGE,
        "mlp:widths=0",
        "mlp:widths=-1",
        "mlp:widths=1+x",
        "mlp:out=3,out=4",
        "os:system",
    ),
    "discriminator": ("mlp:widths=" + HUGE, "mlp", "dcgan_discriminator:width=-1", "auto:1"),
    "generator-optimizer": ("adam:learning_rate=1e400", "optax:sgd:momentum=nan", "adam:b1=2", "no_such"),
    "initialisation": ("orthogonal:nan", "normal:-1", "normal:inf", "she"),
    "activation": ("leaky_relu:nan", "relu:1", "elu:1e400"),
    "model": ("vae:beta=nan", "gan:average=2", "gann"),
    "compute": ("float8", "x"),
    "on-alarm": ("explode",),
    "metric": ("no_such",),
}
FINE = ("--steps 30", "--batch-size 32", "--beta1 0.9", "--technique r1:0.1 replay:512", "--loss hinge", "--layers 3")
FINE += ("--average 0.9", "--seeds 3", "--unroll.steps 2", "--generator mlp:widths=8+8", "--dynamics extragradient")


class Started(Exception):
    """Training would begin."""


def wrong() -> list[str]:
    """Options each of which is to be refused."""
    found = [f"--{name}={value}" for name in FLOATS for value in NUMBERS]
    # A lookahead or a first seed of 0 is fine, and so is a line of the log after the end.
    found += [f"--{name}={value}" for name in COUNTS for value in WHOLE]
    return found + [f"--{name}={value}" for name, values in TEXTS.items() for value in values]


def random_lines(count: int, seed: int = 0) -> Iterator[list[str]]:
    """Command lines of fine and of wrong options, and of any technique with any number for any parameter."""
    choose, refused = random.Random(seed), wrong()
    names = list(TECHNIQUES.factories)
    for _ in range(count):
        line = [option for text in choose.sample(FINE, choose.randrange(3)) for option in text.split()]
        line += [choose.choice(refused) for _ in range(choose.choice((0, 1, 1, 2)))]
        if choose.random() < 0.5:
            name = choose.choice(names)
            known = [each.name for each in parameters(TECHNIQUES, TECHNIQUES.factories[name]) if each.reader]
            given = choose.sample(known, min(len(known), choose.randrange(1, 3)))
            values = ("0", "1", "0.5", "3", "-1", "100000", HUGE, "1e30", "nan", "true", "none", "a+b", "2+2")
            line.append(f"--technique={name}:" + ",".join(f"{x}={choose.choice(values)}" for x in given))
        yield line


def outcome(line: Sequence[str], folder: Path) -> str:
    """Runs a command line up to the start of training: "started", "refused", or what is wrong with how that ended."""
    workdir, said = folder / "run", io.StringIO()

    def start(*_: object, **__: object) -> None:
        raise Started

    def late(*_: object) -> None:
        raise TimeoutError(f"hung for {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stderr(said), mock.patch.object(experiment, "fit", start):
            status = experiment.main(RING, [*line, "--workdir", str(workdir)])
        if status != 2 or said.getvalue().count("\n") != 1 or not 10 < len(said.getvalue()) < 1000:
            return f"status {status}, and says {said.getvalue()[:200]!r}"
        return "wrote a file before it refused" if workdir.exists() else "refused"
    except Started:
        return "started"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main(count: int, seed: int = 0) -> int:
    """Tries so many command lines; returns how many ended badly."""
    found: Counter[str] = Counter()
    start = time.monotonic()
    for line in random_lines(count, seed):
        with tempfile.TemporaryDirectory() as folder:
            said = outcome(line, Path(folder))
        found[said if said in ("started", "refused") else "bad"] += 1
        if said not in ("started", "refused"):
            print(f"{' '.join(line)[:200]}: {said}", flush=True)
    counts = f"{found['refused']} refused in one line, {found['started']} started, {found['bad']} bad"
    print(f"{count} command lines in {time.monotonic() - start:.0f} s: {counts}")
    return found["bad"]


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
