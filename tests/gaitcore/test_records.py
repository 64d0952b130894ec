"""Log: every record round-trips, any bytes can be read, a cut page loses only what came after its last batch."""

import binascii
import re
import struct
from pathlib import Path

import pytest
from formclip.ground.metrics import RECORD
from formclip.lab.docs import stepcode
from gaitcore import pages, records, recover
from gaitcore.pages import HEAD_B, PAGE_B, LogWriter, PageError, RawWriter, head
from gaitcore.pipeline import Step
from hypothesis import given
from hypothesis import strategies as st

U8 = st.integers(0, 255)
FIELDS = st.tuples(
    st.integers(0, 2), st.integers(0, 31), st.integers(0, 4095), st.integers(0, 4095), U8, U8,
    st.integers(-32768, 32767), U8, U8, U8, U8, U8, U8, U8,
)  # fmt: skip
MAYBE = st.none() | st.floats(-1e4, 1e4) | st.just(float("nan")) | st.just(float("inf")) | st.just(-float("inf"))
NAMES = [metric.key for metric, _ in RECORD]
T_MS = st.integers(0, 2**30)


def step_at(on_ms, side=0, tilt_deg=1.0):
    step = Step()
    step.on_ms, step.side, step.tilt_deg, step.cadence_spm, step.contact_ms = on_ms, side, tilt_deg, 171.3, 240
    return step


class Flash:
    """Where a writer's pages go: complete ones to their place, the page in work to two places in turn."""

    def __init__(self, pages_n=10000):
        self.places, self.staged, self.turn, self.pages_n = {}, [b"", b""], 0, pages_n

    def __call__(self, number, page, complete):
        if complete:
            if number >= self.pages_n:
                return False
            assert number not in self.places, "a final place is written once"
            self.places[number] = bytes(page)
        else:
            self.staged[self.turn] = bytes(page)
            self.turn = 1 - self.turn

    @property
    def file(self):
        last = max(self.places, default=-1)
        return b"".join(self.places.get(i, b"\xff" * PAGE_B) for i in range(last + 1))


def write(n, flash=None, flush_every=24, close=True, session=7):
    flash = flash or Flash()
    log = LogWriter(flash, session, 3)
    for i in range(n):
        log.step(step_at(1000 + 350 * i, i % 2))
        if i % flush_every == flush_every - 1:
            log.flush()
    if close:
        log.close()
    return flash


def on_times(log):
    return [t_ms for tag, t_ms, _ in log.entries if tag == records.STEP]


@given(FIELDS, st.integers(0, 50))
def test_step_fields_round_trip(fields, offset):
    buf = bytearray(100)
    assert records.pack_step(fields, buf, offset) == offset + records.STEP_B
    out = [0] * records.N_FIELDS
    assert records.unpack_step(buf, offset, out) == offset + records.STEP_B
    assert tuple(out) == fields
    assert not any(buf[:offset]) and not any(buf[offset + records.STEP_B :])


def test_the_code_of_the_step_is_that_of_its_rows():
    text = Path(records.__file__).read_text(encoding="utf-8")
    assert stepcode.with_code(text) == text, "python -m formclip.lab.docs.stepcode --write"
    assert stepcode.size_b(1) == 14 and stepcode.size_b(records.VERSION) == records.STEP_B


@given(FIELDS, st.integers(1, records.VERSION), st.binary(max_size=20))
def test_a_step_of_any_version_is_read_and_what_it_has_not_is_not_measured(fields, version, behind):
    buf = bytearray(40)
    records.pack_step(fields, buf, 0)
    data = bytes(buf[: records.SIZES_B[version]]) + behind
    out = [7] * records.N_FIELDS
    assert records.unpack_step(data, 0, out, version) == records.SIZES_B[version]
    for metric, packed in RECORD:
        field = getattr(records, packed.name)
        assert out[field] == (fields[field] if packed.since <= version else records.NONE), metric.key


def test_a_page_of_a_later_version_is_told_and_not_misread():
    flash = write(50)
    page = bytearray(flash.file)
    page[19] = records.VERSION + 1
    used = struct.unpack_from("<H", page, 20)[0]
    crc = binascii.crc32(page[28 : 28 + used], binascii.crc32(page[:24]))
    struct.pack_into("<I", page, 24, crc)
    found = recover.recover(bytes(page))
    assert not any(log.entries for log in found.sessions)
    assert any("record version" in what and "update" in remedy for _, what, remedy in found.problems)


