"""Several seeds trained side by side: each in turn by its own program, or all in one vmapped program."""

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from jaxgan.backend import compiler, in_force
from jaxgan.backend.random_bits import straight
from jaxgan.training import placement
from jaxgan.training.health import Health, checked, finite, healthy, sums
from jaxgan.training.placement import SEED
from jaxgan.types import Array, Batch, Key, Model, PyTree, as_batch


class Programs(NamedTuple):
    """One seed's training as pure functions of the seed's key.

    `feed` is what the program reads its examples from: a task's arrays, or the next batch itself.

    Attributes:
      begin: `begin(key, feed, start=None) -> State`, from the state of another run where there is one.
      step_arguments: `step_arguments(key, step, feed) -> (key, batch, more)`, what `model.step` gets beside the state.
      advance: `advance(key, state, feed, health) -> (State, Info, Health)`, `length` steps; the Info is that of the
        last one, and the health that of all so far.
      sample: `sample(key, state, index) -> [chunk, ...]`, one chunk of samples.
      length: steps in one `advance`.
      chunk: samples in one `sample`.
    """

    begin: Callable[..., PyTree]
    step_arguments: Callable[..., tuple[Key, Batch, Batch]]
    advance: Callable[..., tuple[PyTree, Any, Health]]
    sample: Callable[..., Array]
    length: int
    chunk: int


class Seeds(NamedTuple):
    """Several seeds; `states` is whatever the functions hand to each other, always with every seed in it.

    `feeds` holds one function for each seed that returns the feed of its next program.

    Attributes:
      begin: `begin(feeds, starts=None) -> states`; `starts` holds what each seed starts from.
      compile: `compile(states, feeds)`, so that the first `advance` costs what every one costs.
      advance: `advance(states, feeds, times) -> (states, [Info], [Health])`, `times * length` steps; one Info and one
        Health, on the host, for each seed.
      sample: `sample(states, n) -> [seeds, n, ...]`, on the host.
      each: `each(states) -> [State]`, one for each seed.
      stacked: `stacked(states) -> State`, arrays `[seeds, ...]`: the form for checkpoints, which is the same however
        the seeds are trained, and whose arrays are few.
      unstacked: `unstacked(State) -> states`, the inverse of `stacked`.
      length: steps in one program.
    """

    begin: Callable[..., PyTree]
    compile: Callable[[PyTree, Sequence[Callable]], None]
    advance: Callable[[PyTree, Sequence[Callable], int], tuple[PyTree, list[Any], list[Health]]]
    sample: Callable[[PyTree, int], np.ndarray]
    each: Callable[[PyTree], list[PyTree]]
    stacked: Callable[[PyTree], PyTree]
    unstacked: Callable[[PyTree], PyTree]
    length: int


