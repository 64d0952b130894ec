"""The part of gaitcore/records.py that packs and unpacks a step, from the rows of ground/metrics.py.

python -m formclip.lab.docs.stepcode --write

Written out line by line, because a loop over a table takes three times the time on the clip and the table its memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gaitcore import records

from formclip.ground.metrics import RECORD, Metric, Packed

BEGIN = "# -- the step: written by `python -m formclip.lab.docs.stepcode --write`, not by hand"
END = "# -- end of the step"
# What stands before the rows, in the first four bytes: kind, side and flags; ms since the step before and cadence.
_FIRST = (
    ("SIDE", "0 left, 1 right, 2 unknown"),
    ("FLAGS", "bits, above"),
    ("DT_MS", "ms since the step before, 0..4095"),
)
_FIRST_B = 4


def _size(packed: Packed) -> int:
    return 2 if packed.low < -128 else 1


def _rows() -> list[tuple[Metric, Packed]]:
    """Those that have bytes of their own: cadence lies in the first four."""
    return [(metric, packed) for metric, packed in RECORD if packed.name != "CADENCE"]


def size_b(version: int) -> int:
    """Bytes of a step in a version of the record."""
    return _FIRST_B + sum(_size(packed) for _, packed in _rows() if packed.since <= version)


def version() -> int:
    return max(packed.since for _, packed in RECORD)


def _attribute(metric: Metric, packed: Packed) -> str:
    return packed.of or metric.key


def _quantise(metric: Metric, packed: Packed) -> list[str]:
    scale = packed.scale
    times = f"        value *= {scale:g}" if scale > 1 else f"        value /= {1 / scale:g}" if scale < 1 else ""
    rounded = "int(value + 0.5)" + (" if value >= 0 else -int(0.5 - value)" if packed.low < 0 else "")
    return [
        f"    value = step.{_attribute(metric, packed)}",
        "    if value is None:",
        f"        fields[{packed.name}] = {packed.none}",
        "    else:",
        *([times] if times else []),
        f"        if {packed.low - 0.5:g} < value < {packed.high + 0.5:.1f}:",
        f"            fields[{packed.name}] = {rounded}",
        "        else:",
        f"            _odd(fields, {packed.name}, value, {packed.low}, {packed.high}, {packed.none})",
    ]


def _restore(metric: Metric, packed: Packed) -> list[str]:
    unknown = "not count" if packed.none == "0" else f"count == {packed.none}"
    scale = packed.scale
    value = f"count / {scale:g}" if scale >= 1 else f"{1 / scale:.1f} * count"
    return [
        f"    count = fields[{packed.name}]",
        f"    step.{_attribute(metric, packed)} = None if {unknown} else {value}",
    ]


def code() -> str:
    """What stands between the marks."""
    now = version()
    names = [name for name, _ in _FIRST] + [packed.name for _, packed in RECORD]
    says = [what for _, what in _FIRST] + [
        packed.what + ("" if packed.none == "0" else f"; {packed.none}: not measured") for _, packed in RECORD
    ]
    lines = [
        BEGIN,
        f"VERSION = const({now})",
        f"STEP_B = const({size_b(now)})",
        "SIZES_B = (0, " + ", ".join(str(size_b(v)) for v in range(1, now + 1)) + ")  # of a step, by version",
        "",
        "# Positions in `fields`.",
    ]
    lines += [f"{name} = const({i})  # {what}" for i, (name, what) in enumerate(zip(names, says, strict=True))]
    lines += [f"N_FIELDS = const({len(names)})", "", ""]
    lines += [
        "def quantise(step, dt_ms, fields):",
        '    """Fill `fields` from a Step; what does not fit is clamped and flagged SATURATED, never wrapped."""',
        "    fields[SIDE] = step.side",
        "    fields[DT_MS] = dt_ms",
        "    fields[FLAGS] = step.flags & _ALL_FLAGS",
    ]
    for row in RECORD:
        lines += _quantise(*row)
    lines += ["    return fields", "", ""]
    lines += [
        "def restore(fields, on_ms, step):",
        '    """Fill a Step with the physical units of `fields`; None where not measured."""',
        "    step.on_ms = on_ms",
        "    step.side = fields[SIDE]",
        "    step.flags = fields[FLAGS]",
    ]
    for row in RECORD:
        lines += _restore(*row)
    lines += ["    return step", "", ""]
    form = "<BHB" + "".join("h" if _size(packed) == 2 else "B" for _, packed in _rows())
    lines += [
        "def pack_step(fields, buf, offset):",
        f'    """Write {size_b(now)} bytes; the offset after them."""',
        "    cadence = fields[CADENCE]",
        "    struct.pack_into(",
        f'        "{form}",',
        "        buf,",
        "        offset,",
        "        STEP | fields[SIDE] << 5 | fields[FLAGS],",
        "        fields[DT_MS] | (cadence & 15) << 12,",
        "        cadence >> 4,",
        *(f"        fields[{packed.name}]," for _, packed in _rows()),
        "    )",
        "    return offset + STEP_B",
        "",
        "",
        "def unpack_step(buf, offset, fields, version=VERSION):",
        '    """Read a step of that version into `fields`; the offset after it. What it has not is not measured."""',
        "    head = buf[offset]",
        "    fields[SIDE] = head >> 5 & 3",
        "    fields[FLAGS] = head & _ALL_FLAGS",
        "    fields[DT_MS] = buf[offset + 1] | (buf[offset + 2] & 15) << 8",
        "    fields[CADENCE] = buf[offset + 2] >> 4 | buf[offset + 3] << 4",
    ]
    at = _FIRST_B
    since = 1
    for _, packed in _rows():
        if packed.since > since:
            lines.append(f"    if version < {packed.since}:")
            later = [p for _, p in _rows() if p.since >= packed.since]
            lines += [f"        fields[{p.name}] = {p.none}" for p in later]
            lines.append(f"        return offset + {at}")
            since = packed.since
        if _size(packed) == 2:
            lines += [
                f"    count = buf[offset + {at}] | buf[offset + {at + 1}] << 8",
                f"    fields[{packed.name}] = count - 65536 if count > 32767 else count",
            ]
        else:
            lines.append(f"    fields[{packed.name}] = buf[offset + {at}]")
        at += _size(packed)
    lines += ["    return offset + STEP_B", "", "", END]
    return "\n".join(lines) + "\n"


def with_code(text: str) -> str:
    """records.py with the part between the marks renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END + "\n")
    return before + code() + after


def main() -> None:
    path = Path(records.__file__)
    text = path.read_text(encoding="utf-8")
    if "--write" in sys.argv[1:]:
        path.write_text(with_code(text), encoding="utf-8")
    elif with_code(text) != text:
        sys.exit(f"{path} is not that of the table: python -m formclip.lab.docs.stepcode --write")


if __name__ == "__main__":
    main()
