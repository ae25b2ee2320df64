"""How long a sweep takes against a command for each setting and seed, and whether both end alike.

    python benchmarks/sweep_time.py

The sweep is one command, 8 weights of R1 by 4 learning rates of the ring with 4 seeds; of the 128 commands that it
replaces some are run, drawn at random, half of them before it and half after, and their mean time is taken for all.
On two CPU cores that others used too, 51 minutes:

| | seconds |
| --- | --- |
| the sweep | 2198 |
| one command, mean of 12 | 61.9 (53.6 to 78.5) |
| 128 commands | 7926 |

The ratio is 0.28, and the samples of all 12 are equal bit for bit. Each setting is compiled by itself; on a CPU the
time is saved by starting once, by measuring reals once, and by training and measuring the seeds of a setting together.
"""

import dataclasses
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from jaxgan.commands.experiment import exit_status
from jaxgan.commands.parsing import parse

RING = Path(__file__).parent.parent / "experiments" / "ring.py"
WEIGHT, RATE = "technique.r1.weight", "discriminator_learning_rate"
WEIGHTS = ("0", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1")
RATES = ("1e-4", "3e-4", "1e-3", "2e-3")
SEEDS = range(4)


@dataclasses.dataclass(frozen=True)
class Options:
    """What is timed."""

    singles: int = 12
    """Commands of one setting and one seed that are run, of 128."""
    steps: int = 8000
    """Of each training."""

    def __post_init__(self):
        if not 2 <= self.singles <= 128 or self.steps < 1:
            raise ValueError(f"singles are 2 to 128 and steps at least 1, not {self.singles} and {self.steps}")


def timed(arguments: list[str]) -> float:
    """Seconds of a whole command."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, str(RING), *arguments], check=True, capture_output=True)
    return time.perf_counter() - begun


def measure(options: Options) -> int:
    draws = np.random.default_rng(0).choice(128, options.singles, replace=False)
    settings = [(WEIGHTS[i // 16], RATES[i // 4 % 4], SEEDS[i % 4]) for i in draws]
    common = ["--steps", str(options.steps)]
    with tempfile.TemporaryDirectory() as folder:
        sweep, singles = Path(folder) / "sweep", []

        def single(weight: str, rate: str, seed: int) -> float:
            own = Path(folder) / f"{weight},{rate},{seed}"
            chosen = ["--technique", f"r1:{weight}", f"--{RATE.replace('_', '-')}", rate]
            seconds = timed([*common, *chosen, "--seeds", "1", "--first-seed", str(seed), "--workdir", str(own)])
            singles.append((own, f"{WEIGHT}={weight},{RATE}={rate}", seed))
            return seconds

        half = len(settings) // 2
        seconds = [single(*each) for each in tqdm(settings[:half], desc="single commands", disable=None)]
        axes = [f"{WEIGHT}={','.join(WEIGHTS)}", f"{RATE}={','.join(RATES)}"]
        both = [word for axis in axes for word in ("--sweep", axis)]
        whole = timed([*common, *both, "--seeds", "4", "--first-seed", "0", "--workdir", str(sweep)])
        seconds += [single(*each) for each in tqdm(settings[half:], desc="single commands", disable=None)]
        equal = sum(
            np.array_equal(
                np.load(own / "samples.npz")["samples"][0], np.load(sweep / name / "samples.npz")["samples"][seed]
            )
            for own, name, seed in singles
        )
    mean = float(np.mean(seconds))
    print(f"sweep of 32 settings and 4 seeds: {whole:.0f} s")
    print(f"one command: {mean:.1f} s ({min(seconds):.1f} to {max(seconds):.1f}), so 128 take {128 * mean:.0f} s")
    print(f"ratio: {whole / (128 * mean):.3f}")
    print(f"samples equal bit for bit: {equal} of {len(singles)}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: measure(parse(Options, sys.argv[1:], description=__doc__)), "stopped"))
