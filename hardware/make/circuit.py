"""The electrical rules: what is wrong with a circuit, as sentences; none when it may be built."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from hardware.make.data import REPO, Circuit, Part

# Pins of each kind of part. A board's own are in boards.toml; what is not named there is an input and output.
PINS = {
    "cell": {"+": "power_out", "-": "ground"},
    "connector": {"+": "passive", "-": "passive", "cell+": "passive", "cell-": "passive"},
    "motor": {"+": "passive", "-": "passive"},
    "mosfet": {"G": "in", "D": "passive", "S": "passive"},
    "resistor": {"1": "passive", "2": "passive"},
    "diode": {"A": "passive", "K": "passive"},
    "capacitor": {"1": "passive", "2": "passive"},
    "switch": {"1": "passive", "2": "passive"},
    "driver": {"VIN": "power_in", "GND": "ground", "SDA": "io", "SCL": "io", "OUT+": "out", "OUT-": "out"},
    "sensor": {"VIN": "power_in", "GND": "ground", "SDA": "io", "SCL": "io", "INT1": "out"},
}
JOINED = {"connector": (("+", "cell+"), ("-", "cell-"))}
OWN_PULL_UPS = {"driver": ("SDA", "SCL"), "sensor": ("SDA", "SCL")}
DRIVERS = ("power_out", "out")


def pins_of(circuit: Circuit, reference: str) -> dict[str, str]:
    """Pin -> what it is, of one part."""
    part = circuit.parts[reference]
    if part.kind != "board":
        return PINS[part.kind]
    board = circuit.board
    names = [pad.name for pad in board.pads]
    if board.socket:
        names += [board.socket["plus"], board.socket["minus"]]
    return {name: board.pins.get(name, "io") for name in names}


def joined(circuit: Circuit) -> list[set[str]]:
    """Sets of nets that are one conductor, through connectors and the board's own copper."""
    groups = [{net} for net in circuit.nets]
    for reference, part in circuit.parts.items():
        pairs = circuit.board.joined if part.kind == "board" else JOINED.get(part.kind, ())
        for a, b in pairs:
            ends = [net for net, pins in circuit.nets.items() for pin in (a, b) if f"{reference}.{pin}" in pins]
            if len(ends) == 2 and ends[0] != ends[1]:
                one = set().union(*(group for group in groups if group & set(ends)))
                groups = [group for group in groups if not group & one] + [one]
    return groups


def between(circuit: Circuit, kind: str, net: str, other: str) -> list[tuple[str, Part]]:
    """Parts of a kind with one pin on each of two nets."""
    found = []
    for reference, part in circuit.parts.items():
        if part.kind == kind and {circuit.net_of(f"{reference}.{pin}") for pin in PINS[kind]} == {net, other}:
            found.append((reference, part))
    return found


def complaints(circuit: Circuit) -> list[str]:
    """All that is wrong with the netlist, the roles and the perfboard."""
    loose = list(_connected(circuit))
    if loose:
        return loose  # the other rules reckon with a whole netlist
    return [*_driven(circuit), *_pulled(circuit), *_roles(circuit), *stage_complaints(circuit)]


def _connected(circuit: Circuit) -> Iterator[str]:
    seen: dict[str, str] = {}
    for net, pins in circuit.nets.items():
        if len(pins) < 2:
            yield f"net {net} joins nothing: {', '.join(pins)}"
        for pin in pins:
            reference, _, name = pin.partition(".")
            if reference not in circuit.parts:
                yield f"net {net}: there is no part {reference}"
            elif name not in pins_of(circuit, reference):
                yield f"net {net}: {reference} ({circuit.parts[reference].name}) has no pin {name}"
            if pin in seen:
                yield f"{pin} is in net {seen[pin]} and in net {net}"
            seen[pin] = net
    for reference, part in circuit.parts.items():
        if part.kind != "board":
            for name in PINS[part.kind]:
                if f"{reference}.{name}" not in seen:
                    yield f"{reference}.{name} is connected to nothing"


