"""The log on the drive: laws of the ring, and power cut at every write."""

import random

import pytest
from formclip.firmware.sources import DEVICE, SHARED
from formclip.firmware.virtual.board import runner

SMALL_B = 512 * 1024


class Drive:
    """FlashLog over the modelled flash, with a pipe-up that writes numbered records through gaitcore's LogWriter."""

    def __init__(self, folder):
        self.modules = runner().Importer([str(DEVICE), str(SHARED)])
        self.modules.builtins["open"] = lambda path, mode="r": self.fs.open(path, mode)
        self.world = self.modules.own("world")
        self.image = folder / "drive.img"
        self.folder = folder

    def blank(self, size_b=SMALL_B, log_pages=60):
        self.image.write_bytes(b"\xff" * size_b)
        flash = self.modules.own("flash").Flash(str(self.image))
        self.modules.own("fat").make(flash)
        self.use(flash)
        with self.fs.open("/lib.txt", "w") as f:
            f.write("firmware" * 300)
        self.log_module.create("/formclip.log", log_pages * 4096)
        self.close()
        return self

    def use(self, flash):
        self.flash = flash
        self.fs = self.modules.own("fat").Fat(flash)
        self.fs.readonly = False
        self.modules.own("drive").fs = self.fs

    @property
    def log_module(self):
        return self.modules.load("hw.flashlog")

    def power_up(self, cut_at=None):
        self.use(self.modules.own("flash").Flash(str(self.image), cut_at))
        log = self.log_module.FlashLog()
        log.mount()
        return log

    def close(self):
        self.flash.flush()
        self.flash.close()

    def writer(self, log, boot=7):
        number = log.begin(boot)
        return self.modules.load("gaitcore.pages").LogWriter(log.sink, number, boot, max(1, log.free_pages))

    def read(self, log, session):
        out = bytearray()
        view = memoryview(bytearray(1000))
        while True:
            n = log.read_into(session, len(out), view)
            if not n:
                return bytes(out)
            out += view[:n]

    def markers(self, data):
        """Times of the MARKER events in a session's bytes, as the host reads them."""
        recover = self.modules.load("gaitcore.recover")
        records = self.modules.load("gaitcore.records")
        found = recover.recover(data)
        return [t for s in found.sessions for tag, t, _ in s.entries if tag == records.MARKER]


def fill(log_writer, n, first=0, flush_every=24, told=None):
    for t in range(first, first + n):
        log_writer.event(17, t, (1,), b"x" * 60)
        if flush_every and t % flush_every == flush_every - 1:
            log_writer.flush()
            if told is not None:
                told.append(t)


@pytest.fixture
def drive(tmp_path):
    return Drive(tmp_path)


def test_sessions_come_back_as_written(drive):
    drive.blank()
    log = drive.power_up()
    wanted = {}
    for k, n in enumerate((10, 200, 400)):
        writer = drive.writer(log)
        fill(writer, n)
        writer.close()
        log.end()
        wanted[k + 1] = list(range(n))
    drive.close()
    log = drive.power_up()
    assert [s[0] for s in log.sessions] == [1, 2, 3]
    for session, times in wanted.items():
        assert drive.markers(drive.read(log, session)) == times
    assert log.recovered == 0
    drive.close()


def test_directory_and_fat_are_never_written_again(drive):
    drive.blank()
    log = drive.power_up()
    before = drive.image.read_bytes()[: 45 * 512]
    writer = drive.writer(log)
    fill(writer, 500)
    writer.close()
    log.end()
    log.save(b"settings")
    drive.close()
    assert drive.image.read_bytes()[: 45 * 512] == before


def test_full_ring_keeps_what_is_not_deleted_and_goes_on_after_a_delete(drive):
    drive.blank(log_pages=40)
    log = drive.power_up()
    kept = {}
    while log.free_pages > 1:
        writer = drive.writer(log)
        session = writer.session
        fill(writer, 330)
        writer.close()
        log.end()
        kept[session] = drive.read(log, session)
    assert writer.full and sum(s[3] for s in log.sessions) == log.capacity_pages
    for session, data in kept.items():
        assert drive.read(log, session) == data
    free = log.free_pages
    first = log.sessions[0]
    second_gone = log.sessions[1][0]
    log.delete(second_gone, b"c")
    assert log.free_pages == free  # its pages wait for the older session
    log.delete(first[0], b"c")
    assert log.free_pages > free
    drive.close()
    log = drive.power_up()
    assert log.config == b"c"
    assert [s[0] for s in log.sessions] == [s for s in sorted(kept) if s not in (first[0], second_gone)]
    writer = drive.writer(log)
    fill(writer, 100, flush_every=0)
    writer.close()
    log.end()
    drive.close()
    log = drive.power_up()
    assert drive.markers(drive.read(log, log.sessions[-1][0])) == list(range(100))
    for session, _, _, _ in log.sessions[:-1]:
        assert drive.read(log, session) == kept[session]


