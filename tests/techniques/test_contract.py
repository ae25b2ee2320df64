"""What every technique promises, over the examples of all of them.

What every loss promises is in `tests/losses/test_adversarial.py`, over the same kind of table.
"""

import functools
import inspect
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Info, Own, Play, Unroll, networks, packed, techniques
from jaxgan.runs import catalogues
from jaxgan.runs.factories import make, read
from jaxgan.types import Network, Player, State, Terms, as_batch
from tests.helpers import counted, jit, perceptron, played, small_gan
from tests.techniques.examples import NOISE, gathered

BATCH, VECTOR, IMAGE = 8, (2,), (4, 4, 3)

EXAMPLES = gathered()
TECHNIQUES = {name: make(read(catalogues.TECHNIQUES, example.call)) for name, example in EXAMPLES.items()}
LABELS = jnp.arange(BATCH) % 3

# Those that take trees of parameters, which no text can say: their own tests are all they have.
BY_HAND = {"anchored"}

every_technique = pytest.mark.parametrize("name", TECHNIQUES)


def draw(shape=VECTOR, dtype=jnp.float32):
    """The discriminator's weights, data, fakes and latents."""
    keys = jax.random.split(jax.random.key(5), 4)
    shapes = (shape, (BATCH, *shape), (BATCH, *shape), (BATCH, NOISE))
    return tuple(jax.random.normal(key, shape, dtype) for key, shape in zip(keys, shapes, strict=True))


def shape_of(name):
    """What a technique is tried on."""
    return IMAGE if EXAMPLES[name].images else VECTOR


def reshaping(network, shape=()):
    """The network on examples, also of several arrays, read as vectors; what it gives has the `shape`, if any."""

    def flat(x):
        return jnp.concatenate([leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(x)], axis=1)

    def apply(params, stats, x, **options):
        y, stats = network.apply(params, stats, flat(x), **options)
        return y.reshape(-1, *shape) if shape else y, stats

    def features(params, stats, x, **options):
        return network.features(params, stats, flat(x), **options)

    return Network(lambda key, x: network.init(key, flat(x)), apply, features)


def every_hook(name, key, weights, data, generated, latent):
    """All that a technique does in its second round, by the name of the hook."""
    technique = TECHNIQUES[name]
    key_init, key_attach, key_first, *keys = jax.random.split(key, 9)
    real, fake = Batch(data, LABELS), Batch(generated, LABELS[::-1])

    def discriminate(x):
        # Steep enough that a bound on the gradient is exceeded.
        return 4.0 * jnp.sum(jnp.tanh(x * weights[None]).reshape(BATCH, -1).astype(jnp.float32) ** 2, axis=1)

    def features(x):
        return jnp.tanh(x.reshape(x.shape[0], -1))

    def generate(z):
        z = as_batch(z)
        matrix = jnp.cos(jnp.arange(z.data.shape[1] * generated[0].size)).reshape(z.data.shape[1], -1)
        made = jnp.tanh(z.data @ matrix.astype(z.data.dtype)).astype(generated.dtype)
        return Batch(made.reshape(-1, *generated.shape[1:]), z.label, z.data)

    columns = slice(NOISE, NOISE + technique.columns)
    latent = jnp.concatenate([latent, jnp.zeros((BATCH, technique.columns), latent.dtype)], axis=1)
    own = technique.init(key_init, real, latent.shape[1]) if technique.init else Own()
    if technique.latent:
        latent = technique.latent(own, keys[0], Batch(latent), columns).data
    found = {"latent": latent} if technique.latent else {}
    if technique.shift:

        def judge(z):
            return discriminate(generate(z).data)

        shifted = technique.shift(own, jax.random.fold_in(keys[0], 1), Batch(latent), slice(0, NOISE), judge)
        assert (shifted.data.shape, shifted.data.dtype) == (latent.shape, latent.dtype)
        found["shift"] = shifted
    kernel = jnp.tanh(weights.reshape(-1, 1) + weights.reshape(1, -1))  # of both players' networks
    play = played(
        discriminate,
        real,
        fake,
        latent=latent,
        features=features,
        generate=generate,
        columns={name: columns},
        generator={"kernel": kernel},
        discriminator={"kernel": kernel, **({"direction": kernel[0]} if EXAMPLES[name].direction else {})},
    )
    if (parts := EXAMPLES[name].parts) > 1:
        in_parts = [y[:, None] * jnp.arange(1.0, parts + 1)[None] for y in (play.real_logits, play.fake_logits)]
        play = play._replace(real_logits=in_parts[0], fake_logits=in_parts[1])
    zero = jnp.zeros(())
    info = Info(zero, zero, zero, zero, zero, zero, Terms({}, {}))
    if technique.attach:
        players = ("generator", "discriminator")
        shapes = {k: v for k, v in play._asdict().items() if isinstance(v, jax.Array | Batch) or k in players}
        seen = jax.eval_shape(lambda: {**shapes, "features": features(data)})
        whole = {**dict.fromkeys(play._fields), **seen, "loss": play.loss, "columns": {name: columns}}
        own = technique.attach(own, key_attach, Play(**whole))
    found["begin"] = own
    if technique.update:
        own = own._replace(state=technique.update(own, key_first, play, info))
    real, fake = play.data, play.generated
    if technique.meet:
        found["meet"] = technique.meet(own, keys[1], real, fake, play.features)
    if technique.rehearse:
        found["rehearse"] = technique.rehearse(own, keys[2], fake)
    for i, hook in enumerate(("discriminator_weights", "generator_weights", "discriminator_loss", "generator_loss")):
        if (function := getattr(technique, hook)) is not None:
            found[hook] = function(own, jax.random.fold_in(keys[3], i), play)
    if technique.update:
        found["update"] = technique.update(own, keys[4], play, info)
    if technique.adjust:
        found["adjust"] = adjusted(technique, own, keys[5], weights)
    return found


