"""Labels that a technique cannot do without."""

from jaxgan.types import Batch, PyTree


def required(name: str, x: Batch) -> PyTree:
    """The labels of examples.

    Raises:
      ValueError: there are none, for the technique called `name`.
    """
    if x.label is None:
        raise ValueError(
            f"{name} needs labels of real examples and of fakes: Batch(data, label) and label_distribution"
        )
    return x.label
