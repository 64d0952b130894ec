"""From what a person named to tables: files, folders, zips, workbooks and JSON, opened and looked at.

Files that hold no table (pictures, sound, what a folder collects) are passed over; they are named when nothing is left.
"""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path

import numpy as np

from formclip.ground.errors import NotInstalled, TraceError, printable
from formclip.ground.trace import packed
from formclip.ground.trace.names import ACC, TIME, kind_of_file, read_name
from formclip.ground.trace.packed import Member
from formclip.ground.trace.table import Floats, HeldTable, Table, TextTable, Words
from formclip.ground.trace.text import is_number, split_line

_MOST_HELD_B = 1 << 28
_MOST_SENSORS = 24
_NOT_TABLES = (
    ".jpg", ".jpeg", ".png", ".heic", ".mp4", ".mov", ".m4a", ".wav", ".mp3", ".pdf", ".sqlite", ".db", ".kml", ".gpx",
    ".py", ".md", ".html", ".phyphox",
)  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_CWA = b"MD"


def tables_of(path: Path) -> list[Table]:
    """All tables of one recording; TraceError where there is none, with the reason of the file that failed."""
    found: list[Table] = []
    failed: list[TraceError] = []
    several = packed.members(path)
    alone = len(several) == 1 and not path.is_dir() and several[0].opener is None
    for member in several:
        if not alone and member.stem.endswith(_NOT_TABLES):
            continue
        try:
            found += _tables_in(member)
        except TraceError as error:
            if alone:
                raise
            failed.append(error)
    if not found:
        if failed:
            raise failed[0]
        names = ", ".join(printable(m.name) for m in several[:4])
        raise TraceError(
            "no table in it",
            f"it holds {names or 'nothing'}: name a file with the sensor's rows",
            path=path,
            place="byte 0",
        )
    return found


def _tables_in(member: Member) -> list[Table]:
    head = _peek(member)
    if (
        head.startswith(_OLE)
        or (head.startswith(_ZIP) and member.opener is None)
        or member.stem.endswith((".xls", ".xlsx", ".ods"))
    ):
        return _workbook(member)
    if head.startswith(_ZIP):
        raise TraceError("a zip inside a zip", "unpack the outer one", path=member.path, place="byte 0")
    if head.startswith(_CWA) and member.stem.endswith(".cwa"):
        return _cwa(member)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"[", b"{"):
        return _from_json(member)
    return _by_sensor(member, TextTable(member))


def _by_sensor(member: Member, table: TextTable) -> list[Table]:
    """The table; or, where a column says which sensor each row is of, the rows of each sensor as a table of its own."""
    for place in range(len(table.names)):
        cells = {row[place] for row in table.sample if place < len(row)}
        kinds = {cell: kind_of_file(cell) for cell in cells}
        if not 2 <= len(cells) <= _MOST_SENSORS or any(is_number(cell, True) for cell in cells):
            continue
        if ACC in kinds.values() and all(kinds.values()):
            return _split_by(member, table, place)
    return [table]


def _split_by(member: Member, table: TextTable, place: int) -> list[Table]:
    separator = table.layout.separator
    rows: dict[str, list[str]] = {}
    lines = member.read(_MOST_HELD_B).decode("utf-8", "replace").splitlines()
    for line in lines[table.first_line - 1 :]:
        cells = split_line(line, separator)
        if place < len(cells):
            rows.setdefault(cells[place], []).append(line)
    head = separator.join(_with_axes(table, place))
    out: list[Table] = []
    for sensor, own in rows.items():
        if len(own) > 1:
            text = "\n".join([head, *own]).encode()
            out.append(TextTable(Member(member.path, f"{sensor}.csv", len(text), _opener(text))))
    return out


def _with_axes(table: TextTable, place: int) -> list[str]:
    """The names of the columns; where none is an axis (v0, v1, v2), the first three of numbers are x, y, z."""
    names = list(table.names)
    if not any(read_name(name).axis for name in names):
        numbers = [
            i
            for i, name in enumerate(names)
            if i != place and read_name(name).kind != TIME and all(is_number(row[i], True) for row in table.sample[:20])
        ]
        for i, axis in zip(numbers[:3], "xyz", strict=False):
            names[i] = axis
    return names


def _peek(member: Member) -> bytes:
    pieces = member.open().pieces()
    try:
        return next(pieces, b"")[:64]
    finally:
        pieces.close()  # type: ignore[attr-defined]


