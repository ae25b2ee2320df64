"""A recurrent layer whose every step is one product."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.types import Array, Key


def _orthogonal_gates(key: Key, shape: tuple[int, int], dtype: jnp.dtype = jnp.float32) -> Array:
    """One orthogonal matrix for each gate, side by side."""
    width, columns = shape
    gates = [nn.initializers.orthogonal()(k, (width, width), dtype) for k in jax.random.split(key, columns // width)]
    return jnp.concatenate(gates, axis=1)


class GRU(nn.Module):
    """Gated recurrent units over sequences whose inputs have been multiplied already, at all steps at once.

    With the input's part `a` of each gate, as a linear layer to `3 * width` gives it: `r = σ(a_r + h U_r)`,
    `z = σ(a_z + h U_z)`, `n = tanh(a_n + r (h U_n + b))`, `h' = (1 - z) n + z h`. The reset gate acts after the
    product, as in cuDNN and `flax.linen.GRUCell`, so that one product serves all gates; `U` starts orthogonal, gate by
    gate.

    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation", 2014,
    section 2.3, where the reset gate acts before the product, and `z` and `1 - z` change places.

    Attributes:
      width: units.
    """

    width: int

    @nn.compact
    def __call__(self, a: Array, initial: Array) -> Array:
        """The states `[n, time, width]` that follow `initial` `[n, width]`.

        `a` is `[n, time, 3 * width]`, with the gates in the order r, z, n.
        """
        kernel = self.param("kernel", _orthogonal_gates, (self.width, 3 * self.width)).astype(a.dtype)
        bias = self.param("bias", nn.initializers.zeros, (self.width,)).astype(a.dtype)

        def step(h: Array, a: Array) -> tuple[Array, Array]:
            a_gates, a_new = jnp.split(a, [2 * self.width], axis=1)
            gates, new = jnp.split(h @ kernel, [2 * self.width], axis=1)
            reset, keep = jnp.split(jax.nn.sigmoid(a_gates + gates), 2, axis=1)
            new = jnp.tanh(a_new + reset * (new + bias[None]))
            h = (1 - keep) * new + keep * h
            return h, h

        _, states = jax.lax.scan(step, initial, jnp.swapaxes(a, 0, 1))
        return jnp.swapaxes(states, 0, 1)
