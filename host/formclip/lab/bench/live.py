"""What lives in the board's heap after start-up with the radio on and a session running, from source and frozen.

Two measurements on the MicroPython VM (64 bits), and an account of what lies between them and the board:

- the whole firmware on the virtual board, from the files that `deploy` puts on the drive (`source`), and from a ROM
  file system (`frozen`): there bytecode and strings lie outside the heap, as in CircuitPython's flash
- the modules alone, imported one by one

What the board has and the VM has not, or the other way round, is taken out of them piece by piece (`Account`).
docs/design/bench.md holds the outcome against what CircuitPython's own VM has live.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from formclip.firmware import bundle, interpreters
from formclip.firmware.rom import mpy, romfs
from formclip.firmware.sources import HERE, STANDINS, Tree
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.board import blank_image

GOAL_KB = 70.0
HEAP_KB = 127.0
# What lives of the code beside the account, of all code: 26.9 KB were found on CircuitPython 10.2.1's own VM, with the
# nRF52840's number formats, where the account says 25.5. Which objects they are is not known.
CODE_BESIDE = 26.9 / 25.5
KINDS = ("source", "frozen")
UNTIL_S = 30.0  # 10 s of standing, then running, the session begun after 2 s
# An ndarray of ulab on the board: three blocks beside its data. A boxed float: one block of each VM.
NDARRAY_B = 48
# Buffers that _bleio makes in C for the two PacketBuffers of hw/link.py: arrivals 4 x (180 + 2), departures 2 x 180 and
# 2 x 495 bytes. The stand-in has none.
PACKETS_B = 728 + 360 + 990
# An entry of the table of names: pointer, hash, length.
NAME_64_B, NAME_32_B = 11, 7
VM_HEAP_KB = 32768


@dataclass
class Counted:
    """What hangs on an App or a Session on the VM."""

    arrays: int
    data_b: int
    buffers_b: int
    floats: int


def drive_and_trace(folder: Path) -> None:
    """A blank drive and the run of a simulated runner, for config()."""
    from formclip.lab.simulate.make import simulate
    from formclip.lab.simulate.scenario import Scenario

    blank_image(folder / "drive.img")
    rows = simulate(Scenario(minutes=UNTIL_S / 60 + 0.05, rate_hz=clip.RATE_HZ, speed_mps=3.0)).blocks
    (folder / "trace.bin").write_bytes(np.ascontiguousarray(rows.T, dtype="<f4").tobytes())


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Files into a folder."""
    for name, data in files.items():
        path = folder / name.strip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def config(folder: Path, device: Path, paths: Iterable[Path | str], **more: Any) -> dict[str, Any]:
    """What liveheap.py is told, for the drive and the trace in a folder."""
    return {
        "board": "xiao",
        "trace": str(folder / "trace.bin"),
        "rate_hz": clip.RATE_HZ,
        "hold": True,
        "image": str(folder / "drive.img"),
        "nvm": str(folder / "nvm.bin"),
        "device": str(device),
        "until_s": UNTIL_S,
        "speed": "max",
        "events": [[int(t_s * 1e6), what, value] for t_s, what, value in clip.press_events([(2.0, "short")])],
        "paths": [*map(str, paths), str(interpreters.PYTHON_ULAB)],
        "standins": str(STANDINS),
        "names": [],
        **more,
    }


class Run:
    """The files of both kinds in one folder, and runs over them on the VM."""

    def __init__(self, folder: Path, tree: Tree = HERE) -> None:
        self.folder = folder
        self.vm = interpreters.find("micropython")
        whole = bundle.frozen(tree)
        self.modules = mpy.compiled(whole.modules)
        drive_and_trace(folder)
        put(folder / "source", bundle.bundle("xiao", tree))
        put(folder / "frozen", whole.drive)
        put(folder / "mpy", self.modules)
        self.rom = romfs.of(self.modules)
        (folder / "rom").write_bytes(self.rom)

    def config(self, kind: str, **more: Any) -> dict[str, Any]:
        source = self.folder / "source"
        if kind == "source":
            return config(self.folder, source, (source, source / "lib"), **more)
        frozen = self.folder / "frozen"
        if kind == "mpy":  # the same files in the heap
            return config(self.folder, frozen, (self.folder / "mpy",), **more)
        told = config(self.folder, frozen, ("/rom",), rom=str(self.folder / "rom"), **more)
        told["paths"] = ["/rom"]
        return told

    def figures(self, kind: str, **more: Any) -> dict[str, list[str]]:
        """Name -> numbers of what liveheap.py prints; `module` and `names` have several."""
        copy = self.folder / "before.img"
        if not copy.exists():
            shutil.copyfile(self.folder / "drive.img", copy)
        shutil.copyfile(copy, self.folder / "drive.img")
        (self.folder / "nvm.bin").unlink(missing_ok=True)
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config(kind, **more)))
        return lines(self.vm.run(STANDINS / "liveheap.py", str(path), heap_kb=VM_HEAP_KB))


