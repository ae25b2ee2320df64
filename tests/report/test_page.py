"""Pages from synthetic run directories: self-contained, the same bytes again, nothing left out unsaid."""

import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from jaxgan import data, report
from jaxgan.evaluation import evaluator
from jaxgan.report.files import read_run
from jaxgan.report.samples import samples_through_training
from jaxgan.runs import folder
from jaxgan.runs.summary import Summary, read_summary, write_summary
from jaxgan.training.results import summarized
from tests.report.fixtures import Page, edit, run


def summary_of(directory: Path) -> Summary:
    summary = read_summary(directory)
    assert summary is not None
    return summary


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A run with its report, of which several tests look at one thing each."""
    directory = run(tmp_path_factory.mktemp("report") / "run", modes=(8, 6), snapshots=8)
    seeds = json.loads((directory / "summary.json").read_text())["seeds"]
    edit(
        directory / "summary.json",
        seeds=[x | {"counts": [300] * 6 + [200 * (i == 0)] * 2} for i, x in enumerate(seeds)],
    )
    alarm = {"kind": "collapse", "step": 300, "since": 200, "modes": [], "p_value": None}
    with open(directory / "metrics.jsonl", "a") as file:
        for step in (300, 600):
            for seed in (0, 1):
                line = {"step": step, "seed": seed, "counts": [300] * 7 + [0]}
                raised = (
                    {"alarms": [alarm | {"sentence": "collapse since step 200"}]} if (step, seed) == (300, 1) else {}
                )
                file.write(json.dumps(line | raised) + "\n")
    assert report.write_run(str(directory)) == directory / "report.html"
    return directory


def test_a_run_gets_its_figures(written):
    paths = sorted((written / "figures").iterdir())
    assert [path.name for path in paths] == ["coverage.png", "history.png", "losses.png", "modes.png", "samples.png"]
    for path in paths:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"), float)
            assert 300 < image.width < 1700 and image.height > 200
        assert pixels.std() > 5, f"{path.name} is blank"
    assert not list(written.rglob(".*")), "temporary files are left"


def test_the_page_is_self_contained(written):
    page = Page(written / "report.html")
    kinds = [source.split(";base64,")[0] for source in page.sources]
    assert kinds.count("data:image/png") == 5 and kinds.count("data:image/webp") == 8 and len(kinds) == 13
    beside = {"samples.npz", "snapshots", "metrics.jsonl", "summary.json", "config.json"}
    assert {link for link in page.links if not link.startswith("data:")} == beside, "only files of the run"
    assert all((written / name).exists() for name in beside)
    assert "viewport" in page.names
    text = (written / "report.html").read_text()
    assert not [word for word in ("@import", "url(", "http", "<script src") if word in text]


def test_the_page_holds_the_numbers_and_what_they_mean(written):
    text = Page(written / "report.html").text
    sentence = report.verdict(summary_of(written)).sentence
    assert sentence == "In short: partial." and sentence in text and "As seen." in text and "Pack it." in text
    assert text.index(sentence) < text.index("Samples through training") < text.index("Metrics of the final samples")
    assert "mode 7 at (7, 0) 309 200 0 lost" in text
    assert "step 300, seed 1: collapse since step 200" in text
    assert "ring.py --steps 600" in text and "started 2026-01-02 03:04:05 UTC" in text
    for part in (
        "7 (6.95 to 7.05)",
        "how high_quality is counted",
        "0.9889",
        "seed 1",
        "generator.width 128",
        "jax 0.10.2",
    ):
        assert part in text
    assert "15 steps/s" in text and "abc1234" in text


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(written):
    before = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    report.write_run(written)
    assert before == {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "examples", ["5", *(pytest.param(name, marks=pytest.mark.slow) for name in ("1", "2", "3", "vectors"))]
)
def test_examples_of_every_shape_are_drawn(tmp_path, examples):
    directory = run(tmp_path / "run", examples, modes=(8,))
    (directory / "metrics.jsonl").unlink()
    report.write_run(directory)
    with Image.open(directory / "figures" / "samples.png") as image:
        pixels = np.asarray(image.convert("RGB"), float)
    assert pixels.std() > 5
    coloured = np.abs(pixels - pixels.mean(-1, keepdims=True)).max() > 30
    assert coloured == (examples != "1")


@pytest.mark.parametrize(
    "missing",
    [
        "samples.npz",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("summary.json", "snapshots", "metrics.jsonl", "config.json")
        ),
    ],
)
def test_a_missing_file_leaves_its_part_out(tmp_path, missing):
    directory = run(tmp_path / "run", modes=(8,))
    path = directory / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    text = Page(report.write_run(directory)).text
    figures = {path.stem for path in (directory / "figures").iterdir()}
    assert ("Sample evolution" in text) == (missing != "snapshots")
    lost = {"metrics.jsonl": {"coverage", "losses"}, "summary.json": {"modes"}}.get(missing, set())
    assert figures == {"samples", "modes", "coverage", "losses"} - lost
    assert ("Unfinished" in text) == (missing == "summary.json")
    assert "Not shown" in text and "modes through training" in text


@pytest.mark.slow
def test_a_run_that_has_just_begun(tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps({"experiment": "ring", "arm": "<script>x</script>", "options": {}})
    )
    (tmp_path / "metrics.jsonl").write_text(
        '{"step": 0, "seed": 0, "generator_loss": 0.7, "terms": {}}\n{"step": 20, "se'
    )
    page = Page(report.write_run(tmp_path))
    assert "ring, <script>x</script> " in page.text and "script" not in page.tags
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["losses.png"]


def test_what_is_not_finite_is_said_and_left_out(tmp_path):
    directory = run(tmp_path / "run")
    with np.load(directory / "samples.npz") as file:
        samples, real = file["samples"], file["real"]
    samples[1] = np.nan
    samples[0, :50] = 1e30
    np.savez(directory / "samples.npz", samples=samples, real=real)
    shutil.rmtree(directory / "snapshots")
    fields = ("generator_loss", "discriminator_loss", "generator_gradient_norm", "diversity", "modes", "reverse_kl")
    lines = [{"step": step, "seed": seed} | dict.fromkeys(fields) for step in (0, 20) for seed in (0, 1)]
    (directory / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    text = Page(report.write_run(directory)).text
    assert "Not shown" in text and "coverage through training" in text
    assert "nan" not in text.lower().split()


@pytest.mark.slow
def test_what_does_not_vary_is_drawn(tmp_path):
    """A generator that gives one vector only, no real data to compare it with, and gradients of zero."""
    directory = run(tmp_path / "run", modes=(1,))
    np.savez(directory / "samples.npz", samples=np.ones((1, 5, 16)), real=np.zeros((0, 16)))
    shutil.rmtree(directory / "snapshots")
    fields = ("generator_gradient_norm", "discriminator_gradient_norm", "diversity")
    (directory / "metrics.jsonl").write_text(json.dumps({"step": 0, "seed": 0} | dict.fromkeys(fields, 0.0)))
    report.write_run(directory)
    assert {path.stem for path in (directory / "figures").iterdir()} == {"samples", "modes", "losses"}
    assert "script" not in Page(directory / "report.html").tags


@pytest.mark.slow
def test_a_thousand_modes_and_pictures_of_noise(tmp_path):
    directory = run(tmp_path / "run", "3", modes=(990, 400), total=1000, snapshots=1)
    random = np.random.default_rng(0)
    counts = [np.bincount(random.integers(0, mode, 26000), minlength=1000).tolist() for mode in (990, 400)]
    seeds = json.loads((directory / "summary.json").read_text())["seeds"]
    edit(
        directory / "summary.json", seeds=[x | {"counts": y} for x, y in zip(seeds, counts, strict=True)], samples=26000
    )
    (directory / "metrics.jsonl").unlink()
    noise = random.uniform(-1, 1, (6, 4, 25, 32, 32, 3))
    for step, samples in enumerate(noise):
        folder.add_snapshot(directory, step, samples)
    page = report.write_run(directory)
    assert page.stat().st_size < 3_000_000
    assert "And 550 more; summary.json names them all." in Page(page).text
    assert (directory / "figures" / "modes.png").exists()


@pytest.mark.slow
def test_a_comparison(tmp_path):
    run(tmp_path / "plain", modes=(1, 2), arm="plain")
    run(tmp_path / "packed", modes=(8, 8), arm="packed")
    edit(tmp_path / "packed" / "summary.json", steps=9000)
    (tmp_path / "plain" / "samples.npz").unlink()
    path = report.write_comparison(tmp_path, ["plain", "packed"])
    assert path == tmp_path / "report.html"
    assert {x.name for x in (tmp_path / "figures").iterdir()} == {"comparison.png", "comparison_modes.png"}
    page = Page(path)
    assert {"plain/report.html", "packed/report.html"} <= set(page.links)
    assert all((tmp_path / link).exists() for link in page.links if not link.startswith("data:"))
    assert all(source.startswith("data:image/png;base64,") for source in page.sources) and len(page.sources) == 2
    assert "packed keeps the modes (8 of 8 modes in every one of 2 seeds); plain collapses (1 to 2 of 8" in page.text
    assert "steps 600 plain, 9,000 packed" in page.text
    assert page.tags.count("script") == 0, "animations are on the arms' own pages"
    assert Page(tmp_path / "packed" / "report.html").tags.count("script") == 1
    assert "packing 1 2" in page.text, "the option that differs"
    assert "generator.width" not in page.text, "an option that does not differ"


@pytest.mark.slow
def test_a_comparison_without_modes(tmp_path):
    for arm in ("a", "b"):
        directory = run(tmp_path / arm, "1", modes=(8,), snapshots=1, arm=arm)
        verdict = {"kind": "unknown", "quality": "unknown", "sentence": "Not judged.", "evidence": [], "advice": []}
        values = {"seeds": [{"seed": 0, "fid": 3.0}], "mean": {"fid": 3.0}, "modes_total": None, "modes_expected": {}}
        edit(directory / "summary.json", verdict=verdict, **values)
        (directory / "report.html").write_text("as it was")
    text = Page(report.write_comparison(tmp_path, ["a", "b"])).text
    assert "Not judged: no modes are known for this task." in text and "3 (one seed)" in text
    assert (tmp_path / "a" / "report.html").read_text() == "as it was"
    assert [x.name for x in (tmp_path / "figures").iterdir()] == ["comparison.png"]


def test_no_panel_is_empty(tmp_path):
    """Samples outside of what is shown lie at its edge, in another colour."""
    directory = run(tmp_path / "run")
    with np.load(directory / "samples.npz") as file:
        real = file["real"]
    drawn = []
    for far in (0.0, 1e6):
        np.savez(directory / "samples.npz", samples=np.full((1, 50, 2), far), real=real)
        shutil.rmtree(directory / "snapshots", ignore_errors=True)
        figure = samples_through_training(read_run(directory))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
        drawn.append(int(((pixels[..., 0] - pixels[..., 2]) > 60).sum()))
    assert drawn[0] == 0 and drawn[1] > 10


def test_errors_name_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match=r"no run in .*: expected config\.json, metrics\.jsonl or summary\.json"):
        report.write_run(tmp_path)
    with pytest.raises(ValueError, match=r"no run in .*absent"):
        report.write_comparison(tmp_path, ["absent"])
    with pytest.raises(ValueError, match="arms is empty"):
        report.write_comparison(tmp_path, [])


@pytest.mark.slow
def test_lost_modes_are_judged_by_the_run_and_named_on_its_page(tmp_path):
    """From samples without two of eight modes, through the summary, to what a reader sees."""
    directory = run(tmp_path / "run", modes=(8, 8))
    task = data.ring()
    evaluation = evaluator(task)
    samples = np.array(task.sample(jax.random.key(0), 5000)).reshape(2, 2500, 2)
    away = np.abs(samples[1] - np.asarray(task.means)[2]).max(axis=1) < 0.2
    samples[1, away] = np.asarray(task.means)[3]
    measured = [evaluation.measure(x) for x in samples]
    progress = {"compile_seconds": 1.0, "train_seconds": 1.0, "waited_seconds": 0.0, "silent_techniques": []}
    config = {"experiment": "ring", "arm": None}
    write_summary(directory, summarized(config, task, 600, [0, 1], measured, samples, evaluation, progress, None))
    page = Page(report.write_run(directory))
    assert (
        f"Partial collapse in 1 of 2 seeds: 7 to 8 of 8 modes over 2 seeds; 0 to 1 lost: {task.names[2]} in"
        in page.text
    )
    assert f"{task.names[2]} 309 {measured[0]['counts'][2]} 0 lost" in page.text
    assert task.names[3] not in page.text


def test_a_summary_of_an_older_version_is_still_shown(tmp_path):
    directory = run(tmp_path / "run", modes=(6, 7))
    summary = folder.read_json(directory / "summary.json")
    for new in ("verdict", "modes_expected"):
        del summary[new]
    summary["seeds"] = [
        {k: x for k, x in seed.items() if k != "verdict"} | {"counts": [1] * 8} for seed in summary["seeds"]
    ]
    folder.write_json(directory / "summary.json", summary)
    text = Page(report.write_run(directory)).text
    assert "Not judged, since summary.json holds no verdict: 6 to 7 of 8 modes over 2 seeds." in text
    assert "What to try next" not in text and (directory / "figures" / "modes.png").exists()
