"""A run that is loaded is the one that was trained: the same model, the same states, the same samples."""

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import data
from jaxgan.runs.checkpoints import Checkpoints, names_in
from jaxgan.runs.examples import Example, Label, example_of, turns
from jaxgan.runs.loading import asked, class_number, draw
from jaxgan.training.seeds import programs
from jaxgan.types import Batch
from tests.commands.fixtures import RING, train

TASK = data.ring()


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    return train(RING, tmp_path_factory.mktemp("ring") / "run")


def kept(directory):
    with np.load(directory / "samples.npz") as file:
        return file["samples"]


def sampled(run, n, chunk):
    """What the training itself samples at its last step, with the loaded model and states."""
    sample = jax.jit(programs(run.model, TASK.draw, 16, 1, chunk).sample)
    pairs = zip(run.seeds, run.states, strict=True)
    return np.stack([sample(jax.random.key(seed), state, jnp.int32(0))[:n] for seed, state in pairs])


def test_the_samples_are_those_of_the_training(ring):
    run = jaxgan.load(ring)
    assert run.seeds == (3, 4) and run.step == 20 and len(run.states) == 2
    assert (run.example.kind, run.example.shape, run.example.label) == ("points", (2,), None)
    assert [int(state.step) for state in run.states] == [20, 20]
    np.testing.assert_array_equal(sampled(run, 50, 2500), kept(ring))
    assert run.config["experiment"] == "ring"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [("--seed-axis", "vmap"), pytest.param(("--no-watch-modes",), marks=pytest.mark.slow)],
    ids=["vmap", "unwatched"],
)
def test_however_its_seeds_were_trained(arguments, tmp_path):
    directory = train(RING, tmp_path / "run", *arguments)
    run = jaxgan.load(str(directory))
    np.testing.assert_allclose(sampled(run, 50, 2500), kept(directory), rtol=1e-5, atol=1e-6)


def test_a_loaded_state_is_what_the_model_makes_and_can_be_trained_on(ring):
    run = jaxgan.load(ring)
    batch = TASK.sample(jax.random.key(1), 16)
    made = jax.eval_shape(lambda batch: run.model.init(jax.random.key(0), batch), batch)
    assert jax.tree.structure(made) == jax.tree.structure(run.states[0])
    assert jax.tree.map(lambda a: (a.shape, a.dtype), made) == jax.tree.map(lambda a: (a.shape, a.dtype), run.states[0])
    state, info = jax.jit(run.model.step)(jax.random.key(2), run.states[1], batch)
    assert int(state.step) == 21 and bool(jnp.isfinite(info.generator_loss))


def test_a_run_that_was_stopped_is_loaded_at_its_newest_checkpoint(ring, tmp_path):
    directory = shutil.copytree(ring, tmp_path / "run")
    for file in ("summary.json", "samples.npz"):
        (directory / file).unlink()
    shutil.rmtree(directory / "checkpoints" / "20")
    run = jaxgan.load(directory)
    assert run.step == 10 and [int(state.step) for state in run.states] == [10, 10]


def test_draws_are_chunks_of_the_models_own_samples(ring):
    run = jaxgan.load(ring)
    key = jax.random.key(5)
    found = draw(run, key, 1100, seed=4)
    sample = jax.jit(run.model.sample, static_argnums=2)
    chunks = [sample(jax.random.fold_in(key, i), run.states[1], 500) for i in range(3)]
    np.testing.assert_array_equal(found, np.concatenate(chunks)[:1100])
    assert not np.array_equal(draw(run, key, 5), draw(run, key, 5, seed=4))
    np.testing.assert_array_equal(draw(run, key, 5), draw(run, key, 5, seed=3))
    with pytest.raises(ValueError, match="no seed 0 in this run; its seeds are 3, 4"):
        draw(run, key, 5, seed=0)
    with pytest.raises(ValueError, match="at least 1 sample can be drawn, not 0"):
        draw(run, key, 0)


