"""The diagnosis of digits that were made to collapse in known ways, and the command around it."""

import hashlib
import json

import numpy as np
import pytest

from jaxgan.commands.main import main
from jaxgan.diagnosis import diagnose
from jaxgan.diagnosis.assignment import assign
from jaxgan.diagnosis.inputs import Samples, fitted
from jaxgan.diagnosis.levels import FALSE_ALARM
from jaxgan.diagnosis.modes import judge_modes
from jaxgan.diagnosis.views import view_of
from tests.diagnosis import fixtures
from tests.features import transformer_reference

IMAGES, LABELS = fixtures.digits()
FIRST, SECOND = fixtures.halves(0)
FAKES, CLASSES = IMAGES[SECOND], LABELS[SECOND]
REAL = Samples(IMAGES[FIRST][..., None], LABELS[FIRST], tuple("0123456789"), "real digits", "images")

UNLABELLED = REAL._replace(labels=None, names=())


def flat(images):
    return images.reshape(len(images), -1).astype(np.float32)


def found(fakes, real=REAL):
    return diagnose(real, Samples(fakes[..., None], None, real.names, "fakes", "images"))


def named(diagnosis):
    summary = diagnosis.summary()
    return tuple([mode["name"] for mode in summary[key]] for key in ("lost_modes", "starved_modes"))


def damaged():
    """Without 3 and 7, a tenth of 5, and noise instead of 4."""
    images, classes = FAKES.copy(), CLASSES.copy()
    images[classes == 4] = fixtures.noise(images[classes == 4])
    kept = ~np.isin(classes, (3, 7))
    return fixtures.thinned(images[kept], classes[kept], 5)


ALL = [
    (damaged(), "partial", "good", ["3", "4", "7"], ["5"]),
    (FAKES, "healthy", "good", [], []),
    (FAKES[np.isin(CLASSES, (1, 2))], "collapse", "good", list("03456789"), []),
    (fixtures.noise(FAKES), "low_fidelity", "low", [], []),
    (fixtures.blurred(FAKES, 0.5), "low_fidelity", "low", [], []),
    (fixtures.repeated(FAKES, 898), "partial", "good", [], []),
    (FAKES[~np.isin(CLASSES, (3, 7))], "partial", "good", ["3", "7"], []),
    (fixtures.thinned(FAKES, CLASSES, 5), "partial", "good", [], ["5"]),
    (fixtures.blurred(FAKES), "low_fidelity", "low", [], []),
]


@pytest.mark.slow  # the classifier takes its time
@pytest.mark.parametrize(
    ("fakes", "verdict", "quality", "lost", "starved"),
    ALL,
    ids=["damaged", "healthy", "two-left", "noise", "soft", "drawn-again", "lost", "starved", "blurred"],
)
def test_labelled_reals(fakes, verdict, quality, lost, starved):
    diagnosis = found(fakes)
    assert (diagnosis.verdict.kind, diagnosis.verdict.quality) == (verdict, quality), diagnosis.verdict
    assert named(diagnosis) == (lost, starved)


def modes_of(real, fakes, names, seed=0):
    sides = Samples(real[0], real[1], names, "r", "images"), Samples(fakes, None, names, "f", "images")
    scaled = fitted(*sides)
    assignment = assign(scaled, view_of(scaled, seed=seed), level=FALSE_ALARM, seed=seed)
    k = len(assignment.names)
    counts = [np.bincount(x[x >= 0], minlength=k) for x in (assignment.real, assignment.fake)]
    sure = np.bincount(assignment.fake[assignment.sure], minlength=k)
    return judge_modes(assignment.names, *counts, sure, assignment.confusion, len(assignment.fake))


