"""What data to imitate say of themselves."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from jaxgan.types.batches import Array, Batch, Key, PyTree

Kind: TypeAlias = Literal["points", "images", "sequences", "graphs", "tables", "text"]


class Task(Protocol):
    """Real data to imitate. It says what it is; nobody guesses it from the number of axes.

    `draw` takes the arrays as an argument, so that a jitted program holds them once and not as constants.
    """

    @property
    def name(self) -> str:
        """What the data are, e.g. "ring"."""
        ...

    @property
    def kind(self) -> Kind:
        """What an example is: points `[width]`, images `[height, width, channels]`, sequences `[time, channels]`..."""
        ...

    @property
    def shape(self) -> PyTree:
        """Shape of one example, a tuple; a tree of tuples where an example is a tree of arrays."""
        ...

    @property
    def arrays(self) -> PyTree:
        """What `draw` reads: uint8 images, the means of a mixture."""
        ...

    @property
    def draw(self) -> Callable[[PyTree, Key, int], Array | Batch]:
        """`draw(arrays, key, n) -> [n, ...]`, or a `Batch` where labels are known; pure."""
        ...

    def sample(self, key: Key, n: int) -> Array | Batch:
        """`draw(self.arrays, key, n)`."""
        ...


@runtime_checkable
class KnownModes(Protocol):
    """A task whose modes are known, and which labels its own: what coverage, the monitor and the report ask."""

    @property
    def modes(self) -> int:
        """How many modes there are, k."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """What the modes are called, `[k]`."""
        ...

    @property
    def shares(self) -> np.ndarray:
        """`[k]`, share of each mode in the data; together 1."""
        ...

    def label_of(self, samples: PyTree) -> Array:
        """`label_of(samples [n, ...]) -> [n]` int32, the mode that each sample belongs to, or -1 for none."""
        ...