def test_config_survives_a_torn_write_and_tells_when_both_are_gone(drive):
    drive.blank()
    log = drive.power_up()
    log.save(b"one")
    start = drive.flash.units
    log.save(b"two")
    total = drive.flash.units - start
    drive.close()
    for cut in range(1, total, 97):
        drive.blank()
        log = drive.power_up()
        log.save(b"one")
        drive.flash.cut_at = drive.flash.units + cut
        with pytest.raises(drive.world.PowerLost):
            log.save(b"two")
        drive.flash.close()
        log = drive.power_up()
        assert log.config in (b"one", b"two")
        drive.flash.close()
    log = drive.power_up()
    for place in (2, 4):
        log._at(place)
        page = bytearray(512)
        log._file.readinto(page)
        page[20] ^= 1
        log._at(place)
        log._file.write(page)
    drive.close()
    log = drive.power_up()
    assert log.config is None and log.config_lost


def test_a_drive_for_the_host_only_and_no_file(drive):
    drive.blank()
    drive.use(drive.modules.own("flash").Flash(str(drive.image)))
    drive.fs.readonly = True
    module = drive.log_module
    with pytest.raises(module.DriveFault) as error:
        module.FlashLog().mount()
    assert error.value.args == ("readonly",)
    with pytest.raises(module.DriveFault) as error:
        module.FlashLog("/other.log").mount()
    assert error.value.args == ("missing",)


def boundaries(drive, scenario):
    """Units of work at which each erase and each program call of the scenario begins and ends."""
    marks = []
    flash = drive.modules.own("flash").Flash
    erase, program = flash._erase, flash._program

    def spy(original):
        def call(self, *args):
            marks.append(self.units)
            original(self, *args)
            marks.append(self.units)

        return call

    flash._erase, flash._program = spy(erase), spy(program)
    try:
        scenario(None)
    finally:
        flash._erase, flash._program = erase, program
    return sorted(set(marks))


def test_power_cut_at_every_write_of_the_log(drive):
    """Two sessions, the second cut anywhere: the first is whole, of the second at most what came since a flush."""
    drive.blank()
    log = drive.power_up()
    writer = drive.writer(log)
    fill(writer, 120)
    writer.close()
    log.end()
    older = drive.read(log, 1)
    drive.close()
    base = drive.image.read_bytes()
    told = []

    def scenario(cut_at):
        told.clear()
        drive.image.write_bytes(base)
        log = drive.power_up()
        drive.flash.cut_at = cut_at
        writer = drive.writer(log)
        for at in range(0, 300, 24):
            fill(writer, 24, at, told=told)
        writer.close()
        log.end()
        told.append(311)
        drive.close()

    marks = boundaries(drive, scenario)
    rng = random.Random(4)
    cuts = [m + 1 for m in marks[:-1]] + [rng.randrange(a, b) for a, b in zip(marks, marks[1:], strict=False) if b > a]
    assert len(cuts) > 200
    for cut in cuts:
        with pytest.raises(drive.world.PowerLost):
            scenario(cut)
        drive.flash.close()
        kept = told[-1] if told else -1
        if cut % 3 == 0:  # and again while it is being brought home
            drive.use(drive.modules.own("flash").Flash(str(drive.image), cut_at=rng.randrange(1, 40000)))
            try:
                drive.log_module.FlashLog().mount()
            except drive.world.PowerLost:
                pass
            drive.flash.close()
        log = drive.power_up()
        assert drive.read(log, 1) == older, cut
        times = drive.markers(drive.read(log, 2)) if len(log.sessions) > 1 else []
        assert times == list(range(len(times))), cut
        assert len(times) > kept, (cut, len(times), kept)
        with drive.fs.open("/lib.txt") as f:
            assert f.read() == "firmware" * 300
        # And the log goes on.
        writer = drive.writer(log)
        fill(writer, 30)
        writer.close()
        log.end()
        assert drive.read(log, 1) == older
        drive.close()


def test_drive_of_two_mebibytes_holds_ten_hours():
    """By the sizes of what goes on it: see docs/design/firmware.md."""
    records = runner().Importer([str(DEVICE), str(SHARED)]).load("gaitcore.records")
    step_b = 10 * 3600 * 3 * records.STEP_B  # 180 steps/min
    minute_b = 600 * (records.EVENT_B + 22) + 600 * 4 * records.EVENT_B  # minutes, activities, anchors
    check_b = 10 * 3600 // 8 * (records.EVENT_B + 4)
    pages = (step_b + minute_b + check_b) / (4096 - 28 - 30)
    assert pages + 24 < 430  # pages that deploy leaves for the log at least