def programs(
    model: Model,
    draw: Callable | None,
    batch_size: int,
    length: int,
    chunk: int,
    mesh: Mesh | None = None,
    labels: np.ndarray | None = None,
    skip: bool = False,
) -> Programs:
    """Makes the programs of a run.

    Args:
      model: what is trained.
      draw: `draw(arrays, key, n)`, with `feed` the arrays; None when each `feed` is the next batch itself, of
        `model.minibatches * batch_size` examples; `length` is then 1.
      batch_size: examples in a minibatch.
      length: steps in one `advance`; 1 is straight-line code without a loop.
      chunk: samples drawn at a time.
      mesh: from `placement.mesh`, along whose data axis every minibatch is cut; None for a single device.
      labels: of the samples of a conditional model, as `examples.turns` gives, over and over; None for another one.
      skip: a step whose loss, gradient or parameters are not finite leaves everything but the step count as it was.
    """

    def keys(key: Key) -> tuple[Key, Key, Key]:  # fold_in, which does not use the key up
        key = straight(key)
        return jax.random.fold_in(key, 0), jax.random.fold_in(key, 1), jax.random.fold_in(key, 2)

    def examples(key_data: Key, step: Array, feed: PyTree) -> tuple[Batch, Batch]:
        drawn = feed if draw is None else draw(feed, jax.random.fold_in(key_data, step), model.minibatches * batch_size)
        parts = jax.tree.map(lambda a: a.reshape(model.minibatches, batch_size, *a.shape[1:]), as_batch(drawn))
        if mesh is not None:
            parts = jax.lax.with_sharding_constraint(parts, placement.sharding(mesh, None, placement.DATA))
        return jax.tree.map(lambda a: a[0], parts), jax.tree.map(lambda a: a[1:], parts)

    def step_arguments(key: Key, step: Array, feed: PyTree) -> tuple[Key, Batch, Batch]:
        key_model, key_data, _ = keys(key)
        return key_model, *examples(key_data, step, feed)

    def begin(key: Key, feed: PyTree, start: PyTree = None) -> PyTree:
        key_model, key_data, _ = keys(key)
        first = examples(key_data, jnp.zeros((), jnp.int32), feed)[0]
        return model.init(key_model, first) if start is None else model.init(key_model, first, start)

    def advance(key: Key, state: PyTree, feed: PyTree, health: Health) -> tuple[PyTree, Any, Health]:
        key_model, key_data, _ = keys(key)

        def step(before: PyTree, _: None) -> tuple[PyTree, tuple[Any, list[Array]]]:
            after, info = model.step(key_model, before, *examples(key_data, before.step, feed))
            summed = sums(after)
            if skip:
                idle = before._replace(step=after.step)
                sound = finite(summed, info).all()
                after = jax.tree.map(lambda taken, left: jnp.where(sound, taken, left), after, idle)
            return after, (info, summed)

        # What a step reports is looked at after all of them: in the loop it would cost as much as summing parameters.
        if length == 1:
            state, found = step(state, None)
            infos, summed = jax.tree.map(lambda a: a[None], found)
        else:
            state, (infos, summed) = jax.lax.scan(step, state, length=length)
        health = checked(health, state.step, finite(summed, infos))
        return state, jax.tree.map(lambda a: a[-1], infos), health

    def sample(key: Key, state: PyTree, index: Array) -> Array:
        _, _, key_sample = keys(key)
        key = jax.random.fold_in(jax.random.fold_in(key_sample, state.step), index)
        if labels is None:
            return model.sample(key, state, chunk)
        return model.sample(key, state, chunk, jnp.asarray(labels)[(index * chunk + jnp.arange(chunk)) % len(labels)])

    return Programs(begin, step_arguments, advance, sample, length, chunk)


