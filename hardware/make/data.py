"""The files of data, read and checked: a misspelt key or a missing part is an error, not a gap in a drawing."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HARDWARE = Path(__file__).resolve().parent.parent
REPO = HARDWARE.parent
MADE = HARDWARE / "made"
CIRCUITS = ("xiao", "xiao-drv", "feather", "feather-sox")


class DataError(ValueError):
    """A file of data contradicts itself or another."""


def read(name: str) -> dict[str, Any]:
    with (HARDWARE / name).open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True)
class Part:
    """One line of the list of parts. Prices in US dollars, masses in grams, sizes in mm, each with where it is from."""

    id: str
    name: str
    number: str
    kind: str
    price_usd: float
    price: str
    source: str
    mass_g: float
    mass_off_g: float
    mass: str
    size_mm: tuple[float, ...]
    size: str
    acceptable: str
    alternatives: tuple[str, ...]
    limits: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Build:
    """One way to build the clip: how many of which parts, by which circuit, in which case."""

    id: str
    title: str
    says: str
    circuit: str
    case: str
    counts: dict[str, int]

    def parts(self) -> list[tuple[Part, int]]:
        known = parts()
        return [(known[name], count) for name, count in self.counts.items()]


@dataclass(frozen=True)
class Pad:
    """A pad of a board: mm from the middle, seen from the side of the parts; at the edge or on the back."""

    name: str
    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    at_edge: bool


@dataclass(frozen=True)
class Board:
    """A board with its pads and what is wired on it."""

    id: str
    part: str
    firmware: str
    title: str
    outline_mm: tuple[float, float]
    usb: dict[str, Any]
    source: str
    on_board: tuple[str, ...]
    names: dict[str, str]
    pads: tuple[Pad, ...]
    socket: dict[str, Any]
    pins: dict[str, str]
    joined: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Circuit:
    """A netlist: which part stands for each reference, and which pins join; the perfboard, where there is one."""

    id: str
    board: Board
    settings: dict[str, str]
    parts: dict[str, Part]
    nets: dict[str, tuple[str, ...]]
    wires: dict[str, str]
    roles: dict[str, str]
    stage: dict[str, Any]

    def net_of(self, pin: str) -> str:
        for name, pins in self.nets.items():
            if pin in pins:
                return name
        raise DataError(f"{self.id}: {pin} is in no net")


def parts() -> dict[str, Part]:
    found = {}
    for name, row in read("parts.toml")["part"].items():
        try:
            found[name] = Part(
                name, **{**row, "size_mm": tuple(row["size_mm"]), "alternatives": tuple(row["alternatives"])}
            )
        except TypeError as error:
            raise DataError(f"parts.toml, {name}: {error}") from None
        part = found[name]
        if part.price not in ("quoted", "estimate"):
            raise DataError(f"parts.toml, {name}: price is {part.price!r}, neither quoted nor estimate")
        if part.mass not in ("quoted", "estimate", "from the model"):
            raise DataError(f"parts.toml, {name}: mass is {part.mass!r}")
    return found


def builds() -> dict[str, Build]:
    known = parts()
    found = {}
    for name, row in read("parts.toml")["builds"].items():
        row = dict(row)
        counts = row.pop("parts")
        for part in counts:
            if part not in known:
                raise DataError(f"parts.toml, builds.{name}: no part {part}")
        found[name] = Build(name, counts=counts, **row)
    return found


def boards() -> dict[str, Board]:
    found = {}
    for name, row in read("boards.toml").items():
        row = dict(row)
        edge, back = row.pop("edge_pads"), row.pop("back_pads")
        pads = []
        for side, sign in (("left", -1), ("right", 1)):
            top_mm = edge.get(f"{side}_top_mm", edge["top_mm"])
            for i, pad in enumerate(edge[side]):
                pads.append(Pad(pad, sign * edge["x_mm"], top_mm - i * edge["pitch_mm"], 1.7, 1.7, True))
        pads += [Pad(pad["name"], pad["x_mm"], pad["y_mm"], pad["w_mm"], pad["h_mm"], False) for pad in back]
        found[name] = Board(
            name,
            pads=tuple(pads),
            socket=row.pop("socket", {}),
            outline_mm=tuple(row.pop("outline_mm")),
            on_board=tuple(row.pop("on_board")),
            joined=tuple((a, b) for a, b in row.pop("joined")),
            **row,
        )
    return found


def circuit(name: str) -> Circuit:
    row = read(f"circuits/{name}.toml")
    known = parts()
    for reference, part in row["parts"].items():
        if part not in known:
            raise DataError(f"circuits/{name}.toml: {reference} is {part}, which parts.toml does not have")
    return Circuit(
        name,
        boards()[row["board"]],
        row["settings"],
        {reference: known[part] for reference, part in row["parts"].items()},
        {net: tuple(found["pins"]) for net, found in row["nets"].items()},
        {net: found["wire"] for net, found in row["nets"].items()},
        row["roles"],
        row.get("stage", {}),
    )


def circuits() -> dict[str, Circuit]:
    return {name: circuit(name) for name in CIRCUITS}