@given(st.tuples(*[MAYBE] * len(NAMES)), st.integers(0, 2), st.integers(0, 31), st.integers(0, 4095))
def test_quantise_never_wraps(values, side, flags, dt_ms):
    step = Step()
    step.side, step.flags = side, flags
    for name, value in zip(NAMES, values):
        setattr(step, name, value)
    fields = records.quantise(step, dt_ms, [0] * records.N_FIELDS)
    back = records.restore(fields, 5, Step())
    clamped = False
    for (metric, packed), value in zip(RECORD, values):
        name, low, high = metric.key, packed.low, packed.high
        field, none = getattr(records, packed.name), 0 if packed.none == "0" else getattr(records, packed.none)
        got = getattr(back, name)
        if value is None or value != value:
            assert got is None and fields[field] == none
            continue
        assert low <= fields[field] <= high and fields[field] != none
        exact = value * packed.scale
        if low - 0.5 < exact < high + 0.5:
            assert abs(fields[field] - exact) <= 0.5 + 1e-9
        else:
            clamped = True
            assert fields[field] == (low if exact < low else high)
    assert bool(fields[records.FLAGS] & records.SATURATED) == (clamped or bool(flags & records.SATURATED))
    assert fields[records.FLAGS] & ~records.SATURATED == flags & ~records.SATURATED


@given(st.integers(-32767, 32767))
def test_quantised_values_stay_when_quantised_again(count):
    step = Step()
    step.tilt_deg = count / 100
    assert records.quantise(step, 0, [0] * records.N_FIELDS)[records.TILT] == count


def event_values(tag, draw):
    limits = {"B": (0, 255), "b": (-128, 127), "H": (0, 65535), "h": (-32768, 32767), "I": (0, 2**32 - 1)}
    form = records.FORMATS[tag].rstrip("+").lstrip("<")
    codes = "".join(c * int(n or 1) for n, c in re.findall(r"(\d*)([A-Za-z])", form))
    return tuple(draw(st.integers(*limits[c])) for c in codes)


@given(st.data(), T_MS)
def test_every_event_round_trips(data, t_ms):
    for tag in range(1, len(records.FORMATS)):
        values = event_values(tag, data.draw)
        tail = data.draw(st.binary(max_size=100)) if records.FORMATS[tag].endswith("+") else b""
        buf = bytearray(300)
        end = records.pack_event(buf, 9, tag, t_ms, values, tail)
        assert end == 9 + records.event_size(tag, tail)
        got_tag, got_t, got, after = records.unpack_event(buf, 9, end)
        assert (got_tag, got_t, after) == (tag, t_ms, end)
        assert got == (values + (tail,) if records.FORMATS[tag].endswith("+") else values)
        name, by_name = recover.values_of(tag, got)
        assert len(by_name) == len(got), name


def test_layout_names_every_value():
    assert sorted(recover.LAYOUT) == list(range(1, len(records.FORMATS)))


def test_unknown_events_are_skipped_by_length():
    buf = bytearray(40)
    end = records.pack_event(buf, 0, records.MARKER, 5, (1,))
    buf[end : end + 9] = bytes((100, 3)) + struct.pack("<I", 77) + b"abc"
    end = records.pack_event(buf, end + 9, records.MARKER, 6, (2,))
    assert [e[0] for e in records.records(bytes(buf[:end]), 0)] == [records.MARKER, 100, records.MARKER]


@given(st.binary(max_size=400), T_MS)
def test_any_payload_gives_records_or_a_record_error(payload, t_ms):
    try:
        for tag, _, values in records.records(payload, t_ms):
            assert tag == records.STEP or 0 < tag < 127, values
    except records.RecordError as error:
        assert 0 <= error.args[0] <= len(payload)


def test_log_of_many_pages_reads_back():
    out = recover.recover(write(5000).file)
    assert not out.problems and len(out.sessions) == 1
    log = out.sessions[0]
    assert (log.session, log.boot, log.closed) == (7, 3, True)
    assert on_times(log) == [1000 + 350 * i for i in range(5000)]
    assert log.pages == list(range(len(log.pages)))


