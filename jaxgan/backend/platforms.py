"""What is decided by the machine that a program is built for, as a value, and which such value is in force."""

import dataclasses
import functools
from collections.abc import Iterator
from contextlib import contextmanager

import jax

PLATFORMS = ("cpu", "gpu", "cuda", "rocm", "tpu")
CompilerOption = tuple[str, str | bool]


@dataclasses.dataclass(frozen=True)
class Backend:
    """Every decision that depends on the machine.

    No decision changes what a program computes, up to rounding; they change how fast it is and how long it takes to
    compile. A single one is tried by `compiling_for(dataclasses.replace(in_force(), convolutions_as_products=False))`.
    """

    platform: str
    """JAX's name: "cpu", "gpu", "cuda", "rocm", "tpu", or that of a plugin."""
    straight_line_steps: int
    """Up to how many steps a lookahead is straight-line code; with 0 every one is a real loop."""
    convolutions_as_products: bool
    """Whether `networks.convolution` is made of matrix products instead of XLA's own convolutions."""
    straight_line_random_bits: bool
    """Whether `random_bits.straight` replaces JAX's own threefry by straight-line code that draws the same bits."""
    slow_in_loops: tuple[str, ...]
    """JAX's primitives that are so slow inside a compiled loop that training steps with them are not put into one."""
    seeds_in_turn: bool
    """Whether several seeds are trained by the program of a single one, in place of one vmapped program."""
    cores_share_seeds: bool
    """Whether, on a single device, each core runs a seed of those that take turns."""
    devices_share_runs: bool
    """Whether a run is put on a mesh of several devices without being asked."""
    compiler_options: tuple[CompilerOption, ...]
    """XLA's options, for any program; `compiler.compiler_options` hands them on."""
    compiler_options_if_small: tuple[CompilerOption, ...]
    """Further ones, for a program of few operations."""

    def straight_line(self, steps: int, *, recomputed: bool = False) -> bool:
        """Whether a lookahead of so many steps is straight-line code; what is recomputed needs a loop.

        >>> of_platform("cpu").straight_line(5), of_platform("tpu").straight_line(5)
        (True, False)
        """
        return not recomputed and steps <= self.straight_line_steps

    def takes_turns(self, seeds: int) -> bool:
        """Whether so many seeds are trained in turn; a single one always is."""
        return seeds == 1 or self.seeds_in_turn

    def seeds_at_once(self, devices: int, cores: int) -> int:
        """How many of the seeds that take turns run at the same time, each on a thread of its own."""
        return cores if self.cores_share_seeds and devices == 1 else 1

    def wants_mesh(self, devices: int, processes: int) -> bool:
        """Whether a run is put on a mesh of so many devices, of all processes together, without being asked."""
        return (devices > 1 and self.devices_share_runs) or processes > 1


_CPU = Backend(
    platform="cpu",
    # Straight-line code is a little faster than the loop, and many times for XLA's own convolutions, but it takes
    # longer to compile with every step; `python benchmarks/lookahead_loop.py` measures both.
    straight_line_steps=12,
    convolutions_as_products=True,
    straight_line_random_bits=True,
    slow_in_loops=("conv_general_dilated",),
    seeds_in_turn=True,
    cores_share_seeds=True,
    devices_share_runs=False,  # several CPU devices are forced ones, which share the same cores
    # Of what XLA hands to its library YNNPACK, all but sums over an axis is slower than XLA's own code for the networks
    # of GANs: products of small matrices by 1.2, convolutions by 1.6. Wide vectors gain 1.2 in small networks.
    compiler_options=(
        ("xla_cpu_experimental_ynn_fusion_type", "LIBRARY_FUSION_TYPE_REDUCE"),
        ("xla_cpu_prefer_vector_width", "512"),
    ),
    # A program of small products runs faster on one thread than on several that hand them to each other: by 1.0 to 1.2
    # where as many seeds run at once as there are cores.
    compiler_options_if_small=(("xla_cpu_multi_thread_eigen", False),),
)
_ACCELERATOR = Backend(
    platform="gpu",  # and "tpu", and those of plugins
    straight_line_steps=0,
    convolutions_as_products=False,
    straight_line_random_bits=False,
    slow_in_loops=(),
    seeds_in_turn=False,
    cores_share_seeds=False,
    devices_share_runs=True,
    compiler_options=(),
    compiler_options_if_small=(),
)

# What a caller has named, None for the machine that is here. JAX keeps the value of such a context for each thread, and
# counts it among the things that a compiled function depends on.
_NAMED = jax.make_user_context(None)


@functools.cache
def _decisions(platform: str) -> Backend:
    return dataclasses.replace(_CPU if platform == "cpu" else _ACCELERATOR, platform=platform)


def of_platform(platform: str) -> Backend:
    """The decisions for a CPU, or for an accelerator.

    Args:
      platform: "cpu", "gpu", "cuda", "rocm" or "tpu".

    Raises:
      ValueError: another name.
    """
    if platform not in PLATFORMS:
        raise ValueError(f"a platform is one of {', '.join(PLATFORMS)}, not {platform!r}")
    return _decisions(platform)


def in_force() -> Backend:
    """The backend that programs are being built for: the one that a caller has named, or else JAX's default."""
    named = _NAMED.value
    return _decisions(jax.default_backend()) if named is None else named


@contextmanager
def compiling_for(backend: str | Backend) -> Iterator[Backend]:
    """Builds programs for another machine than this one, which need not be here, for the duration of a block.

    What is traced inside is the program for that machine. Lowering it for that machine's compiler is a second choice,
    and JAX's: without `lowering_platforms` the same program is compiled for the machine that is here, which shows what
    it computes and counts, but not how fast it is there.

    A function compiled by `jax.jit` keeps what it was traced to, and the backend is among the things that it keeps it
    by: traced under one, it is traced anew under another, and the earlier trace is found again after the block. What
    holds on to a trace by itself is not retraced: a jaxpr, the result of `jax.jit(...).trace`, `.lower` or `.compile`,
    a cache of one's own. Make these inside the block.

    Blocks nest. Like every context of JAX this one belongs to its thread: threads started inside do not inherit it.

    Args:
      backend: "cpu", "gpu", "cuda", "rocm" or "tpu", or a `Backend` with decisions of its own.

    Yields:
      The backend that is in force.

    Raises:
      ValueError: another name.

    >>> import jax.numpy as jnp
    >>> from jaxgan.networks.convolution import convolution
    >>> shapes = jnp.ones((1, 8, 8, 3)), jnp.ones((3, 3, 3, 4))
    >>> with compiling_for("tpu"):
    ...     program = jax.jit(convolution).trace(*shapes).lower(lowering_platforms=("tpu",))
    >>> "stablehlo.convolution" in program.as_text()
    True
    """
    backend = of_platform(backend) if isinstance(backend, str) else backend
    with _NAMED(backend):
        yield backend
