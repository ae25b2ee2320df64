"""One process of a run on two hosts, which tests/training/test_placement.py starts: `two_processes.py FOLDER STEPS`."""

import sys
from pathlib import Path

import numpy as np

from jaxgan.backend import processes
from jaxgan.commands.experiment import exit_status
from jaxgan.evaluation import evaluator
from jaxgan.runs.building import build
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.training import loop


class Stream:
    """Batches from the host, of which each process makes its own rows only."""

    name, kind, shape = "stream", "points", (2,)

    def stream(self, batch_size, *, seed, process_index=0, process_count=1, place=None):
        return Rows(batch_size, seed, process_index, process_count, place)


class Rows:
    def __init__(self, batch_size, seed, process_index, process_count, place):
        self.batch_size, self.seed, self.position = batch_size, seed, 0
        self.place = place or (lambda batch: batch)
        self.own, self.whole = process_index * batch_size, process_count * batch_size

    def __next__(self):
        self.position += 1
        rows = range(self.own, self.own + self.batch_size)
        drawn = [np.random.RandomState((self.seed, self.position, row)).normal(size=2) for row in rows]
        return self.place(np.array(drawn, np.float32))

    def get_state(self):
        return {"next_index": self.position}

    def set_state(self, state):
        self.position = state["next_index"]


def run(folder: Path, steps: int) -> int:
    processes.initialize()
    training = Training(steps=steps, batch_size=16, pack=2, loss="minimax", technique=("r1:0.1",))
    architecture = Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2)
    task = Stream()
    loop.fit(
        build(architecture, training, (2,)),
        task,
        evaluator(task),
        directory=folder,
        config={"experiment": "two processes", "arm": None, "options": {"steps": steps}},
        steps=steps,
        batch_size=16,
        run=Run(seeds=2, samples=64, log_every=25, evaluate_every=steps, checkpoint_every=100, seed_axis="mesh"),
        pack=2,
    )
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: run(Path(sys.argv[1]), int(sys.argv[2])), "stopped"))