@pytest.mark.slow
def test_healthy_halves_are_rarely_accused():
    """Up to 1 % of healthy generators are given a lost or starved mode; the classifier is trained anew here."""
    alarms = 0
    for seed in range(1, 41):
        first, second = fixtures.halves(seed)
        modes = modes_of((IMAGES[first][..., None], LABELS[first]), IMAGES[second][..., None], REAL.names)
        alarms += any(mode.state in ("lost", "starved") for mode in modes)
    assert alarms <= 3  # more than three of forty has a probability of 0.0005 then


def test_no_lost_cluster_in_healthy_resamplings():
    alarms = 0
    for seed in range(60):
        first, second = fixtures.halves(seed)
        modes = modes_of((IMAGES[first][..., None], None), IMAGES[second][..., None], (), seed)
        alarms += any(mode.state in ("lost", "starved") for mode in modes)
    assert alarms <= 3  # more than three of sixty has a probability of 0.003 at most then


@pytest.mark.slow
@pytest.mark.parametrize(
    ("different", "verdict"),
    [
        (20, "collapse"),
        pytest.param(1, "collapse", marks=pytest.mark.slow),
        pytest.param(150, "partial", marks=pytest.mark.slow),
    ],
)
def test_repeats_are_noticed_though_their_classes_are_there(different, verdict):
    diagnosis = found(fixtures.repeated(FAKES, different), UNLABELLED)
    assert diagnosis.verdict.kind == verdict
    if different > 1:
        assert diagnosis.found.repeats.different == pytest.approx(different, rel=0.25)
        assert "different samples" in diagnosis.verdict.sentence
        assert len(diagnosis.found.repeats.groups) == pytest.approx(different, abs=0.1 * different)


@pytest.mark.slow
def test_noise_is_low_quality_and_not_low_diversity():
    diagnosis = found(fixtures.noise(FAKES), UNLABELLED)
    assert (diagnosis.verdict.kind, diagnosis.verdict.quality) == ("low_fidelity", "low")
    assert named(diagnosis) == ([], []) and "diversity cannot be judged" in diagnosis.verdict.sentence


@pytest.mark.slow
def test_constant_fakes_are_a_collapse_of_low_quality():
    diagnosis = found(np.full_like(FAKES, 7), UNLABELLED)
    assert (diagnosis.verdict.kind, diagnosis.verdict.quality) == ("collapse", "low")


def test_labels_on_both_sides_are_taken_as_they_are():
    """Of vectors, whose metrics are fast."""
    kept = ~np.isin(CLASSES, (0, 9))
    real = REAL._replace(data=flat(REAL.data), kind="points")
    diagnosis = diagnose(real, Samples(flat(FAKES[kept]), CLASSES[kept], real.names, "fakes", "points"))
    assert diagnosis.assignment.kind == "labels" and named(diagnosis) == (["0", "9"], [])
    assert diagnosis.modes[0].expected == pytest.approx(np.mean(REAL.labels == 0) * kept.sum())


@pytest.mark.slow
def test_labelled_vectors_are_classified_by_a_linear_model():
    real = REAL._replace(data=flat(REAL.data), kind="points")
    kept = FAKES[~np.isin(CLASSES, (3, 7))]
    diagnosis = diagnose(real, Samples(flat(kept), None, (), "fakes", "points"))
    assert diagnosis.assignment.kind == "classifier" and diagnosis.verdict.kind == "partial"
    lost, starved = named(diagnosis)
    assert sorted(lost + starved) == ["3", "7"]


@pytest.mark.slow
def test_without_labels_clusters_are_judged():
    assert found(FAKES, UNLABELLED).verdict.kind == "healthy"
    diagnosis = found(FAKES[np.isin(CLASSES, (0, 1, 2, 3))], UNLABELLED)
    assert diagnosis.verdict.kind in ("partial", "collapse") and named(diagnosis)[0]
    assert all(name.startswith("cluster ") for name in named(diagnosis)[0])


