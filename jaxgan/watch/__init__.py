"""A watcher for the training loop of any framework: an alarm when a generator loses modes or diversity.

It needs NumPy and SciPy, and matplotlib for a picture; importing it imports no JAX.
"""

from jaxgan.watch.reference import Check as Check
from jaxgan.watch.watcher import Alarm as Alarm
from jaxgan.watch.watcher import Watch as Watch
