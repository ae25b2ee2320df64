"""The page of a diagnosis shows names as they are, whatever they are."""

import html
from types import SimpleNamespace

import numpy as np
import pytest

from jaxgan import report
from jaxgan.diagnosis.holes import Hole
from jaxgan.report.style import plain_text

NAMES = (r"$\frac{$", "$x$", "<b>&", "caf\udce9", "line\nbreak", "\\$", "x" * 300)


def test_names_are_no_formulas():
    assert [plain_text(name) for name in NAMES[:3]] == [r"\$\frac{\$", r"\$x\$", "<b>&"]
    assert [plain_text(name) for name in NAMES[3:6]] == [r"caf\udce9", r"line\nbreak", "\\\\$"]
    assert len(plain_text(NAMES[6])) == 24


@pytest.fixture
def diagnosis():
    """Of eleven-dimensional images in seven classes, of which every second one is lost."""
    random = np.random.RandomState(0)
    classes, images = np.arange(28) % 7, random.uniform(-1, 1, (28, 4, 4, 1)).astype(np.float32)
    modes = [
        SimpleNamespace(name=name, state=("lost", "kept")[i % 2], seen=i, expected=4.0, ratio=i / 4, p_value=0.1)
        for i, name in enumerate(NAMES)
    ]
    samples = SimpleNamespace(kind="images", real=images, fake=images[:20], real_labels=classes)
    return SimpleNamespace(
        verdict=SimpleNamespace(kind="partial", quality="good", sentence="No " + NAMES[0], evidence=(), advice=()),
        modes=modes,
        # A category's name is the table's, and as little to be trusted.
        traits=[SimpleNamespace(name=NAMES[1], state="lost", seen=0, expected=4.0, ratio=0.0, p_value=0.1)],
        measures={},
        found=SimpleNamespace(
            holes=SimpleNamespace(found=True, empty=[Hole(np.arange(5), 0.2, 5.0, 0, 0.0005)]),
            repeats=SimpleNamespace(groups=[np.arange(3)]),
            copies=SimpleNamespace(found=True, pairs=np.array([[0, 1], [2, 3]])),
            conditions=[SimpleNamespace(name=NAMES[2], samples=3, ratio=0.1, vendi=1.0, p_value=0.001, collapsed=True)],
        ),
        assignment=SimpleNamespace(real=classes, kind="labels"),
        samples=samples,
        real_features=images.reshape(28, -1),
        fake_features=images[:20].reshape(20, -1),
        conventions={side: {"source": NAMES[3], "samples": 28} for side in ("real", "fake")},
    )


def test_a_page_of_any_names(tmp_path, diagnosis):
    text = report.write_diagnosis(tmp_path, diagnosis).read_text(encoding="utf-8")
    for name in ("modes", "missing", "repeats", "copies"):
        assert (tmp_path / "figures" / f"{name}.png").exists()
    assert "Parts of the data that are hardly made, around" in text and ">real 0<" in text
    for name in (*NAMES[:3], NAMES[6]):
        assert f">{html.escape(name)}<" in text
    assert "<b>" not in text and r"caf\udce9" in text
