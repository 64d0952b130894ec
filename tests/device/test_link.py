"""device/hw/link.py on the real adafruit_ble and a real Bluetooth stack, in one process: who gets what, and when."""

import asyncio
import random
import struct
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")

from bleak import BleakClient, BleakScanner
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual import radio
from formclip.firmware.virtual.board import VirtualParts
from formclip.firmware.virtual.radio import central, process
from formclip.firmware.virtual.radio.peripheral import AirBackend
from formclip.runs.sync import link as host_link
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import NotPaired, Refused
from formclip.runs.sync.link import BleakLink
from gaitcore import models, records, sync
from gaitcore.pipeline import Step
from gaitcore.settings import Settings

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
KEY = bytes(range(16))


class Sessions:
    """The log as far as the link asks: sessions in memory."""

    free_pages, recording = 300, None

    def __init__(self, **sessions):
        self.data = {int(name[1:]): data for name, data in sessions.items()}

    @property
    def sessions(self):
        return [[number, 7, 0, 1] for number in sorted(self.data)]

    def size_b(self, number):
        return len(self.data[number])

    def read_into(self, number, offset, view):
        piece = self.data[number][offset : offset + len(view)]
        view[: len(piece)] = piece
        return len(piece)

    def delete(self, number, config):
        del self.data[number]


def app_of(log):
    """What the link needs of App: the firmware's own is driven in test_radio.py."""
    power = SimpleNamespace(battery_mv=lambda: 3900, percent=lambda mv: 80, charging=lambda: False)
    app = SimpleNamespace(
        settings=Settings(),
        recording=False,
        make_way=lambda: not app.recording,
        errors=0,
        state=0,
        session=None,
        imu=None,
    )
    app.parts = SimpleNamespace(log=log, boot=7, power=power, ticks_ms=lambda: app.now_ms)
    app.now_ms, app.uptime_ms = 1000, 5000
    app.config = lambda: b""
    app.set = app.settings.set
    app.keep = lambda: None
    app.calibrate = app.marker = lambda *_: False
    app.set_time = lambda unix_s, zone_min: app.uptime_ms
    return app


class World:
    """An air, a clip's link in it, and computers that come and go. The clip's time is moved by hand."""

    def __init__(self, tmp_path, air, log=None):
        self.tmp_path, self.air, self.log = tmp_path, air, log or Sessions()

    async def __aenter__(self):
        radio.use(self.air.address)
        await self.boot()
        return self

    async def boot(self):
        self.parts = VirtualParts(self.tmp_path / "board")
        self.bleio = self.parts.load("_bleio")
        self.backend = await asyncio.to_thread(
            AirBackend, self.bleio, self.tmp_path / "clip-bonds.json", self.air.address
        )
        self.bleio.connect_air(self.backend)
        self.app = app_of(self.log)
        self.module = self.parts.load("hw.link")
        self.link = self.module.start(self.app, "formclip test")
        assert self.link is not None

    async def __aexit__(self, *_):
        await asyncio.to_thread(self.backend.close)

    async def poll(self, pass_ms=20):
        self.app.now_ms += pass_ms
        await asyncio.to_thread(self.link.poll, self.app.now_ms)

    async def polling(self, work, pass_ms=0):
        """Let the clip live while a computer does its work."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await self.poll(pass_ms)
            await asyncio.sleep(0.002)
        return await task

    async def until(self, done):
        deadline = time.monotonic() + 10
        while not done():
            assert time.monotonic() < deadline
            await self.poll(0)
            await asyncio.sleep(0.005)

    def press(self):
        self.link.gesture(self.app.now_ms)

    async def computer(self, pair=True, name="a"):
        """A connected central; with `pair`, bonded too."""
        central_ = BleakClient(await self._seen(), backend=central.VirtualClient)
        await self.polling(central_.connect())
        if pair:
            await self.polling(central_.pair())
        return central_

    async def _seen(self):
        await self.poll()
        (seen,) = await self.polling(host_link.scan(5, enough=1))
        return seen.device

    async def client(self, key=KEY, **how):
        link = BleakLink(await self.computer(**how))
        await self.polling(link.listen())
        return ClipClient(link, key)


@pytest.fixture(scope="module")
def air():
    with process.air() as opened:
        yield opened


@pytest.fixture
def world(tmp_path, monkeypatch, air):
    monkeypatch.setenv("FORMCLIP_VIRTUAL_BONDS", str(tmp_path / "bonds.json"))
    monkeypatch.setattr(host_link, "BACKENDS", host_link.Backends())

    def run(story, log=None, limit_s=30):
        async def told():
            async with World(tmp_path, air, log) as w:
                await story(w)

        asyncio.run(asyncio.wait_for(told(), limit_s))

    return run


def test_advertisement_is_small_and_names_services_and_clip(world):
    async def story(w):
        said = []
        w.bleio._backend.advertise = lambda *a: said.append(a)
        await w.poll()
        ((data, response, interval_s, _),) = said
        assert len(data) <= 31 and len(response) <= 31
        uuid = bytes.fromhex(host_link.SERVICE.replace("-", ""))[::-1]
        assert b"\x02\x01\x06" in data and b"\x14\x18" in data and uuid in data
        assert b"formclip-0001" in response and interval_s == 1.0
        w.backend.started = True
        with pytest.raises(w.bleio.BluetoothError, match="once"):
            w.module.Link(w.app, "again")

    world(story)


def test_adafruits_library_runs_on_the_same_radio(world):
    """The stand-in is `_bleio` for Adafruit's own code too: services, advertisement and a value that changes."""

    async def story(w):
        ble = w.parts.load("adafruit_ble")
        standard = w.parts.load("adafruit_ble.advertising.standard")
        battery = w.parts.load("adafruit_ble.services.standard").BatteryService()
        own = ble.BLERadio()
        own.start_advertising(standard.ProvideServicesAdvertisement(battery))
        found = asyncio.Event()
        scanner = BleakScanner(lambda device, advertised: found.set(), backend=central.VirtualScanner)
        async with scanner:
            await asyncio.wait_for(found.wait(), 10)
        (device,) = scanner.discovered_devices
        async with BleakClient(device, backend=central.VirtualClient) as client:
            battery.level = 41
            level = [c for c in client.services.characteristics.values() if c.uuid[4:8] == "2a19"][-1]
            assert await client.read_gatt_char(level) == bytes([41])
            assert own.connected and battery.level == 41

    world(story)


