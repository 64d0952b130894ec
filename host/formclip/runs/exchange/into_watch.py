"""The clip's figures written into the watch's own FIT file, so that one file goes to a training program.

Every message of the watch stands as it was, byte for byte, in its order, those that no profile names included. Each
record gets fields at its end: developer fields, and native ones (vertical oscillation, stance time, its balance) where
the watch has none of its own; where it has, the clip's are developer fields beside them. Only the definitions of
records, the records, the header and the checksum differ.

Source  FIT SDK, protocol, section 4.8 (record layout) and Developer Data; a record is its native fields in the order
        of the definition, then its developer fields in theirs
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fitdecode
import numpy as np
from fitdecode.utils import compute_crc

from formclip.ground.run import Floats, Run
from formclip.runs.exchange.align import Match
from formclip.runs.exchange.fit import (
    APPLICATION,
    CUE_FIELD,
    CUE_NAME,
    CUES,
    DEVELOPER,
    CantExport,
    application_version,
    field_name,
)
from formclip.runs.exchange.pieces import HEADER, MAGIC, Piece, messages, native
from formclip.runs.exchange.seconds import means_at
from formclip.runs.exchange.watchfile import FIT_EPOCH_S

_RECORD, _DEVELOPER_DATA_ID, _FIELD_DESCRIPTION = 20, 207, 206
_DEFINITION, _WITH_DEVELOPER = 0x40, 0x20
_UINT8, _UINT16, _UINT32, _STRING, _FLOAT32, _BYTE = 0x02, 0x84, 0x86, 0x07, 0x88, 0x0D
_PROTOCOL_2 = 0x20  # developer fields came with it


@dataclass(frozen=True)
class _Native:
    """A native field of a record: number, metric, factor to FIT's unit, and what the clip's is called beside it."""

    number: int
    key: str
    factor: float
    beside: str
    unit: str
    own: int  # its number as a developer field


_BALANCE = "balance"
_NATIVE = (
    _Native(39, "vo_cm", 100.0, "Vertical oscillation (clip)", "mm", 8),
    _Native(41, "contact_ms", 10.0, "Contact time (clip, estimate)", "ms", 9),
    _Native(84, _BALANCE, 100.0, "Contact balance left (clip, estimate)", "%", 10),
)


@dataclass(frozen=True)
class _Field:
    """One field that each record gets: number, size, base type; `row` is how its column is packed."""

    number: int
    kind: int
    column: Floats

    @property
    def size(self) -> int:
        return {_UINT8: 1, _UINT16: 2, _FLOAT32: 4}[self.kind]

    def packed(self, row: int, endian: str) -> bytes:
        value = float(self.column[row])
        if self.kind == _FLOAT32:
            return struct.pack(endian + "f", value) if math.isfinite(value) else b"\xff\xff\xff\xff"
        most = 0xFF if self.kind == _UINT8 else 0xFFFF
        whole = round(value) if math.isfinite(value) else most
        return struct.pack(endian + ("B" if self.kind == _UINT8 else "H"), whole if 0 <= whole < most else most)


def into_watch(piece: Piece, run: Run, match: Match) -> bytes:
    """The watch's file with the run's figures in its records: one FIT file, whole and with its checksums.

    piece   of several chained files the one that holds the run; what is missing at a torn end stays missing
    Errors    CantExport where there is no record to add to
    """
    frames = list(messages(piece, raw=True))
    records = [one for one in frames if _is_data(one) and one.global_mesg_num == _RECORD]
    if not records:
        raise CantExport("the watch's file holds no record", "merge the run with another file")
    definitions = [one for one in frames if isinstance(one, fitdecode.FitDefinitionMessage)]
    known = {field.def_num for one in definitions if one.global_mesg_num == _RECORD for field in one.field_defs}
    natives, developers = _fields(run, match.clip_s(_times(records)), known)
    index = _free_index(frames)
    body = bytearray()
    row, said = 0, False
    active: dict[int, bytes] = {}
    for frame in frames:
        data = bytes(frame.chunk.bytes)
        if isinstance(frame, fitdecode.FitDefinitionMessage):
            if frame.global_mesg_num == _RECORD:
                data = _wider(frame, natives, developers, index)
            active[frame.local_mesg_num] = data
        elif frame.global_mesg_num == _RECORD:
            data = _filled(frame, natives, developers, row)
            row += 1
        body += data
        if _is_data(frame) and not said:
            body += _descriptions(developers, index) + active.get(_LOCAL, b"")
            said = True
    protocol, profile = piece.protocol
    head = HEADER.pack(14, max(protocol, _PROTOCOL_2), profile, len(body), MAGIC)
    whole = head + struct.pack("<H", compute_crc(head)) + bytes(body)
    return whole + struct.pack("<H", compute_crc(whole))


_LOCAL = 15  # the local number that our own messages take; what the watch had defined there is said again behind them


def _is_data(frame: Any) -> bool:
    return isinstance(frame, fitdecode.FitDataMessage)


def _times(records: Sequence[Any]) -> Floats:
    """Unix seconds of each record; NaN where it has none."""
    out = []
    for one in records:
        stamp = native(one, "timestamp")
        fraction = native(one, "fractional_timestamp") or 0.0
        out.append(math.nan if stamp is None else stamp + FIT_EPOCH_S + fraction)
    return np.array(out)


def _fields(run: Run, t_s: Floats, known: set[int]) -> tuple[list[_Field], list[_Field]]:
    """What is added to each record, natively and as developer fields, at times of the clip."""
    columns, balance = means_at(run, np.nan_to_num(t_s, nan=-math.inf))
    columns = {**columns, _BALANCE: balance}
    nothing = np.full(len(t_s), math.nan)
    natives, developers = [], []
    for number, key, _ in DEVELOPER:
        developers.append(_Field(number, _FLOAT32, columns.get(key, nothing)))
    developers.append(_Field(CUE_FIELD, _UINT8, _cues(run, t_s)))
    for one in _NATIVE:
        values = columns.get(one.key, nothing)
        if one.number not in known:
            natives.append(_Field(one.number, _UINT16, values * one.factor))
        else:
            developers.append(_Field(one.own, _FLOAT32, values * (10.0 if one.key == "vo_cm" else 1.0)))
    return natives, developers


def _cues(run: Run, t_s: Floats) -> Floats:
    """Each cue in the first record that follows it; of several in one record a fault stands before `ok`."""
    out = np.zeros(len(t_s))
    timed = np.flatnonzero(np.isfinite(t_s))
    order = timed[np.argsort(t_s[timed], kind="stable")]
    for cue in run.cues:
        at = int(np.searchsorted(t_s[order], cue.t_s, "left"))
        if at < len(order) and (out[order[at]] == 0 or cue.kind != "ok"):
            out[order[at]] = CUES.get(cue.kind, 0)
    return out


def _free_index(frames: Sequence[Any]) -> int:
    """A developer index that nobody in the file uses."""
    used = set()
    for one in frames:
        if isinstance(one, fitdecode.FitDefinitionMessage):
            used |= {field.dev_data_index for field in one.dev_field_defs}
        elif one.global_mesg_num in (_DEVELOPER_DATA_ID, _FIELD_DESCRIPTION):
            used.add(native(one, "developer_data_index"))
    free = [index for index in range(255) if index not in used]
    if not free:
        raise CantExport("the watch's file has no room for another developer's fields", "export the run without it")
    return free[0]


def _wider(frame: Any, natives: Sequence[_Field], developers: Sequence[_Field], index: int) -> bytes:
    """The definition of records with our fields at its ends."""
    data = bytes(frame.chunk.bytes)
    own = data[6 : 6 + 3 * len(frame.field_defs)]
    theirs = b"" if not frame.is_developer_data else data[7 + len(own) :]
    if len(frame.field_defs) + len(natives) > 255 or len(theirs) // 3 + len(developers) > 255:
        raise CantExport("the watch's records have no room for more fields", "export the run without it")
    return (
        bytes([data[0] | _WITH_DEVELOPER])
        + data[1:5]
        + bytes([len(frame.field_defs) + len(natives)])
        + own
        + b"".join(bytes([field.number, field.size, field.kind]) for field in natives)
        + bytes([len(theirs) // 3 + len(developers)])
        + theirs
        + b"".join(bytes([field.number, field.size, index]) for field in developers)
    )


def _filled(frame: Any, natives: Sequence[_Field], developers: Sequence[_Field], row: int) -> bytes:
    """A record with our values at the ends of its native and its developer fields."""
    data, endian = bytes(frame.chunk.bytes), frame.def_mesg.endian
    end = 1 + sum(field.size for field in frame.def_mesg.field_defs)
    ours = b"".join(field.packed(row, endian) for field in natives)
    return data[:end] + ours + data[end:] + b"".join(field.packed(row, endian) for field in developers)


def _descriptions(developers: Sequence[_Field], index: int) -> bytes:
    """Who the developer fields are from, and what each is."""
    out = _message(
        _DEVELOPER_DATA_ID,
        (1, _BYTE, APPLICATION),
        (3, _UINT8, bytes([index])),
        (4, _UINT32, struct.pack("<I", application_version())),
    )
    names = {number: field_name(key, name) for number, key, name in DEVELOPER}
    names[CUE_FIELD] = (CUE_NAME, "")
    names |= {one.own: (one.beside, one.unit) for one in _NATIVE}
    for field in developers:
        name, unit = names[field.number]
        out += _message(
            _FIELD_DESCRIPTION,
            (0, _UINT8, bytes([index])),
            (1, _UINT8, bytes([field.number])),
            (2, _UINT8, bytes([field.kind])),
            (3, _STRING, name.encode() + b"\0"),
            (8, _STRING, unit.encode() + b"\0"),
        )
    return out


def _message(number: int, *fields: tuple[int, int, bytes]) -> bytes:
    """A message with its definition, of (field, base type, bytes)."""
    head = struct.pack("<BBBHB", _DEFINITION | _LOCAL, 0, 0, number, len(fields))
    return (
        head
        + b"".join(bytes([field, len(data), kind]) for field, kind, data in fields)
        + bytes([_LOCAL])
        + b"".join(data for _, _, data in fields)
    )