def adjusted(technique, own, key, weights):
    """Both players, whose parameters are made of the weights, as it leaves them after its first step."""

    def state(step, *params):
        return State(jnp.int32(step), *(Player(w, {}, ()) for w in params), {technique.name: own.state})

    begin, after = state(0, weights, 2.0 * weights), state(1, 1.0 + weights, 3.0 * weights)
    key_begin, key_after = jax.random.split(key)
    begin, begun = technique.adjust(own, key_begin, begin, begin)
    after, _ = technique.adjust(own._replace(state=begun), key_after, begin, after)
    return after.generator.params, after.discriminator.params


def test_every_technique_has_an_example_under_its_name():
    public = {
        name for name, value in vars(techniques).items() if not name.startswith("_") and inspect.isfunction(value)
    }
    assert public - BY_HAND - {"fisher_information"} == set(TECHNIQUES)  # what `anchored` takes, and no technique
    assert not BY_HAND & set(catalogues.TECHNIQUES.factories)
    assert all(technique.name == name for name, technique in TECHNIQUES.items())


@every_technique
def test_it_does_something(name):
    assert TECHNIQUES[name].acts()


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("shape", [VECTOR, IMAGE], ids=["vectors", "images"])
@every_technique
def test_hooks_keep_shape_and_dtype_and_losses_are_wide_scalars(name, shape, dtype):
    if shape == VECTOR and EXAMPLES[name].images:
        pytest.skip("it is for images")
    arrays = draw(shape, dtype)
    found = jax.eval_shape(functools.partial(every_hook, name), jax.random.key(0), *arrays)
    for hook in ("meet", "rehearse"):
        for x in found.get(hook, ()) if hook == "meet" else filter(None, [found.get(hook)]):
            example = x.data
            if EXAMPLES[name].joint and hook == "meet":
                wide = shape == VECTOR and jax.ShapeDtypeStruct((BATCH, example.shape[1] - NOISE), example.dtype)
                example = wide or example["x"]
            assert (example.shape, example.dtype) == ((BATCH, *shape), dtype)
    for hook in ("discriminator_loss", "generator_loss"):
        if hook in found:
            assert (found[hook].shape, found[hook].dtype) == ((), jnp.float32)
    if "update" in found:
        chex.assert_trees_all_equal_shapes_and_dtypes(found["update"], found["begin"].state)


@pytest.mark.slow  # the steps below are compiled, and seeds are vmapped in tests/models
@every_technique
def test_compiled_and_vmapped_results_equal_plain_ones(name):
    arrays = draw(shape_of(name))
    plain = [every_hook(name, jax.random.key(i), *arrays) for i in range(2)]
    compiled = jit(jax.vmap(lambda key: every_hook(name, key, *arrays)))(jax.vmap(jax.random.key)(jnp.arange(2)))
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *plain)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), compiled, stacked)


@every_technique
def test_gradients_are_finite_and_stay_so_where_nothing_varies(name):
    def total(weights, *arrays):
        found = every_hook(name, jax.random.key(0), weights, *arrays)
        terms = [value for hook, value in found.items() if hook not in ("begin", "latent", "update")]
        # Squared, since weights may add up to a constant.
        return sum((jnp.sum(value**2) for value in jax.tree.leaves(terms)), jnp.zeros(()))

    gradient = jit(jax.grad(total, (0, 2)))
    weights, data, generated, latent = draw(shape_of(name))
    ordinary = gradient(weights, data, generated, latent)
    assert any(np.any(leaf != 0.0) for leaf in ordinary) or EXAMPLES[name].constant
    same = jnp.ones_like(generated)  # the collapsed generator, and a discriminator that is flat
    for arrays in (ordinary, gradient(weights, data, same, latent), gradient(0.0 * weights, same, same, latent)):
        chex.assert_tree_all_finite(arrays)


