"""`python -m formclip.bench [TRACE] [--json]`: what `make bench` prints."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from formclip.bench.figures import measure, simulated


def _rows(path: str, seconds: float) -> tuple[int, Any, bool]:
    from formclip.trace import Block, open_trace

    trace = open_trace(path)
    pieces, have = [], 0
    for piece in trace.pieces():
        if isinstance(piece, Block):
            pieces.append(piece.samples)
            have += piece.samples.shape[1]
        if have > seconds * trace.rate_hz:
            break
    return trace.rate_hz, np.concatenate(pieces, axis=1), trace.has_gyro


DOES_NOT_FIT = "  DOES NOT FIT: %.0f KB live and %.0f KB a block of the 137 KB there are: collections within blocks"


def table(figures: dict[str, Any]) -> str:
    """The figures as text."""
    out = [
        "%d blocks of %.0f ms at %d Hz"
        % (figures["blocks"], figures["estimate"]["block_us"] / 1000, figures["rate_hz"])
    ]
    out += ["", "on this machine                 us a block    worst   bytes a block   growth of the live heap"]
    for name, run in figures["run"].items():
        if "missing" in run:
            out.append("  %-28s %s" % (name, run["missing"].split(": ", 1)[-1]))
            continue
        line = "  %-28s %10.0f %8.0f" % (name, run["mean_us"], run["worst_us"])
        if "alloc_b" in run:
            line += " %15.0f %10.0f B" % (run["alloc_b"], run["growth_b"])
        out.append(line)
    modules, imports = figures["imports"]["modules"], figures["imports"]
    out += ["", "import                       on the drive   live, 64-bit VM   live, board (estimate)   time on the VM"]
    for name, m in modules.items():
        line = "  %-26s %12d" % (name, m["drive_b"])
        if "live_64_b" in m:
            line += " %17d %23d %13.1f ms" % (m["live_64_b"], m["live_32_b"], m["import_us"] / 1000)
        out.append(line)
    line = "  %-26s %12d" % ("all of gaitcore", imports["drive_b"]["gaitcore"])
    if "live_64_b" in imports:
        line += " %17d %23d" % (imports["live_64_b"], imports["live_32_b"])
    out.append(line)
    if imports["drive_b"].get("device"):
        out.append("  %-26s %12d" % ("device/", imports["drive_b"]["device"]))
    e = figures["estimate"]
    out += [
        "",
        "estimated on the board at 64 MHz, %.0f KB of heap live (docs/bench.md says how)" % e["live_kb"],
        "  %-16s %10s %10s %10s %10s %9s" % ("module", "Python us", "ulab us", "walk us", "all us", "objects"),
    ]
    ranked = sorted(
        e["modules"].items(), key=lambda item: -sum(item[1][k] for k in ("python_us", "ulab_us", "walk_us"))
    )
    for name, parts in [*ranked, ("sum", e["parts"])]:
        work = parts["python_us"] + parts["ulab_us"] + parts["walk_us"]
        out.append(
            "  %-16s %10.0f %10.0f %10.0f %10.0f %9.1f"
            % (name, parts["python_us"], parts["ulab_us"], parts["walk_us"], work, parts["objects"])
        )
    out += [
        "  reading the FIFO %44.0f" % e["fifo_us"],
        "  gc.collect()     %44.0f, once in %d blocks; %d more by a full heap"
        % (e["collect_us"], e["collect_blocks"], e["collections_forced"]),
        "  a block, mean    %44.0f us = %.1f %% of real time" % (e["mean_us"], e["mean_percent"]),
        "  a block, worst   %44.0f us = %.1f %%" % (e["worst_us"], e["worst_percent"]),
        "  bytes on the heap a block %35.0f" % e["parts"]["bytes"],
        *([DOES_NOT_FIT % (e["live_kb"], e["parts"]["bytes"] / 1024)] if not e["fits"] else []),
        "",
        "most by function, us: "
        + ", ".join("%s %.0f" % item for item in sorted(e["functions"].items(), key=lambda i: -i[1])[:12]),
        "ulab calls a block: "
        + ", ".join(
            "%s %.1f" % item for item in sorted(e["ulab_calls"].items(), key=lambda i: -i[1]) if item[1] >= 0.05
        ),
    ]
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(prog="formclip.bench", description="time and memory of the clip's work")
    parser.add_argument("trace", nargs="?", help="a recorded trace; a simulated run when absent")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rate", type=int, default=208, help="Hz of the simulated run")
    parser.add_argument("--seconds", type=float, default=75.0, help="how much of the run")
    parser.add_argument("--live-kb", type=float, help="heap live on the board; estimated when absent")
    parser.add_argument("--drive", type=Path, help="only write the drive's files there, for heap32.mjs")
    args = parser.parse_args()
    if args.drive:
        from formclip.deploy import bundle

        for name, data in bundle("xiao").items():
            path = args.drive / name.strip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return 0
    if args.trace:
        rate_hz, rows, has_gyro = _rows(args.trace, args.seconds)
    else:
        rate_hz, rows, has_gyro = args.rate, simulated(args.rate, args.seconds), True
    figures = measure(rate_hz, rows, has_gyro, args.live_kb)
    print(json.dumps(figures, indent=1) if args.json else table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