def _driven(circuit: Circuit) -> Iterator[str]:
    for group in joined(circuit):
        pins = [pin for net in sorted(group) for pin in circuit.nets[net]]
        kinds = {}
        for pin in pins:
            reference, _, name = pin.partition(".")
            if reference in circuit.parts:
                kinds[pin] = pins_of(circuit, reference).get(name, "passive")
        drivers = [pin for pin, kind in kinds.items() if kind in DRIVERS]
        if len(drivers) > 1:
            yield f"{' and '.join(drivers)} drive one net ({', '.join(sorted(group))})"
        if "ground" in kinds.values() and drivers:
            yield f"{drivers[0]} drives ground ({', '.join(sorted(group))})"
        for pin, kind in kinds.items():
            if kind == "power_in" and not any(other in ("power_out", "power_io") for other in kinds.values()):
                yield f"{pin} wants power and gets none"
        grounds = [pin for pin, kind in kinds.items() if kind == "ground"]
        if grounds and not any(pin.startswith("A1.") for pin in grounds):
            yield f"{grounds[0]} is not at the board's ground"


def _pulled(circuit: Circuit) -> Iterator[str]:
    ground = next((net for net, pins in circuit.nets.items() if "A1.GND" in pins), "")
    for reference, part in circuit.parts.items():
        if part.kind == "mosfet":
            gate, source, drain = (circuit.net_of(f"{reference}.{pin}") for pin in "GSD")
            if not between(circuit, "resistor", gate, ground):
                yield f"{reference}: no pull-down at the gate, the motor may run while the board starts"
            if source != ground:
                yield f"{reference}: the source is not at ground"
            if not any(between(circuit, "resistor", gate, net) for net in circuit.nets if net != ground):
                yield f"{reference}: nothing drives the gate"
            yield from _freewheel(circuit, reference, drain)
        for pin in OWN_PULL_UPS.get(part.kind, ()):
            if "bus_pull_up_ohm" not in part.limits:
                yield f"{reference}.{pin} has no pull-up told"


def _freewheel(circuit: Circuit, reference: str, drain: str) -> Iterator[str]:
    for motor, part in circuit.parts.items():
        if part.kind == "motor" and circuit.net_of(f"{motor}.-") == drain:
            supply = circuit.net_of(f"{motor}.+")
            diodes = between(circuit, "diode", drain, supply)
            if not diodes:
                yield f"{motor}: no diode across it"
            for diode, _ in diodes:
                if circuit.net_of(f"{diode}.K") != supply:
                    yield f"{diode} is the wrong way round: it shorts the battery through {reference}"
            return
    yield f"{reference}: no motor at its drain"


def pins_file(circuit: Circuit) -> dict[str, str | None]:
    """What device/boards/<board>.py says: role -> the board's name of the pin, None where it has none."""
    path = REPO / "device" / "boards" / f"{circuit.board.firmware}.py"
    found: dict[str, str | None] = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names = [value.attr for value in ast.walk(node.value) if isinstance(value, ast.Attribute)]
            if names and not isinstance(node.value, ast.Tuple):
                found[node.targets[0].id] = names[0]
            for k, name in enumerate(names if isinstance(node.value, ast.Tuple) else []):
                found[f"{node.targets[0].id}{k}"] = name
    return found


def _roles(circuit: Circuit) -> Iterator[str]:
    """The firmware's pins are those that are soldered, or are wired on the board itself."""
    board = circuit.board
    pads = {pad.name for pad in board.pads}
    firmware = pins_file(circuit)
    for role, pin in circuit.roles.items():
        name = firmware.get(role)
        if name is None:
            yield f"the firmware has no {role}"
            continue
        pad = board.names.get(name, name)
        if pin != f"A1.{pad}":
            yield f"{role} is soldered to {pin}, the firmware uses {pad}"
        if not any(pin in pins for pins in circuit.nets.values()):
            yield f"{role}: nothing is soldered to {pin}"
    unused = {"MOTOR"} if circuit.settings.get("HAPTIC") else {"HAPTIC_SDA", "HAPTIC_SCL"}
    for role, name in firmware.items():
        if role in circuit.roles or role in unused or name is None or name in board.on_board:
            continue
        pad = board.names.get(name, name)
        kind = "a pad" if pad in pads else "no pad of this board"
        yield f"the firmware's {role} is {pad}, {kind}, and the circuit does not say what it is wired to"
    for pin in circuit.roles.values():
        others = [role for role, other in circuit.roles.items() if other == pin]
        if len(others) > 1 and not set(others) <= {"IMU_SDA", "HAPTIC_SDA"} | {"IMU_SCL", "HAPTIC_SCL"}:
            yield f"{pin} has the roles {', '.join(others)}"