def test_fast_after_a_press_slow_otherwise_and_again_while_connected(world):
    async def story(w):
        said, advertise = [], w.backend.advertise
        w.backend.advertise = lambda *a: (said.append(a[2]), advertise(*a))
        await w.poll()
        w.press()
        await w.poll()
        await w.poll(61000)
        await w.poll()
        assert said == [1.0, 0.1, 1.0]
        w.press()
        a = await w.computer()
        await w.until(lambda: w.link.connected and w.bleio.adapter.advertising)
        await w.polling(a.disconnect())
        await w.until(lambda: not w.link.connected)

    world(story)


def test_key_is_taken_only_within_a_minute_of_a_press_and_lasts(world):
    async def story(w):
        client = await w.client()
        with pytest.raises(NotPaired, match="not open for pairing"):
            await w.polling(client.pair())
        w.press()
        await w.polling(client.pair(), 0)
        assert (await w.polling(client.greet(), 0)).name == "formclip-0001"
        await w.poll(61000)
        assert await w.polling(client.sessions()) == []
        for n in range(4):
            w.press()
            await w.polling(ClipClient(client._link, bytes([n] * 16)).pair(), 0)
        assert len(w.link._keys) == 4 and not w.link.knows(KEY) and w.link.knows(bytes([3] * 16))
        await asyncio.to_thread(w.backend.close)
        await w.boot()
        assert w.link.knows(bytes([0] * 16)) and not w.link.knows(KEY)

    world(story)


def test_stranger_with_a_bond_is_told_nothing_and_sent_away(world):
    """Just Works gives anybody a bond. Without the key it gets no list, no steps, no watch's data, no other's place."""

    async def story(w):
        client = await w.client()
        with pytest.raises(NotPaired):
            await w.polling(client.greet())
        for ask in (client.sessions, client.status, lambda: client.live(True), client.settings, client.marker):
            client.end.reset()
            with pytest.raises(Exception, match="did not take the request"):
                await w.polling(ask())
        heard = []
        central_ = client._link._client
        await w.polling(central_.start_notify("00002a53-0000-1000-8000-00805f9b34fb", lambda *a: heard.append(a)))
        for on_ms in range(0, 5000, 330):
            await asyncio.to_thread(w.link.step, on_ms, some_fields(on_ms))
            await w.poll()
        await asyncio.sleep(0.1)
        assert not heard and not w.bleio.adapter.advertising
        await w.poll(31000)
        await w.until(lambda: not w.link.connected)
        assert w.log.data == {1: b"abc"}

    world(story, Sessions(s1=b"abc"))


def some_fields(on_ms, speed=0.0):
    step = Step()
    step.on_ms, step.side, step.cadence_spm = on_ms, 1, 171.0
    step.contact_ms, step.feature = 240.0, 125.0
    fields = [0] * records.N_FIELDS
    records.quantise(step, 330, fields)
    return fields


