"""`jaxgan export`: the sampler of a run as a file that needs JAX alone, and its parameters as safetensors."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from jaxgan.commands.sample import read_encoding

if TYPE_CHECKING:
    from jaxgan.data.encodings import Encoding
    from jaxgan.types import Array


@dataclasses.dataclass(frozen=True)
class Export:
    """Exports the sampler of a run, finished or not, from its newest checkpoint, for use without jaxgan."""

    workdir: tyro.conf.Positional[Path]
    """Folder of the run; of a comparison, that of one arm."""
    out: Path
    """A new file for `jax.export.deserialize`: one program for CPUs, NVIDIA GPUs and TPUs with the parameters in it, of
    a uint32 key and int32 labels [n] for any n, which gives samples [n, ...] in the units of the data (rows as they
    were encoded). The README shows how it is loaded."""
    parameters: Path | None = None
    """A new file for the parameters and statistics of the networks, in the format of safetensors."""
    seed: int | None = None
    """Which of the trained seeds is exported; none is the first."""

    def __call__(self) -> int:
        from jaxgan.backend.files import write_whole
        from jaxgan.data.encodings import FILE
        from jaxgan.data.tables import TableEncoding
        from jaxgan.runs.exporting import PLATFORMS, exported_sampler, parameters
        from jaxgan.runs.loading import load

        files = [("--out", self.out), ("--parameters", self.parameters)]
        for option, path in files:
            if path is not None and path.exists():
                raise ValueError(f"{path} is there already; {option} names a new file")
        if self.parameters == self.out:
            raise ValueError(f"--out and --parameters are both {self.out}; they name two files")
        run, encoding = load(self.workdir), read_encoding(self.workdir)
        exported = exported_sampler(run, self.seed, _decode(encoding))
        content = exported.serialize()
        weights = None if self.parameters is None else parameters(run, self.seed)
        write_whole(self.out, lambda file: file.write(content))
        (made,) = exported.out_avals
        seed = run.seeds[0] if self.seed is None else self.seed
        print(f"seed {seed} at step {run.step}")
        shape = ", ".join(map(str, made.shape))
        print(f"{self.out}: key, label [n] -> {made.dtype} [{shape}], for {', '.join(PLATFORMS)}")
        if isinstance(encoding, TableEncoding):
            print(f"rows are encoded as {self.workdir / FILE} says; jaxgan sample gives them with the table's columns")
        if self.parameters is not None and weights is not None:
            write_whole(self.parameters, lambda file: file.write(weights))
            print(f"{self.parameters}: parameters and statistics of the networks")
        return 0


def _decode(encoding: "Encoding | None") -> "Callable[[Array], Array] | None":
    """The map from what the model makes to the units of the data, as far as arrays have such; None where it is none."""
    import jax.numpy as jnp

    from jaxgan.data.preparation import Scaling

    if not isinstance(encoding, Scaling):
        return None

    def decode(x: "Array") -> "Array":
        centre, spread = (jnp.broadcast_to(a, x.shape).astype(x.dtype) for a in (encoding.centre, encoding.spread))
        return x * spread + centre

    return decode
