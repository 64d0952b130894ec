"""`python -m formclip.lab.bench [TRACE] [--json]`: what `make bench` prints."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from formclip.firmware import interpreters
from formclip.lab.bench.cost import HEAP_KB
from formclip.lab.bench.figures import growth, measure, simulated

GROWTH = "%(blocks).0f blocks, %(steps).0f steps, %(pages).0f pages: the live heap grew by %(growth_b).0f bytes"


def _rows(path: str, seconds: float) -> tuple[int, Any, bool]:
    from formclip.ground.trace import Block, open_trace

    trace = open_trace(path)
    pieces, have = [], 0
    for piece in trace.pieces():
        if isinstance(piece, Block):
            pieces.append(piece.samples)
            have += piece.samples.shape[1]
        if have > seconds * trace.rate_hz:
            break
    return trace.rate_hz, np.concatenate(pieces, axis=1), trace.has_gyro


DOES_NOT_FIT = "  DOES NOT FIT: %.0f KB live and %.0f KB a block of the 137 KB there are"
FILLS = "  THE HEAP FILLS within %d blocks of %.0f KB beside %.0f KB live, of 137 KB: collections come within blocks"


def room(e: dict[str, Any]) -> str:
    """What it means that the heap does not hold the garbage of all blocks between two collections."""
    block_kb = (e["parts"]["bytes"] + e["bytes"]) / 1024
    if e["live_kb"] + block_kb > HEAP_KB:
        return DOES_NOT_FIT % (e["live_kb"], block_kb)
    return FILLS % (e["collect_blocks"], block_kb, e["live_kb"])


LIVE_FROM = {
    "frozen": "the frozen firmware's",
    "given": "as given",
    "assumed": "assumed: it could not be measured here",
}
PARTS = {
    "code_b": "code: modules, classes, functions",
    "session_b": "a Session begun",
    "firmware_b": "App, drivers, the log's",
    "radio_b": "radio",
}


def live_table(figures: dict[str, Any]) -> list[str]:
    """Live heap of both kinds of deployment, part by part."""
    out = ["", "live heap of the board, estimated: radio on, session running      from source       frozen"]
    if "missing" in figures:
        return [*out, "  not measured: " + figures["missing"]]
    source, frozen = figures["kinds"]["source"], figures["kinds"]["frozen"]
    for key, words in PARTS.items():
        out.append("  %-58s %12.1f KB %9.1f KB" % (words, source[key] / 1024, frozen[key] / 1024))
    out.append("  %-58s %12.1f KB %9.1f KB" % ("all", source["live_kb"], frozen["live_kb"]))
    verdicts = []
    for kind in (source, frozen):
        if kind["live_kb"] > figures["heap_kb"]:
            verdicts.append("does not fit")
        else:
            verdicts.append("reached" if kind["reaches_goal"] else "missed")
    words = "goal %.0f KB, of %.0f KB there are" % (figures["goal_kb"], figures["heap_kb"])
    out.append("  %-58s %15s %12s" % (words, *verdicts))
    words = "measured on the VM of 64 bits, whole"
    out.append("  %-58s %12.1f KB %9.1f KB" % (words, source["live_64_b"] / 1024, frozen["live_64_b"] / 1024))
    return out


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
    out += live_table(figures["live"])
    e = figures["estimate"]
    out += [
        "",
        "estimated on the board at 64 MHz, %.0f KB of heap live, %s (docs/design/bench.md says how)"
        % (e["live_kb"], LIVE_FROM[e["live_from"]]),
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
        "  driver, reading the FIFO %36.0f" % e["fifo_us"],
        "  the loop and its looks at the button %24.0f" % e["loop_us"],
        "  gc.collect()     %44.0f, once in %d blocks; %d more by a full heap"
        % (e["collect_us"], e["collect_blocks"], e["collections_forced"]),
        "  a block, mean    %44.0f us = %.1f %% of real time" % (e["mean_us"], e["mean_percent"]),
        "  in the run's second half %36.0f us = %.1f %%" % (e["late_us"], 100 * e["late_us"] / e["block_us"]),
        "  a block, worst   %44.0f us = %.1f %%" % (e["worst_us"], e["worst_percent"]),
        "  bytes on the heap a block %35.0f" % (e["parts"]["bytes"] + e["bytes"]),
        *([room(e)] if not e["fits"] else []),
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
    parser = argparse.ArgumentParser(prog="formclip.lab.bench", description="time and memory of the clip's work")
    parser.add_argument("trace", nargs="?", help="a recorded trace; a simulated run when absent")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rate", type=int, default=208, help="Hz of the simulated run")
    parser.add_argument("--seconds", type=float, default=75.0, help="how much of the run")
    parser.add_argument("--live-kb", type=float, help="heap live on the board; the frozen firmware's when absent")
    parser.add_argument("--heap32", type=Path, metavar="FOLDER", help="only write there what heap32.mjs takes")
    parser.add_argument("--growth", type=float, metavar="HOURS", help="only how the live heap grows in so long a run")
    args = parser.parse_args()
    if args.growth:
        try:
            found = growth(args.growth, args.rate)
        except interpreters.NoInterpreter as missing:
            print(missing, file=sys.stderr)
            return 1
        print(json.dumps(found) if args.json else GROWTH % found)
        return 0
    if args.heap32:
        from formclip.lab.bench.live import write

        write(args.heap32)
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
