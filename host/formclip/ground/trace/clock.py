"""Times of rows as seconds: numbers in any unit, and dates and times of day as text.

A time of day alone goes over midnight; a date with day and month in doubt is read the way that makes the recording
shorter; a zone that stands in the text is heeded, so that the hour of a change of clocks is no hole.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from formclip.ground.trace.names import TIME_UNITS
from formclip.ground.trace.table import Words

Floats = NDArray[np.float64]

_TEXT = re.compile(
    r"""^\D{0,12}?
    (?:(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})[\sT_,]*)?
    (?:(?P<h>\d{1,2})[:h-](?P<m>\d{2})(?:(?:[:-](?P<s>\d{2}))(?:[.,:_](?P<f>\d{1,9}))?|[.,](?P<of_s>\d{1,9}))?)?
    \s*(?P<ampm>[AaPp]\.?[Mm]\.?)?
    \s*(?:(?:UTC|GMT)?(?P<zone>Z|[+-]\d{2}:?\d{2}))?(?:\s*[A-Za-z/_]+)?\s*$""",
    re.X,
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NAMED_MONTH = re.compile(rf"(\d{{1,2}})[-/. ]({'|'.join(_MONTHS)})[a-z]*\.?[-/. ](\d{{4}})", re.I)
_SHORT_ISO = len("2026-01-02T03:04:05.6")
_DAY_S = 86400.0
# Rates that a recording of movement can have: the unit of a number of time is the one that gives one of these.
_LEAST_HZ, _MOST_HZ = 15.0, 4000.0


def _days(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> Floats:
    """Days since 1970 of the Gregorian calendar; NaN for no date."""
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    y = year - (month <= 2)
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    doe = yoe * 365 + yoe // 4 - yoe // 100 + doy
    return np.where(valid, (era * 146097 + doe - 719468).astype(np.float64), np.nan)


class ClockText:
    """Clock text to seconds; remembers the day over chunks, so that a time of day can pass midnight.

    In        push(words)
    Out       seconds: since 1970 where there is a date, else since the midnight before the first row; NaN for no time
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self._days_on = 0.0
        self._ms: bool | None = None  # whether fractions are whole milliseconds without zeros before them
        self._order: str | None = None  # "dmy" or "mdy", once one row has shown it
        self._twelve = False  # a clock of twelve hours: where it is written so, the month mostly stands first

    def push(self, words: Words) -> Floats:
        quick = self._iso(words)
        if quick is not None:
            return quick
        rows = np.full((len(words), 9), -1, dtype=np.int64)
        zone = np.zeros(len(words))
        for i, word in enumerate(words.tolist()):
            found = _TEXT.match(_NAMED_MONTH.sub(_year_first, word.strip()))
            if found is None or (found["h"] is None and found["a"] is None):
                continue
            row = rows[i]
            if found["a"] is not None:
                row[0:3] = int(found["a"]), int(found["b"]), int(found["c"])
                row[3] = len(found["a"])
            if found["h"] is not None:
                hour = int(found["h"])
                if found["ampm"]:
                    self._twelve = True
                    hour = hour % 12 + (12 if found["ampm"][0] in "pP" else 0)
                fraction = found["f"] or "0"
                row[8] = len(fraction)
                row[4:8] = hour, int(found["m"]), int(found["s"] or 0), int(fraction.ljust(9, "0"))
                if found["of_s"]:  # minutes, seconds and their fraction
                    row[4:8] = 0, hour, int(found["m"]), int(found["of_s"].ljust(9, "0"))
            else:
                row[4:8] = 0
            if found["zone"] and found["zone"] != "Z":
                text = found["zone"].replace(":", "")
                zone[i] = (1 if text[0] == "+" else -1) * (int(text[1:3]) * 3600 + int(text[3:5]) * 60)
        self._whole_ms(rows)
        known = rows[:, 4] >= 0
        clock = rows[:, 4] * 3600.0 + rows[:, 5] * 60.0 + rows[:, 6] + rows[:, 7] * 1e-9
        dated = rows[:, 3] > 0
        if dated.any():
            seconds = self._dates(rows) * _DAY_S + clock - zone
            return np.where(known & dated, seconds, np.nan)
        return self._over_midnight(np.where(known, clock, np.nan))

    def _iso(self, words: Words) -> Floats | None:
        """numpy's own parser, where the text is ISO 8601 without a zone: ten times as quick."""
        first = str(words[0]).strip() if len(words) else ""
        if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?$", first):
            return None
        length = np.char.str_len(words)
        if ((length == _SHORT_ISO) | (length == _SHORT_ISO + 1)).any():
            return None  # .5 may be half a second or 5 ms
        try:
            return np.asarray(words.astype("datetime64[ns]").astype(np.int64) * 1e-9, dtype=np.float64)
        except ValueError:
            return None

    def _whole_ms(self, rows: NDArray[np.int64]) -> None:
        """Milliseconds that are written without the zeros before them: .5 is .005 s.

        Some of them have one or two digits and none begins with 0. Fractions of a second without the zeros behind them
        have such as begin with 0, and none that ends in 0.
        """
        digits, ns = rows[:, 8], rows[:, 7]
        told = digits > 0
        value = ns // 10 ** (9 - np.clip(digits, 1, 9))  # as it is written
        if self._ms is None and (digits == 3).any():
            begins_with_0 = told & (digits > 1) & (value < 10 ** (np.clip(digits, 1, 9) - 1))
            ends_in_0 = (digits == 2) & (value % 10 == 0)
            self._ms = bool(ends_in_0.any() and not begins_with_0.any() and not (digits > 3).any())
        if self._ms:
            rows[:, 7] = np.where(told, value * 10**6, ns)

    def _dates(self, rows: NDArray[np.int64]) -> Floats:
        a, b, c, digits = rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3]
        year_first = digits == 4
        late = np.where(c < 100, c + 2000, c)
        ymd = _days(a, b, c)
        dmy, mdy = _days(late, b, a), _days(late, a, b)
        if self._order is None:
            rest = ~year_first & (digits > 0)
            if (rest & (a > 12)).any():
                self._order = "dmy"
            elif (rest & (b > 12)).any():
                self._order = "mdy"
        if self._order is None and (~year_first).any():
            span = [np.nanmax(d) - np.nanmin(d) if np.isfinite(d).any() else np.inf for d in (dmy, mdy)]
            first, second = ("mdy", "dmy") if self._twelve else ("dmy", "mdy")
            spans = dict(zip(("dmy", "mdy"), span, strict=True))
            order = first if spans[first] <= spans[second] else second
        else:
            order = self._order or "dmy"
        return np.where(year_first, ymd, dmy if order == "dmy" else mdy)

    def _over_midnight(self, clock: Floats) -> Floats:
        out = np.empty_like(clock)
        for i, at in enumerate(clock.tolist()):
            if at == at:
                if self._last is not None and at < self._last - _DAY_S / 2:
                    self._days_on += _DAY_S
                self._last = at
            out[i] = at + self._days_on
        return out


