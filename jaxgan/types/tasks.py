"""What data to imitate say of themselves."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

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
class Finite(Protocol):
    """A task or stream of finitely many examples, any of which can be had by its number."""

    @property
    def size(self) -> int:
        """How many examples there are, N."""
        ...

    def at(self, rows: np.ndarray) -> Batch:
        """The examples of rows `[n]` in [0, N), as `draw` would give them, with their labels where they are known."""
        ...


@runtime_checkable
class Tabular(Protocol):
    """A task whose examples are rows of a table, as vectors of parts."""

    @property
    def widths(self) -> Sequence[int]:
        """How many numbers each part takes: 1 for a number, k for a choice of k; nothing where there are no parts."""
        ...

    @property
    def values(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """`values(rows) -> [n, parts]`, what each part says in the table's own units: a number, or that of a choice.

        None where a part is what it says, and the largest of a choice.
        """
        ...


class BatchIterator(Protocol):
    """Batches without end, from a position that can be saved; orbax checkpoints it as it is."""

    def __iter__(self) -> Iterator[Any]: ...

    def __next__(self) -> Any:
        """The next batch."""
        ...

    def get_state(self) -> Any:
        """The position, small and JSON-serialisable."""
        ...

    def set_state(self, state: Any) -> None:
        """Goes to a position; the next batch is the one that followed when it was saved."""
        ...


@runtime_checkable
class Stream(Protocol):
    """Real data that stay on disk and come in batches; no `Task`, since nothing of it is on the device.

    It has `name`, `kind` and `shape` as a `Task` has them.
    """

    @property
    def name(self) -> str:
        """What the data are."""
        ...

    @property
    def kind(self) -> Kind:
        """What an example is."""
        ...

    @property
    def shape(self) -> PyTree:
        """Shape of one example."""
        ...

    @property
    def stream(self) -> Callable[..., BatchIterator]:
        """`stream(batch_size, *, seed, process_index=0, process_count=1, place=None)`, batches `[batch_size, ...]`.

        They are shuffled anew in each pass and the same for the same seed. Process `process_index` reads its own part
        of every batch. `place` brings a batch to its devices ahead of time.
        """
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
        """`label_of(samples [n, ...]) -> [n]` int32, the mode that each sample belongs to, or -1 for none.

        Of a task it is pure, so that it can be compiled into a step; never a mode whose share is 0.
        """
        ...


@runtime_checkable
class CentredModes(KnownModes, Protocol):
    """Known modes that are told by the nearest of their means, near or far, where a step has no time for more."""

    @property
    def means(self) -> Array:
        """`[k, ...]`, where the modes are."""
        ...


@runtime_checkable
class GradedModes(KnownModes, Protocol):
    """Known modes with a quality: every sample has a nearest mode, and is of high quality where it is near enough.

    `label_of` gives the nearest mode to samples of high quality, and -1 to the others.
    """

    @property
    def quality(self) -> float:
        """Share of real examples that are of high quality, in [0, 1]."""
        ...

    @property
    def near(self) -> str:
        """How near is near enough, in words, e.g. "within 3 standard deviations (L2) of the nearest mean"."""
        ...

    def nearest_of(self, samples: PyTree) -> Array:
        """`[n]` int32, the nearest mode of each sample, near or far; -1 for one that is not finite."""
        ...

    def with_threshold(self, threshold: float) -> "GradedModes":
        """The same task, where high quality reaches up to `threshold` standard deviations."""
        ...


class Classes(NamedTuple):
    """Labelled images of which examples are made, so that a classifier of them can tell the mode of any sample.

    Or labelled examples of another kind, which a classifier reads as vectors.

    The mode of an example is that of its parts: for three parts of ten classes it is `100 a + 10 b + c`.

    Attributes:
      images: uint8 `[N, height, width, channels]`, or floating point `[N, ...]` where they are no images.
      labels: integers `[N]`, in [0, classes).
      classes: how many there are, at least 2.
      parts: `parts(samples [n, ...]) -> [n, parts, ...]`, what is classified one by one.
      part: what a part is called, e.g. "channel".
      by_default: whether modes are counted without anyone asking, at the price of training a classifier.
    """

    images: Array
    labels: Array
    classes: int
    parts: Callable[[np.ndarray], np.ndarray]
    part: str
    by_default: bool = True


@runtime_checkable
class Classified(Protocol):
    """A task whose modes are classes; which one a sample belongs to, a classifier has to tell (see `evaluation`)."""

    @property
    def modes(self) -> int:
        """How many modes there are, k; 0 where nothing is known."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """What the modes are called, `[k]`; may be empty."""
        ...

    @property
    def shares(self) -> np.ndarray:
        """`[k]`, share of each mode in the data; together 1."""
        ...

    @property
    def classes(self) -> Classes | None:
        """What a classifier is trained on; None where nothing is known or no classifier fits."""
        ...


@runtime_checkable
class Reweighted(Protocol):
    """A task whose classes are drawn in other shares than the data have."""

    @property
    def shares_in_data(self) -> np.ndarray:
        """`[k]`, share of each class in the data; together 1."""
        ...
