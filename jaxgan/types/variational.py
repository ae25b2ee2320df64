"""What a variational autoencoder is, what it carries from step to step, and what it reports."""

from collections.abc import Callable
from typing import NamedTuple

from jaxgan.types.batches import Array, Params, PyTree, Stats


class Coder(NamedTuple):
    """What training changes of the encoder or the decoder.

    Attributes:
      params: trained by the gradient.
      stats: changed without a gradient.
    """

    params: Params
    stats: Stats


class VAEState(NamedTuple):
    """All that a VAE carries from one step to the next; a checkpoint of it continues the run exactly.

    Attributes:
      step: int32 scalar, the number of steps taken.
      encoder: the encoder.
      decoder: the decoder.
      log_scale: scalar, the logarithm of the scale of the likelihood before its floor; not used where that is given.
      opt_state: the optimizer's, of all parameters together.
    """

    step: Array
    encoder: Coder
    decoder: Coder
    log_scale: Array
    opt_state: PyTree


class VAEInfo(NamedTuple):
    """What a step reports: scalars only, before its update, in nats for each example.

    Attributes:
      loss: the reconstruction and `beta` times the divergence.
      reconstruction: minus the expected log-likelihood of an example under what is decoded from its own latent.
      kl: divergence of the posteriors from the prior.
      scale: of the likelihood.
      gradient_norm: Euclidean norm of the gradient.
    """

    loss: Array
    reconstruction: Array
    kl: Array
    scale: Array
    gradient_norm: Array


class Posterior(NamedTuple):
    """A normal distribution of the latent for each example, with independent dimensions.

    Attributes:
      mean: `[n, latent_dim]`.
      log_variance: `[n, latent_dim]`.
    """

    mean: Array
    log_variance: Array


class VAE(NamedTuple):
    """A variational autoencoder: pure functions, none of them jitted. It is a `types.Model`.

    Attributes:
      init: `init(key, batch, start_from=None) -> VAEState`; from another state come both coders and the scale.
      step: `step(key, state, batch, more=None) -> (VAEState, VAEInfo)`. The randomness of a step is
        `fold_in(key, state.step)`, so one key serves a whole run. `more` is not used.
      sample: `sample(key, state, n, label=None) -> [n, ...]`, decoded from the prior, in inference mode.
      latent: `latent(key, state, n, label=None) -> [n, latent_dim]`, what `sample` decodes.
      encode: `encode(state, batch) -> Posterior`, in inference mode.
      elbo: `elbo(key, state, batch) -> [n]`, the evidence lower bound of each example in nats (without `beta`), from
        one draw of its latent, in inference mode.
      effects: None, since a VAE has no techniques.
      judge: None, since it has nothing that tells real from generated.
      minibatches: 1.
      conditional: whether the decoder takes labels.
    """

    init: Callable[..., VAEState]
    step: Callable[..., tuple[VAEState, VAEInfo]]
    sample: Callable[..., PyTree]
    latent: Callable[..., Array]
    encode: Callable[..., Posterior]
    elbo: Callable[..., Array]
    effects: None = None
    judge: None = None
    minibatches: int = 1
    conditional: bool = False
