"""InfoGAN: part of the latent is a code that must be readable from what the generator makes of it."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, whole


def infogan(
    categories: int | Sequence[int] = 10,
    continuous: int = 0,
    weight: float | Array = 1.0,
    *,
    continuous_weight: float | Array = 1.0,
    hidden: int = 128,
) -> Technique:
    """Adds `-weight · E log Q(c | G(z, c))` to both players' losses, the cost of reading the codes c from fakes.

    Up to the constant entropy `H(c)` this is `-λ L_I`, where `L_I(G, Q) = E log Q(c | G(z, c)) + H(c)` is a lower bound
    of the mutual information of codes and fakes. The technique's columns of the latent hold a one-hot vector for each
    categorical code, uniform over its values, then the continuous codes, uniform in [-1, 1]. Q is a head on the
    discriminator's features (its trunk): a softmax for each categorical code, and for each continuous one a Gaussian
    with a standard deviation of 1, as in the authors' program; the paper lets Q give the deviation too.

    What is trained by what: the discriminator's loss trains head and trunk to read the codes of the fakes that it is
    shown; the generator's loss trains the generator to make fakes whose codes are read, with head and trunk frozen. The
    optimum is that of the paper's `min_{G, Q} max_D V(D, G) - λ L_I(G, Q)` (equation 6), and the division that of the
    authors' program; the head moves with the discriminator's optimizer.

    With `techniques.replay` the head also reads past fakes, against the codes that they were made from. In a packed
    discriminator the head reads all codes of a pack from the features of the pack. After `techniques.ali` or `veegan`
    the discriminator sees the latent itself, and nothing has to be learned: do not combine them. A code may be met by a
    small pattern in every fake, which adds no variety.

    `Info.reports` shows `information`, the bound of the categorical codes in nats, at most the sum of the `log k`; and
    `error`, the root of the mean squared error of the continuous ones (0.577 where nothing is read).

    Use when: the number of modes is known and each is to have a code of its own, or the generator ignores its latent.

    Cost: one more backward pass of the discriminator over the fakes, for both players; the head is small.

    Args:
      categories: k, the number of values of a categorical code, at least 2; of each code in a sequence. `()` is none.
      continuous: number of continuous codes.
      weight: λ of categorical codes, 0 or more.
      continuous_weight: λ of continuous codes, 0 or more; smaller than `weight` in the paper, to be of the scale of the
        GAN's loss.
      hidden: units of the head's hidden layer (leaky ReLU with slope 0.1, as in the paper's appendix C, without its
        batch normalisation); 0 is a linear head.

    Raises:
      ValueError: an argument out of range or no code at all; at `init`, a discriminator without features.

    Reference:
      Chen, Duan, Houthooft, Schulman, Sutskever and Abbeel, "InfoGAN: Interpretable Representation Learning by
      Information Maximizing Generative Adversarial Nets", 2016, equations 5 and 6, and section 6.
    """
    sizes = tuple(categories) if isinstance(categories, Sequence) else (categories,)
    for size in sizes:
        whole("each of the categories of infogan", size, 2)
    whole("the continuous codes of infogan", continuous, 0)
    whole("the hidden units of infogan", hidden, 0)
    at_least("the weight of infogan", weight, 0)
    at_least("the continuous_weight of infogan", continuous_weight, 0)
    columns = sum(sizes) + continuous
    if columns == 0:
        raise ValueError("infogan needs a code: got no categories and no continuous codes")
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    slices = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    def latent(own, key, z, columns):
        del own
        n, dtype = z.data.shape[0], z.data.dtype
        *keys, key_continuous = jax.random.split(key, len(sizes) + 1)
        codes = [
            jax.nn.one_hot(jax.random.randint(k, (n,), 0, size), size, dtype=dtype)
            for k, size in zip(keys, sizes, strict=True)
        ]
        codes.append(jax.random.uniform(key_continuous, (n, continuous), dtype, -1.0, 1.0))
        return z._replace(data=z.data.at[:, columns].set(jnp.concatenate(codes, axis=1)))

    def attach(own, key, shapes):
        del own
        if shapes.features is None:
            raise ValueError("infogan reads codes from features, but this discriminator shows none: give it `features`")
        (rows, width), n = shapes.features.shape, shapes.latent.shape[0]
        if n % rows:
            raise ValueError(f"infogan reads the codes of {n} fakes from {rows} rows of features, which do not divide")
        dtype = jnp.promote_types(shapes.features.dtype, jnp.float32)
        widths = [width, *([hidden] if hidden else []), columns * (n // rows)]
        head = [
            {"kernel": jax.nn.initializers.lecun_normal()(k, (a, b), dtype), "bias": jnp.zeros((b,), dtype)}
            for k, a, b in zip(jax.random.split(key, len(widths) - 1), widths[:-1], widths[1:], strict=True)
        ]
        nothing = jnp.zeros((), dtype)
        return Own(discriminator=head, state={name: nothing for name in _shown(sizes, continuous, nothing, nothing)})

    def read(own, play):
        """Mean of `-log Q(c)` over fakes, of the categorical codes and of the continuous ones, each summed."""
        codes = play.fake.latent[:, play.columns["infogan"]]
        x = play.features(play.fake)
        x = x.astype(jnp.promote_types(x.dtype, jnp.float32))
        for i, layer in enumerate(own.discriminator):
            x = jax.nn.leaky_relu(x, 0.1) if i else x
            x = x @ layer["kernel"] + layer["bias"][None]
        # A pack's features hold its members' answers side by side, in the order of the batch.
        x, codes = x.reshape(codes.shape), codes.astype(x.dtype)
        categorical = sum(
            (-jnp.mean(jnp.sum(codes[:, s] * jax.nn.log_softmax(x[:, s], axis=1), axis=1)) for s in slices),
            jnp.zeros((), x.dtype),
        )
        apart = (codes - x)[:, columns - continuous :]
        gaussian = 0.5 * jnp.mean(jnp.sum(apart**2, axis=1)) + 0.5 * continuous * math.log(2 * math.pi)
        return categorical, gaussian

    def cost(own, key, play):
        del key
        categorical, gaussian = read(own, play)
        return weight * categorical + continuous_weight * gaussian

    def update(own, key, play, info):
        del key, info
        return _shown(sizes, continuous, *read(own, play))

    return Technique(
        "infogan",
        columns=columns,
        attach=attach,
        latent=latent,
        discriminator_loss=cost,
        generator_loss=cost,
        update=update,
        report=lambda own: own.state,
    )


def _shown(sizes: Sequence[int], continuous: int, categorical: Array, gaussian: Array) -> dict[str, Array]:
    """What is reported, from the mean of `-log Q` of both kinds of codes."""
    shown = {}
    if sizes:
        shown["information"] = sum(math.log(size) for size in sizes) - categorical
    if continuous:
        squared = 2.0 * gaussian / continuous - math.log(2 * math.pi)
        shown["error"] = jnp.sqrt(jnp.maximum(squared, 0.0) + 1e-12)
    return shown