@given(st.lists(st.integers(-3000, 20000), min_size=1, max_size=60))
def test_any_times_are_kept_exactly(gaps):
    flash, times, now = Flash(), [], 0
    log = LogWriter(flash, 1)
    for gap in gaps:
        now = max(0, now + gap)
        times.append(now)
        log.step(step_at(now))
    log.close()
    assert on_times(recover.recover(flash.file).sessions[0]) == times


def test_a_lost_page_does_not_move_the_others():
    data = bytearray(write(2000).file)
    data[PAGE_B : 2 * PAGE_B] = b"\x55" * PAGE_B
    out = recover.recover(bytes(data))
    assert [p[0] for p in out.problems] == [PAGE_B, PAGE_B] and "pages 1 to 1" in out.problems[1][1]
    kept = set(on_times(out.sessions[0]))
    assert kept < {1000 + 350 * i for i in range(2000)} and len(kept) > 1600
    assert 1000 + 350 * 1999 in kept


def test_power_cut_loses_at_most_what_came_after_the_last_flush():
    for n in (1, 23, 24, 25, 290, 300, 700):
        flash = write(n, close=False)
        out = recover.recover(flash.file, flash.staged)
        times = on_times(out.sessions[0]) if out.sessions else []
        assert times == [1000 + 350 * i for i in range(len(times))]
        assert n - len(times) < 24, "at most one batch is lost"
        # cut while one staging place was being written: the other still has the batch before
        torn = [flash.staged[0], flash.staged[1]]
        torn[1 - flash.turn] = torn[1 - flash.turn][:1000] + b"\xff" * 3096 if torn[1 - flash.turn] else b""
        out = recover.recover(flash.file, torn)
        times = on_times(out.sessions[0]) if out.sessions else []
        assert times == [1000 + 350 * i for i in range(len(times))] and n - len(times) < 48


@given(st.integers(0, PAGE_B - 1), st.integers(1, 255), st.booleans())
def test_damaged_page_keeps_what_stands_before(at, flip, tear):
    flash = write(280, close=False, flush_every=24)
    page = bytearray(flash.staged[1 - flash.turn])
    if tear:
        page[at:] = b"\xff" * (PAGE_B - at)
    else:
        page[at] ^= flip
    out = recover.recover(bytes(page))
    times = on_times(out.sessions[0]) if out.sessions else []
    assert times == [1000 + 350 * i for i in range(len(times))], "never a wrong record"
    used = head(flash.staged[1 - flash.turn])[5]
    if at < HEAD_B + used and bytes(page) != flash.staged[1 - flash.turn]:
        assert out.problems and all(len(p) == 3 and p[1] and p[2] for p in out.problems)
        if at > HEAD_B + 1000:
            assert len(times) >= (at - HEAD_B) // (records.STEP_B * 24 + 6) * 24 - 24


def test_preallocated_file_with_an_older_session_behind():
    old, new = write(3000, session=1).file, write(900, session=2).file
    for rest in (b"\xff", b"\x00"):
        out = recover.recover(new + rest * 5 * PAGE_B)
        assert not out.problems and len(on_times(out.sessions[0])) == 900
    out = recover.recover(new + old[len(new) :])
    assert [s.session for s in out.sessions] == [2]
    assert len(on_times(out.sessions[0])) == 900
    assert len(out.problems) == (len(old) - len(new)) // PAGE_B and "left over" in out.problems[0][2]
    out = recover.recover(new + old)
    assert [s.session for s in out.sessions] == [2, 1] and not out.problems


def test_short_last_page_is_read():
    data = write(100).file
    assert len(on_times(recover.recover(data[: HEAD_B + head(data)[5]]).sessions[0])) == 100
    assert len(on_times(recover.recover(data[:-1]).sessions[0])) == 100


def test_full_log_says_so_and_stops():
    flash = Flash()
    log = LogWriter(flash, 1, max_pages=3)
    for i in range(3000):
        assert log.step(step_at(1000 + 350 * i))[records.CADENCE] == 1713
    assert log.full and len(flash.places) == 3
    out = recover.recover(flash.file)
    assert out.sessions[0].entries[-1][0] == records.FULL and out.sessions[0].closed and not out.problems


