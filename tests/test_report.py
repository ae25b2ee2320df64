"""The report: verdict sentences from numbers, and figures and pages from synthetic run directories."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jaxgan import report

HEALTHY, COLLAPSED = (8, 8, 8, 8), (1, 2, 1, 1)
REAL = {"high_quality": 0.9889, "reverse_kl": 0.0014}


def summarize(
    modes: Any = HEALTHY, quality: float | None = 0.952, divergence: float | None = 0.01, total: int = 8, **more
) -> dict[str, Any]:
    """What train.py writes, for seeds that reach `modes` modes each."""
    values = [{"modes": m, "high_quality": quality, "reverse_kl": divergence} for m in modes]
    seeds = [
        {"seed": i, **x, "missing": [f"mode {k} at ({k}, 0)" for k in range(x["modes"] or 0, total)]}
        for i, x in enumerate(values)
    ]
    several = len(modes) > 1
    return {
        "task": "ring",
        "experiment": "ring",
        "arm": None,
        "steps": 600,
        "seeds": seeds,
        "mean": {name: float(np.mean([x[name] or 0 for x in values])) for name in values[0]},
        "ci95": {name: 0.05 if several else None for name in values[0]},
        "metrics": {
            name: {"convention": f"how {name} is counted", "real": real}
            for name, real in ({"modes": total} | REAL).items()
        },
        "compile_seconds": 2.5,
        "train_seconds": 40.0,
        "steps_per_second": 15.0,
        "samples": 2500,
        "modes_total": total,
    } | more


def _ring(random: np.random.Generator, modes: int, n: int, std: float = 0.02) -> np.ndarray:
    angle = 2 * np.pi * random.integers(0, modes, n) / 8
    return np.stack([np.cos(angle), np.sin(angle)], -1) + std * random.normal(size=(n, 2))


def _images(random: np.random.Generator, n: int, channels: int) -> np.ndarray:
    grid = np.linspace(-1, 1, 12)
    centre = random.uniform(-0.5, 0.5, (n, 2, channels))
    squares = (grid[:, None, None] - centre[:, None, None, 0]) ** 2 + (
        grid[None, :, None] - centre[:, None, None, 1]
    ) ** 2
    return 2 * np.exp(-8 * squares) - 1


def write(directory: Path, examples: str = "points", snapshots: int = 8, arm: str | None = None, **more) -> Path:
    """A whole run directory as train.py leaves it."""
    random = np.random.default_rng(0)
    summary: dict[str, Any] = summarize(**more) | {"arm": arm}
    modes = [int(seed.get("modes") or 8) for seed in summary["seeds"]]

    def draw(mode: int, n: int, std: float = 0.02) -> np.ndarray:
        if examples == "points":
            return _ring(random, mode, n, std)
        if examples == "vectors":
            return _ring(random, mode, n, std) @ np.random.default_rng(1).normal(size=(2, 16)) + 1
        return _images(random, n, int(examples))

    directory.mkdir(parents=True, exist_ok=True)
    np.savez(directory / "samples.npz", samples=np.stack([draw(m, 300) for m in modes]), real=draw(8, 300))
    through = [np.stack([draw(m, 200, 0.5 / (1 + t)) for m in modes]) for t in range(snapshots)]
    np.savez(directory / "snapshots.npz", step=100 * np.arange(snapshots), samples=np.stack(through))
    lines = []
    for step in range(0, 600, 20):
        for i, mode in enumerate(modes):
            noise = 0.1 * float(random.normal())
            row = {"step": step, "seed": i, "generator_loss": 0.9 + noise, "discriminator_loss": 1.2 - noise}
            row |= {
                "discriminator_accuracy": 0.6 + noise,
                "diversity": mode / 8 + noise,
                "terms": {"r1": 0.1 + noise / 9},
            }
            row |= {"generator_gradient_norm": 10**noise, "discriminator_gradient_norm": 3 * 10**noise}
            if step % 100 == 0:
                row |= {"modes": min(mode, 1 + step // 60), "high_quality": step / 640, "reverse_kl": 2 / (1 + step)}
            lines.append(json.dumps(row))
    (directory / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    (directory / "summary.json").write_text(json.dumps(summary))
    options = {"steps": 600, "generator": {"width": 128, "activation": "tanh"}, "packing": 2 if arm == "packed" else 1}
    config = {"experiment": "ring", "arm": arm, "options": options, "versions": {"python": "3.11.9", "jax": "0.10.2"}}
    (directory / "config.json").write_text(
        json.dumps(config | {"device_kind": "cpu", "device_count": 1, "git_revision": "abc1234"})
    )
    return directory


class Page(HTMLParser):
    """What a browser would load, and what a reader would see."""

    def __init__(self, path: Path):
        super().__init__()
        self.sources, self.links, self.names, self.text, self.tags = [], [], [], "", []
        self.hidden = False
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.hidden = tag in ("style", "script")
        self.tags.append(tag)
        self.sources += [given["src"]] if "src" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.names += [given["name"]] if tag == "meta" and "name" in given else []

    def handle_data(self, data):
        if not self.hidden:
            self.text += " ".join(data.split()) + " "


def run(directory: Path, examples: str = "points", modes=(8, 8), snapshots: int = 2, **more) -> Path:
    """A run that is drawn quickly."""
    return write(directory, examples, snapshots, modes=modes, **more)


def edit(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("summary", "kind", "sentence"),
    [
        (
            summarize(),
            "healthy",
            "Healthy: 8 of 8 modes in every one of 4 seeds; 95.2 % of samples are of high quality (real data: 98.9 %).",
        ),
        (
            summarize(modes=(8,)),
            "healthy",
            "Healthy: 8 of 8 modes (one seed); 95.2 % of samples are of high quality (real data: 98.9 %).",
        ),
        (
            summarize(modes=(991, 1000), total=1000, metrics={}),
            "healthy",
            "Healthy: 991 to 1,000 of 1,000 modes over 2 seeds; 95.2 % of samples are of high quality.",
        ),
        (
            summarize(modes=(6, 7), quality=0.5),
            "partial",
            "Partial: 6 to 7 of 8 modes over 2 seeds; 50.0 % of samples are of high quality (real data: 98.9 %); "
            "lost: mode 7 at (7, 0), mode 6 at (6, 0) in 1 of 2 seeds.",
        ),
        (
            summarize(quality=0.4),
            "partial",
            "Partial: 8 of 8 modes in every one of 4 seeds; only 40 % of samples are of high quality "
            "(real data: 98.9 %).",
        ),
        (
            summarize(divergence=0.9),
            "partial",
            "Partial: 8 of 8 modes in every one of 4 seeds; unevenly filled, with a reverse KL of 0.9 "
            "(real data: 0.0014); 95.2 % of samples are of high quality (real data: 98.9 %).",
        ),
        (
            summarize(modes=(1, 2), total=8, quality=1.0, metrics={}),
            "collapsed",
            "Collapsed: 1 to 2 of 8 modes over 2 seeds; 100.0 % of samples are of high quality; lost: "
            "mode 2 at (2, 0), mode 3 at (3, 0), mode 4 at (4, 0), mode 5 at (5, 0) and 3 more.",
        ),
        (summarize(modes=(None,), quality=None, divergence=None, total=2, metrics={}), "collapsed", None),
        (
            {"seeds": [{"seed": 0, "fid": 12.5}], "mean": {"fid": 12.5}, "metrics": {"fid": {"real": 0.25}}},
            "unknown",
            "No mode metric for this task; fid 12.5 (one seed) (real data: 0.25).",
        ),
        ({"seeds": [{"seed": 0}], "modes_total": None}, "unknown", "No mode metric for this task."),
        ({}, "unfinished", "Unfinished: there are no final metrics."),
    ],
)
def test_verdict(summary, kind, sentence):
    given = report.verdict(summary)
    assert given.kind == kind
    if sentence is not None:
        assert given.sentence == sentence


@pytest.mark.parametrize(("share", "kind"), [(1.0, "healthy"), (0.999, "diverged")])
def test_verdict_needs_finite_samples(share, kind):
    given = report.verdict(summarize(), [1.0, 1.0, share, 1.0])
    assert given.kind == kind
    assert ("seed 2 (of 4 in all)" in given.sentence) == (kind == "diverged")


def test_the_modes_of_real_data_are_enough():
    """Few samples do not reach every mode even of real data."""
    metrics = {"modes": {"convention": "", "real": 950.0}}
    assert report.verdict(summarize(modes=(945,), total=1000, metrics=metrics)).kind == "healthy"
    assert report.verdict(summarize(modes=(935,), total=1000, metrics=metrics)).kind == "partial"


def test_comparison_verdict_names_the_best_arm_first():
    summaries = [summarize(COLLAPSED), summarize(HEALTHY), summarize((8, 7, 8, 8)), summarize(quality=0.3)]
    names = ["plain", "packed", "some", "blurred"]
    given = report.comparison_verdict(names, summaries, [report.verdict(summary) for summary in summaries])
    assert given.kind == "healthy"
    assert given.sentence == (
        "packed keeps the modes (8 of 8 modes in every one of 4 seeds); "
        "some loses modes (7 to 8 of 8 modes over 4 seeds); "
        "blurred keeps the modes, but fills them badly (8 of 8 modes in every one of 4 seeds); "
        "plain collapses (1 to 2 of 8 modes over 4 seeds)."
    )
    unknown = report.Verdict("unknown", "")
    assert report.comparison_verdict(["a"], [{}], [unknown]).sentence == "No mode metric for this task."


def test_comparison_table():
    several = summarize(COLLAPSED) | {"arm": "plain"}
    one = summarize((8,)) | {"arm": "packed, in words"}
    heading, *lines = report.comparison_table([several, one]).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["plain", "packed, in words", "real data"]
    for name, texts in {
        "modes": ("1.25 ± 0.05 [1 to 2]", "8 (one seed) [8]", "8"),
        "high_quality": ("0.952 ± 0.05 [0.952]", "0.952 (one seed) [0.952]", "0.9889"),
    }.items():
        start = heading.index(name)
        for line, text in zip(lines, texts, strict=True):
            assert line[start:].split("  ")[0] == text
            assert line[start - 2 : start] == "  "


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A run with its report, of which several tests look at one thing each."""
    directory = run(tmp_path_factory.mktemp("report") / "run", modes=(8, 6), snapshots=8)
    seeds = json.loads((directory / "summary.json").read_text())["seeds"]
    edit(
        directory / "summary.json",
        seeds=[x | {"counts": [300] * 6 + [200 * (i == 0)] * 2} for i, x in enumerate(seeds)],
    )
    assert report.write_run(str(directory)) == directory / "report.html"
    return directory


