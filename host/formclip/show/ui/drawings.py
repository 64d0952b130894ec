"""Stories and pictures of runs, kept beside the store's index: made once, thrown away by `formclip store rebuild`.

A picture's name is the hash of what it shows, so one that is there is right. Pictures are drawn by a process that ends.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from formclip.ground.columns import load_run
from formclip.ground.errors import FormclipError
from formclip.ground.files import write_whole
from formclip.ground.log import told_beside
from formclip.ground.version import VERSION
from formclip.runs.store.drawn import drawn_folder
from formclip.runs.store.store import Stored
from formclip.show.report.draw import CantDraw, draw_apart
from formclip.show.report.story import Label, tell

Chart = dict[str, Any]
_MADE_BY = f"{VERSION}/3"  # the last figure: of how stories and pictures look
_MOST_KEPT = 4000  # files
_MOST_WAITING = 200


class Drawings:
    """What is kept, and what waits to be drawn."""

    def __init__(self, store_folder: Path) -> None:
        self._folder = drawn_folder(store_folder)
        self._drawing = threading.Lock()
        self._waiting: OrderedDict[str, list[Chart]] = OrderedDict()

    def story(self, stored: Stored, label: Label, make: bool = True) -> dict[str, Any] | None:
        """What the run's page says; with `make` off, None unless it is kept."""
        key = [_MADE_BY, *stored.key, asdict(label.distance) if label.distance else None]
        key += [beside] if (beside := told_beside(stored.path)) else []
        path = self._folder / f"{_hash(key)}.json"
        told: dict[str, Any] | None = _read(path)
        if told is None and make:
            told = json.loads(json.dumps(tell(load_run(stored.path), label)))
            self._keep(path, json.dumps(told, ensure_ascii=False))
        return None if told is None else told | {"title": label.title, "told": label.told, "note": label.note}

    def pictures(self, charts: Sequence[Chart]) -> dict[str, str]:
        """SVG by the chart's key, of those that are kept."""
        found = {}
        for chart in charts:
            with suppress(OSError):
                found[chart["key"]] = self._path(chart).read_text(encoding="utf-8")
        return found

    def wait_for(self, charts: Sequence[Chart]) -> str:
        """A name under which `draw` later draws these."""
        name = _hash([chart["key"] for chart in charts] + [self._path(chart).name for chart in charts])
        self._waiting[name] = list(charts)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        return name

    def waiting(self, name: str) -> list[Chart] | None:
        return self._waiting.get(name)

    def draw(self, charts: Sequence[Chart]) -> dict[str, str]:
        """SVG by the chart's key; what is not kept is drawn. A chart that can't be is left out."""
        with self._drawing:  # one process at a time: it takes 200 MB
            missing = [chart for chart in charts if not self._path(chart).is_file()]
            with suppress(CantDraw):
                for chart, svg in zip(missing, draw_apart(missing), strict=True):
                    self._keep(self._path(chart), svg)
            if missing:
                self._thin_out()
        return self.pictures(charts)

    def _path(self, chart: Chart) -> Path:
        return self._folder / f"{_hash([_MADE_BY, chart])}.svg"

    def _keep(self, path: Path, text: str) -> None:
        with suppress(FormclipError):  # a disk that is full must not hide what can be read
            write_whole(path, text)

    def _thin_out(self) -> None:
        with suppress(OSError):
            files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)
            for path in files[: max(0, len(files) - _MOST_KEPT)]:
                path.unlink(missing_ok=True)


def _hash(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