def groups():
    """Techniques that a GAN can have together, a few at a time: compiling their step costs little more than for one.

    Those that change what a discriminator is, or encode latents of one width, are alone, and those for images among
    themselves.
    """
    alone = [
        [name] for name, x in EXAMPLES.items() if x.joint or x.parts > 1 or x.direction or name == "mode_regularised"
    ]
    images = [name for name, example in EXAMPLES.items() if example.images]
    others = [name for name in EXAMPLES if [name] not in alone and name not in images]
    return [*alone, images, *(others[i :: -(-len(others) // 6)] for i in range(-(-len(others) // 6)))]


@pytest.mark.parametrize("names", groups(), ids="+".join)
def test_steps_are_finite_keep_their_form_take_one_trace_and_report_terms(names):
    """With one update of lookahead, so that a term of the discriminator is differentiated twice."""
    chosen = [TECHNIQUES[name] for name in names]
    parts, shape = EXAMPLES[names[0]].parts, shape_of(names[0])
    discriminator = reshaping(perceptron([5], out=1))
    if EXAMPLES[names[0]].direction:
        discriminator = networks.normalised_linear(reshaping(perceptron([5], out=3)))
    players = small_gan(
        *chosen,
        generator=reshaping(perceptron([4], out=math.prod(shape)), shape),
        discriminator=networks.several_discriminators(discriminator, parts) if parts > 1 else discriminator,
        unroll=Unroll(1),
        label_distribution=lambda key, n: jax.random.randint(key, (n,), 0, 3),
    )
    data = Batch(draw(shape)[1], LABELS)
    step, traces = counted(players.step)
    step, start = jit(step), jit(players.init)(jax.random.key(0), data)
    state = start
    for _ in range(3):
        state, info = step(jax.random.key(0), state, data)
        chex.assert_tree_all_finite((state, info))
        chex.assert_trees_all_equal_shapes_and_dtypes(state, start)
        assert all(leaf.shape == () for leaf in jax.tree.leaves(info))
        assert set(info.terms.discriminator) == {each.name for each in chosen if each.discriminator_loss}
        assert set(info.terms.generator) == {each.name for each in chosen if each.generator_loss}
    # In the last round: at first there may be no past to learn from.
    signs = {each: value for terms in info.terms for each, value in terms.items()}
    assert all(value > 0.0 or (EXAMPLES[each].signed and value < 0.0) for each, value in signs.items())
    assert len(traces) == 1


# In a conditional game with packs, a lookahead and vmapped seeds: what a technique refuses of it, and its reason.
ONE_BY_ONE = ("pack", "classifies every example by itself, but 8 examples have 4 rows of features")
REFUSED = dict.fromkeys(("ac_gan", "mgan", "self_supervised", "twin_ac_gan"), ONE_BY_ONE)
REFUSED_ON_IMAGES = dict.fromkeys(("ali", "veegan"), ("labels", "labelled joins labels to one array"))
# What may leave a game alone that is in balance, or whose gradients are small; `effects` cannot tell more of a
# technique that changes the shape of what the discriminator sees.
MAY_REST = {"adaptive_augmentation", "pseudo_augmentation", "balance", "lipschitz_penalty", "ali", "veegan"}


@pytest.mark.slow
@pytest.mark.parametrize("shape", [VECTOR, IMAGE], ids=["vectors", "images"])
@every_technique
def test_packs_labels_lookahead_and_seeds_go_together_or_are_refused(name, shape):
    if shape == VECTOR and EXAMPLES[name].images:
        pytest.skip("it is for images")
    parts = {"pack", "labels"}
    without, reason = REFUSED.get(name) or (shape == IMAGE and REFUSED_ON_IMAGES.get(name)) or (None, "")
    if without:
        with pytest.raises(ValueError, match=reason):
            several_seeds(name, shape, parts)
    changes = several_seeds(name, shape, parts - {without})
    assert changes.keys() <= {name} and (name in MAY_REST or np.all(changes[name] > 0.0))


def several_seeds(name, shape, parts):
    """What two seeds' effects are after three steps, finite and traced once."""
    discriminator = reshaping(perceptron([5], out=1))
    generator = reshaping(perceptron([4], out=math.prod(shape)), shape)
    if "labels" in parts:
        discriminator, generator = networks.labelled(discriminator, 3), networks.labelled(generator, 3)
    if EXAMPLES[name].parts > 1:
        discriminator = networks.several_discriminators(discriminator, EXAMPLES[name].parts)
    players = small_gan(
        TECHNIQUES[name],
        generator=generator,
        discriminator=packed(discriminator, 2) if "pack" in parts else discriminator,
        unroll=Unroll(1),
        label_distribution=lambda key, n: jax.random.randint(key, (n,), 0, 3),
    )
    keys, data = jax.vmap(jax.random.key)(np.arange(2)), Batch(draw(shape)[1], LABELS)
    step, traces = counted(players.step)
    state, step = jit(jax.vmap(players.init, (0, None)))(keys, data), jit(jax.vmap(step, (0, 0, None)))
    for _ in range(3):
        state, info = step(keys, state, data)
        chex.assert_tree_all_finite((state, info))
    assert len(traces) == 1
    return jit(jax.vmap(players.effects, (0, 0, None)))(keys, state, data)
