"""`vae(...)`: an encoder, a decoder and a likelihood as the pure functions of a variational autoencoder."""

from typing import Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxgan.adversarial.derivatives import norm
from jaxgan.adversarial.rounds import latent_dtype, run
from jaxgan.backend.random_bits import straight
from jaxgan.models.checking import check_batch, check_start
from jaxgan.types import Array, Batch, Key, Network, Params, PyTree, Stats, as_batch
from jaxgan.types.checks import at_least, positive, whole
from jaxgan.types.variational import VAE, Coder, Posterior, VAEInfo, VAEState

Likelihood: TypeAlias = Literal["gaussian", "laplace"]

# One key serves a whole run: `step` folds in its step count, the others these, which no step reaches.
_INIT, _SAMPLE, _LATENT, _NOISE = 2**32 - 1, 2**32 - 2, 2**32 - 3, 2**32 - 4


class _Parts(NamedTuple):
    encoder: Network
    decoder: Network
    optimizer: optax.GradientTransformation
    latent_dim: int
    likelihood: Likelihood
    scale: float | Array | None
    least_scale: float | Array
    beta: float | Array
    noisy_samples: bool


class _Trained(NamedTuple):
    encoder: Params
    decoder: Params
    log_scale: Array


def vae(
    *,
    encoder: Network,
    decoder: Network,
    optimizer: optax.GradientTransformation,
    latent_dim: int,
    likelihood: Likelihood = "gaussian",
    scale: float | Array | None = None,
    least_scale: float | Array = 1e-3,
    beta: float | Array = 1.0,
    noisy_samples: bool = False,
) -> VAE:
    """Makes a variational autoencoder of its parts.

    It maximises the evidence lower bound `E log p(x | z) - beta KL(q(z | x) || p(z))`, with a standard normal prior, a
    normal posterior whose mean and variance the encoder gives, and a likelihood around what the decoder gives. The
    expectation is over one latent for each example, `mean + exp(log_variance / 2) noise`; the divergence is exact.

    Numbers may be traced: `scale`, `least_scale`, `beta`, and a rate of the optimizer.

    Args:
      encoder: maps examples to `[batch, 2 * latent_dim]`, first the means, then the logarithms of the variances.
      decoder: maps latents `[batch, latent_dim]` to examples; a conditional one also takes their labels.
      optimizer: any optax transformation, of both networks and the scale.
      latent_dim: width of the latent, at least 1.
      likelihood: of each number of an example around what is decoded: "gaussian", or "laplace", which minds outliers
        less.
      scale: its standard deviation (its mean distance for "laplace"), positive and in the units of the data; None
        learns one number for all, from 1 on.
      least_scale: below which a learned scale does not fall, positive: without it the likelihood of data on a curve
        has no upper bound.
      beta: weight of the divergence, 0 or more; 1 is the bound itself.
      noisy_samples: whether `sample` draws from the likelihood, as the model says; otherwise it is what is decoded, as
        is the custom for images.

    Raises:
      ValueError: an argument out of range; when a function is used, shapes that do not fit.

    Reference:
      Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, arXiv:1312.6114, and its appendix B for the
      divergence.
      `beta` is that of Higgins et al., "beta-VAE", 2017. The learned scale is that of Rybkin, Daniilidis and Levine,
      "Simple and Effective VAE Training with Calibrated Decoders", 2021, which has no floor.

    >>> from jaxgan import data, networks
    >>> task = data.ring()
    >>> model = vae(
    ...     encoder=networks.mlp([16], out=4), decoder=networks.mlp([16], out=2), latent_dim=2,
    ...     optimizer=optax.adam(1e-3),
    ... )
    >>> key, key_data = jax.random.split(jax.random.key(0))
    >>> batch = task.sample(key_data, 8)
    >>> state = model.init(key, batch)
    >>> state, info = jax.jit(model.step)(key, state, batch)
    >>> model.sample(key, state, 5).shape
    (5, 2)
    """
    whole("latent_dim", latent_dim)
    positive("least_scale", least_scale)
    at_least("beta", beta, 0)
    if scale is not None:
        positive("scale", scale)
    if likelihood not in ("gaussian", "laplace"):
        raise ValueError(f"likelihood must be 'gaussian' or 'laplace', got {likelihood!r}")
    parts = _Parts(encoder, decoder, optimizer, latent_dim, likelihood, scale, least_scale, beta, noisy_samples)

    def init(key: Key, batch: PyTree | Batch, start_from: VAEState | None = None) -> VAEState:
        return _init(parts, key, check_batch(batch), start_from)

    def step(
        key: Key, state: VAEState, batch: PyTree | Batch, more: PyTree | Batch | None = None
    ) -> tuple[VAEState, VAEInfo]:
        del more
        return _step(parts, key, state, check_batch(batch))

    def sample(key: Key, state: VAEState, n: int, label: PyTree = None) -> PyTree:
        return _sample(parts, key, state, n, label)

    def latent(key: Key, state: VAEState, n: int, label: PyTree = None) -> Array:
        del label
        return _latents(parts, key, state, n)

    def encode(state: VAEState, batch: PyTree | Batch) -> Posterior:
        return _encoded(parts, state.encoder, check_batch(batch), None, train=False)[0]

    def elbo(key: Key, state: VAEState, batch: PyTree | Batch) -> Array:
        key = jax.random.fold_in(straight(key), state.step)
        reconstruction, kl, _ = _bound(parts, key, _trained(state), state, check_batch(batch), train=False)
        return -reconstruction - kl

    return VAE(init, step, sample, latent, encode, elbo, conditional=decoder.conditional)


