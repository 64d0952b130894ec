"""The longest stretch without a look at the button, or at the motor while it runs, in all that a clip goes through.

One scenario on the virtual board, counted: a first start; a computer pairs, asks for raw capture and
sets the clock; a session with standing, running and pages written; stop and save; the computer lists, fetches and
deletes it; standby, and awake again by running; off, and a start with kept settings; running that starts a session by
itself. Each stretch belongs to what was met in it, by the functions entered; of each the worst is told.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gaitcore import sync
from gaitcore.receiver import Download, HostEnd, sessions_of
from gaitcore.settings import index_of

from formclip.firmware.virtual.run import RATE_HZ, press_events
from formclip.lab.bench import count
from formclip.lab.bench.count import Counted, Stretch

GOAL_MS = 200.0
KEY = bytes(range(16))
UNTIL_S = 300.0
# A part of the scenario -> functions that tell of it; the first that was met names the stretch.
PARTS = {
    "kept settings and calibration": ("gaitcore.kept:load",),
    "start: modules, drive, pins": ("formclip_code:<module>",),
    "start: App, sensor, radio": ("app:App.__init__",),
    "the log read": ("hw.flashmount:mount",),
    "off, and awake again": ("hw.power:Power.off",),
    "a session deleted": ("hw.flashlog:FlashLog.delete",),
    "stop, save, a session made ready": ("app:App._ended", "app:App._new_session"),
    "settings saved": ("hw.flashlog:FlashLog.save",),
    "a session begins": ("gaitcore.session:Session.start",),
    "the first steps of a bout": ("gaitcore.pipeline:Pipeline._run_began",),
    "a page to the drive": ("hw.flashlog:FlashLog.sink",),
    "sync: a request, data, the CRC": ("gaitcore.sync:ClipEnd.receive", "gaitcore.sync:ClipEnd.send_data_into"),
    "a collection": (),
    "everything else": (),
}


class Central:
    """A computer that visits: `_bleio`'s other side, without air. It keeps to what the radio can do.

    Settings  bleio, world; plan(host): a generator of waits in s and of packets to write, see visits()
    """

    LATENCY_US = 30_000

    def __init__(self, bleio: Any, world: Any, plan: Callable[[HostEnd], Iterator[float | bytes]]) -> None:
        self.bleio, self.world = bleio, world
        self.started = False
        self._plan = plan(HostEnd())
        self._connection: Any = None
        self._control: Any = None
        self._data: Any = None
        self._busy_until_us = 0
        self.host: HostEnd | None = None
        self.refused: sync.SyncError | None = None

    def wall_us(self) -> int:
        return int(self.world.now_us)

    def advertise(self, data: bytes, scan_response: bytes, interval_s: float, timeout_s: float) -> None:
        self.started = True
        if self._connection is None:  # it comes once
            service = self.bleio.adapter._services[0]
            self._control, self._data = service.characteristics
            self.world.at(self.world.now_us + 1_000_000, self._connect)

    def _connect(self, _: Any) -> None:
        self._connection = connection = self.bleio.Connection(1)
        connection.max_packet_length = 509
        self.bleio.adapter.advertising = False
        self.bleio.adapter._connections.append(connection)
        for characteristic in (self._control, self._data):
            characteristic._subscribed(connection, True)
        self._go_on(None)

    def _go_on(self, _: Any) -> None:
        step = next(self._plan, None)
        if step is None:
            self._connection.connected = False
        elif isinstance(step, bytes):
            self._control._written(self._connection, step)
            self.world.at(self.world.now_us + self.LATENCY_US, self._go_on)
        elif isinstance(step, HostEnd):
            self.host = step
            self.world.at(self.world.now_us, self._go_on)
        else:
            self.world.at(self.world.now_us + int(1e6 * step), self._go_on)

    def send(self, characteristic: Any, packet: bytes, room_b: int, connection: Any) -> int:
        # one packet in flight and one that waits: the next waits for an event of the connection
        if self.world.now_us < self._busy_until_us:
            self.world.advance(self._busy_until_us - self.world.now_us)
        self._busy_until_us = self.world.now_us + self.LATENCY_US // 2
        if self.host is not None:
            try:
                self.host.receive(packet)
            except sync.SyncError as refused:
                self.refused = refused
        return len(packet)

    def notify(self, characteristic: Any, value: bytes) -> None:
        pass

    def drop(self, connection: Any) -> None:
        connection.connected = False

    def stop(self) -> None:
        pass

    def forget_bonds(self) -> None:
        pass

    def close(self) -> None:
        pass


def visits(host: HostEnd) -> Iterator[Any]:
    """What the computer does: pairs, sets the clip up, waits for the run, fetches all of it, deletes it."""
    yield host

    def ask(kind: int, *values: Any) -> Iterator[Any]:
        """A request until it is answered; refused, it is made anew after a while."""
        while True:
            packet = host.hello(*values) if kind == sync.HELLO else host.request(kind, *values)
            for _ in range(2):
                yield packet
                for _ in range(20):
                    if host.reply is not None:
                        return
                    yield 0.02

    yield from ask(sync.PAIR, KEY)
    yield from ask(sync.HELLO, KEY)
    yield from ask(sync.SET_TIME, 1_790_000_000, 60)
    yield from ask(sync.SET, index_of("capture_s"), 20)
    yield from ask(sync.SET, index_of("standby_min"), 1)
    yield from ask(sync.GET, 0)
    yield from ask(sync.LIVE, 1)
    for recording in (True, False):
        while True:
            yield from ask(sync.STATUS)
            assert host.reply is not None
            if (host.reply[0] in (1, 2)) == recording:
                break
            yield 0.7
    yield from ask(sync.LIST, 0)
    for session, _, _, _ in sessions_of(host.reply[1]):
        yield from ask(sync.OPEN, session)
        _, size, crc, _ = host.reply
        download = Download(session, size, crc)
        yield from ask(sync.READ, *download.start())
        while not download.done:
            for piece in host.pieces:
                download.push(piece)
            host.pieces.clear()
            credit = download.credit()
            yield host.credit(*credit) if credit else 0.01
        yield from ask(sync.DELETE, session, size, crc)
    yield 1.0


def rows() -> Any:
    """Standing 24 s, running to 85 s, still to 190 s, running to the end: from when the sensor starts."""
    from formclip.lab.simulate.make import simulate
    from formclip.lab.simulate.scenario import STANDING, Scenario, Segment

    segments = (Segment(0, 24, STANDING), Segment(85, 190, STANDING))
    made = simulate(Scenario(minutes=UNTIL_S / 60, rate_hz=RATE_HZ, speed_mps=3.0, segments=segments))
    return np.ascontiguousarray(made.blocks.T)


def scenario(folder: Path, firmware: count.Firmware, live_kb: float, board: str = "xiao") -> Counted:
    presses = [(7.0, "double"), (14.0, "short"), (45.0, "double"), (60.0, "long"), (95.0, "short")]
    presses += [(110.0, "very-long"), (125.0, "short")]
    return count.run(
        folder,
        firmware,
        rows(),
        live_kb,
        UNTIL_S,
        events=press_events(presses),
        board=board,
        central=lambda bleio, world: Central(bleio, world, visits),
    )


ONCE = "once, on a drive without a log: its file made"  # deploy makes it: not among the worst


def part_of(stretch: Stretch) -> str:
    if "hw.flashlog:create" in stretch.met:
        return ONCE
    for part, names in PARTS.items():
        if any(name in stretch.met for name in names):
            return part
    return "a collection" if stretch.collections else "everything else"


def worst(found: Counted) -> dict[str, Stretch]:
    """The longest stretch of each part of the scenario that came."""
    out: dict[str, Stretch] = {}
    for stretch in found.stretches:
        part = part_of(stretch)
        if part not in out or stretch.us > out[part].us:
            out[part] = stretch
    return {part: out[part] for part in (*PARTS, ONCE) if part in out}


def measure(live_kb: float, firmware: count.Firmware, board: str = "xiao") -> dict[str, Any]:
    """The worst stretches of the scenario, in ms, with their places; and what the Python stack took."""
    with tempfile.TemporaryDirectory() as name:
        found = scenario(Path(name), firmware, live_kb, board)
    table: dict[str, dict[str, Any]] = {
        part: {
            "ms": stretch.us / 1000,
            "busy_ms": stretch.busy_us / 1000,
            "at_s": stretch.at_us / 1e6,
            "place": stretch.place,
        }
        for part, stretch in worst(found).items()
    }
    return {
        "goal_ms": GOAL_MS,
        "parts": table,
        "worst_ms": max(figures["ms"] for part, figures in table.items() if part != ONCE),
        "pystack_b": found.path_b,
        "pystack": found.path,
        "end": found.end,
    }
