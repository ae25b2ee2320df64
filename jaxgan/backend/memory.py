"""How much memory the devices have, so that what can never fit is refused before it is compiled."""

import os

import jax

_COPIES = 2  # of everything, while it is saved or measured


def total_memory() -> int:
    """Bytes of all devices of this run together; of CPUs, which share it, that of the machine, for each process."""
    stats = [device.memory_stats() for device in jax.local_devices()]
    limits = [known["bytes_limit"] for known in stats if known and "bytes_limit" in known]
    here = sum(limits) if len(limits) == len(stats) else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return here * jax.process_count()


def must_fit(what: str, size: float) -> None:
    """Refuses what the devices of this run cannot hold twice, as it is while it is saved or measured.

    Args:
      what: such as "a batch of 1,000 examples".
      size: its bytes, once.

    Raises:
      ValueError: it is larger than all of their memory; one line that says how large both are.
    """
    size *= _COPIES
    if size > (memory := total_memory()):
        raise ValueError(
            f"{what} would take {size / 2**30:,.0f} GiB, and the memory here is {memory / 2**30:,.0f} GiB: take "
            "smaller numbers"
        )