def gaussian_kl(mean: Array, log_variance: Array) -> Array:
    """KL(N(mean, exp(log_variance)) || N(0, 1)), `½ Σ (mean² + exp(log_variance) - 1 - log_variance)`.

    Args:
      mean: `[n, d]`.
      log_variance: `[n, d]`.

    Returns:
      `[n]`, in nats.

    Reference:
      Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, appendix B.
    """
    return 0.5 * jnp.sum(mean**2 + jnp.expm1(log_variance) - log_variance, axis=-1)


def _init(parts: _Parts, key: Key, batch: Batch, start_from: VAEState | None) -> VAEState:
    key_encoder, key_decoder, key_latent = jax.random.split(jax.random.fold_in(key, _INIT), 3)
    leaf = jax.tree.leaves(batch.data)[0]
    z = jax.random.normal(key_latent, (leaf.shape[0], parts.latent_dim), leaf.dtype)
    encoder = Coder(*parts.encoder.init(key_encoder, batch.data, **_condition(parts.encoder, batch)))
    decoder = Coder(*parts.decoder.init(key_decoder, z, **_condition(parts.decoder, batch)))
    log_scale = jnp.zeros((), leaf.dtype)
    if start_from is not None:
        encoder = check_start("encoder", start_from.encoder, encoder)
        decoder = check_start("decoder", start_from.decoder, decoder)
        log_scale = check_start("log_scale", start_from.log_scale, log_scale)
    params = _Trained(encoder.params, decoder.params, log_scale)
    state = VAEState(jnp.zeros((), jnp.int32), encoder, decoder, log_scale, parts.optimizer.init(params))
    jax.eval_shape(lambda: _bound(parts, key, params, state, batch, train=True))  # raises where shapes do not fit
    # Own buffers, so that a state can be donated, and strong types, so that the first step compiles as all others.
    return jax.tree.map(lambda a: jnp.array(a, jnp.asarray(a).dtype, copy=True), state)


def _condition(network: Network, batch: Batch) -> dict[str, PyTree]:
    if network.conditional and batch.label is None:
        raise ValueError("a conditional network needs labels, and these examples have none: give Batch(data, label)")
    return {"label": batch.label} if network.conditional else {}


def _trained(state: VAEState) -> _Trained:
    return _Trained(state.encoder.params, state.decoder.params, state.log_scale)


def _encoded(parts: _Parts, encoder: Coder, batch: Batch, key: Key | None, *, train: bool) -> tuple[Posterior, Stats]:
    code, stats = run(parts.encoder, encoder.params, encoder.stats, batch, train=train, key=key)
    n = jax.tree.leaves(batch.data)[0].shape[0]
    if jnp.shape(code) != (n, 2 * parts.latent_dim):
        raise ValueError(
            f"an encoder gives a mean and a log-variance for each of {parts.latent_dim} latent dimensions, "
            f"[{n}, {2 * parts.latent_dim}], not {list(jnp.shape(code))}"
        )
    code = code.astype(jnp.promote_types(code.dtype, jnp.float32))
    return Posterior(code[:, : parts.latent_dim], code[:, parts.latent_dim :]), stats


def _scale(parts: _Parts, log_scale: Array) -> Array:
    """The given scale, or the learned one, which approaches its floor smoothly."""
    if parts.scale is not None:
        return jnp.asarray(parts.scale, log_scale.dtype)
    return jnp.sqrt(parts.least_scale**2 + jnp.exp(2 * log_scale))


