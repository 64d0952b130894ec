"""`formclip import`: a recording of another source, shown so that a person can check it, and written as a trace.

The preview says what was understood and how sure that is; beside the trace NAME.imu.csv.xz stands NAME.import.json with
the same, so that it can be told later what was done, and done again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.errors import FileError, TraceError
from formclip.ground.files import make_folder, write_whole
from formclip.ground.progress import file_progress
from formclip.ground.text import clock
from formclip.ground.trace import Block, Given, Lost, Piece, Trace, TraceWriter, open_trace
from formclip.ground.trace.mapping import ROWS, TEXT, Part, column_name
from formclip.ground.trace.table import Floats
from formclip.ground.version import VERSION
from formclip.lab.doubts import Doubt, Survey, doubts_of

TRACE_ENDS = ".imu.csv.xz"
SIDE_ENDS = ".import.json"
_PICTURE_S = 10
_PICTURE_HZ = 8
_BLOCKS = "▁▂▃▄▅▆▇█"
_WINDOW_S = 2
_PROGRESS_B = 1_500_000
_YEAR_1980_S = 3.2e8


@dataclass
class Look:
    """What is gathered of a trace while its pieces go by, for the preview.

    In        take(piece)
    Out       gravity_g, gravity_axis, turning_dps, picture
    """

    rate_hz: int
    has_gyro: bool
    samples: int = 0
    _windows: list[Floats] = field(default_factory=list)
    _coarse: list[Floats] = field(default_factory=list)
    _turning: float = 0.0
    _rest: Floats = field(default_factory=lambda: np.zeros((3, 0)))

    def take(self, piece: Piece) -> None:
        if isinstance(piece, Lost):
            self._rest = np.zeros((3, 0))
            return
        acc = piece.samples[:3].astype(np.float64)
        self.samples += acc.shape[1]
        if self.has_gyro:
            self._turning += float(np.abs(piece.samples[3:]).sum()) / 3
        acc = np.concatenate((self._rest, acc), axis=1)
        step = max(1, round(self.rate_hz / _PICTURE_HZ))
        whole = acc.shape[1] // step
        self._rest = acc[:, whole * step :]
        if whole:
            self._coarse.append(acc[:, : whole * step].reshape(3, whole, step).mean(axis=2))

    def _all(self) -> Floats:
        return np.concatenate(self._coarse, axis=1) if self._coarse else np.zeros((3, 0))

    @property
    def turning_dps(self) -> float:
        return self._turning / self.samples if self.samples else math.nan

    def gravity(self) -> tuple[float, str]:
        """The mean vector over 2 s, in the middle of all windows, and the axis that it lies along."""
        coarse = self._all()
        step = _WINDOW_S * _PICTURE_HZ
        count = coarse.shape[1] // step
        if not count:
            return math.nan, ""
        means = coarse[:, : count * step].reshape(3, count, step).mean(axis=2)
        size = float(np.median(np.linalg.norm(means, axis=0)))
        middle = np.median(means, axis=1)
        axis = int(np.argmax(np.abs(middle)))
        return size, ("+" if middle[axis] > 0 else "-") + "xyz"[axis]

    def picture(self) -> tuple[str, float]:
        """Ten seconds, the liveliest, of the acceleration along gravity as a line of blocks; where they begin."""
        coarse = self._all()
        length = min(_PICTURE_S * _PICTURE_HZ, coarse.shape[1])
        if length < _PICTURE_HZ:
            return "", 0.0
        size = np.linalg.norm(coarse, axis=0)
        starts = range(0, coarse.shape[1] - length + 1, _PICTURE_HZ)
        start = max(starts, key=lambda s: float(size[s : s + length].std()))
        piece = coarse[:, start : start + length]
        mean = piece.mean(axis=1)
        along = (mean / max(float(np.linalg.norm(mean)), 1e-9)) @ piece
        low, high = float(along.min()), float(along.max())
        level = np.clip(((along - low) / max(high - low, 0.2) * len(_BLOCKS)).astype(int), 0, len(_BLOCKS) - 1)
        return "".join(_BLOCKS[i] for i in level.tolist()), start / _PICTURE_HZ


@dataclass(frozen=True)
class Preview:
    """What a recording was taken for, to be checked by a person."""

    name: str
    source: str
    sure: str
    time: dict[str, Any]
    acc: dict[str, Any]
    gravity: dict[str, Any] | None
    gyr: dict[str, Any] | None
    rate_hz: int
    source_rate_hz: float
    steadiness: str
    seconds: float
    gaps: int
    lost_s: float
    gravity_g: float
    gravity_axis: str
    turning_dps: float | None
    missing: tuple[str, ...]
    picture: str
    picture_from_s: float
    notes: tuple[str, ...]
    starts_at: str | None
    doubts: tuple[Doubt, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        held = {key: value for key, value in vars(self).items() if key not in ("picture", "picture_from_s")}
        held["gravity_g"] = round(self.gravity_g, 4) if math.isfinite(self.gravity_g) else None
        held["notes"], held["missing"] = list(self.notes), list(self.missing)
        held["doubts"] = [doubt.to_dict() for doubt in self.doubts]
        return held

    def lines(self) -> list[str]:
        """For a terminal of 80 columns and more."""
        lines = [f"{self.name}: {self.source}, {self.sure}"]

        def row(what: str, text: str) -> None:
            lines.append(f"  {what:<13} {text}")

        at = f", begins {self.starts_at}" if self.starts_at else ""
        row("time", f"{_named(self.time)}{at}")
        row("acceleration", f"{_named(self.acc)} -> g")
        if self.gravity is not None:
            row("+ gravity", f"{_named(self.gravity)} -> g")
        row("gyroscope", f"{_named(self.gyr)} -> deg/s" if self.gyr else "none")
        rows = f"{self.source_rate_hz:.6g} Hz, {self.steadiness}; {clock(self.seconds)}"
        if self.gaps:
            rows += f"; {self.gaps} gap{'s' if self.gaps > 1 else ''}, {self.lost_s:.2f} s in all"
        row("rows", rows)
        row(
            "gravity",
            f"{self.gravity_g:.2f} g along {self.gravity_axis}" if self.gravity_axis else "not seen: too short",
        )
        if self.turning_dps is not None:
            row("turning", f"{self.turning_dps:.0f} deg/s on average")
        if self.missing:
            row("missing", ", ".join(self.missing))
        if self.picture:
            row(f"{_PICTURE_S} s", f"from {clock(self.picture_from_s)}, acceleration along gravity")
            lines.append(f"  {self.picture}")
        lines += [f"  doubt: {doubt.text}" for doubt in self.doubts]
        return lines + [f"  note: {note}" for note in self.notes]


def _named(part: dict[str, Any] | None) -> str:
    if part is None:
        return "none"
    names = part["columns"]
    text = ", ".join(f'"{name}"' for name in names) if names else "the number of the row"
    unit = f" ({part['unit']})" if part["unit"] else ""
    return f"{text}{unit}" + (f" of {part['file']}" if part.get("file") else "")


def _part(part: Part, name: str) -> dict[str, Any]:
    own = part.table.member.name
    return {
        "columns": part.names(),
        "unit": part.unit or "g",
        **({"turned": True} if part.sign < 0 else {}),
        **({"file": own} if own != name else {}),
    }


def _time(part: Part) -> dict[str, Any]:
    time = part.time
    unit = {TEXT: "date and time", ROWS: f"rows at {time.rate_hz:g} Hz"}.get(time.unit, time.unit)
    return {"columns": [column_name(part.table, place) for place in time.places], "unit": unit}


def preview_of(trace: Trace, look: Look, survey: Survey) -> Preview:
    """The preview, once all pieces of the trace have gone by."""
    plan, timing = trace.plan, trace.timing
    picture, picture_from_s = look.picture()
    size_g, axis = look.gravity()
    missing = []
    if plan.gyr is None:
        missing.append("the gyroscope: no tilt, no ranges, no cue for an arched back")
    if plan.planar:
        missing.append("the sideways axis")
    steadiness = "even" if timing.even else "uneven time stamps"
    if trace.spread is not None:
        steadiness = "spread over packets of rows"
    start = trace.start_s
    starts_at = None
    if start > _YEAR_1980_S:
        starts_at = datetime.fromtimestamp(start, UTC).isoformat(timespec="milliseconds")
    name = trace.path.name
    return Preview(
        name,
        plan.source,
        plan.sure,
        _time(plan.acc),
        _part(plan.acc, name),
        _part(plan.gravity, name) if plan.gravity else None,
        _part(plan.gyr, name) if plan.gyr else None,
        trace.rate_hz,
        round(timing.source_rate_hz, 4),
        steadiness,
        round(trace.samples / trace.rate_hz, 3),
        trace.gaps,
        round(trace.lost_samples / trace.rate_hz, 3),
        size_g,
        axis,
        round(look.turning_dps, 1) if plan.gyr is not None else None,
        tuple(missing),
        picture,
        picture_from_s,
        tuple(trace.notes),
        starts_at,
        tuple(doubts_of(survey)),
    )


@dataclass(frozen=True)
class Imported:
    """A recording that was looked at, and where its trace is (None: only looked at)."""

    preview: Preview
    trace: Path | None


def recordings_of(paths: Sequence[Path], given: Given | None = None) -> list[list[Path]]:
    """Files that belong together: a file with a gyroscope alone goes with the one that has the accelerometer."""
    if len(paths) == 1:
        return [[paths[0]]]
    whole: list[list[Path]] = []
    loose: list[Path] = []
    failed: TraceError | None = None
    for path in paths:
        try:
            open_trace(path, given)
        except TraceError as error:
            if "without an accelerometer" not in error.what and "gravity is missing" not in error.what:
                raise
            loose.append(path)
            failed = error
            continue
        whole.append([path])
    if not loose:
        return whole
    if len(whole) == 1:
        return [[*whole[0], *loose]]
    if not whole:
        return [loose]
    assert failed is not None
    raise TraceError(
        f"{failed.what}, and {len(whole)} other recordings that it could belong to",
        "import the files of one recording at a time",
        path=failed.path,
    )


def stem_of(path: Path) -> str:
    """The name of a recording without what says how it is packed."""
    name = path.name
    for ending in (".xz", ".gz", ".zip", ".csv", ".txt", ".tsv", ".json", ".xlsx", ".xls", ".ods", ".cwa", ".imu"):
        if name.lower().endswith(ending) and len(name) > len(ending):
            name = name[: -len(ending)]
    return name


def look_at(paths: Sequence[Path], given: Given | None = None, bar: bool = True) -> Imported:
    """Only the preview: nothing is written."""
    return _pass(open_trace(paths[0], given, paths[1:]), None, bar)


def import_recording(paths: Sequence[Path], folder: Path, given: Given | None = None, bar: bool = True) -> Imported:
    """The files of one recording into NAME.imu.csv.xz and NAME.import.json; what was imported before is replaced."""
    trace = open_trace(paths[0], given, paths[1:])
    stem = stem_of(paths[0])
    target, side = folder / (stem + TRACE_ENDS), folder / (stem + SIDE_ENDS)
    if target.exists() and not side.exists():
        raise FileError("is there, and was not imported", "name another folder with -o", path=target)
    make_folder(folder)
    part = target.with_name(f".{stem}.part{TRACE_ENDS}")
    try:
        done = _pass(trace, part, bar)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    said = given or Given()
    held = {
        "from": [path.name for path in paths],
        **done.preview.to_dict(),
        "said": {key: value for key, value in vars(said).items() if value},
        "formclip": VERSION,
    }
    write_whole(side, json.dumps(held, indent=1, ensure_ascii=False) + "\n")
    return Imported(done.preview, target)


def _pass(trace: Trace, to: Path | None, bar: bool) -> Imported:
    look = Look(trace.rate_hz, trace.has_gyro)
    survey = Survey(trace.rate_hz, trace.has_gyro, trace.planar)
    writer = TraceWriter(to, trace.has_gyro) if to is not None else None
    try:
        with file_progress("read", trace.size_b, bar and trace.size_b > _PROGRESS_B) as on_progress:
            for piece in trace.pieces(on_progress):
                look.take(piece)
                survey.take(piece)
                if writer is not None and isinstance(piece, Block):
                    count = piece.samples.shape[1]
                    writer.write(trace.t_s(np.arange(piece.index, piece.index + count)), piece.samples)
    finally:
        if writer is not None:
            writer.close()
    return Imported(preview_of(trace, look, survey), to)
