"""The log on the drive: laws of the ring, and power cut at every write."""

import lzma
import random
import shutil
from pathlib import Path

import hypothesis.strategies as st
import pytest
from formclip.firmware.sources import DEVICE, SHARED
from formclip.firmware.virtual import cuts
from formclip.firmware.virtual.board import runner
from formclip.lab.bench import torture
from gaitcore.drive import HOME_AT
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from tests.picks import later

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


def fill(log_writer, n, flush_every=24):
    for t in range(n):
        log_writer.event(17, t, (1,), b"x" * 60)
        if flush_every and t % flush_every == flush_every - 1:
            log_writer.flush()


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
    for session, *_ in log.sessions[:-1]:
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


def test_drive_of_two_mebibytes_holds_ten_hours():
    """By the sizes of what goes on it: see docs/design/firmware.md."""
    records = runner().Importer([str(DEVICE), str(SHARED)]).load("gaitcore.records")
    step_b = 10 * 3600 * 3 * records.STEP_B  # 180 steps/min
    minute_b = 600 * (records.EVENT_B + 22) + 600 * 4 * records.EVENT_B  # minutes, activities, anchors
    check_b = 10 * 3600 // 8 * (records.EVENT_B + 4)
    pages = (step_b + minute_b + check_b) / (4096 - 28 - 30)
    assert pages + 24 < 445  # pages that deploy leaves for the log at least, from source; frozen it leaves 50 more


# -- the law: any life, any cuts ------------------------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """What may be asked of the log, in any order, cut at any erase or program, torn in any way, up to four times."""

    @initialize(
        pages=st.sampled_from((8, 9, 12, 13, 24)),
        shift=st.integers(0, 7),
        was=st.sampled_from((b"\xff", b"\0", b"FCL1")),
    )
    def begin(self, pages, shift, was):
        self.clip = cuts.Clip(pages, shift, was)

    @property
    def recording(self):
        return self.clip.writer is not None

    @precondition(lambda self: not self.recording and self.clip.log.free_pages)
    @rule()
    def start(self):
        self.clip.start()

    @precondition(lambda self: self.recording)
    @rule(n=st.sampled_from((1, 8, 24, 70)), size=st.sampled_from((0, 60, 150)))
    def append(self, n, size):
        self.clip.append(n, size)

    @precondition(lambda self: self.recording)
    @rule()
    def flush(self):
        self.clip.flush()

    @precondition(lambda self: self.recording)
    @rule(n=st.sampled_from((13, 300, 1700)))
    def raw(self, n):
        self.clip.raw(n)

    @precondition(lambda self: self.recording)
    @rule()
    def stop(self):
        self.clip.stop()

    @precondition(lambda self: self.recording)
    @rule()
    def discard(self):
        self.clip.discard()

    @precondition(lambda self: self.clip.truth.done)
    @rule(which=st.integers(0, 99))
    def delete(self, which):
        done = sorted(self.clip.truth.done)
        self.clip.delete(done[which % len(done)])

    @rule()
    def save(self):
        self.clip.save()

    @rule()
    def restart(self):
        self.clip.restart()

    @precondition(lambda self: self.clip.ops)
    @rule(at=st.integers(0, 10**6), seed=st.integers(0, 10**6), again=st.lists(st.integers(0, 10**6), max_size=3))
    def cut(self, at, seed, again):
        clip, draw = self.clip, random.Random(seed)
        at = len(clip.ops) - 1 - at % len(clip.ops)  # small numbers: what was written last
        image, before, after = clip.cut(at, draw.choice(list(cuts.tears(clip.ops[at]))), draw)
        clip.boot(image)
        for number in again:
            if not clip.ops:
                break
            op = number % len(clip.ops)
            clip.check(before, after)
            clip.boot(cuts.image_after(image, clip.ops, op, draw.choice(list(cuts.tears(clip.ops[op]))), draw))
            image = clip.image
        clip.check(before, after)
        clip.adopt()


def test_whatever_the_log_does_no_cut_loses_what_was_promised():
    run_machine(Life, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))


@pytest.mark.parametrize("share", [0.3, *later(1)])
def test_cuts_at_every_place_of_the_file_in_short(share):
    """`make torture` does all of them."""
    done = torture.Torture()
    torture.torture(done, every=int(71 / share), doubles=int(120 * share), lives=int(40 * share))
    assert done.tried["single"] > 800 * share and done.tried["double"] > 700 * share
    assert done.tried["triple"] > 100 * share and done.tried["first start"] > 300 * share