def test_a_sink_that_cannot_store_ends_the_log():
    log = LogWriter(Flash(2), 1)
    for i in range(3000):
        log.step(step_at(1000 + 350 * i))
    assert log.full


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 400)), min_size=1, max_size=12))
def test_raw_samples_round_trip_between_the_steps(parts):
    flash = Flash()
    log = LogWriter(flash, 1)
    raw = RawWriter(log)
    samples, index = {}, 0
    for gap, n in parts:
        index += gap
        frames = struct.pack("<%dh" % (6 * n), *[(index + k) % 30000 - 15000 for k in range(6 * n)])
        assert raw.push(index, frames)
        for k in range(n):
            samples[index + k] = frames[12 * k : 12 * k + 12]
        index += n
        for k in range(30):
            log.step(step_at(log.t_ms + 340 + k))
    raw.close()
    log.close()
    out = recover.recover(flash.file)
    assert not out.problems
    got = {}
    for first, frames in out.sessions[0].raw:
        for k in range(len(frames) // 12):
            got[first + k] = frames[12 * k : 12 * k + 12]
    assert got == samples
    assert len(on_times(out.sessions[0])) == 30 * len(parts)


def test_raw_leaves_room_for_steps():
    flash = Flash()
    log = LogWriter(flash, 1, max_pages=10)
    raw = RawWriter(log)
    while raw.push(raw._next_index, bytes(12 * 52)):
        pass
    for i in range(600):
        log.step(step_at(350 * i))
    log.close()
    assert len(on_times(recover.recover(flash.file).sessions[0])) == 600


@given(st.binary(max_size=3 * PAGE_B), st.binary(max_size=200))
def test_any_bytes_as_a_log(data, more):
    out = recover.recover(data + pages.MAGIC + more, [more, data[:PAGE_B]])
    assert all(len(p) == 3 for p in out.problems)


@given(st.integers(0, 3 * PAGE_B), st.binary(min_size=1, max_size=40))
def test_overwritten_bytes_never_make_a_wrong_step(at, junk):
    good = write(800).file
    data = bytearray(good)
    at = min(at, len(data) - len(junk))
    data[at : at + len(junk)] = junk
    for log in recover.recover(bytes(data)).sessions:
        assert set(on_times(log)) <= {1000 + 350 * i for i in range(800)}


def test_not_a_page():
    for junk in (b"", b"FCL1", b"\x00" * PAGE_B, bytes(range(256)) * 16):
        with pytest.raises(PageError):
            head(junk)


def test_examples_of_the_page_of_bytes(repo):
    text = (repo / "docs" / "design" / "records.md").read_text()
    steps = events = whole = 0
    for kind, hexes, meaning in re.findall(r"^    (step|event|page): ([0-9a-f ]+)\n    = (.*)$", text, re.M):
        data = bytes.fromhex(hexes)
        if kind == "step":
            fields = [0] * records.N_FIELDS
            records.unpack_step(data, 0, fields, records.SIZES_B.index(len(data)))
            step = records.restore(fields, 0, Step())
            said = ", ".join(
                "%s %s" % (name, getattr(step, name) if getattr(step, name) is None else round(getattr(step, name), 3))
                for name in ["side", "flags", *NAMES]
            )
            assert meaning == "dt_ms %d, %s" % (fields[records.DT_MS], said)
            steps += 1
        elif kind == "event":
            tag, t_ms, values, _ = records.unpack_event(data, 0, len(data))
            name, by_name = recover.values_of(tag, values)
            said = " ".join("%s %s" % item for item in by_name.items())
            assert meaning == ("%s at %d ms: %s" % (name, t_ms, said)).rstrip(": ")
            events += 1
        else:
            session, boot, t_ms, number, page_kind, used, flags, version = head(data)
            said = (session, boot, t_ms, number, page_kind, used, flags, version)
            assert meaning == "session %d boot %d t_ms %d number %d kind %d used %d flags %d version %d" % said
            whole += 1
    assert steps == 3 and events == 7 and whole == 1
    for name, _ in recover.LAYOUT.values():
        assert "| %s |" % name in text, "docs/design/records.md has no row for " + name
