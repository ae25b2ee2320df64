"""Gradient normalisation: a discriminator whose logits are divided by their own steepness."""

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats
from jaxgan.types.checks import positive


def gradient_normalised(network: Network, *, eps: float = 1e-12) -> Network:
    """Divides each logit by the length of its gradient and its own size: `D(x) / (‖∇ₓ D(x)‖ + |D(x)|)`.

    Logits then lie in (-1, 1), and where the network is piecewise linear, as with ReLU, their gradient by x is at most
    one: the Lipschitz constraint holds for the network as a whole, without a penalty. The norm is that of a whole
    example, or of a whole pack where the network is packed; labels are held constant. The gradient goes through the
    division for both players.

    Losses of bounded logits have other values: the logistic loss of either half stays above log(1 + 1/e) = 0.31, and
    thresholds on logits shift. `features` are those of the network. A penalty on the gradient beside it, or a lookahead
    that is differentiated through, takes third derivatives.

    Use when: an image network trains with the hinge or the logistic loss, in place of penalties and spectral
    normalisation.

    Cost: each pass of the discriminator is also differentiated by its input: about twice the time, for both players.

    Args:
      network: a discriminator with one logit for each example or pack, whose `group` is known: without batch
        normalisation, which makes a logit depend on the whole batch, dropout and noise.
      eps: added to the squared norm before its root, so that a flat discriminator with logit 0 has a gradient.

    Returns:
      A `Network` with the same parameters.

    Raises:
      ValueError: a network of unknown `group`, or an `eps` that is not positive; in use, several logits an example.

    Reference:
      Wu, Shuai, Tam and Chiu, "Gradient Normalization for Generative Adversarial Networks", 2021.
    """
    if network.group is None:
        raise ValueError(
            "gradient_normalised needs a network whose logits depend on their own examples only, and the group of this "
            "one is None: make it without batch normalisation, dropout and noise, or say group=1"
        )
    positive("eps", eps)

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        def logits_of(x: PyTree) -> tuple[Array, Stats]:
            return network.apply(params, stats, x, train=train, key=key, **passed_on(network, label))

        logits, pull_back, changed = jax.vjp(logits_of, x, has_aux=True)
        if logits.size != logits.shape[0]:
            raise ValueError(
                f"gradient_normalised needs one logit per example, got {logits.shape}: wrap each of several "
                "discriminators by itself"
            )
        (gradient,) = pull_back(jnp.ones_like(logits))
        first, *others = (_squared(leaf, logits.shape[0]) for leaf in jax.tree.leaves(gradient))
        norm = jnp.reshape(jnp.sqrt(sum(others, first) + eps), logits.shape)
        return (logits / (norm + jnp.abs(logits))).astype(logits.dtype), changed

    return network._replace(apply=apply)


def _squared(leaf: Array, logits: int) -> Array:
    """Sums of squares `[logits]`, in float32 or wider."""
    leaf = leaf.astype(jnp.promote_types(leaf.dtype, jnp.float32))
    return jnp.sum(jnp.reshape(leaf, (logits, -1)) ** 2, axis=1)