@pytest.mark.parametrize("shift", [3, 6])
def test_a_header_that_a_cut_left_torn_may_hold_any_number(shift):
    """The mending of a page's home is cut in the erase of its sector: one bit more of session or page number is set."""
    clip, draw = cuts.Clip(9, shift), random.Random(shift)
    torture.wrap(clip)
    now, calls, tried = bytearray(clip.image), clip.calls, 0
    for number, op in enumerate(clip.ops):
        place = -((clip.blocks[0] - op.at // cuts.BLOCK_B) // 8)  # the one page that begins in this sector
        at = (clip.blocks[0] + 8 * place) * cuts.BLOCK_B
        if op.data and place >= HOME_AT and op.at <= at < op.at + cuts.SECTOR_B:
            call = next(call for call in calls if call.begin <= number < call.end)
            torn = cuts.torn(now, op, cuts.Tear(len(op.data) - cuts.PROGRAM_B, "noise"), draw)
            clip.boot(torn)
            if clip.ops and clip.ops[0].at == op.at:
                for bit in (*range(32, 64), *range(128, 144)):
                    image = bytearray(torn)
                    image[at + bit // 8] |= 1 << bit % 8
                    clip.boot(bytes(image))
                    clip.check(call.before, call.after)
                    tried += 1
        cuts.apply(now, op)
    assert tried > 200


@pytest.mark.parametrize(
    ("what", "pages", "was", "now"),
    [
        (torture.recovered, 16, "log.copy(place", "(lambda *_: 0)(place"),
        (torture.run, 24, "if bytes(block) != bytes(page[at : at + BLOCK_B]):", "if True:"),
        (torture.wrap, 9, "_follows(before, here) or _follows(here, after)", "True"),
    ],
)
def test_the_torture_finds_what_it_is_for(what, pages, was, now, tmp_path, monkeypatch):
    """Each of the log's precautions at a start left out: what they guard against happens."""
    shutil.copytree(DEVICE, tmp_path / "device")
    path = tmp_path / "device" / "hw" / "flashmount.py"
    source = path.read_text()
    assert was in source
    path.write_text(source.replace(was, now))
    monkeypatch.setattr(cuts, "DEVICE", tmp_path / "device")
    tried = torture.Torture()
    with pytest.raises(cuts.Broken):
        for shift in torture.SHIFTS:
            for _ in tried.scenario(what, pages, shift, every=17, doubles=60):
                pass


# -- what it must go on reading --------------------------------------------------------------------------------------


def test_a_log_of_version_0_1_0_is_read():
    """Five sessions, the second and third deleted, the fifth cut in a page's home: as the firmware of then left it."""
    log = lzma.decompress((Path(__file__).parent / "data" / "log-0.1.0.xz").read_bytes())
    clip = cuts.Clip(20, 3)
    clip.boot(clip.with_log(log))
    assert [run[0] for run in clip.log.sessions] == [1, 4, 5] and clip.log.recovered == 1
    recover = clip.modules.load("gaitcore.recover").recover
    found = {run[0]: recover(b"".join(clip.read(run[0]))) for run in clip.log.sessions}
    assert not any(r.problems for r in found.values())
    times = {n: [t for tag, t, _ in r.sessions[0].entries if tag == 17] for n, r in found.items()}
    assert {n: (len(t), t[-1]) for n, t in times.items()} == {1: (48, 48), 4: (96, 96), 5: (60, 60)}
    assert all(t == list(range(1, len(t) + 1)) for t in times.values())
    assert sum(len(frames) for _, frames in found[5].sessions[0].raw) == 3 * 339 * 12
    assert clip.log.gone(2) and clip.log.gone(3) and len(clip.log.config) == 60
    clip.adopt()
    clip.delete(1)  # the deleted ones stay so in the new way of writing them
    clip.restart()
    assert [run[0] for run in clip.log.sessions] == [4, 5]


def test_any_number_of_sessions_is_deleted_while_the_first_is_kept():
    clip = cuts.Clip(24)
    clip.start()
    clip.append(3)
    clip.stop()
    for number in range(2, 320):
        clip.start()
        clip.append(1)
        clip.stop()
        clip.delete(number)
        if clip.log.free_pages < 2:
            clip.restart()  # what lies behind the last kept session is free at the next start
    clip.restart()
    assert [run[0] for run in clip.log.sessions] == [1] and clip.log.gone(2) and clip.log.gone(319)
    assert not clip.log.gone(320) and len(clip.log._deleted) == 2


def test_a_torn_mark_of_the_file_does_not_format_it():
    """The file's first page shares a sector with another file: a computer that writes that one may be cut."""
    clip = cuts.Clip(16, 5)
    clip.start()
    clip.append(50)
    clip.stop()
    for saved in (False, True):
        if saved:
            clip.save()
        clip.restart()
        image = bytearray(clip.image)
        at = clip.blocks[0] * cuts.BLOCK_B
        image[at : at + 3 * cuts.BLOCK_B] = b"\xff" * 3 * cuts.BLOCK_B
        clip.boot(bytes(image), first=True)  # the mark is written anew
        clip.check(clip.truth, clip.truth)
        assert clip.ops


def test_a_page_without_room_is_refused(drive):
    """Whatever the writer believes: a page that was not deleted is never written over."""
    drive.blank(log_pages=36)
    log = drive.power_up()
    page = memoryview(bytearray(4096))
    log.begin(1)
    n = 0
    while log.sink(n, page, True):
        n += 1
    assert n == log.capacity_pages and log.sink(n, page, False)
    drive.close()
