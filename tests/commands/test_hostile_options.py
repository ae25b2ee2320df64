"""Options out of any range are refused in one line, before a file is written and before anything is compiled.

`pytest -m slow tests/commands/test_hostile_options.py` tries every one of them, and a thousand in random company.
"""

import math
import random
import warnings

import pytest

from jaxgan import data
from jaxgan.backend import memory
from jaxgan.runs import needs
from jaxgan.runs.catalogues import DYNAMICS, LOSSES, NETWORKS, OPTIMIZERS, TECHNIQUES
from jaxgan.runs.factories import parameters
from jaxgan.runs.needs import check_memory
from jaxgan.runs.options import Architecture, Run, Training
from tests.commands import hostile_options as hostile

SOME = random.Random(0).sample(hostile.wrong(), 30)


@pytest.mark.parametrize("option", SOME)
def test_options_out_of_range_are_refused(tmp_path, option):
    assert hostile.outcome([option], tmp_path) == "refused"


def test_no_number_of_any_factory_is_infinite():
    read = 0
    for catalogue in (DYNAMICS, LOSSES, NETWORKS, OPTIMIZERS, TECHNIQUES):
        for factory in catalogue.factories.values():
            for parameter in parameters(catalogue, factory):
                if parameter.reader and "a number" in parameter.reader.words and "text" not in parameter.reader.words:
                    read += 1
                    for text in ("nan", "inf", "-inf", "1e400", "1e39"):
                        with pytest.raises(ValueError, match="takes"):
                            parameter.reader.value(text)
                    assert math.isfinite(parameter.reader.value("3e38"))
    assert read > 50


RUN = Run(seeds=2, samples=100)


@pytest.mark.parametrize(
    ("architecture", "training", "run", "says"),
    [
        ({"generator_width": 10**12}, {}, {}, "networks, optimizers and techniques of 2 seeds would take"),
        ({"latent_dim": 10**12}, {}, {}, "networks, optimizers and techniques"),
        ({"generator": "mlp:widths=1000000000000"}, {}, {}, "networks, optimizers and techniques"),
        ({}, {"technique": ("replay:1000000000000",)}, {}, "networks, optimizers and techniques"),
        ({}, {"technique": ("infogan:categories=1000000000000",)}, {}, "a number among the options is too large"),
        ({}, {"technique": ("infogan:continuous=1000000000000",)}, {}, "a number among the options is too large"),
        ({}, {"technique": ("particle_prior:count=9,width=1000000000000",)}, {}, "networks, optimizers and techniques"),
        ({}, {"batch_size": 10**12}, {}, "a batch of 1,000,000,000,000 examples would take 491,738 GiB"),
        ({}, {}, {"seeds": 10**9}, "networks, optimizers and techniques of 1,000,000,000 seeds would take"),
        ({}, {}, {"samples": 10**12}, "1,000,000,000,000 samples of each seed of 2 seeds would take 29,802 GiB"),
    ],
)
def test_what_never_fits_is_refused_by_what_it_needs(architecture, training, run, says):
    with pytest.raises(ValueError, match=says), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        check_memory(Architecture(**architecture), Training(**training), Run(**{"seeds": 2, **run}), data.ring())
    assert not said  # they would be lines before the one that counts


def test_what_fits_is_not_refused(monkeypatch):
    large = Architecture(generator_width=8192), Training(batch_size=8192), Run(seeds=1), data.ring()
    check_memory(*large)
    monkeypatch.setattr(memory, "total_memory", lambda: 2**30)
    with pytest.raises(ValueError, match=r"would take 2 GiB, and the memory here is 1 GiB: take smaller numbers"):
        check_memory(*large)
    monkeypatch.setattr(needs, "example_of", lambda *_, **__: pytest.fail("small numbers are not looked at"))
    check_memory(Architecture(), Training(), Run(), data.ring())


@pytest.mark.slow
def test_every_option_out_of_range_is_refused(tmp_path):
    found = {option: hostile.outcome([option], tmp_path / str(i)) for i, option in enumerate(hostile.wrong())}
    assert not {option: said for option, said in found.items() if said != "refused"}


@pytest.mark.slow
def test_a_thousand_command_lines():
    """Takes a few minutes: no stack trace, no hang over 10 s before training starts, nothing written when refused."""
    assert hostile.main(1000) == 0