@pytest.mark.slow
def test_vectors():
    random = np.random.RandomState(0)
    means = np.array([[x, y] for x in range(3) for y in range(3)])

    def draw(n, modes):
        return (means[random.choice(modes, n)] + 0.05 * random.randn(n, 2)).astype(np.float32)

    real = Samples(draw(2000, 9), None, (), "reals", "points")
    assert diagnose(real, Samples(draw(2000, 9), None, (), "fakes", "points")).verdict.kind == "healthy"
    diagnosis = diagnose(real, Samples(draw(2000, 6), None, (), "fakes", "points"))
    lost = {mode.name for mode in diagnosis.modes if mode.state == "lost"}
    share = sum(mode.expected for mode in diagnosis.modes if mode.name in lost) / 2000
    assert diagnosis.verdict.kind == "partial" and share == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_diagnosis():
    few = UNLABELLED._replace(data=REAL.data[:100])
    first, second = (json.dumps(found(FAKES[:100], few).summary()) for _ in range(2))
    assert first == second


def write(path, images, labels=None):
    np.savez(path, samples=images, **({} if labels is None else {"labels": labels}))
    return str(path)


@pytest.mark.slow
def test_the_command_writes_what_it_says(tmp_path, capsys):
    real = write(tmp_path / "real.npz", IMAGES[FIRST], LABELS[FIRST])
    left = np.isin(CLASSES, (1, 2))
    fake = write(tmp_path / "fake.npz", FAKES[left], CLASSES[left])
    arguments = ["diagnose", "--real", real, "--fake", fake, "--out", str(tmp_path / "out")]
    assert main([*arguments, "--fail-on-collapse"]) == 3
    assert "Collapse: " in capsys.readouterr().out
    summary = json.loads((tmp_path / "out" / "diagnosis.json").read_text())
    assert summary["verdict"] == "collapse" and len(summary["lost_modes"]) == 8
    assert set(summary["lost_modes"][0]) == {"name", "expected", "seen", "ratio", "p_value"}
    assert {"frechet_distance", "recall"} <= set(summary["metrics"])
    page = (tmp_path / "out" / "report.html").read_text()
    assert "What to try next" in page and 'src="http' not in page and page.count("data:image/png") >= 4


@pytest.mark.slow
def test_a_collapse_is_no_failure_unless_asked(tmp_path):
    real = write(tmp_path / "real.npz", IMAGES[FIRST], LABELS[FIRST])
    left = np.isin(CLASSES, (1, 2))
    fake = write(tmp_path / "fake.npz", FAKES[left], CLASSES[left])
    assert main(["diagnose", "--real", real, "--fake", fake, "--out", str(tmp_path / "out")]) == 0


def test_ten_samples_cannot_tell(tmp_path, capsys):
    real = write(tmp_path / "real.npz", IMAGES[FIRST], LABELS[FIRST])
    fake = write(tmp_path / "fake.npz", FAKES[:10])
    assert main(["diagnose", "--real", real, "--fake", fake, "--out", str(tmp_path / "out")]) == 4
    summary = json.loads((tmp_path / "out" / "diagnosis.json").read_text())
    assert summary["verdict"] == "unknown" and summary["metrics"] == {}
    assert "Cannot tell" in capsys.readouterr().out and (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--fake": "nowhere.npy"}, "no file or folder nowhere.npy"),
        (
            {"--features": "resnet"},
            "no features 'resnet'; known are auto, pixels, random, inception:PATH, dinov2:PATH, clip:PATH",
        ),
        ({"--features": "dinov2:nowhere.pth"}, "no weights of DINOv2 at nowhere.pth"),
        ({"--features": "clip:x.npz"}, "x.npz is not CLIP: it has no embeddings.class_embedding"),
        ({"--against": "nowhere.npz"}, "nowhere.npz"),
        ({"--against": "x.npz"}, "x.npz holds no mu and no sigma"),
        ({"--features": "inception:nowhere.pth"}, "nowhere.pth"),
        ({"--out": "x.npz/out"}, "x.npz is a file; --out names a folder"),
        ({"--out": "."}, "is not empty and holds no diagnosis"),
        ({"--seed": "many"}, "many"),
    ],
)
def test_bad_input_is_one_line(tmp_path, capsys, monkeypatch, change, says):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "x.npz", FAKES[:100])
    options = {"--real": "x.npz", "--fake": "x.npz", "--out": "out", **change}
    assert main(["diagnose", *(word for option in options.items() for word in option)]) == 2
    error = capsys.readouterr().err
    assert says in error and len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "labelled", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["classifier", "clusters"]
)
def test_sequences_that_lost_a_mode(labelled):
    random = np.random.RandomState(0)

    def draw(n, modes):
        mode = random.choice(modes, n)
        return np.sin(np.arange(1, 13)[None] * (1 + mode)[:, None] / 4)[..., None] + 0.1 * random.normal(
            size=(n, 12, 1)
        ), mode

    waves, mode = draw(800, [0, 1, 2])
    real = Samples(
        waves, mode if labelled else None, ("slow", "medium", "fast") if labelled else (), "reals", "sequences"
    )
    diagnosis = diagnose(real, Samples(draw(800, [0, 1])[0], None, (), "fakes", "sequences"))
    assert diagnosis.verdict.kind in ("partial", "collapse") and diagnosis.samples.kind == "sequences"
    assert not labelled or named(diagnosis)[0] == ["fast"]