def test_watch_reads_running_speed_and_cadence_by_the_specification(world):
    """Decoded here by hand from the Running Speed and Cadence Service 1.0, against the step that was logged."""

    async def story(w):
        w.press()
        watch = await w.computer()
        heard = []
        uuid = "0000{}-0000-1000-8000-00805f9b34fb".format
        await w.polling(watch.start_notify(uuid("2a53"), lambda _, data: heard.append(bytes(data))), 0)
        fields = some_fields(2000)
        await asyncio.to_thread(w.link.step, 2000, fields)
        await asyncio.to_thread(w.link.step, 2330, fields)  # within the second: not told again
        await w.until(lambda: heard)
        flags, speed, cadence, stride_cm = struct.unpack("<BHBH", heard[0])
        step = records.restore(fields, 2000, Step())
        assert flags == 0b101 and cadence == 171
        assert speed / 256 == pytest.approx(models.speed_mps(step), abs=1 / 256)
        assert stride_cm / 100 == pytest.approx(2 * models.speed_mps(step) / (171 / 60), abs=0.02)
        w.app.settings.set("rsc_cadence", 1)
        await asyncio.to_thread(w.link.step, 3200, fields)
        await w.until(lambda: len(heard) == 2)
        assert heard[1][3] in (85, 86), "steps of one foot"
        await w.poll(3500)
        await w.until(lambda: len(heard) == 3)
        assert heard[2] == bytes([1, 0, 0, 0, 0, 0]), "standing"
        assert await w.polling(watch.read_gatt_char(uuid("2a54")), 0) == b"\x05\x00"
        assert await w.polling(watch.read_gatt_char(uuid("2a5d")), 0) == b"\x03"
        await asyncio.to_thread(w.link.battery, 66)
        assert await w.polling(watch.read_gatt_char(uuid("2a19")), 0) == bytes([66])

    world(story)


def test_any_bytes_replays_and_forgeries_change_nothing(world):
    async def story(w):
        w.press()
        client = await w.client()
        await w.polling(client.pair(), 0)
        await w.polling(client.greet(), 0)
        sent = []
        write = client._link.write

        async def record(packet):
            sent.append(packet)
            await write(packet)

        client._link.write = record
        await w.polling(client.set(2, 9), 0)
        await w.polling(client.set(2, 11), 0)
        before = w.app.settings.to_bytes(), dict(w.log.data), list(w.link._keys)
        draw = random.Random(4)
        forged = [struct.pack("<BHHIIII", sync.DELETE, n, 16, 0xBAD, 1, 3, 0x352441C2) for n in (3, 4, 5)]
        noise = [draw.randbytes(draw.randrange(1, 180)) for _ in range(40)]
        for packet in [sent[0], *forged, *noise, sent[0]]:
            await w.polling(write(packet), 0)
            await w.poll()
        assert (w.app.settings.to_bytes(), dict(w.log.data), list(w.link._keys)) == before
        client.end.reset()
        await w.polling(client.greet())
        assert w.app.settings.sustain_s == 11

    world(story, Sessions(s1=b"abc"))


def test_while_a_run_records_a_peer_that_stalls_holds_nothing_up(world):
    """Nothing moves in the air for a minute: no turn of the clip waits, and steps are dropped, not queued."""

    async def story(w):
        w.press()
        client = await w.client()
        await w.polling(client.pair(), 0)
        await w.polling(client.greet(), 0)
        await w.polling(client.live(True), 0)
        w.app.recording = True
        with pytest.raises(Refused, match="recording"):
            await w.polling(client.opened(1), 0)
        w.air.tell("interval-ms 60000")
        longest_s = 0.0
        for on_ms in range(0, 30000, 330):
            began = time.monotonic()
            w.link.step(on_ms, some_fields(on_ms)) if on_ms % 1000 else None
            w.link.poll(w.app.now_ms)
            longest_s = max(longest_s, time.monotonic() - began)
        w.air.tell("interval-ms 0")
        assert longest_s < 0.25, longest_s

    world(story, Sessions(s1=b"abc"))


def test_two_computers_after_one_another_and_a_watch_beside(world):
    async def story(w):
        w.press()
        watch = await w.computer()
        await w.until(lambda: w.bleio.adapter.advertising)  # others may come while a watch is there
        await w.polling(watch.disconnect(), 0)
        for _ in range(2):
            client = await w.client()
            await w.polling(client.pair(), 0)
            assert [s.size_b for s in await self_or(w, client)] == [3]
            await w.polling(client._link._client.disconnect(), 0)
            await w.until(lambda: not w.link.connected)

    async def self_or(w, client):
        await w.polling(client.greet(), 0)
        return await w.polling(client.sessions(), 0)

    world(story, Sessions(s1=b"abc"))
