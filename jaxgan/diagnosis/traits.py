"""What a sample may have beside its mode: a category, two of them together, a symbol, two in a row. Which are lost."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats

from jaxgan.data.files import Samples
from jaxgan.data.tables import MISSING, TableEncoding
from jaxgan.diagnosis.modes import Mode, stated

SYMBOLS = 1000  # of more, no two in a row are counted


class Traits(NamedTuple):
    """How many samples have each of `k` traits; a sample may have many.

    Attributes:
      real: `[k]` reals that have it.
      fake: `[k]` fakes that have it.
      reals: how many there are.
      fakes: how many there are.
      name_of: what a trait is called, by its position.
      parts_of: positions of the traits that one consists of; empty for one that stands by itself.
    """

    real: np.ndarray
    fake: np.ndarray
    reals: int
    fakes: int
    name_of: Callable[[int], str]
    parts_of: Callable[[int], tuple[int, ...]]


def traits_of(real: Samples, fake: Samples) -> Traits | None:
    """Counts the categories of a table and their pairs, or the symbols of one-hot sequences and two in a row.

    A sequence has a symbol if it is anywhere in it. Fakes may be soft: of a choice the largest counts.

    Returns:
      None for samples that have no such thing.
    """
    if real.table is not None and any(width > 1 for width in real.table.widths):
        return _of_tables(real.data, fake.data, real.table)
    if real.kind == "sequences" and _one_hot(real.data) and fake.data.shape[1:] == real.data.shape[1:]:
        return _of_texts(real.data, fake.data)
    return None


def judge_traits(traits: Traits, *, level: float) -> list[Mode]:
    """Tests every trait for being rarer among the fakes.

    Fisher's exact test, one-sided, corrected after Holm, with the rules of `modes.judge_modes` for lost and starved. Of
    all traits those are tested that are frequent enough in both sets together for none in the fakes to be no chance;
    that choice knows nothing of which samples are fake, so a generator like the data is accused of any with a
    probability of at most `level`. A pair of which one part is lost says nothing new and is left out, and so is one
    that is not lost where one part is starved.

    Returns:
      One `Mode` for each that was tested, in order.
    """
    both = traits.real + traits.fake
    total = traits.reals + traits.fakes
    best = stats.hypergeom.cdf(0, total, both, traits.fakes)
    order = np.argsort(best, kind="stable")
    # As many as can be told from chance together: fewer traits leave more of the level for each.
    able = best[order] * np.arange(1, len(order) + 1) <= level
    chosen = np.sort(order[: int(able.sum())])
    if not len(chosen):
        return []
    seen = traits.fake[chosen]
    expected = traits.real[chosen] / traits.reals * traits.fakes
    p_values = stats.hypergeom.cdf(seen, total, both[chosen], traits.fakes)
    names = tuple(traits.name_of(int(i)) for i in chosen)
    ratio = seen / np.maximum(expected, 1e-9)
    found = stated(names, expected, seen, ratio, p_values, best[chosen], seen == 0, level)
    state = {int(i): mode.state for i, mode in zip(chosen, found, strict=True)}

    def said_already(i: int) -> bool:
        parts = [state.get(part) for part in traits.parts_of(i)]
        return "lost" in parts or (state[i] != "lost" and "starved" in parts)

    return [mode for i, mode in zip(chosen, found, strict=True) if not said_already(int(i))]


def _of_tables(real: np.ndarray, fake: np.ndarray, encoding: TableEncoding) -> Traits:
    widths = np.asarray(encoding.widths)
    starts = np.cumsum([0, *widths[:-1]])
    choices = [(int(start), int(width)) for start, width in zip(starts, widths, strict=True) if width > 1]
    names = [
        f"{part}={value}"
        for part, values in zip(encoding.part_names, _values(encoding), strict=True)
        for value in values
    ]
    column = np.repeat(np.arange(len(choices)), [width for _, width in choices])
    first, second = np.nonzero(column[:, None] < column[None])

    def counted(x: np.ndarray) -> np.ndarray:
        chosen = [
            np.eye(width, dtype=np.float32)[x[:, start : start + width].argmax(axis=1)] for start, width in choices
        ]
        have = np.concatenate(chosen, axis=1)
        together = np.round(have.T @ have).astype(int)
        return np.concatenate([np.diag(together), together[first, second]])

    k = len(names)

    def parts_of(i: int) -> tuple[int, ...]:
        return () if i < k else (int(first[i - k]), int(second[i - k]))

    def name_of(i: int) -> str:
        return " with ".join(names[part] for part in parts_of(i) or (i,))

    return Traits(counted(real), counted(fake), len(real), len(fake), name_of, parts_of)


def _values(encoding: TableEncoding) -> list[list[str]]:
    """What the values of each part are called; none of a number, and of what is no choice."""
    found = []
    for column in encoding.encoded:
        if column.numeric:
            found += [[], ["no", "yes"]][: len(column.widths)]
        else:
            several = column.values if len(column.values) > 1 else ()
            found.append([MISSING if value is None else str(value) for value in several])
    return found


def _one_hot(x: np.ndarray) -> bool:
    return x.shape[2] > 1 and bool(np.isin(x, (0, 1)).all() and (x.sum(axis=2) == 1).all())


def _of_texts(real: np.ndarray, fake: np.ndarray) -> Traits:
    k = real.shape[2]
    pairs = k if k <= SYMBOLS else 0

    def counted(x: np.ndarray) -> np.ndarray:
        symbols = x.argmax(axis=2)
        kinds = [_having(symbols, k)]
        if pairs:
            kinds.append(_having(symbols[:, :-1] * k + symbols[:, 1:], k * k))
        return np.concatenate(kinds)

    def parts_of(i: int) -> tuple[int, ...]:
        return () if i < k else divmod(i - k, k)

    def name_of(i: int) -> str:
        return f"symbol {i}" if i < k else "symbol {} before {}".format(*parts_of(i))

    return Traits(counted(real), counted(fake), len(real), len(fake), name_of, parts_of)


def _having(codes: np.ndarray, k: int) -> np.ndarray:
    """How many rows of `[n, time]` have each of `k` codes anywhere."""
    ordered = np.sort(codes, axis=1)
    new = np.ones(ordered.shape, bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return np.bincount(ordered[new], minlength=k)