def _year_first(found: re.Match[str]) -> str:
    """02-Jan-2026 as 2026-1-02."""
    return f"{found[3]}-{_MONTHS.index(found[2].lower()) + 1}-{found[1]}"


def unit_of_numbers(stamps: Floats) -> tuple[str, bool]:
    """The unit of time that makes a rate of these numbers, and whether it is beyond doubt.

    Numbers that count from 1970 say it by their size. Else by the mean step: in one unit alone it is a rate at which
    movement is recorded.
    """
    good = stamps[np.isfinite(stamps)]
    if len(good) < 2:
        return "s", False
    first = float(good[0])
    steps = np.diff(good)
    ahead = steps[steps > 0]
    if not len(ahead):
        return "s", False
    typical = min(float(np.sum(np.minimum(ahead, 20 * np.median(ahead)))) / max(1, len(steps)), float(np.mean(ahead)))
    for unit, low in (("ns", 1e18), ("us", 1e15), ("ms", 1e12), ("s", 1e9)):
        if low * 0.3 < first < low * 4.2 and 0.5 < 1 / (typical * TIME_UNITS[unit]) < 1e5:  # the years 1980 to 2100
            return unit, True
    fitting = [unit for unit, size in TIME_UNITS.items() if _LEAST_HZ <= 1 / (typical * size) <= _MOST_HZ]
    if len(fitting) == 1:
        return fitting[0], True
    return (fitting[0], False) if fitting else ("s", False)
