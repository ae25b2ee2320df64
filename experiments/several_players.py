"""Several generators (MGAN), several discriminators (GMAN, GMAN*), and players that look ahead (extragradient).

    python experiments/several_players.py --workdir runs/several_players

On the ring of `ring.py`, with the same two networks in all arms: two hidden layers of 128 ReLUs, non-saturating loss,
Adam at 1e-3, 8000 steps, and 2500 samples of the averaged generator. MGAN has eight such generators that share nothing,
thus eight times the parameters, and makes as many fakes as the others; GMAN has three discriminators. R1 has a weight
of 1e-4, and acts on the mean of GMAN's logits. Extragradient takes two gradients a step, and both go into Adam's
moments. One CPU core, shared with other jobs, 18 minutes with everything. Seeds 4 to 7, mean and 95 % interval:

| arm | modes of 8 | high quality | reverse KL |
| --- | --- | --- | --- |
| plain | 6, 7, 8, 8 | 0.925, 0.902, 0.906, 0.912: 0.911 ± 0.016 | 0.122 ± 0.228 |
| R1 | 6, 8, 8, 7 | 0.890, 0.937, 0.878, 0.904: 0.902 ± 0.041 | 0.178 ± 0.197 |
| MGAN, R1 | 8, 8, 8, 8 | 0.975, 0.982, 0.962, 0.988: 0.977 ± 0.018 | 0.086 ± 0.054 |
| GMAN, mean (λ = 0), R1 | 8, 8, 8, 8 | 0.914, 0.914, 0.944, 0.911: 0.921 ± 0.025 | 0.052 ± 0.047 |
| GMAN, λ = 1, R1 | 7, 8, 8, 7 | 0.929, 0.923, 0.893, 0.935: 0.920 ± 0.030 | 0.155 ± 0.130 |
| GMAN*, R1 | 8, 8, 7, 8 | 0.897, 0.932, 0.892, 0.917: 0.909 ± 0.029 | 0.054 ± 0.118 |
| extragradient | 6, 6, 7, 6 | 0.791, 0.790, 0.771, 0.854: 0.801 ± 0.058 | 0.330 ± 0.027 |
| extragradient, R1 | 7, 7, 8, 6 | 0.887, 0.660, 0.866, 0.662: 0.769 ± 0.199 | 0.421 ± 0.115 |
| real data | 8 | 0.989 | 0.001 |

What four seeds can tell: MGAN is better than every other arm in quality, beyond its interval, and always has all modes.
Its generators do not take one mode each: the classifier tells makers apart by 1.91, 1.72, 1.86 and 1.63 of log 8 = 2.08
nats, and the modes are less even than those of GMAN's mean. As many generators as modes, of equal weight, is the case
that suits it best; other numbers were not tried, nor one generator with as many parameters. Three discriminators whose
losses are averaged also keep all modes in all four; of how the losses are weighed no effect is seen. GMAN* turns its
λ from 0.127 down to 0.006, 0.011, 0.006 and 0.017: the reward for a large one, 0.001 λ, is too small to count here, so
it plays against the mean. Extragradient is worse than alternating play here, with and without R1: ahead of Adam there
is little circling left to cure. On the bilinear game, where alternating gradient descent circles, it converges
(`tests/adversarial/test_dynamics.py`).

Seeds 0 to 3 were run once before, with the same settings; nothing was changed after.
"""

import dataclasses
import sys
from pathlib import Path

from jaxgan import data
from jaxgan.commands.experiment import Arm, Experiment, main
from jaxgan.runs.options import Architecture, Run, Training


@dataclasses.dataclass(frozen=True)
class Ring:
    """The data."""

    modes: int = 8
    """Gaussians on the ring."""
    std: float = 0.01
    """Standard deviation of each Gaussian."""


ONE = Architecture(generator_width=128, discriminator_width=128, latent_dim=2)
GENERATORS = dataclasses.replace(ONE, generator="several_generators:mlp(widths=128+128,out=2),count=8")
DISCRIMINATORS = dataclasses.replace(ONE, discriminator="several_discriminators:mlp(widths=128+128,out=1),count=3")
PLAIN = Training(steps=8_000, average=0.999)
R1 = dataclasses.replace(PLAIN, technique=("r1:0.0001",))


def also(technique: str) -> Training:
    """R1 with another technique."""
    return dataclasses.replace(R1, technique=(*R1.technique, technique))


ARMS = {
    "plain": Arm(ONE, PLAIN),
    "r1": Arm(ONE, R1),
    "mgan": Arm(GENERATORS, also("mgan:8")),
    "gman_mean": Arm(DISCRIMINATORS, also("gman:0.0")),
    "gman": Arm(DISCRIMINATORS, also("gman:1.0")),
    "gman_star": Arm(DISCRIMINATORS, also("gman")),
    "extragradient": Arm(ONE, dataclasses.replace(PLAIN, dynamics="extragradient")),
    "extragradient_r1": Arm(ONE, dataclasses.replace(R1, dynamics="extragradient")),
}

if __name__ == "__main__":
    sys.exit(
        main(
            Experiment(
                name="several_players",
                description=__doc__ or "",
                data=Ring(),
                task=lambda options: data.ring(options.modes, 1.0, options.std),
                run=Run(Path("runs/several_players"), first_seed=4, watch_modes=False),
                arms=ARMS,
            )
        )
    )
