"""What the numbers of a run say: the verdict that it came to, its alarms, and the arms of a comparison."""

import pytest

from jaxgan import report
from jaxgan.report.words import alarms, credit, damaged_modes, spread
from jaxgan.runs.summary import Summary, from_json
from jaxgan.types import Verdict
from tests.report.fixtures import COLLAPSED, HEALTHY, summarize


def read(modes=HEALTHY, **more) -> Summary:
    return from_json(summarize(modes) | more)


@pytest.mark.parametrize(
    ("summary", "kind", "sentence"),
    [
        (read(), "healthy", "In short: healthy."),
        (read((1, 8)), "collapse", "In short: collapse."),
        (Summary(), "unfinished", "Unfinished: there are no final metrics."),
    ],
)
def test_the_verdict_is_the_runs_own(summary, kind, sentence):
    given = report.verdict(summary)
    assert (given.kind, given.sentence) == (kind, sentence)
    assert given.evidence == (("As seen.",) if summary.seeds else ())


def test_a_summary_without_a_verdict_is_not_judged():
    old = summarize((6, 7))
    del old["verdict"]
    sentence = "Not judged, since summary.json holds no verdict: 6 to 7 of 8 modes over 2 seeds."
    assert report.verdict(from_json(old)) == Verdict("unknown", "unknown", sentence)
    without_modes = from_json({"seeds": [{"seed": 0}], "modes_total": None})
    assert report.verdict(without_modes).sentence.endswith("holds no verdict.")


def test_comparison_verdict_names_the_best_arm_first():
    starved, blurred, broken = (
        read(verdict={"kind": kind, "quality": quality, "sentence": "", "evidence": [], "advice": []})
        for kind, quality in (("partial", "good"), ("unknown", "low"), ("diverged", "low"))
    )
    summaries = [read(COLLAPSED), read(), read((8, 7, 8, 8)), starved, blurred, broken, Summary()]
    names = ["plain", "packed", "some", "uneven", "blurred", "broken", "new"]
    given = report.comparison_verdict(names, summaries, [report.verdict(summary) for summary in summaries])
    assert (given.kind, given.quality) == ("healthy", "good")
    assert given.sentence == (
        "packed keeps the modes (8 of 8 modes in every one of 4 seeds); "
        "some loses modes (7 to 8 of 8 modes over 4 seeds); "
        "uneven starves modes (8 of 8 modes in every one of 4 seeds); "
        "blurred is too blurred to tell (8 of 8 modes in every one of 4 seeds); "
        "plain collapses (1 to 2 of 8 modes over 4 seeds); "
        "broken diverges; new is unfinished."
    )
    low = summarize((8,))
    low["verdict"]["quality"] = "low"
    low = from_json(low)
    sentence = report.comparison_verdict(["a"], [low], [report.verdict(low)]).sentence
    assert sentence == "a keeps the modes, at low quality (8 of 8 modes (one seed))."
    unknown = Verdict("unknown", "unknown", "")
    assert (
        report.comparison_verdict(["a"], [Summary()], [unknown]).sentence
        == "Not judged: no modes are known for this task."
    )


def test_alarms_of_a_resumed_run_are_told_once():
    alarm = {"kind": "collapse", "step": 20, "since": 10, "modes": [], "p_value": None, "sentence": "first"}
    rows = [
        {"step": 20, "seed": 1, "alarms": [alarm]},
        {"step": 30, "seed": 0},
        {"step": 10, "seed": 0, "alarms": [alarm | {"step": 10, "sentence": "before"}]},
        {"step": 20, "seed": 1, "alarms": [alarm | {"sentence": "again"}]},
    ]
    assert [(x["step"], x["seed"], x["sentence"]) for x in alarms(rows)] == [(10, 0, "before"), (20, 1, "again")]


def test_modes_that_any_seed_has_lost_or_starved():
    summary = summarize((8, 7))
    summary["seeds"][0]["verdict"]["starved"] = ["mode 2 at (2, 0)"]
    for seed in summary["seeds"]:
        seed["counts"] = list(range(8))
    found = damaged_modes(from_json(summary))
    assert [mode["name"] for mode in found] == ["mode 2 at (2, 0)", "mode 7 at (7, 0)"]
    assert [mode["seeds"] for mode in found] == [[(2, "starved"), (2, "")], [(7, ""), (7, "lost")]]
    assert damaged_modes(Summary()) == [] == damaged_modes(from_json({"seeds": [{"seed": 0, "fid": 1.0}]}))


def test_comparison_table():
    several = read(COLLAPSED, arm="plain")
    one = read((8,), arm="packed, in words")
    heading, *lines = report.comparison_table([several, one]).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["plain", "packed, in words", "real data"]
    for name, texts in {
        "modes": ("1.25 (1.2 to 1.3) [1 to 2]", "8 (one seed) [8]", "8"),
        "high_quality": ("0.952 (0.902 to 1) [0.952]", "0.952 (one seed) [0.952]", "0.9889"),
    }.items():
        start = heading.index(name)
        for line, text in zip(lines, texts, strict=True):
            assert line[start:].split("  ")[0] == text
            assert line[start - 2 : start] == "  "


def test_an_interval_stays_where_the_metric_can_be():
    half = {"modes": 13.0, "high_quality": 0.4, "reverse_kl": 4.0, "kernel_distance": 4.0}
    summary = read(
        (0, 2), mean={"modes": 1.0, "high_quality": 0.9, "reverse_kl": 1.5, "kernel_distance": 1.5}, ci95=half
    )
    assert [spread(summary, name) for name in half] == [
        "1 (0 to 8)",
        "0.9 (0.5 to 1)",
        "1.5 (0 to 5.5)",
        "1.5 (-2.5 to 5.5)",  # an unbiased estimate may be below zero
    ]


def test_a_comparison_credits_an_option_only_where_it_is_the_only_one():
    differing = {"pack": ["1", "2", "2", "1"], "layers": ["1", "1", "3", "1"]}
    assert credit(["plain", "packed", "both", "again"], differing) == (
        "packed differs from plain in pack alone.",
        "both differs from plain in 2 options, so this comparison does not say which of them makes the difference.",
    )


def test_a_run_of_which_nothing_was_measured_says_so():
    assert report.comparison_table([Summary(experiment="train")]).startswith("nothing was measured")