def test_labels_are_given_to_a_conditional_model_and_to_no_other(ring):
    run, key = jaxgan.load(ring), jax.random.key(0)
    with pytest.raises(ValueError, match="unconditional: it cannot be asked for label 1"):
        draw(run, key, 3, label=1)
    labelled = run._replace(example=run.example._replace(label=Label((), "int32", 10)))
    with pytest.raises(ValueError, match="takes no labels"):  # there were labels, but the model does not take them
        draw(labelled, key, 3, label=1)

    def sample(key, state, n, label=None):
        del key, state
        return jnp.zeros((n, 2)) if label is None else jnp.stack([label, 2 * label], axis=1)

    conditional = labelled._replace(model=run.model._replace(sample=sample))
    np.testing.assert_array_equal(draw(conditional, key, 3, label=7), [[7, 14]] * 3)
    np.testing.assert_array_equal(draw(conditional, key, 3), np.zeros((3, 2)))
    of_each = np.arange(1100) % 10
    np.testing.assert_array_equal(draw(conditional, key, 1100, label=of_each)[:, 0], of_each)
    with pytest.raises(ValueError, match=r"labels of this run are in \[0, 10\), not 12"):
        draw(conditional, key, 3, label=np.array([3, 12, 1]))
    for label in (-1, 10):
        with pytest.raises(ValueError, match=rf"labels of this run are in \[0, 10\), not {label}"):
            draw(conditional, key, 3, label=label)


def test_an_example_is_described_by_what_the_task_gives():
    found = example_of(TASK)
    assert found == Example("points", (2,), "float32", found.scale)
    assert found.scale == pytest.approx(np.sqrt(0.5), rel=0.02)  # a ring of radius 1
    images = np.zeros((6, 8, 8, 1), np.float32)
    numbers = np.arange(6, dtype=np.int32)
    labelled = data.Examples("letters", "images", images, numbers, True, tuple("abcdef"))
    found = example_of(labelled)
    assert found == Example(
        "images", (8, 8, 1), "float32", 1.0, Label((), "int32", 6, tuple("abcdef"), (1 / 6,) * 6, (1 / 6,) * 6)
    )
    rare = labelled._replace(labels=np.array([0, 0, 0, 1, 1, 5], np.int32))
    assert example_of(rare).label.shares == example_of(rare).label.in_data == (3 / 6, 2 / 6, 0, 0, 0, 1 / 6)
    balanced = example_of(data.balanced(rare)).label
    assert balanced.shares == (1 / 3, 1 / 3, 0, 0, 0, 1 / 3) and balanced.in_data == (3 / 6, 2 / 6, 0, 0, 0, 1 / 6)
    batch = found.batch(4)
    assert isinstance(batch, Batch) and batch.data.shape == (4, 8, 8, 1) and batch.label.shape == (4,)
    soft = labelled._replace(labels=np.zeros((6, 3), np.float32))
    assert example_of(soft).label == Label((3,), "float32", None)


def test_classes_are_asked_for_as_often_as_in_the_data(ring):
    run = jaxgan.load(ring)
    assert asked(run, 5) is None
    told = run._replace(model=run.model._replace(conditional=True))
    label = Label((), "int32", 3, (), (1 / 3, 1 / 3, 1 / 3), (0.7, 0.2, 0.1))
    assert np.bincount(asked(told._replace(example=run.example._replace(label=label)), 1000)).tolist() == [
        700,
        200,
        100,
    ]
    older = label._replace(shares=(), in_data=())  # what earlier versions recorded
    assert asked(told._replace(example=run.example._replace(label=older)), 7).tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_a_class_is_named_or_numbered(ring):
    run, label = jaxgan.load(ring), Label((), "int32", 3, ("pear", "plum", "0"))
    named = run._replace(example=run.example._replace(label=label))
    assert [class_number(named, text) for text in ("pear", "plum", "0", "1")] == [0, 1, 2, 1]
    with pytest.raises(ValueError, match=r"^there is no class 'fig' in this run; they are pear, plum, 0$"):
        class_number(named, "fig")
    with pytest.raises(ValueError, match="'fig' in this run; they have no names: give a number"):
        class_number(run, "fig")