def test_a_run_gets_its_figures(written):
    paths = sorted((written / "figures").iterdir())
    assert [path.name for path in paths] == ["coverage.png", "losses.png", "modes.png", "samples.png"]
    for path in paths:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"), float)
            assert 300 < image.width < 1700 and image.height > 200
        assert pixels.std() > 5, f"{path.name} is blank"
    assert not list(written.rglob(".*")), "temporary files are left"


def test_the_page_is_self_contained(written):
    page = Page(written / "report.html")
    assert len(page.sources) == 4 and all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert all(link.startswith("data:") for link in page.links)
    assert "viewport" in page.names
    assert "script" not in page.tags
    assert (
        "@import" not in (written / "report.html").read_text() and "url(" not in (written / "report.html").read_text()
    )


def test_the_page_holds_the_numbers_and_what_they_mean(written):
    text = Page(written / "report.html").text
    sentence = report.verdict(json.loads((written / "summary.json").read_text())).sentence
    assert sentence.startswith("Partial: 6 to 8 of 8 modes") and sentence in text
    assert text.index(sentence) < text.index("Samples through training") < text.index("Metrics of the final samples")
    for part in ("7 ± 0.05", "how high_quality is counted", "0.9889", "seed 1", "generator.width 128", "jax 0.10.2"):
        assert part in text
    assert "15 steps/s" in text and "abc1234" in text


