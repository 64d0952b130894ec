"""The raw samples that a clip keeps in capture mode, given as a trace is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from gaitcore.pages import FRAME_B
from gaitcore.units import ACC_G_PER_LSB_16G, GYR_DPS_PER_LSB_1000
from numpy.typing import NDArray

from formclip.ground.errors import LogError
from formclip.ground.trace.reader import Block, Lost, Piece, in_memory
from formclip.ground.trace.table import Floats

_MOST_GAP_S = 24 * 3600  # no capture lasts longer than minutes: an index further on is a damaged one
_SCALE = np.array([[ACC_G_PER_LSB_16G]] * 3 + [[GYR_DPS_PER_LSB_1000]] * 3, dtype=np.float32)


class Capture:
    """Raw pages of a log as a trace: `t_s` counts on the session's own clock.

    In        raw: (index of the first sample, bytes of frames) as gaitcore.recover gives them; clock: (index, ms of the
              session, true rate in Hz) as the log has them, none in logs of before
    Out       as Trace: pieces, t_s, rate_hz (nominal), samples, lost_samples, notes
              true_hz: the sensor's rate, as measured at last; pairs: (sample of the trace, ms) for Session.pair
    Errors    LogError where there are none
    """

    has_gyro = True

    def __init__(
        self, path: Path, raw: list[tuple[int, bytes]], rate_hz: int, clock: Sequence[tuple[int, float, float]] = ()
    ) -> None:
        if not raw or not rate_hz:
            raise LogError(
                "no raw samples in this log", "set capture_s on the clip, or replay its steps without --raw", path=path
            )
        self.path = path
        self.rate_hz = rate_hz
        self.samples = 0
        self.lost_samples = 0
        self._raw = sorted(raw, key=lambda page: page[0])
        self._first = self._raw[0][0]
        self._clock = sorted(clock)
        self.true_hz = self.source_rate_hz = self._clock[-1][2] if self._clock else float(rate_hz)
        self.pairs = [(index - self._first, int(ms)) for index, ms, _ in self._clock if index > self._first]
        self.far_pages = 0

    @property
    def size_b(self) -> int:
        return sum(len(frames) for _, frames in self._raw)

    @property
    def notes(self) -> list[str]:
        lost = [f"{self.lost_samples / self.rate_hz:.2f} s of samples missing"] if self.lost_samples else []
        far = [f"{self.far_pages} pages left out that say they are more than a day later"] if self.far_pages else []
        off = 100 * (self.true_hz / self.rate_hz - 1)
        rate = [f"the sensor's own clock was {off:+.2f} % off: times are the clip's"] if abs(off) >= 0.1 else []
        return ["from the raw samples of the clip's log", *rate, *lost, *far]

    def t_s(self, index: NDArray[np.int64] | Floats) -> Floats:
        at: Floats = self._first + np.asarray(index, dtype=np.float64)
        if not self._clock:
            return at / self.rate_hz
        known, ms, hz = (np.array(column, dtype=np.float64) for column in zip(*self._clock, strict=True))
        inside: Floats = np.interp(at, known, ms) / 1000.0
        outside: Floats = (np.minimum(at - known[0], 0) + np.maximum(at - known[-1], 0)) / hz[-1]
        return inside + outside

    def arrays(self) -> tuple[Floats, Floats]:
        """As Trace.arrays."""
        return in_memory(self)

    def pieces(self, on_progress: Callable[[float], None] | None = None) -> Iterator[Piece]:
        self.samples = self.lost_samples = self.far_pages = 0
        for done, (index, frames) in enumerate(self._raw, 1):
            count = len(frames) // FRAME_B
            gap = index - self._first - self.samples
            if count == 0 or gap < 0:
                continue  # an empty page, or one that overlaps the one before: damaged
            if gap > _MOST_GAP_S * self.rate_hz:
                self.far_pages += 1
                continue
            if gap:
                self.lost_samples += gap
                yield Lost(gap)
            lsb = np.frombuffer(frames[: count * FRAME_B], dtype="<i2").reshape(count, 6)
            self.samples = index - self._first + count
            yield Block(index - self._first, np.ascontiguousarray(lsb.T.astype(np.float32) * _SCALE))
            if on_progress is not None:
                on_progress(done / len(self._raw))