def changed(directory, **values):
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def one_line(directory):
    with pytest.raises(ValueError) as raised:
        jaxgan.load(directory)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_folder_without_a_run_is_one_line(tmp_path):
    assert one_line(tmp_path / "none") == f"there is no folder {tmp_path / 'none'}"
    assert one_line(tmp_path) == f"{tmp_path} holds no run: there is no config.json in it"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "config.json").write_text("[]")
    assert one_line(tmp_path).endswith("config.json is no configuration of a run: it holds no options")
    (tmp_path / "config.json").write_text('{"experi')
    assert "config.json cannot be read as JSON" in one_line(tmp_path)


def test_a_damaged_run_is_one_line_that_names_the_file(ring, tmp_path):
    directory = shutil.copytree(ring, tmp_path / "run")
    config = json.loads((directory / "config.json").read_text())
    options = config["options"]
    changed(directory, options={"data": {}})
    assert "does not say how the model was made: there is no architecture" in one_line(directory)
    changed(directory, options=options | {"architecture": options["architecture"] | {"generator_width": 9}})
    said = one_line(directory)
    assert "holds float32 [2, 8] as generator.params.Dense_0.bias, but the model of config.json has float32" in said
    changed(directory, options=options | {"training": options["training"] | {"loss": "l2"}})
    assert "config.json: options.training: --loss l2: no loss 'l2'" in one_line(directory)
    changed(directory, options=options | {"run": options["run"] | {"seeds": 3}})
    assert "int32 [2] as step, but the model of config.json has int32 [3]" in one_line(directory)
    changed(directory, options=options, example={"kind": "points"})
    assert "config.json: example does not hold 'shape'" in one_line(directory)
    config.pop("example")
    (directory / "config.json").write_text(json.dumps(config))
    assert "does not say what an example is, as runs of older versions do not" in one_line(directory)


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_loaded(ring, tmp_path, capsys):
    directory = shutil.copytree(ring, tmp_path / "run")
    newest = directory / "checkpoints" / "20"
    shutil.rmtree(newest / "arrays")
    assert jaxgan.load(directory).step == 10
    said = capsys.readouterr().err
    assert said.startswith(f"the checkpoint of step 20 in {newest.parent} cannot be read: arrays/")
    assert said.count("\n") == 1 and "is missing; it is left as it is, and that of step 10 is used" in said
    shutil.rmtree(directory / "checkpoints" / "10")
    assert "the checkpoint of step 20 in" in one_line(directory)
    shutil.rmtree(newest)
    (directory / "checkpoints").rmdir()
    assert "has no checkpoint yet" in one_line(directory)
    assert not (directory / "checkpoints").exists()


def test_restoring_into_another_structure_says_which_array_differs(ring):
    run = jaxgan.load(ring)
    with Checkpoints(ring / "checkpoints") as checkpoints:
        with pytest.raises(ValueError, match=r"the checkpoint of step 20 in .* has .* int32 \[2\], not int32 \[\]"):
            checkpoints.restore(run.states[0]._replace(techniques=None), 20)
        arrays, progress = checkpoints.read(10)
    assert progress["step"] == 10
    assert set(names_in(run.states[0])) <= set(arrays)
    assert arrays["generator.params.Dense_0.kernel"].shape == (2, 2, 8)


@pytest.mark.parametrize("shares", [[0.59, 0.3, 0.11], [1, 0, 3], [0.001] * 999 + [0.001]])
def test_turns_keep_to_the_shares_at_every_length(shares):
    found = turns(np.array(shares), 3000)
    counts = np.cumsum(found[:, None] == np.arange(len(shares)), axis=0)
    expected = np.arange(1, 3001)[:, None] * np.array(shares) / np.sum(shares)
    assert np.abs(counts - expected).max() <= 1 + 1e-6
    assert found.dtype == np.int32


def test_equal_shares_take_turns():
    assert turns(np.full(7, 1 / 7), 700).tolist() == (np.arange(700) % 7).tolist()
