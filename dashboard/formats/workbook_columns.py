"""A column of stored values as text, all at once: what workbook_values.py does cell by cell."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from dashboard.formats import workbook_refusals as refusals
from dashboard.formats.workbook_dates import DAY_MS, LAST_DAY, LEAP_BUG, Shown
from dashboard.formats.workbook_rows import TRUE
from dashboard.formats.workbook_values import iso_text, number_text, xml_text

pc: Any = pyarrow.compute  # its published types know only some calls

LAST_LEAP_MS = (LEAP_BUG + 1) * DAY_MS
EPOCH_DAYS = 25_569  # 1970-01-01 in the 1900 system
DAYS_1904 = 1_462
SMALLEST_PLAIN, LARGEST_PLAIN = 1e-4, 1e15


class Kind:
    """What a cell holds; the first five are those of `Shown`."""

    SHARED: ClassVar[int] = 5
    TRUTH: ClassVar[int] = 6
    ERROR: ClassVar[int] = 7
    TEXT: ClassVar[int] = 8
    ISO: ClassVar[int] = 9
    BY_NAME: ClassVar[dict[str, int]] = {
        "s": SHARED,
        "b": TRUTH,
        "e": ERROR,
        "str": TEXT,
        "inlineStr": TEXT,
        "d": ISO,
    }


class Maker:
    """Makes a column's texts. Raises FileRefused when a shared text is not there."""

    def __init__(self, strings: Any, *, system_1904: bool) -> None:
        self.strings, self.system_1904 = strings, system_1904

    def column(
        self, texts: Any, picked: Any, kinds: npt.NDArray[np.uint8], *, escaped: bool
    ) -> Any:
        """The picked ones of `texts`, each by its kind."""
        first = int(kinds[0])
        if (kinds == first).all():
            return self.of_kind(texts.take(pa.array(picked)), first, escaped)
        made, places = [], []
        for kind in np.unique(kinds).tolist():
            at = np.flatnonzero(kinds == kind)
            made.append(self.of_kind(texts.take(pa.array(picked[at])), kind, escaped))
            places.append(at)
        back = np.argsort(np.concatenate(places), kind="stable")
        return pa.concat_arrays(made).take(pa.array(back))

    def of_kind(self, texts: Any, kind: int, escaped: bool) -> Any:
        if kind == Shown.NUMBER:
            return numbers(texts)
        if kind < Kind.SHARED:
            return self.days(texts, Shown(kind))
        if kind == Kind.SHARED:
            return self.shared(texts)
        if kind == Kind.TRUTH:
            return one_by_one(texts, lambda text: "true" if text.strip() in TRUE else "false")
        if escaped:
            texts = unescaped(texts)
        return one_by_one(texts, iso_text) if kind == Kind.ISO else texts

    def shared(self, texts: Any) -> Any:
        try:
            index = texts.cast(pa.int32())
            return self.strings.take(index)
        except (pa.ArrowInvalid, IndexError, AttributeError):
            raise refusals.damaged("a cell names a shared text that is not there") from None

    def days(self, texts: Any, shown: Shown) -> Any:
        """Whole columns of dates at once; anything out of the ordinary cell by cell."""
        try:
            serial = texts.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            serial = np.zeros(1)
        ms = np.rint(np.clip(serial, -1, LAST_DAY + 2) * DAY_MS)
        if self.system_1904:
            ms = ms + DAYS_1904 * DAY_MS
        plain = shown in (Shown.DATE, Shown.DATETIME)
        if not plain or not ((ms >= LAST_LEAP_MS) & (ms < (LAST_DAY + 1) * DAY_MS)).all():
            system = self.system_1904
            return one_by_one(texts, lambda text: number_text(text, shown, system_1904=system))
        return day_texts(ms.astype(np.int64), shown)


def day_texts(ms: npt.NDArray[np.int64], shown: Shown) -> Any:
    days, rest = np.divmod(ms, DAY_MS)
    dates = pa.array((days - EPOCH_DAYS).astype(np.int32)).cast(pa.date32()).cast(pa.string())
    if not rest.any() and shown is Shown.DATE:
        return dates
    seconds, parts = np.divmod(rest, 1000)
    clock = pa.array(seconds.astype(np.int32)).cast(pa.time32("s")).cast(pa.string())
    if parts.any():
        finer = pa.array(rest.astype(np.int32)).cast(pa.time32("ms")).cast(pa.string())
        clock = pc.if_else(pa.array(parts > 0), finer, clock)
    whole = pc.binary_join_element_wise(dates, clock, "T")
    if shown is Shown.DATE:
        return pc.if_else(pa.array(rest == 0), dates, whole)
    return whole


def numbers(texts: Any) -> Any:
    try:
        return texts.cast(pa.int64()).cast(pa.string())
    except pa.ArrowInvalid:
        pass
    try:
        values = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        return one_by_one(texts, number_text)
    found = values.to_numpy()
    size = np.abs(found)
    with np.errstate(invalid="ignore"):
        whole = (np.floor(found) == found) & (size < LARGEST_PLAIN)
    plain = whole | ((size >= SMALLEST_PLAIN) & (size < LARGEST_PLAIN))
    integers = pa.array(np.where(whole, found, 0).astype(np.int64)).cast(pa.string())
    made = pc.if_else(pa.array(whole), integers, values.cast(pa.string()))
    if plain.all():
        return made
    rare = [number_text(text) for text in texts.filter(pa.array(~plain)).to_pylist()]
    return pc.replace_with_mask(made, pa.array(~plain), pa.array(rare, pa.string()))


def one_by_one(texts: Any, make: Callable[[str], str]) -> Any:
    """Each different text once."""
    encoded = texts.dictionary_encode()
    made = [make(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(made, pa.string()).take(encoded.indices)


def unescaped(texts: Any) -> Any:
    found = pc.match_substring_regex(texts, "[&\r]|_x")
    if not pc.any(found).as_py():
        return texts
    try:
        made = [xml_text(text) for text in texts.filter(found).to_pylist()]
    except ValueError:
        raise refusals.damaged("a text names an unknown entity") from None
    return pc.replace_with_mask(texts, found, pa.array(made, pa.string()))
