"""How much memory the devices have, so that what can never fit is refused before it is compiled."""

import os

import jax


def total_memory() -> int:
    """Bytes of all devices of this run together; of CPUs, which share it, that of the machine, for each process."""
    stats = [device.memory_stats() for device in jax.local_devices()]
    limits = [known["bytes_limit"] for known in stats if known and "bytes_limit" in known]
    here = sum(limits) if len(limits) == len(stats) else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return here * jax.process_count()
