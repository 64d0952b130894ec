"""A run as tables: CSV with one header and units in the names, and Parquet with units in the schema.

Three tables: steps (one row a step, the columns of `formclip replay`'s steps.csv), minutes (means of the steps that
fall into each minute since the start), cues. And a dictionary of every column: unit, what it is, measured or estimate.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.columns import cues_csv, own_clock, steps_csv, table, to_columns
from formclip.ground.errors import NotInstalled, with_extra
from formclip.ground.files import write_whole
from formclip.ground.metrics import COLUMNS, METRIC, csv_cells
from formclip.ground.run import Floats, mean
from formclip.runs.exchange.source import Source

TIMES = {
    "on_s": "seconds since the session's clock began",
    "minute": "whole minutes since the session's clock began",
    "steps": "steps in that minute",
}


def dictionary() -> list[tuple[str, str, str, str]]:
    """(column, unit, what it is, measured or estimate) of every column that is written."""
    rows = [(name, "s" if name == "on_s" else "", what, "measured") for name, what in TIMES.items()]
    for name in COLUMNS:
        if name not in TIMES:
            metric = METRIC[name]
            what = metric.what or metric.title
            rows.append((name, metric.unit.replace("°", "deg"), what, "estimate" if metric.estimate else "measured"))
    return rows


def minutes(columns: dict[str, Floats]) -> dict[str, Floats]:
    """Means by minute: `minute`, `steps`, then each metric; NaN where nothing was measured in it."""
    names = [name for name in COLUMNS if METRIC[name].what]
    which = np.floor(columns["on_s"] / 60).astype(int)
    found = np.unique(which)
    out: dict[str, Floats] = {
        "minute": found.astype(np.float64),
        "steps": np.array([float(np.sum(which == m)) for m in found]),
    }
    for name in names:
        out[name] = np.array([mean(columns[name][which == m]) for m in found], dtype=np.float64)
    return out


def write_csv(source: Source, folder: Path) -> list[Path]:
    """NAME.steps.csv, NAME.minutes.csv, NAME.cues.csv and columns.csv; what was written."""
    columns = to_columns(source.log, own_clock, source.log.settings())
    by_minute = minutes(columns)
    head = ",".join(by_minute)
    cells = [
        ["%d" % v for v in by_minute[name].tolist()]
        if name in TIMES
        else csv_cells(METRIC[name], by_minute[name].tolist())
        for name in by_minute
    ]
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(("column", "unit", "what", "standing"))
    writer.writerows(dictionary())
    files = {
        f"{source.name}.steps.csv": steps_csv(columns),
        f"{source.name}.minutes.csv": table(head, cells),
        f"{source.name}.cues.csv": cues_csv(source.run.cues),
        "columns.csv": told.getvalue(),
    }
    for name, text in files.items():
        write_whole(folder / name, text)
    return [folder / name for name in files]


def write_parquet(source: Source, path: Path) -> Path:
    """The steps of a run, and the run's name, start and cues beside them.

    Errors    NotInstalled without pyarrow (the extra `parquet`)
    """
    columns = to_columns(source.log, own_clock, source.log.settings())
    about = {
        "run": source.name,
        "started": source.started.isoformat() if source.started else "",
        "cues": json.dumps([[round(c.t_s, 3), c.kind, c.reason] for c in source.run.cues], ensure_ascii=False),
    }
    write_whole(path, parquet_bytes(columns, about))
    return path


def parquet_bytes(columns: dict[str, Floats], about: dict[str, str]) -> bytes:
    """Steps as Parquet: unit, meaning and standing of each column in its metadata, `about` in the table's own.

    Errors    NotInstalled without pyarrow (the extra `parquet`)
    """
    pa, parquet = pyarrow()
    known = {name: (unit, what, standing) for name, unit, what, standing in dictionary()}
    fields, arrays = [], []
    for name in COLUMNS:
        unit, what, standing = known[name]
        values = columns[name]
        kind, convert = _kind(pa, name)
        fields.append(pa.field(name, kind, metadata={"unit": unit, "what": what, "standing": standing}))
        arrays.append(pa.array([None if v != v else convert(v) for v in values.tolist()], kind))
    made = pa.table(arrays, schema=pa.schema(fields, metadata=about))
    buffer = io.BytesIO()
    parquet.write_table(made, buffer, compression="zstd")
    return buffer.getvalue()


def pyarrow() -> tuple[Any, Any]:
    """pyarrow and its reader and writer of Parquet; NotInstalled without it."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise NotInstalled("Parquet needs pyarrow, which is not installed", with_extra("parquet")) from None
    return pa, parquet


def _kind(pa: Any, name: str) -> tuple[Any, Callable[[float], Any]]:
    if name == "side":
        return pa.string(), lambda v: METRIC["side"].letters[int(v)]
    if name == "flags":
        return pa.int16(), int
    return (pa.float64(), float) if name == "on_s" else (pa.float32(), float)