def _workbook(member: Member) -> list[Table]:
    """Each sheet as the text that the same cells would be in a CSV file, so that it is read by the same rules."""
    try:
        import python_calamine
    except ImportError:
        raise NotInstalled(
            "an Excel file needs python-calamine, which is not installed",
            "pip install 'formclip[excel]', or export CSV",
            path=member.path,
        ) from None
    data = member.read(_MOST_HELD_B)
    if data.startswith(_ZIP):
        _check_size(member, data)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(name, book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    except Exception as error:  # calamine raises its own classes and, on damaged files, Rust's panics
        what = " ".join(str(error).split())[:80].lower() or type(error).__name__
        raise TraceError(
            f"not a readable workbook ({what})", "export the recording as CSV", path=member.path, place="byte 0"
        ) from None
    tables: list[Table] = []
    for name, rows in sheets:
        text = "\n".join("\t".join(_cell(cell) for cell in row) for row in rows).encode()
        if not text.strip():
            continue
        sheet = Member(member.path, name, len(text), _opener(text))
        try:
            tables.append(TextTable(sheet))
        except TraceError:
            continue
    return tables


def _opener(data: bytes):  # type: ignore[no-untyped-def]
    return lambda: io.BytesIO(data)


def _check_size(member: Member, data: bytes) -> None:
    """What a packed workbook grows to, before anything unpacks it."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            grown = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise TraceError(
            f"damaged workbook ({error})", "export the recording again", path=member.path, place="byte 0"
        ) from None
    if grown > 4 * _MOST_HELD_B:
        raise TraceError(
            f"unpacks to {grown >> 20} MB", "export the recording as CSV", path=member.path, place="byte 0"
        )


def _cell(cell: object) -> str:
    if isinstance(cell, float):
        return repr(cell)
    return str(cell).replace("\t", " ").replace("\n", " ")


def _cwa(member: Member) -> list[Table]:
    try:
        from skdh.io import ReadCwa  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise NotInstalled(
            "a .cwa file needs scikit-digital-health, which is not installed",
            "pip install 'formclip[cwa]', or export CSV with OmGui",
            path=member.path,
        ) from None
    if member.opener is not None:
        raise TraceError("a .cwa file in a zip", "unpack it and name it", path=member.path, place="byte 0")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of time zones: what counts here is the time since the first row
            data = ReadCwa().predict(file=str(member.path), tz_name=None)
    except Exception as error:
        what = " ".join(str(error).split())[:80].lower() or type(error).__name__
        raise TraceError(
            f"not a readable .cwa file ({what})", "export CSV with OmGui", path=member.path, place="byte 0"
        ) from None
    columns: list[Floats | Words] = [np.asarray(data["time"], dtype=np.float64)]
    names = ["Time (s)", "Accel-X (g)", "Accel-Y (g)", "Accel-Z (g)"]  # as OmGui writes them
    columns += list(np.asarray(data["accel"], dtype=np.float64).T)
    if data.get("gyro") is not None:
        names += ["Gyro-X (deg/s)", "Gyro-Y (deg/s)", "Gyro-Z (deg/s)"]
        columns += list(np.asarray(data["gyro"], dtype=np.float64).T)
    return [HeldTable(member, member.stem, tuple(names), columns, ("Axivity .cwa",))]


def _from_json(member: Member) -> list[Table]:
    """Records one by one, grouped by their `sensor` where they have one; or columns as lists."""
    data = member.read(_MOST_HELD_B)
    try:
        held = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        records = [_json_line(line) for line in data.split(b"\n") if line.strip()]
        if not records or any(record is None for record in records[:-1]):
            raise TraceError(
                "not readable JSON", "export the recording again, or as CSV", path=member.path, place="byte 0"
            ) from None
        held = [record for record in records if record is not None]
    if isinstance(held, dict):
        lists = {name: v for name, v in held.items() if isinstance(v, list) and v}
        if lists and all(not isinstance(v[0], dict | list) for v in lists.values()):
            held = [dict(zip(lists, row, strict=False)) for row in zip(*lists.values(), strict=False)]
        else:
            held = next((v for v in lists.values() if isinstance(v[0], dict)), [])
    groups: dict[str, list[dict[str, object]]] = {}
    for packet in held if isinstance(held, list) else []:
        for record in _readings(packet) if isinstance(packet, dict) else []:
            inner = record.get("values")
            flat = {**record, **inner} if isinstance(inner, dict) else _flat(record)
            groups.setdefault(str(flat.get("sensor", flat.get("name", ""))), []).append(flat)
    tables = [_held(member, name, records) for name, records in groups.items() if len(records) > 1]
    if not tables:
        raise TraceError("no records in this JSON", "export the recording as CSV", path=member.path, place="byte 0")
    return list(tables)


def _readings(packet: dict[str, object]) -> list[dict[str, object]]:
    """{"acc": {"Timestamp": 1, "ArrayAcc": [{"x": 2}, {"x": 3}]}}, a packet, as one record a reading."""
    inside = [packet, *(held for held in packet.values() if isinstance(held, dict))]
    for held in inside:
        arrays = {
            name.removeprefix("Array"): value
            for name, value in held.items()
            if isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
        }
        if arrays:
            rest = {name: value for name, value in held.items() if isinstance(value, int | float | str)}
            return [
                {**rest, **_flat({name: value[i] for name, value in arrays.items() if i < len(value)})}
                for i in range(max(len(value) for value in arrays.values()))
            ]
    return [packet]


def _flat(record: dict[str, object]) -> dict[str, object]:
    """{"acc": {"x": 1}} and {"acc": [1, 2, 3]} as {"acc_x": 1, ...}."""
    out: dict[str, object] = {}
    for name, value in record.items():
        if isinstance(value, list) and len(value) == 3:
            value = dict(zip("xyz", value, strict=True))
        if isinstance(value, dict):
            out |= {f"{name}_{inner}": held for inner, held in value.items()}
        else:
            out[name] = value
    return out


def _json_line(line: bytes) -> object | None:
    try:
        return json.loads(line)  # type: ignore[no-any-return]
    except ValueError:
        return None


def _held(member: Member, name: str, records: list[dict[str, object]]) -> HeldTable:
    names = [n for n, v in records[0].items() if isinstance(v, int | float | str) and n not in ("sensor", "name")]
    columns: list[Floats | Words] = []
    for n in names:
        cells = [str(record.get(n, "nan")) for record in records]
        try:
            columns.append(np.array([float(c) if c not in ("", "None") else np.nan for c in cells]))
        except ValueError:
            columns.append(np.array(cells, dtype="U48"))
    return HeldTable(member, (name or member.stem) + ("" if name == "" else ".json"), tuple(names), columns)
