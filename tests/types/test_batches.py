"""Reading what a caller gives as a batch."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.types import Batch, as_batch


def test_an_array_is_a_batch_without_labels():
    batch = as_batch(np.ones((3, 2), np.float32))
    assert isinstance(batch, Batch) and isinstance(batch.data, jax.Array)
    assert batch.data.shape == (3, 2) and batch.label is None


def test_a_batch_stays_as_it_is():
    batch = Batch(jnp.ones((3, 2)), jnp.arange(3))
    assert as_batch(batch) is batch