def _surprise(likelihood: Likelihood, scale: Array, x: PyTree, centre: PyTree) -> Array:
    """`-log p(x | centre)`, `[n]`, summed over all numbers of an example."""
    found, wanted = (jax.tree.map(jnp.shape, tree) for tree in (centre, x))
    if found != wanted:
        raise ValueError(f"the decoder makes {found}, but the data are {wanted}")

    def each(x: Array, centre: Array) -> Array:
        x = x.astype(jnp.promote_types(x.dtype, jnp.float32))
        far = (x - centre) / scale
        if likelihood == "gaussian":
            surprise = 0.5 * far**2 + 0.5 * np.log(2 * np.pi) + jnp.log(scale)
        else:
            surprise = jnp.abs(far) + np.log(2) + jnp.log(scale)
        return jnp.sum(surprise.reshape(x.shape[0], -1), axis=1)

    return sum(jax.tree.leaves(jax.tree.map(each, x, centre)), start=jnp.zeros(()))


def _bound(
    parts: _Parts, key: Key, params: _Trained, state: VAEState, batch: Batch, *, train: bool
) -> tuple[Array, Array, tuple[Stats, Stats]]:
    """Both parts of the bound, `[n]` in nats each, and the statistics of encoder and decoder afterwards."""
    key_encoder, key_decoder, key_latent = jax.random.split(key, 3)
    encoder = Coder(params.encoder, state.encoder.stats)
    posterior, encoder_stats = _encoded(parts, encoder, batch, key_encoder, train=train)
    noise = jax.random.normal(key_latent, posterior.mean.shape, posterior.mean.dtype)
    z = posterior.mean + jnp.exp(posterior.log_variance / 2) * noise
    z = Batch(z.astype(latent_dtype(params.decoder)), batch.label)
    made, decoder_stats = run(parts.decoder, params.decoder, state.decoder.stats, z, train=train, key=key_decoder)
    reconstruction = _surprise(parts.likelihood, _scale(parts, params.log_scale), batch.data, made)
    return reconstruction, gaussian_kl(*posterior), (encoder_stats, decoder_stats)


def _step(parts: _Parts, key: Key, state: VAEState, batch: Batch) -> tuple[VAEState, VAEInfo]:
    key = jax.random.fold_in(straight(key), state.step)

    def loss(params: _Trained) -> tuple[Array, tuple[Array, Array, tuple[Stats, Stats]]]:
        reconstruction, kl, stats = _bound(parts, key, params, state, batch, train=True)
        reconstruction, kl = jnp.mean(reconstruction), jnp.mean(kl)
        return reconstruction + parts.beta * kl, (reconstruction, kl, stats)

    params = _trained(state)
    (value, (reconstruction, kl, stats)), gradient = jax.value_and_grad(loss, has_aux=True)(params)
    updates, opt_state = parts.optimizer.update(gradient, state.opt_state, params)
    after = optax.apply_updates(params, updates)
    assert isinstance(after, _Trained)
    info = VAEInfo(value, reconstruction, kl, _scale(parts, params.log_scale), norm(gradient))
    coders = Coder(after.encoder, stats[0]), Coder(after.decoder, stats[1])
    return VAEState(state.step + 1, *coders, after.log_scale, opt_state), info


def _latents(parts: _Parts, key: Key, state: VAEState, n: int) -> Array:
    key = jax.random.fold_in(key, _LATENT)
    return jax.random.normal(key, (n, parts.latent_dim), latent_dtype(state.decoder.params))


def _sample(parts: _Parts, key: Key, state: VAEState, n: int, label: PyTree) -> PyTree:
    if label is None and parts.decoder.conditional:
        raise ValueError("a conditional decoder is told what to make: sample(key, state, n, label)")
    if label is not None and not parts.decoder.conditional:
        raise ValueError("this decoder is unconditional: it takes no labels")
    z = as_batch(_latents(parts, key, state, n))._replace(label=label)
    key_decoder = jax.random.fold_in(key, _SAMPLE)
    made = run(parts.decoder, state.decoder.params, state.decoder.stats, z, train=False, key=key_decoder)[0]
    if not parts.noisy_samples:
        return made
    draw = {"gaussian": jax.random.normal, "laplace": jax.random.laplace}[parts.likelihood]
    leaves, structure = jax.tree.flatten(made)
    keys = jax.random.split(jax.random.fold_in(key, _NOISE), len(leaves))
    scale = _scale(parts, state.log_scale)
    noisy = [x + scale.astype(x.dtype) * draw(key, x.shape, x.dtype) for key, x in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(structure, noisy)