def test_the_same_input_gives_the_same_bytes(written):
    before = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}
    report.write_run(written)
    assert before == {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}


@pytest.mark.parametrize("examples", ["1", "2", "3", "5", "vectors"])
def test_examples_of_every_shape_are_drawn(tmp_path, examples):
    directory = run(tmp_path / "run", examples, modes=(8,))
    (directory / "metrics.jsonl").unlink()
    report.write_run(directory)
    with Image.open(directory / "figures" / "samples.png") as image:
        pixels = np.asarray(image.convert("RGB"), float)
    assert pixels.std() > 5
    coloured = np.abs(pixels - pixels.mean(-1, keepdims=True)).max() > 30
    assert coloured == (examples != "1")


@pytest.mark.parametrize("missing", ["samples.npz", "snapshots.npz", "metrics.jsonl", "summary.json", "config.json"])
def test_a_missing_file_leaves_its_part_out(tmp_path, missing):
    directory = run(tmp_path / "run", modes=(8,))
    (directory / missing).unlink()
    text = Page(report.write_run(directory)).text
    figures = {path.stem for path in (directory / "figures").iterdir()}
    lost = {"metrics.jsonl": {"coverage", "losses"}, "summary.json": {"modes"}}.get(missing, set())
    assert figures == {"samples", "modes", "coverage", "losses"} - lost
    assert ("Unfinished" in text) == (missing == "summary.json")
    assert ("Not shown" in text) == bool(lost)


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
    (directory / "snapshots.npz").unlink()
    fields = ("generator_loss", "discriminator_loss", "generator_gradient_norm", "diversity", "modes", "reverse_kl")
    lines = [{"step": step, "seed": seed} | dict.fromkeys(fields) for step in (0, 20) for seed in (0, 1)]
    (directory / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    text = Page(report.write_run(directory)).text
    assert "Diverged: samples of seed 1 (of 2 in all) are not finite." in text
    assert "Not shown" in text and "coverage through training" in text
    assert "nan" not in text.lower().split()


def test_what_does_not_vary_is_drawn(tmp_path):
    """A generator that gives one vector only, no real data to compare it with, and gradients of zero."""
    directory = run(tmp_path / "run", modes=(1,))
    np.savez(directory / "samples.npz", samples=np.ones((1, 5, 16)), real=np.zeros((0, 16)))
    (directory / "snapshots.npz").unlink()
    fields = ("generator_gradient_norm", "discriminator_gradient_norm", "diversity")
    (directory / "metrics.jsonl").write_text(json.dumps({"step": 0, "seed": 0} | dict.fromkeys(fields, 0.0)))
    report.write_run(directory)
    assert {path.stem for path in (directory / "figures").iterdir()} == {"samples", "modes", "losses"}


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
    np.savez(directory / "snapshots.npz", step=np.arange(6), samples=noise)
    page = report.write_run(directory)
    assert page.stat().st_size < 3_000_000
    assert "Partial: 400 to 990 of 1,000 modes over 2 seeds" in Page(page).text
    assert (directory / "figures" / "modes.png").exists()


def test_a_comparison(tmp_path):
    run(tmp_path / "plain", modes=(1, 2), arm="plain")
    run(tmp_path / "packed", modes=(8, 8), arm="packed")
    (tmp_path / "plain" / "samples.npz").unlink()
    path = report.write_comparison(tmp_path, ["plain", "packed"])
    assert path == tmp_path / "report.html"
    assert {x.name for x in (tmp_path / "figures").iterdir()} == {"comparison.png", "comparison_modes.png"}
    page = Page(path)
    assert {"plain/report.html", "packed/report.html"} <= set(page.links)
    assert all((tmp_path / link).exists() for link in page.links if not link.startswith("data:"))
    assert all(source.startswith("data:image/png;base64,") for source in page.sources) and len(page.sources) == 2
    assert "packed keeps the modes (8 of 8 modes in every one of 2 seeds); plain collapses (1 to 2 of 8" in page.text
    assert "packing 1 2" in page.text, "the option that differs"
    assert "generator.width" not in page.text, "an option that does not differ"


def test_a_comparison_without_modes(tmp_path):
    for arm in ("a", "b"):
        directory = run(tmp_path / arm, "1", modes=(8,), snapshots=1, arm=arm)
        edit(directory / "summary.json", seeds=[{"seed": 0, "fid": 3.0}], mean={"fid": 3.0}, modes_total=None)
        (directory / "report.html").write_text("as it was")
    text = Page(report.write_comparison(tmp_path, ["a", "b"])).text
    assert "No mode metric for this task." in text and "3 (one seed)" in text
    assert (tmp_path / "a" / "report.html").read_text() == "as it was"
    assert [x.name for x in (tmp_path / "figures").iterdir()] == ["comparison.png"]


def test_errors_name_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match=r"no run in .*: expected config\.json, metrics\.jsonl or summary\.json"):
        report.write_run(tmp_path)
    with pytest.raises(ValueError, match=r"no run in .*absent"):
        report.write_comparison(tmp_path, ["absent"])
    with pytest.raises(ValueError, match="arms is empty"):
        report.write_comparison(tmp_path, [])
