"""Which files in a folder are recordings, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from formclip.ground import log as logfile
from formclip.ground.errors import FileError
from formclip.lab.importing import stem_of

_TABLES = tuple(plain + packed for plain in (".csv", ".tsv", ".txt") for packed in ("", ".xz", ".gz"))
_ENDINGS = (*_TABLES, ".zip", ".json", ".xlsx", ".xls", ".cwa", ".fclog")
# What formclip itself and others put beside recordings.
_BESIDE = re.compile(r"(\.truth\.json|\.import\.json|^summary\.json|^(readme|licen[cs]e|metadata|annotation).*)$", re.I)
_END = r"([ _-]?uncalibrated)?(?![a-z])"
_ACC = re.compile(r"(total[ _-]?|linear[ _-]?|raw[ _-]?)?(accelerometer|acceleration|accel|acc)" + _END, re.I)
_GYR = re.compile(r"(gyroscope|gyro|gyr|rotation[ _-]?rate)" + _END, re.I)
_GRAVITY = re.compile(r"gravity" + _END, re.I)
_OTHER = re.compile(
    r"(magnetometer|magnetic[ _-]?field|mag|barometer|pressure|location|gps|light|orientation|compass|heading|"
    r"altimeter|pedometer|proximity|temperature|microphone|activity|battery|network|camera|heart[ _-]?rate|hr|ecg)"
    + _END,
    re.I,
)


@dataclass(frozen=True)
class Recording:
    """The files of one recording; `name` is that of its results, with / between folders."""

    name: str
    paths: tuple[Path, ...]


def recordings_in(paths: Sequence[Path], leave_out: Path | None = None) -> list[Recording]:
    """All recordings of some files and folders, by name; what lies below `leave_out` is not looked at.

    Errors    FileError where there is none
    """
    found: list[tuple[str, tuple[Path, ...]]] = []
    for path in paths:
        if not path.exists():
            raise FileError("no such file or folder", "check the path", path=path)
        if path.is_dir():
            root = path.name if len(paths) > 1 else ""
            found += _below(path, root, leave_out.resolve() if leave_out else None)
        else:
            found.append((stem_of(path), (path,)))
    if not found:
        raise FileError("no recording in it", "docs/lab/import.md lists what is read", path=paths[0] if paths else None)
    return [Recording(name, group) for name, group in _named_apart(found)]


def is_one_recording(folder: Path) -> bool:
    """Whether a folder holds the files of a single recording, and nothing else below it."""
    found = _below(folder, "", None)
    return len(found) == 1 and all(path.parent == folder for path in found[0][1])


def _below(folder: Path, name: str, leave_out: Path | None) -> list[tuple[str, tuple[Path, ...]]]:
    if leave_out is not None and folder.resolve() == leave_out:
        return []
    if (folder / logfile.LOG_NAME).is_file():  # results of a replay: its log stands for them
        return [(name or folder.name, (folder / logfile.LOG_NAME,))]
    inside = sorted(folder.iterdir())
    files = [one for one in inside if one.is_file() and _is_recording(one)]
    out: list[tuple[str, tuple[Path, ...]]] = []
    groups: dict[str, list[Path]] = {}
    for one in files:
        groups.setdefault(_without_sensor(stem_of(one)), []).append(one)
    for rest, group in groups.items():
        if any(_ACC.search(one.name) for one in group):  # what other sensors of a recording have beside it is not one
            group = [one for one in group if _ACC.search(one.name) or not _only_other(one)]
        if len(group) > 1 and _is_of_one(group):
            label = _joined(name, rest.strip(" _-.")) or folder.name
            out.append((label, tuple(sorted(group, key=lambda one: not _ACC.search(one.name)))))
        else:
            out += [(_joined(name, stem_of(one)), (one,)) for one in group]
    for one in inside:
        if one.is_dir() and not one.name.startswith(".") and not one.is_symlink() and one.name != "meta":
            out += _below(one, _joined(name, one.name), leave_out)
    return out


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name


def _is_recording(path: Path) -> bool:
    name = path.name.lower()
    return not name.startswith(".") and name.endswith(_ENDINGS) and not _BESIDE.search(name)


def _without_sensor(stem: str) -> str:
    for sensor in (_ACC, _GYR, _GRAVITY, _OTHER):
        stem = sensor.sub("", stem)
    return stem


def _only_other(path: Path) -> bool:
    return bool(_OTHER.search(path.name)) and not _GYR.search(path.name) and not _GRAVITY.search(path.name)


def _is_of_one(group: list[Path]) -> bool:
    """Whether files whose names are alike but for the sensor are sensors of one recording."""
    return any(_ACC.search(one.name) for one in group) and any(
        _GYR.search(one.name) or _GRAVITY.search(one.name) for one in group
    )


def _named_apart(found: list[tuple[str, tuple[Path, ...]]]) -> list[tuple[str, tuple[Path, ...]]]:
    """Names that differ, also where capitals do not count."""
    taken: set[str] = set()
    out = []
    for name, group in sorted(found):
        label, number = name, 2
        while label.casefold() in taken:
            label, number = f"{name}~{number}", number + 1
        taken.add(label.casefold())
        out.append((label, group))
    return out
