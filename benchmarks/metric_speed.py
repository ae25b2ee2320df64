"""How long metrics of many features take, against the usual Python references.

    pip install -e '.[bench]'
    python benchmarks/metric_speed.py --samples 50000

Each measurement is a process of its own, one after another, compiling included. Two CPU cores, one pair each, 13
minutes; the values agree to all digits shown but for the Frechet distance, which jaxgan computes in float32:

| 50 000 x 2048 | jaxgan | reference | ratio |
| --- | --- | --- | --- |
| precision and recall | 270 s, 3.4 GiB | 358 s, 8.7 GiB (`torch.cdist`, as torch-fidelity) | 1.33 |
| Frechet distance | 13 s, 2.7 GiB | 28 s, 2.8 GiB (`scipy.linalg.sqrtm` in float64, as pytorch-fid) | 2.18 |

With 12 000 samples compiling takes a fifth of the time and the ratio is 0.91: nearly all of the time goes into products
of matrices, three passes over all pairs here and four there. prdc needs more than 20 GiB for 50 000 samples. The memory
is that of the whole process, the features included.
"""

import dataclasses
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from jaxgan.commands.experiment import exit_status
from jaxgan.commands.parsing import parse

METRICS = ("precision_recall", "frechet_distance")
SIDES = ("jaxgan", "reference")


@dataclasses.dataclass(frozen=True)
class Options:
    """What is measured."""

    samples: int = 50_000
    """Real features, and as many generated ones."""
    dimensions: int = 2048
    """Of each feature."""
    metrics: tuple[str, ...] = METRICS
    """precision_recall and frechet_distance."""
    repeats: int = 1
    """Pairs of runs."""
    measure: str = ""
    """For internal use: METRIC:SIDE, which measures in this process and prints JSON."""

    def __post_init__(self):
        if unknown := set(self.metrics) - set(METRICS):
            raise ValueError(f"there is no metric {', '.join(unknown)}; known are {', '.join(METRICS)}")
        for name in ("samples", "dimensions", "repeats"):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name} is at least 1, not {getattr(self, name)}")


def _measure(metric: str, side: str, samples: int, dimensions: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    # Many correlated directions, as features of images have, so that both precision and recall are between 0 and 1.
    mixing = random.standard_normal((16, dimensions), dtype=np.float32)
    real, fake = (
        random.standard_normal((samples, 16), dtype=np.float32) @ mixing * scale
        + 0.01 * random.standard_normal((samples, dimensions), dtype=np.float32)
        for scale in (1.0, 1.1)
    )
    if side == "jaxgan":
        from jaxgan import metrics as module
    else:
        from baselines import metrics as module
    started = time.perf_counter()
    found = getattr(module, metric)(real, fake)
    values = [float(x) for x in (found if isinstance(found, tuple) else (found,))]
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "values": values}


def _run(options: Options) -> int:
    if options.measure:
        metric, side = options.measure.split(":")
        print(json.dumps(_measure(metric, side, options.samples, options.dimensions)))
        return 0
    here = [sys.executable, str(Path(__file__)), "--samples", str(options.samples)]
    here += ["--dimensions", str(options.dimensions)]
    for metric in tqdm(options.metrics, disable=not sys.stderr.isatty()):
        ratios = []
        for _ in range(options.repeats):
            pair = []
            for side in SIDES:
                said = subprocess.run(
                    [*here, "--measure", f"{metric}:{side}"], check=True, capture_output=True, text=True
                )
                pair.append(json.loads(said.stdout.splitlines()[-1]))
                numbers = ", ".join(f"{x:.6g}" for x in pair[-1]["values"])
                print(f"{metric} {side}: {pair[-1]['seconds']:.1f} s, {pair[-1]['gib']:.1f} GiB in all, {numbers}")
            ratios.append(pair[1]["seconds"] / pair[0]["seconds"])
        print(f"{metric}: reference / jaxgan {np.median(ratios):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: _run(parse(Options, sys.argv[1:], description=__doc__)), "stopped"))