def lines(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    """What liveheap.py printed."""
    if done.returncode:
        raise RuntimeError("the firmware failed on the VM: %s" % (done.stderr.strip() or done.stdout.strip())[-600:])
    out: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        name, _, rest = line.partition(" ")
        if line.startswith("qstr pool:"):  # n_pool=, n_qstr=, n_str_data_bytes=, n_total_bytes=
            out.setdefault("names", []).extend(part.partition("=")[2].strip(",") for part in line.split()[-2:])
        elif name == "module":
            out.setdefault("module", []).extend(rest.split())
        elif rest:
            out[name] = rest.split()
    return out


@dataclass
class Account:
    """From the VM of 64 bits to the board: what is pointers is halved, what is not board is left out."""

    code_64_b: float  # live after importing the modules from ROM
    names_64_b: float  # of that, the table of names, without letters
    letters_b: float  # of the names
    ndarray_64_b: float  # one array of the stand-in beside its data
    loaded_64: mpy.Loaded
    loaded_32: mpy.Loaded

    def code_left_b(self) -> float:
        """Functions, classes, modules and their dictionaries: what freezing leaves in the heap."""
        return (self.code_64_b - self.names_64_b - self.loaded_64.heads) / 2

    def code_source_b(self) -> float:
        """The same with bytecode, constants and names in the heap."""
        loaded = self.loaded_32
        names = self.names_64_b * NAME_32_B / NAME_64_B + self.letters_b
        return self.code_left_b() + loaded.bytecode + loaded.letters + loaded.heads - loaded.floats + names

    def objects_b(self, vm_b: float, counted: Counted) -> float:
        """Bytes on the board of objects that take vm_b on the VM and have `counted` among them."""
        kept_b = counted.data_b + counted.buffers_b
        rest_b = vm_b - kept_b - counted.arrays * self.ndarray_64_b - counted.floats * 32
        return kept_b + counted.arrays * NDARRAY_B + rest_b / 2


def measure(tree: Tree = HERE) -> dict[str, Any]:
    """Live heap of both kinds, on the VM and, by the account, on the board; `missing` without VM or compiler."""
    with tempfile.TemporaryDirectory() as name:
        try:
            run = Run(Path(name), tree)
        except interpreters.NoInterpreter as missing:
            return {"goal_kb": GOAL_KB, "missing": str(missing)}
        return _measured(run)


def names(found: Iterable[str]) -> list[str]:
    """Modules to import one by one: those that a running firmware holds, in the order of code.py."""
    left = {name for name in found if name.split(".")[0] in ("app", "boards", "gaitcore", "hw")}
    first = ["gaitcore.session", "app", "boards", *sorted(n for n in left if n[:3] == "hw." and n != "hw.link")]
    ordered = [name for name in (*first, "gaitcore.sync", "hw.link") if name in left]
    return ordered + sorted(left - set(ordered) - {"gaitcore", "hw"})


def loaded(modules: Mapping[str, bytes], found: Iterable[str], word_b: int) -> mpy.Loaded:
    """The account of the .mpy files of these modules."""
    out = mpy.Loaded(word_b)
    for name in found:
        path = name.replace(".", "/")
        data = modules.get(path + ".mpy") or modules.get(path + "/__init__.mpy")
        if data is not None:
            out.add(data)
    return out


def device_heap_kb(found: dict[str, list[str]], frozen_b: float) -> float:
    """The VM's heap that stands for the board's, clip.DEVICE_HEAP_KB, by the frozen run and what of it lives there."""
    return (float(found["base_b"][0]) + float(found["live_b"][0]) - frozen_b) / 1024 + HEAP_KB


def _measured(run: Run) -> dict[str, Any]:
    whole = {kind: run.figures(kind) for kind in KINDS}
    code = {kind: run.figures(kind, names=names(whole[kind]["loaded"])) for kind in KINDS}
    silent = run.figures("frozen", radio=False)
    words = code["frozen"]
    letters_b, total_b = (int(words["names"][k + 2]) - int(words["names"][k]) for k in (0, 1))
    account = Account(
        code_64_b=float(words["code_b"][0]),
        names_64_b=total_b - letters_b,
        letters_b=letters_b,
        ndarray_64_b=int(words["arrays_b"][0]) / 100 - 64,
        loaded_64=loaded(run.modules, words["loaded"], 8),
        loaded_32=loaded(run.modules, words["loaded"], 4),
    )
    session_64_b, session = float(words["session_b"][0]), Counted(*map(int, words["counted"]))
    out: dict[str, Any] = {"goal_kb": GOAL_KB, "heap_kb": HEAP_KB, "packets_b": PACKETS_B, "kinds": {}}
    for kind in KINDS:
        modules = dict(zip(code[kind]["module"][::2], map(int, code[kind]["module"][1::2])))
        code_64_b = float(code[kind]["code_b"][0])
        live_64_b = float(whole[kind]["live_b"][0])
        radio_64_b = float(whole["frozen"]["live_b"][0]) - float(silent["live_b"][0])
        every = Counted(*map(int, whole[kind]["counted"]))
        rest = Counted(*(getattr(every, k) - getattr(session, k) for k in ("arrays", "data_b", "buffers_b", "floats")))
        code_b = account.code_left_b() * CODE_BESIDE if kind == "frozen" else account.code_source_b()
        parts = {
            "code_b": code_b,
            "session_b": account.objects_b(session_64_b, session),
            "firmware_b": account.objects_b(live_64_b - code_64_b - session_64_b - radio_64_b, rest),
            "radio_b": radio_64_b / 2 + PACKETS_B,
        }
        out["kinds"][kind] = {
            "live_64_b": live_64_b,
            "code_64_b": code_64_b,
            "session_64_b": session_64_b,
            "radio_64_b": radio_64_b,
            "modules_64_b": modules,
            **parts,
            "live_b": sum(parts.values()),
            "live_kb": sum(parts.values()) / 1024,
            "reaches_goal": sum(parts.values()) <= GOAL_KB * 1024,
        }
    out["device_heap_kb"] = device_heap_kb(whole["frozen"], out["kinds"]["frozen"]["live_b"])
    out["account"] = {
        "in_rom_32_b": account.loaded_32.bytecode + account.loaded_32.letters,
        "heads_64_b": account.loaded_64.heads,
        "heads_32_b": account.loaded_32.heads,
        "names_64_b": account.names_64_b,
        "letters_b": account.letters_b,
        "ndarray_64_b": account.ndarray_64_b,
        "counted": vars(session),
    }
    return out
