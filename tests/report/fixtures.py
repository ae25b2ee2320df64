"""Whole run directories as train.py leaves them, and what a reader sees of a page."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.runs import folder

HEALTHY, COLLAPSED = (8, 8, 8, 8), (1, 2, 1, 1)
REAL = {"high_quality": 0.9889, "reverse_kl": 0.0014}


def summarize(
    modes: Any = HEALTHY, quality: float | None = 0.952, divergence: float | None = 0.01, total: int = 8, **more
) -> dict[str, Any]:
    """What train.py writes, for seeds that reach `modes` modes each; what is said of them is left to others."""
    values = [{"modes": m, "high_quality": quality, "reverse_kl": divergence} for m in modes]
    names = [f"mode {k} at ({k}, 0)" for k in range(total)]
    seeds = [{"seed": i, **x, "missing": names[x["modes"] or 0 :]} for i, x in enumerate(values)]
    kinds = ["collapse" if 2 * (m or 0) < total else "partial" if m < total else "healthy" for m in modes]
    for seed, kind in zip(seeds, kinds, strict=True):
        seed["verdict"] = {
            "kind": kind,
            "quality": "good",
            "sentence": kind,
            "lost": seed["missing"],
            "starved": [],
            "untested": 0,
        }
    kind = max(kinds, key=["healthy", "partial", "collapse"].index)
    verdict = {
        "kind": kind,
        "quality": "good",
        "sentence": f"In short: {kind}.",
        "evidence": ["As seen."],
        "advice": ["Pack it."],
    }
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
        "verdict": verdict,
        "modes_expected": {name: 2500 * REAL["high_quality"] / total for name in names},
    } | more


def ring(random: np.random.Generator, modes: int, n: int, std: float = 0.02) -> np.ndarray:
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
            return ring(random, mode, n, std)
        if examples == "vectors":
            return ring(random, mode, n, std) @ np.random.default_rng(1).normal(size=(2, 16)) + 1
        return _images(random, n, int(examples))

    directory.mkdir(parents=True, exist_ok=True)
    np.savez(directory / "samples.npz", samples=np.stack([draw(m, 300) for m in modes]), real=draw(8, 300))
    through = [np.stack([draw(m, 200, 0.5 / (1 + t)) for m in modes]) for t in range(snapshots)]
    for t, samples in enumerate(through):
        folder.add_snapshot(directory, 100 * t, samples)
    lines = []
    for step in range(0, 600, 20):
        for i, mode in enumerate(modes):
            noise = 0.1 * float(random.normal())
            row = {"step": step, "seed": i, "generator_loss": 0.9 + noise, "discriminator_loss": 1.2 - noise}
            row |= {
                "discriminator_accuracy": 0.6 + noise,
                "diversity": mode / 8 + noise,
                "terms": {"discriminator": {"r1": 0.1 + noise / 9}, "generator": {}},
            }
            row |= {"generator_gradient_norm": 10**noise, "discriminator_gradient_norm": 3 * 10**noise}
            if step % 100 == 0:
                row |= {"modes": min(mode, 1 + step // 60), "high_quality": step / 640, "reverse_kl": 2 / (1 + step)}
            lines.append(json.dumps(row))
    (directory / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    (directory / "summary.json").write_text(json.dumps(summary))
    options = {"steps": 600, "generator": {"width": 128, "activation": "tanh"}, "packing": 2 if arm == "packed" else 1}
    config = {"experiment": "ring", "arm": arm, "options": options, "versions": {"python": "3.11.9", "jax": "0.10.2"}}
    begun = {"command": "python ring.py --steps 600", "started": "2026-01-02T03:04:05+00:00"}
    (directory / "config.json").write_text(
        json.dumps(config | {"device_kind": "cpu", "device_count": 1, "git_revision": "abc1234"} | begun)
    )
    return directory


class Page(HTMLParser):
    """What a browser would load, and what a reader would see."""

    def __init__(self, path: Path):
        super().__init__()
        self.sources, self.links, self.names, self.text, self.tags = [], [], [], "", []
        self.hidden = False
        self.feed(path.read_text())
        self.text = " ".join(self.text.split())

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
