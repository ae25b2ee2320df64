"""Pairs of an example and its latent, for a discriminator that judges both together."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Key, Network, Own, PyTree


class Encoded(NamedTuple):
    """What an encoder says of examples.

    Attributes:
      mean: `[n, width]`, the latent itself where the encoder is deterministic.
      log_variance: `[n, width]`; None where it is deterministic.
    """

    mean: Array
    log_variance: Array | None

    def draw(self, key: Key) -> Array:
        """A latent of each example, `[n, width]`, differentiable in the encoder."""
        if self.log_variance is None:
            return self.mean
        noise = jax.random.normal(key, self.mean.shape, self.mean.dtype)
        return self.mean + jnp.exp(0.5 * self.log_variance) * noise


def begin(name: str, encoder: Network, key: Key, batch: Batch, latent_width: int) -> Own:
    """The encoder's parameters beside the generator's, its statistics in the state."""
    params, stats = encoder.init(key, batch.data, **_condition(name, encoder, batch))

    def outcome(params, stats):
        return encoder.apply(params, stats, batch.data, train=True, key=key, **_condition(name, encoder, batch))[0]

    shape = jax.eval_shape(outcome, params, stats).shape
    n = jax.tree.leaves(batch.data)[0].shape[0]
    if shape not in ((n, latent_width), (n, 2 * latent_width)):
        raise ValueError(
            f"the encoder of {name} gives {latent_width} numbers an example, as the latent has, or {2 * latent_width}, "
            f"mean and log-variance; it gives {shape} for {n} examples"
        )
    return Own(generator=params, state=stats)


def encode(name: str, encoder: Network, own: Own, key: Key, x: Batch, latent_width: int) -> tuple[Encoded, PyTree]:
    """Encodes examples in training mode; returns the statistics afterwards too."""
    out, stats = encoder.apply(own.generator, own.state, x.data, train=True, key=key, **_condition(name, encoder, x))
    if out.shape[1] == latent_width:
        return Encoded(out, None), stats
    return Encoded(out[:, :latent_width], out[:, latent_width:]), stats


def meet_with_latents(name: str, encoder: Network, own: Own, key: Key, real: Batch, fake: Batch) -> tuple[Batch, Batch]:
    """Real `(x, E(x))` and fake `(G(z), z)`."""
    assert fake.latent is not None
    key_network, key_draw = jax.random.split(key)
    encoded, _ = encode(name, encoder, own, key_network, real, fake.latent.shape[1])
    latent = encoded.draw(key_draw).astype(fake.latent.dtype)
    return real._replace(data=joined(real.data, latent)), fake._replace(data=joined(fake.data, fake.latent))


def joined(x: PyTree, z: Array) -> PyTree:
    """`[n, d + width]` of flat examples `[n, d]` and latents; of other examples the tree `{"x": x, "z": z}`."""
    if isinstance(x, jax.Array) and x.ndim == 2:
        return jnp.concatenate([x, z.astype(x.dtype)], axis=1)
    return {"x": x, "z": z}


def statistics(name: str, encoder: Network, own: Own, key: Key, data: Batch) -> PyTree:
    """The encoder's statistics after a minibatch of real examples."""
    if not jax.tree.leaves(own.state):
        return own.state
    return encoder.apply(own.generator, own.state, data.data, train=True, key=key, **_condition(name, encoder, data))[1]


def _condition(name: str, encoder: Network, x: Batch) -> dict[str, PyTree]:
    if not encoder.conditional:
        return {}
    if x.label is None:
        raise ValueError(f"the encoder of {name} is conditional, and these examples have no labels")
    return {"label": x.label}
