"""Walks between latents: closed, through what the model samples, of one class each, and kept for runs of images."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from jaxgan.report import animation
from jaxgan.report.files import read_run
from jaxgan.runs import interpolating
from jaxgan.runs.examples import Example, Label
from jaxgan.runs.interpolating import BETWEEN, STOPS, WALKS, interpolations, write_interpolations
from jaxgan.types import Network
from tests.report.fixtures import run as write_run
from tests.runs.test_exporting import MLP, POINTS, loaded


def test_walks_are_closed_and_pass_what_is_sampled():
    run, key = loaded(*MLP, POINTS), jax.random.key(3)
    found = interpolations(run, key)
    assert found.shape == (STOPS * BETWEEN + 1, 2, WALKS, 2)
    np.testing.assert_array_equal(found[0], found[-1])

    @jax.jit
    def made(state):
        first, second = (run.model.latent(jax.random.fold_in(key, i), state, WALKS) for i in (0, 1))
        between = (first + second) / np.sqrt(2)  # halfway, as far from zero as latents are
        return [run.model.decode(key, state, z) for z in (first, between, second)]

    for seed, state in enumerate(run.states):
        for frame, expected in zip((0, BETWEEN // 2, BETWEEN), made(state), strict=True):
            np.testing.assert_allclose(found[frame, seed], expected, rtol=1e-5, atol=1e-6)
    assert np.abs(np.diff(found, axis=0)).max() < 0.5 * np.ptp(found)  # no jumps


def test_each_walk_is_of_one_class():
    told = Network(
        lambda key, x, label: ({"w": jnp.ones(())}, {}),
        lambda params, stats, x, *, train, label, key=None: (
            params["w"] * jnp.stack([label, label], 1).astype(x.dtype),
            stats,
        ),
        conditional=True,
    )
    judge = networks.projection(networks.mlp([4], out=1), 4)
    found = interpolations(loaded(told, judge, POINTS._replace(label=Label((), "int32", 4))), jax.random.key(0))
    np.testing.assert_array_equal(found, np.broadcast_to((np.arange(WALKS) % 4)[:, None], found.shape))


@pytest.mark.slow
def test_they_are_kept_of_images_and_shown_with_a_slider(tmp_path, monkeypatch):
    directory = write_run(tmp_path / "run", "1")
    (tmp_path / "points").mkdir()
    generator = networks.dcgan_generator((12, 12), 1, width=2, batch_norm=True)
    images = loaded(generator, networks.dcgan_discriminator(width=2), Example("images", (12, 12, 1)))
    monkeypatch.setattr(interpolating, "load", lambda directory: images)
    for kind, folder, kept in (("points", tmp_path / "points", False), ("images", directory, True)):
        described = type("Described", (), {"example": images.example._replace(kind=kind)})
        monkeypatch.setattr(interpolating, "described", lambda directory, described=described: described)
        write_interpolations(folder)
        assert (folder / interpolating.FILE).exists() == kept
    found = animation.interpolations(read_run(directory))
    assert found is not None and len(found.frames) == STOPS * BETWEEN + 1
    assert [found.frames[i][0] for i in (0, BETWEEN, -1)] == ["0 % of the way", "33 % of the way", "100 % of the way"]
    assert animation.interpolations(read_run(directory)._replace(interpolations=np.zeros(0))) is None
