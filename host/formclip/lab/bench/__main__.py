"""`python -m formclip.lab.bench [TRACE] [--tree DIR] [--json]`: what `make bench` prints."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from formclip.firmware import interpreters
from formclip.firmware.bundle import BOARDS
from formclip.firmware.sources import HERE, tree
from formclip.firmware.virtual.run import RATE_HZ, sensor_rows
from formclip.ground.errors import FormclipError
from formclip.ground.files import write_whole
from formclip.lab.bench.figures import BLOCK_US, GOAL_PERCENT, growth, measure, simulated
from formclip.lab.bench.hour import hour, hour_lines

GROWTH = "%(blocks).0f blocks, %(steps).0f steps, %(pages).0f pages: the live heap grew by %(growth_b).0f bytes"
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


def _rows(path: str, seconds: float) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "rows"
        sensor_rows(Path(path), into)
        rows = np.fromfile(into, dtype="<f4").reshape(-1, 6)
    return rows[: int(seconds * RATE_HZ)]


def live_table(figures: dict[str, Any]) -> list[str]:
    """Live heap of both kinds of deployment, part by part."""
    out = ["", "live heap of the board, estimated: radio on, session running      from source       frozen"]
    if "missing" in figures:
        return [*out, "  not measured: " + figures["missing"]]
    source, frozen = figures["kinds"]["source"], figures["kinds"]["frozen"]
    for key, words in PARTS.items():
        out.append("  %-58s %12.1f KB %9.1f KB" % (words, source[key] / 1024, frozen[key] / 1024))
    out.append("  %-58s %12.1f KB %9.1f KB" % ("all", source["live_kb"], frozen["live_kb"]))
    without = [kind["live_kb"] - figures["packets_b"] / 1024 for kind in (source, frozen)]
    out.append("  %-58s %12.1f KB %9.1f KB" % ("of it without the PacketBuffers' own", *without))
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


def stretch_table(found: dict[str, Any]) -> list[str]:
    """The longest stretches without a look at button and motor."""
    out = ["", "longest stretch without a look at button and motor, ms        all  processor    at s   mostly in"]
    for part, figures in found["parts"].items():
        out.append(
            "  %-52s %8.0f %10.0f %7.1f   %s"
            % (part, figures["ms"], figures["busy_ms"], figures["at_s"], figures["place"])
        )
    verdict = "reached" if found["worst_ms"] <= found["goal_ms"] else "missed"
    out.append("  %-52s %8.0f   goal %.0f: %s" % ("worst", found["worst_ms"], found["goal_ms"], verdict))
    out.append("  Python stack: %d bytes at the most, in %s" % (found["pystack_b"], " ".join(found["pystack"][-3:])))
    return out


def time_table(e: dict[str, Any]) -> list[str]:
    """A block's time on the board, module by module."""
    where = "five areas" if e["in_areas"] else "one piece"
    out = [
        "",
        "estimated on the %s at 64 MHz while running, us a block of 250 ms; %.1f KB live, %s, of %.0f KB in %s"
        % (e["board"], e["live_kb"], LIVE_FROM[e["live_from"]], e["heap_kb"], where),
        "  %-32s %9s %9s %9s %9s %9s %9s" % ("module", "Python", "ulab", "walk", "all", "objects", "bytes"),
    ]

    def line(name: str, parts: dict[str, float]) -> str:
        work = parts["python_us"] + parts["ulab_us"] + parts["walk_us"]
        figures = parts["python_us"], parts["ulab_us"], parts["walk_us"], work, parts["objects"], parts["bytes"]
        return "  %-32s %9.0f %9.0f %9.0f %9.0f %9.1f %9.0f" % (name, *figures)

    ranked = sorted(e["modules"].items(), key=lambda item: -item[1]["python_us"] - item[1]["ulab_us"])
    out += [line(name, parts) for name, parts in ranked if parts["python_us"] >= 1]
    out.append(line("sum", e["parts"]))
    return [
        *out,
        "  collections: %.2f a block asked for, %.2f by a full heap, of %.1f ms each %23.0f us"
        % (e["asked"], e["forced"], e["a_collection_us"] / 1000, e["collect_us"]),
        "  everything but radio and flash: %.1f ms a block of %d, %.1f %% of real time; goal %.0f: %s"
        % (
            e["mean_us"] / 1000,
            BLOCK_US // 1000,
            e["mean_percent"],
            GOAL_PERCENT,
            "reached" if e["mean_percent"] <= GOAL_PERCENT else "missed",
        ),
        "",
        "most by function, us: "
        + ", ".join("%s %.0f" % item for item in sorted(e["functions"].items(), key=lambda i: -i[1])[:12]),
        "ulab calls a block: "
        + ", ".join(
            "%s %.1f" % item for item in sorted(e["ulab_calls"].items(), key=lambda i: -i[1]) if item[1] >= 0.05
        ),
    ]