# -- the perfboard ----------------------------------------------------------------------------------------------------


def place(hole: str) -> tuple[int, int]:
    """Column and row of a hole, from 0."""
    return ord(hole[0]) - ord("a"), int(hole[1:]) - 1


def covered(circuit: Circuit) -> dict[tuple[int, int], str]:
    """Holes under the body of a part, which no wire can come out of."""
    at = {pin: place(hole) for pin, hole in circuit.stage["at"].items()}
    found = {}
    for reference in {pin.partition(".")[0] for pin in at}:
        legs = [spot for pin, spot in at.items() if pin.startswith(reference + ".")]
        columns, rows = [c for c, _ in legs], [r for _, r in legs]
        for column in range(min(columns), max(columns) + 1):
            for row in range(min(rows), max(rows) + 1):
                if (column, row) not in legs:
                    found[(column, row)] = reference
    return found


def stage_complaints(circuit: Circuit) -> Iterator[str]:
    """The perfboard's joints make the netlist, no more and no less."""
    stage = circuit.stage
    if not stage:
        return
    taken: dict[str, str] = {}
    for pin, hole in [*stage["at"].items(), *((f"the wire {wire}", hole) for wire, hole in stage["wires"].items())]:
        column, row = place(hole)
        if not (0 <= column < stage["columns"] and 0 <= row < stage["rows"]):
            yield f"{pin} is at {hole}, off the perfboard"
        if hole in taken:
            yield f"{hole} holds {taken[hole]} and {pin}"
        taken[hole] = pin
    under = covered(circuit)
    for wire, hole in stage["wires"].items():
        if place(hole) in under:
            yield f"the wire {wire} at {hole} comes out under {under[place(hole)]}"
    groups: list[set[str]] = []
    for link in stage["links"]:
        holes = link.split()
        for a, b in zip(holes, holes[1:]):
            (ca, ra), (cb, rb) = place(a), place(b)
            if abs(ca - cb) + abs(ra - rb) != 1:
                yield f"the joint {a} {b} is not between neighbours"
        one = set(holes).union(*(group for group in groups if group & set(holes)))
        groups = [group for group in groups if not group & one] + [one]

    def net_at(what: str) -> str:
        if what.startswith("the wire "):
            name = what.removeprefix("the wire ")
            return circuit.net_of(name) if "." in name else name
        return circuit.net_of(what.removesuffix("b") if what[-1] == "b" else what)

    inside = [{stage["at"][pin], stage["at"][pin + "b"]} for pin in stage["at"] if pin + "b" in stage["at"]]
    for pair in inside:
        one = pair.union(*(group for group in groups if group & pair))
        groups = [group for group in groups if not group & one] + [one]
    where: dict[str, set[int]] = {}
    for k, group in enumerate([*groups, *({hole} for hole in taken if not any(hole in g for g in groups))]):
        nets = {net_at(taken[hole]) for hole in group if hole in taken}
        if len(nets) > 1:
            yield f"the joints at {' '.join(sorted(group))} short {' and '.join(sorted(nets))}"
        for net in nets:
            where.setdefault(net, set()).add(k)
    for net, islands in where.items():
        if len(islands) > 1:
            yield f"net {net} is in {len(islands)} pieces on the perfboard"
    for net, pins in circuit.nets.items():
        on = [pin for pin in pins if pin in stage["at"]]
        off = [pin for pin in pins if pin not in stage["at"]]
        leaving = [wire for wire in stage["wires"] if wire == net or wire in pins]
        if on and off and not leaving:
            yield f"net {net} has no wire off the perfboard"