def test_conditions_and_copies_by_the_command(tmp_path, capsys):
    """Twenty conditions, of which five always give the same, and a generator that copies what it was trained on."""
    random = np.random.RandomState(0)
    of = np.repeat(np.arange(20), 8)
    center = 3 * random.normal(size=(20, 6))
    train, holdout, fake = ((center[of] + random.normal(size=(160, 6))).astype(np.float32) for _ in range(3))
    for i in range(5):
        fake[of == i] = fake[of == i][:1]
    fake[100:130] = train[100:130]
    for name, x in (("train", train), ("holdout", holdout), ("fake", fake), ("groups", of)):
        np.save(tmp_path / f"{name}.npy", x)
    (tmp_path / "groups.txt").write_text("\n".join(f"prompt {i}" for i in of))
    paths = {
        name: str(tmp_path / name) for name in ("train.npy", "holdout.npy", "fake.npy", "groups.txt", "groups.npy")
    }
    command = ["diagnose", "--real", paths["train.npy"], "--fake", paths["fake.npy"], "--out", str(tmp_path / "out")]
    groups = ["--group", paths["groups.txt"], "--real-group", paths["groups.txt"]]
    assert main([*command, *groups, "--holdout", paths["holdout.npy"]]) == 0
    said = capsys.readouterr().out
    assert "5 of 20 conditions always give nearly the same sample" in said and "copies of the training data" in said
    tests = json.loads((tmp_path / "out" / "diagnosis.json").read_text())["tests"]
    assert [each["name"] for each in tests["conditions"] if each["collapsed"]] == [f"prompt {i}" for i in range(5)]
    assert tests["membership"]["found"] and tests["membership"]["expected"] == 0.5
    assert "Conditions, the least varied first" in (tmp_path / "out" / "report.html").read_text()
    np.save(paths["groups.npy"], of[1:])
    for wrong, says in (
        ([*groups[:2], "--real-group", paths["fake.npy"]], "holds an array (160, 6); conditions are one name"),
        ([*groups[:2], "--real-group", paths["groups.npy"]], "names 159 conditions, but there are 160 real samples"),
        (groups[2:], "--real-group needs --group"),
        (["--group", "labels"], "the generated samples have no labels"),
    ):
        assert main([*command, *wrong]) == 2
        (error,) = capsys.readouterr().err.splitlines()
        assert says in error