def table(figures: dict[str, Any]) -> str:
    """The figures as text."""
    out = ["%d blocks of 250 ms" % figures["blocks"]]
    out += ["", "on this machine                 us a block    worst   bytes a block   growth of the live heap"]
    for name, run in figures["run"].items():
        if "missing" in run:
            out.append("  %-28s %s" % (name, run["missing"].split(": ", 1)[-1]))
            continue
        line = "  %-28s %10.0f %8.0f" % (name, run["mean_us"], run["worst_us"])
        if "alloc_b" in run:
            line += " %15.0f %10.0f B" % (run["alloc_b"], run["growth_b"])
        out.append(line)
    flash = figures["flash"].values()
    code, rest = sum(m["bytecode_b"] for m in flash), sum(m["rest_b"] for m in flash)
    out += [
        "",
        "frozen, in flash: %.1f KB of bytecode, %.1f of constants and heads, %.1f of names; %d modules"
        % (code / 1024, rest / 1024, figures["names_b"] / 1024, len(flash)),
        *live_table(figures["live"]),
        *time_table(figures["estimate"]),
    ]
    if "stretches" in figures:
        out += stretch_table(figures["stretches"])
    if "hour" in figures:
        out += hour_lines(figures["hour"])
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(prog="formclip.lab.bench", description="time and memory of the clip's work")
    parser.add_argument("trace", nargs="?", help="a recorded trace; a simulated run when absent")
    parser.add_argument("--tree", type=Path, metavar="DIR", help="another checkout, whose device/ and shared/ it is")
    parser.add_argument("--board", choices=list(BOARDS), default="xiao")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="keep the JSON there, as docs/design/bench.json is kept"
    )
    parser.add_argument("--seconds", type=float, default=75.0, help="how much of the run")
    parser.add_argument("--live-kb", type=float, help="heap live on the board; the frozen firmware's when absent")
    parser.add_argument("--quick", action="store_true", help="without the longest stretches and the hour")
    parser.add_argument("--hour", action="store_true", help="only what an hour costs here, by replay and by VQF")
    parser.add_argument("--growth", type=float, metavar="HOURS", help="only how the live heap grows in so long a run")
    args = parser.parse_args()
    try:
        if args.growth:
            found = growth(args.growth)
            print(json.dumps(found) if args.json else GROWTH % found)
            return 0
        if args.hour:
            found_hour = hour()
            print(json.dumps(found_hour) if args.json else "\n".join(hour_lines(found_hour)[1:]))
            return 0
        sources = HERE if args.tree is None else tree(args.tree)
        rows = _rows(args.trace, args.seconds) if args.trace else simulated(RATE_HZ, args.seconds).T
        figures = measure(rows, args.live_kb, sources, args.board, not args.quick)
        if not args.quick:
            figures["hour"] = hour()
    except (interpreters.NoInterpreter, ValueError, FileNotFoundError, FormclipError) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(json.dumps(figures, indent=1) if args.json else table(figures))
    if args.out:
        write_whole(args.out, json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