def _samples(sample: Callable, n: int, chunk: int, axis: int) -> np.ndarray:
    return np.concatenate([sample(jnp.int32(i)) for i in range(-(-n // chunk))], axis=axis).take(range(n), axis)


def _stack(*trees: PyTree) -> PyTree:
    return jax.tree.map(lambda *a: jnp.stack(a), *trees)


def _take(stacked: PyTree, i: Array) -> PyTree:
    return jax.tree.map(lambda a: a[i], stacked)


def in_turn(program: Programs, seeds: Sequence[int]) -> Seeds:
    """Each seed by the program of a single seed, so that it ends bit for bit as if it had been trained alone.

    On a single CPU device as many seeds run at once as there are cores.
    """
    begin, sample, stack, take = (jax.jit(f) for f in (program.begin, program.sample, _stack, _take))
    advance = jax.jit(program.advance, donate_argnums=1)
    keys = [jax.random.key(seed) for seed in seeds]
    at_once = in_force().seeds_at_once(jax.device_count(), os.cpu_count() or 1)
    compiled = []

    def compile_once(states, feeds) -> None:
        if not compiled:
            compiled.append(compiler.compiled(advance.lower(keys[0], states[0], feeds[0](), healthy())))

    def advance_all(states, feeds, times):
        def one(key, state, feed):
            info, health = None, healthy()
            for _ in range(times):
                state, info, health = compiled[0](key, state, feed(), health)
            return *jax.block_until_ready((state, info)), jax.device_get(health)

        with ThreadPoolExecutor(at_once) as pool:  # anew each time: no thread is left when the process ends
            states, infos, healths = zip(*pool.map(one, keys, states, feeds), strict=True)
        return list(states), list(infos), list(healths)

    def begin_all(feeds, starts=None):
        starts = starts or [None] * len(keys)
        return [begin(key, feed(), start) for key, feed, start in zip(keys, feeds, starts, strict=True)]

    def sample_all(states, n):
        def one(key, state):
            return _samples(lambda i: sample(key, state, i), n, program.chunk, axis=0)

        return np.stack([one(key, state) for key, state in zip(keys, states, strict=True)])

    return Seeds(
        begin=begin_all,
        compile=compile_once,
        advance=advance_all,
        sample=sample_all,
        each=list,
        stacked=lambda states: stack(*states),
        unstacked=lambda stacked: [take(stacked, i) for i in range(len(keys))],
        length=program.length,
    )


def over_seeds(
    function: Callable, in_axes: Sequence[int | None], mesh: Mesh | None = None, *, apart: bool = False
) -> Callable:
    """Maps a function of one seed over all of them.

    Args:
      function: of one seed.
      in_axes: 0 for what each seed has of its own, `[seeds, ...]`, None for what all share.
      mesh: from `placement.mesh`; None for a single device.
      apart: on a mesh of several rows, whether each row of devices computes its own seeds by itself. Of one program for
        all, TPU's compiler gathers the activations of every seed for convolutions, although no seed needs another's;
        apart, it reduces the gradients of a recurrent network at every time and splits the updates of a perceptron.
    """
    if mesh is None or not apart or placement.all_share(mesh):
        return jax.vmap(function, in_axes=tuple(in_axes), spmd_axis_name=None if mesh is None else SEED)
    mapped = jax.vmap(function, in_axes=tuple(in_axes))
    specs = tuple(jax.P() if axis is None else jax.P(SEED) for axis in in_axes)
    return jax.shard_map(mapped, mesh=mesh, in_specs=specs, out_specs=jax.P(SEED), axis_names={SEED}, check_vma=False)


def vmapped(
    program: Programs,
    seeds: Sequence[int],
    *,
    shared_feed: bool,
    mesh: Mesh | None = None,
    divide_optimizer: bool = False,
    apart: bool = False,
) -> Seeds:
    """All seeds in one program, for accelerators; each equals its own run up to rounding.

    Args:
      program: of one seed, made with the same mesh.
      seeds: their numbers.
      shared_feed: all seeds read from the same arrays; otherwise each has batches of its own.
      mesh: from `placement.mesh`; None for a single device.
      divide_optimizer: on a mesh, keep a part of the optimizers' moments on each device; see `placement.placement`.
      apart: on a mesh, as `over_seeds` says.
    """
    axes = (0, 0, None if shared_feed else 0)
    of_seeds, everywhere = (None, None) if mesh is None else (placement.sharding(mesh, SEED), placement.sharding(mesh))
    several = functools.partial(over_seeds, mesh=mesh, apart=apart)
    keys = jax.jit(lambda: jax.vmap(jax.random.key)(np.asarray(seeds)), out_shardings=of_seeds)()
    begin, advance = several(program.begin, (0, axes[2], 0)), several(program.advance, (*axes, 0))
    sample = jax.jit(several(program.sample, (0, 0, None)), out_shardings=everywhere)
    take = jax.jit(_take, out_shardings=everywhere)
    all_healthy = jax.jit(lambda: _stack(*(healthy() for _ in seeds)), out_shardings=of_seeds)
    whole = jax.jit(lambda healths: healths, out_shardings=everywhere)  # for each process to read
    compiled = []

    def place(states):
        return None if mesh is None else placement.placement(mesh, states, divide_optimizer=divide_optimizer)

    def begin_all(feeds, starts=None):
        feed = feed_all(feeds)
        # On the host, from where each process brings its devices what they need.
        start = None if starts is None else jax.tree.map(lambda *a: np.stack(a), *starts)
        return jax.jit(begin, out_shardings=place(jax.eval_shape(begin, keys, feed, start)))(keys, feed, start)

    stack_batches = jax.jit(
        _stack, out_shardings=None if mesh is None else placement.sharding(mesh, SEED, placement.DATA)
    )

    def feed_all(feeds):
        if shared_feed:
            return feeds[0]()
        batches = [feed() for feed in feeds]
        if mesh is None or placement.all_share(mesh):
            return stack_batches(*batches)
        return placement.divided(mesh, jax.tree.map(lambda *a: np.stack(a), *batches), SEED, placement.DATA)

    def compile_once(states, feeds) -> None:
        if not compiled:
            shardings = None if mesh is None else (place(states), everywhere, of_seeds)
            program = jax.jit(advance, out_shardings=shardings, donate_argnums=1)
            compiled.append(compiler.compiled(program.lower(keys, states, feed_all(feeds), all_healthy())))

    def advance_all(states, feeds, times):
        infos, healths = None, all_healthy()
        for _ in range(times):
            states, infos, healths = compiled[0](keys, states, feed_all(feeds), healths)
        states, infos, healths = jax.block_until_ready((states, infos, healths))
        of_all = jax.device_get((infos, whole(healths)))
        pairs = [jax.tree.map(lambda a, i=i: a[i], of_all) for i in range(len(seeds))]
        return states, [info for info, _ in pairs], [health for _, health in pairs]

    return Seeds(
        begin=begin_all,
        compile=compile_once,
        advance=advance_all,
        sample=lambda states, n: _samples(lambda i: sample(keys, states, i), n, program.chunk, axis=1),
        each=lambda states: [take(states, i) for i in range(len(seeds))],
        stacked=lambda states: states,
        unstacked=lambda stacked: stacked,
        length=program.length,
    )