def test_published_statistics(tmp_path, capsys):
    """The distance of embeddings to a mean and a covariance is that of the formula, in the units of the files."""
    random = np.random.RandomState(0)
    real, fake = 40 + 7 * random.normal(size=(400, 4)), 43 + 5 * random.normal(size=(300, 4))
    mean, covariance = np.full(4, 41.0), np.diag([36.0, 49.0, 64.0, 25.0])
    np.save(tmp_path / "real.npy", real)
    np.save(tmp_path / "fake.npy", fake)
    np.savez(tmp_path / "statistics.npz", mu=mean, sigma=covariance)
    command = ["diagnose", *(w for name in ("real", "fake") for w in (f"--{name}", str(tmp_path / f"{name}.npy")))]
    command += ["--out", str(tmp_path / "out"), "--against", str(tmp_path / "statistics.npz")]
    assert main(command) == 0
    metric = json.loads((tmp_path / "out" / "diagnosis.json").read_text())["metrics"]["frechet_distance_to_statistics"]
    for name, x in (("value", fake), ("real", real)):
        own = np.cov(x.T)
        overlap = np.sqrt(np.linalg.eigvals(covariance @ own).real).sum()
        expected = ((x.mean(axis=0) - mean) ** 2).sum() + np.trace(covariance) + np.trace(own) - 2 * overlap
        np.testing.assert_allclose(metric[name], expected, rtol=1e-3)
    assert metric["ci95"][0] < metric["value"] < metric["ci95"][1]
    assert metric["size"] == 300 and metric["features"] == "the vectors themselves"
    assert "frechet distance to statistics" in (tmp_path / "out" / "report.html").read_text()
    np.savez(tmp_path / "statistics.npz", mu=mean[:3], sigma=covariance[:3, :3])
    assert main(command) == 2
    assert "a mean [3] and a covariance [3, 3], the features 4 numbers a sample" in capsys.readouterr().err


def test_features_of_a_network_carry_the_hash_of_its_weights(tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, **transformer_reference.random_state_dict("clip", patch=16, grid=2))
    diagnosis = diagnose(
        UNLABELLED._replace(data=REAL.data[:60]),
        Samples(FAKES[:60][..., None], None, (), "fakes", "images"),
        features=f"clip:{path}",
    )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert diagnosis.conventions["features"] == f"CLIP with the weights of {path} (SHA-256 {sha256})"
    assert diagnosis.real_features.shape == (60, 96)


@pytest.mark.slow
def test_embeddings_by_their_cosine(tmp_path, capsys):
    """Lengths differ tenfold between both sides; by direction the fakes are like the reals, but for one cluster."""
    random = np.random.RandomState(0)
    center = random.normal(size=(5, 16))

    def draw(n, modes, length):
        x = center[random.choice(modes, n)] + 0.2 * random.normal(size=(n, 16))
        return x * length * random.uniform(0.5, 2, (n, 1))

    np.save(tmp_path / "real.npy", draw(600, 5, 1.0))
    np.save(tmp_path / "alike.npy", draw(600, 5, 10.0))
    np.save(tmp_path / "fewer.npy", draw(600, 4, 10.0))

    def diagnosed(fake, *options):
        out = tmp_path / f"{fake} {len(options)}"
        command = ["diagnose", "--real", str(tmp_path / "real.npy"), "--fake", str(tmp_path / fake), "--out", str(out)]
        assert main([*command, *options]) == 0
        return json.loads((out / "diagnosis.json").read_text())

    assert diagnosed("alike.npy")["verdict"] == "low_fidelity"
    summary = diagnosed("alike.npy", "--distance", "cosine")
    assert summary["verdict"] == "healthy" and "unit length" in summary["conventions"]["read"]["fake"][0]
    assert diagnosed("fewer.npy", "--distance", "cosine")["lost_modes"]
    x = np.load(tmp_path / "alike.npy")
    x[7] = 0
    np.save(tmp_path / "alike.npy", x)
    capsys.readouterr()
    command = ["diagnose", "--real", str(tmp_path / "real.npy"), "--fake", str(tmp_path / "alike.npy")]
    assert main([*command, "--out", str(tmp_path / "none"), "--distance", "cosine"]) == 2
    assert "vector 7 of" in capsys.readouterr().err
