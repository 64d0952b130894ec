"""The real Adafruit driver, which vouches for the modelled chips, and ours, against them."""

import numpy as np
import pytest
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual.board import VirtualParts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")

CHIPS = {"xiao": "lsm6ds3trc", "feather": "lsm6ds33", "sox": "lsm6dsox"}
LSB = np.array([0.000488] * 3 + [0.035] * 3)


def walk(n, seed=1, size=1.0):
    """Rows that are whole counts of the chip, every one different."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(-8000, 8000, size=(n, 6)) * size
    return (np.round(counts) * LSB).astype(np.float32)


@pytest.fixture(params=sorted(CHIPS))
def board(request, tmp_path):
    return VirtualParts(tmp_path, request.param, walk(4000))


def make(parts):
    name = parts.virtual.config["board"]["imu"]
    return parts.load("hw.imu").make(name, parts.i2c())


def take(parts, imu, n):
    """n blocks as rows ax ay az [g] gx gy gz [dps], copied; what each block's wait loses counts in imu.lost."""
    blocks = []
    for _ in range(200 * n):
        lsb = imu.read()
        if lsb is not None:
            assert np.array_equal(np.frombuffer(imu.frames(), dtype="<i2").reshape(-1, 6), np.roll(lsb.tolist(), 3, 1))
            blocks.append((np.roll(lsb.tolist(), 3, 1) * LSB).T)
            if len(blocks) == n:
                return np.concatenate(blocks, axis=1)
        parts.load("time").sleep(0.02)
    raise AssertionError("no block")


def test_adafruits_own_driver_reads_the_chip(board):
    name = CHIPS[[b for b in CHIPS if board.virtual.config["board"]["imu"] == CHIPS[b]][0]]
    module = board.load("adafruit_lsm6ds." + name)
    chip = getattr(module, name.upper())(board.i2c())
    board.load("time").sleep(0.05)
    row = board.imu.trace.still
    assert np.allclose(chip.acceleration, np.clip(row[:3], -4, 4) * 9.80665, atol=0.01)
    wanted = np.clip(np.radians(row[3:]), -np.radians(286.7), np.radians(286.7))
    assert np.allclose(chip.gyro, wanted, atol=0.01)


@pytest.mark.parametrize("board", sorted(CHIPS))
@pytest.mark.parametrize("chip", sorted(CHIPS.values()))
def test_which_chip_it_is_the_chip_says(tmp_path, board, chip):
    """Any of the three on any board, without a word in settings.toml."""
    parts = VirtualParts(tmp_path, board, walk(400), imu=chip)
    imu = parts.load("hw.imu").make(None, parts.i2c())
    assert imu.CHIP_ID == parts.imu.regs[0x0F]
    imu.start()
    assert np.abs(take(parts, imu, 2)).max() > 1


def test_wrong_chip_is_no_sensor(tmp_path):
    parts = VirtualParts(tmp_path, "xiao")
    imu = parts.load("hw.imu")
    with pytest.raises(imu.NoSensor):
        imu.make("lsm6dsox", parts.i2c())


def test_bus_without_supply_has_no_pull_ups(tmp_path):
    parts = VirtualParts(tmp_path, "xiao")
    board = parts.load("board")
    with pytest.raises(RuntimeError, match="No pull up found"):
        parts.load("busio").I2C(board.IMU_SCL, board.IMU_SDA)


def test_bus_must_be_locked(tmp_path):
    parts = VirtualParts(tmp_path, "xiao")
    bus = parts.i2c()
    with pytest.raises(RuntimeError, match="lock"):
        bus.writeto(0x6A, b"\x0f")


def test_pins_that_the_board_has_not(tmp_path):
    parts = VirtualParts(tmp_path, "feather")
    with pytest.raises(AttributeError):
        parts.load("board").IMU_PWR  # noqa: B018


def test_blocks_are_the_trace(board):
    imu = make(board)
    imu.start()
    got = take(board, imu, 12)
    first = board.imu.first_index
    rows = np.frombuffer(open(board.virtual.config["trace"], "rb").read(), dtype="<f4").reshape(-1, 6)
    wanted = rows[first : first + got.shape[1]].T
    assert np.abs(got - wanted).max() < 1e-3
    assert imu.take_lost() == 0 and imu.overruns == 0


def test_saturation_is_cut_off(tmp_path):
    for board in CHIPS:
        parts = VirtualParts(tmp_path / board, board, np.full((400, 6), [20, -20, 1, 0, 0, 0], dtype=np.float32))
        imu = make(parts)
        imu.start()
        got = take(parts, imu, 1)
        assert got[0].max() <= 16 and got[1].min() >= -16.0


CAPACITY_S = {"xiao": 341 / 208, "feather": 682 / 208, "sox": 256 / 208}  # 2,048 and 4,096 words of 6; 512 of 2


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    made = {name: VirtualParts(tmp_path_factory.mktemp(name), name, walk(40000)) for name in CHIPS}
    return {name: (parts, make(parts)) for name, parts in made.items()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(CHIPS)), st.lists(st.floats(0.0, 1.6), min_size=1, max_size=4))
def test_whatever_waits_is_caught_up(boards, board, holds):
    """Held up for any part of what the FIFO holds: nothing is lost, every block is read, less than one is left."""
    parts, imu = boards[board]
    sleep = parts.load("time").sleep
    imu.start()
    begin_us = parts.world.now_us
    blocks = 0
    for part in holds:
        held_s = part / 1.6 * (CAPACITY_S[board] - 0.3)  # less than a block was left, and reading takes time
        sleep(held_s)
        while imu.read() is not None:
            blocks += 1
        parts.imu.catch_up()
        assert parts.imu._count // parts.imu._per_sample < 2 * 52
    assert imu.take_lost() == 0 and imu.overruns == 0
    taken = blocks * 52 + parts.imu._count // parts.imu._per_sample
    assert taken == pytest.approx((parts.world.now_us - begin_us) / 1e6 * 208, abs=1.5)


@pytest.mark.parametrize("board", sorted(CHIPS))
def test_level_is_counted_to_the_last_word(tmp_path, board):
    """Just before it runs over, each chip's count needs all the bits that its datasheet gives it."""
    parts = VirtualParts(tmp_path, board, walk(4000))
    imu = make(parts)
    imu.start()
    parts.load("time").sleep(CAPACITY_S[board] - 0.02)
    blocks = 0
    while imu.read() is not None:
        blocks += 1
    assert imu.overruns == 0
    assert blocks >= int((CAPACITY_S[board] - 0.03) * 208) // 52


def test_overrun_is_noticed_and_its_length_told(board):
    imu = make(board)
    imu.start()
    take(board, imu, 1)
    board.load("time").sleep(4.0)
    assert imu.read() is None
    assert imu.overruns == 1
    assert imu.take_lost() == pytest.approx(4.0 * 208, abs=60)
    before = board.imu.trace.index(board.world.now_us)
    got = take(board, imu, 2)
    rows = np.frombuffer(open(board.virtual.config["trace"], "rb").read(), dtype="<f4").reshape(-1, 6)
    at = [k for k in range(before - 2, before + 4) if np.abs(rows[k : k + 104].T - got).max() < 1e-3]
    assert len(at) == 1  # in step again, nothing missing


def places(parts, imu):
    """Moments within one read of a block at which something may hold the processor up, us from its begin."""
    world = parts.virtual.world
    advance, begun, found = world.advance, world.now_us, []

    def noted(us):
        found.append(world.now_us - begun + us // 2)
        advance(us)

    world.advance = noted
    try:
        assert imu.read() is not None
    finally:
        world.advance = advance
    return found


@pytest.mark.parametrize("held_s", [0.9, 1.1, 1.5, 2.5, 4.0])
def test_a_block_is_the_trace_or_lost_wherever_the_processor_was_held_up(board, held_s):
    """Before the look at the FIFO, in it, after it, in the burst, after that: what comes is where the count says."""
    parts = board
    world, sleep = parts.virtual.world, parts.load("time").sleep
    row_of = {tuple(row): k for k, row in enumerate(np.round(walk(4000) / LSB).astype(int).tolist())}
    imu = make(parts)
    imu.start()
    sleep(0.27)
    moments = places(parts, imu)
    assert len(moments) >= 4  # the look, the clock, the burst, the clock
    for at_us in moments:
        imu.stop()
        parts.imu.trace.start_us = None  # the trace begins anew with the FIFO
        imu.start()
        imu.take_lost()
        began_ms = imu.read_ms
        sleep(0.27)
        world.at(world.now_us + at_us, lambda _: advance_by(world, held_s))
        index = 0
        for _ in range(60):
            block = imu.read()
            index += imu.take_lost()
            if block is not None:
                first = row_of[tuple(np.roll(block.tolist(), 3, 1)[0])]
                assert abs(first - index) <= 8, (at_us, held_s)
                index += 52
                came = 0.208 * (imu.read_ms - began_ms)
                assert abs(index + imu.level - came) <= 8, (at_us, held_s)  # what the board's time is tied to
            else:
                sleep(0.05)
        assert index > 208 * (1.0 + held_s)


def advance_by(world, seconds):
    world.advance(int(seconds * 1e6))


def test_words_out_of_step_are_not_believed(board):
    """Somebody read one word too many: the pattern is off until the FIFO is emptied."""
    imu = make(board)
    imu.start()
    take(board, imu, 1)
    board.load("time").sleep(0.1)
    data = 0x78 if board.imu.sox else 0x3E
    board.imu.write(bytes([data]))
    board.imu.read_into(bytearray(7), 0, 7 if board.imu.sox else 2)
    board.load("time").sleep(0.3)
    assert imu.read() is None
    assert imu.overruns == 1 and imu.take_lost() > 0
    rows = np.frombuffer(open(board.virtual.config["trace"], "rb").read(), dtype="<f4").reshape(-1, 6)
    got = take(board, imu, 1)
    assert min(np.abs(rows[k : k + 52].T - got).max() for k in range(4000 - 52)) < 1e-3


def test_bus_errors_reach_the_caller_and_are_over_after_a_restart(board):
    imu = make(board)
    imu.start()
    take(board, imu, 1)
    board.world.bus_errors = 1
    with pytest.raises(OSError):
        imu.read()
    board.load("time").sleep(2.0)
    imu.restarted()
    assert imu.take_lost() == pytest.approx(2.0 * 208, abs=60)
    take(board, imu, 1)


def test_a_bus_held_low_is_clocked_free(board):
    """SDA low at the start: no bus can be made until SCL has been clocked; a chip that never lets go is told."""
    module, pins = board.load("board"), board.virtual.config["board"]["imu_bus"]
    bus, (scl, sda) = board.i2c(), (getattr(module, name) for name in pins)
    bus.deinit()
    imu, busio = board.load("hw.imu"), board.load("busio")
    for clocks in (1, 5, 9):
        board.imu.hold(clocks)
        with pytest.raises(RuntimeError, match="No pull up"):
            busio.I2C(scl, sda, frequency=400000)
        assert imu.free_bus(scl, sda)
        assert imu.make(None, busio.I2C(scl, sda, frequency=400000)).CHIP_ID
        for pin in (scl, sda):
            pin.release()
    board.imu.hold(0)
    assert not imu.free_bus(scl, sda)
    with pytest.raises(RuntimeError, match="No pull up"):
        busio.I2C(scl, sda)


def test_a_transfer_on_a_held_bus_ends_with_an_error(board):
    imu = make(board)
    imu.start()
    take(board, imu, 1)
    board.imu.hold(9)
    with pytest.raises(OSError):
        imu.read()


def test_a_chip_that_answers_nonsense_is_reset(board):
    """At the start, and in a run: its registers are read back."""
    board.i2c().deinit()
    board.load("time").sleep(0.05)
    board.imu.scramble()
    module, pins = board.load("board"), board.virtual.config["board"]["imu_bus"]
    bus = board.load("busio").I2C(*(getattr(module, name) for name in pins), frequency=400000)
    imu = board.load("hw.imu").make(None, bus)
    imu.start()
    take(board, imu, 1)
    board.imu.scramble()
    with pytest.raises(OSError):
        for _ in range(400):
            imu.read()
            board.load("time").sleep(0.05)
    imu.restarted()
    take(board, imu, 1)


def test_a_range_that_went_astray_is_found_out(board):
    """The chip measures on, at 2 g: only its register tells."""
    imu = make(board)
    imu.start()
    take(board, imu, 1)
    board.imu._write_register(0x10, 0x50)
    with pytest.raises(OSError):
        for _ in range(64):
            take(board, imu, 1)
    imu.restarted()
    take(board, imu, 1)
    assert board.imu.regs[0x10] == 0x54


def test_nothing_that_is_out_of_step_for_ever_is_taken_as_data(board):
    imu = make(board)
    imu.start()
    take(board, imu, 1)
    board.imu._status = lambda r: 0xFF
    with pytest.raises(OSError):
        for _ in range(9):
            assert imu.read() is None
            board.load("time").sleep(0.25)


def test_unplugged_and_back(board):
    imu = make(board)
    imu.start()
    take(board, imu, 1)
    board.virtual._happen(("imu", 0))
    with pytest.raises(OSError):
        imu.read()
    board.virtual._happen(("imu", 1))
    with pytest.raises(OSError):
        imu.read()  # the chip boots
    board.load("time").sleep(0.1)
    imu.restarted()
    got = take(board, imu, 1)
    assert np.abs(got).max() > 1


def test_wake_on_motion_raises_the_interrupt(tmp_path):
    still = np.tile(np.array([0, 0, 1, 0, 0, 0], dtype=np.float32), (3000, 1))
    still[2000:2400, 2] = np.where(np.arange(400) // 20 % 2, 2.0, 0.2)
    for board in CHIPS:
        parts = VirtualParts(tmp_path / board, board, still, hold=False)
        imu = make(parts)
        imu.watch()
        pin = parts.world.named(parts.virtual.config["board"]["imu_int"])
        alarm = parts.load("alarm")
        alarm.light_sleep_until_alarms(alarm.pin.PinAlarm(pin, True))
        assert 2000 / 208 < parts.world.now_us / 1e6 < 2100 / 208
        assert imu.moved()
        assert not pin.level()


def test_registers_after_reset_and_rates(board):
    imu = make(board)
    imu._put(0x12, 1)
    assert board.imu.regs[0x10] == 0 and board.imu.regs[0x12] == 4
    imu.begin()
    imu.start()
    start = board.world.now_us
    board.load("time").sleep(0.5)
    board.imu.catch_up()
    seconds = (board.world.now_us - start) / 1e6
    assert board.imu._count // board.imu._per_sample == pytest.approx(seconds * 208, abs=1.5)


@pytest.mark.long  # `make bench` prints the same count
def test_a_block_costs_the_board_little(tmp_path):
    """By the cost table: the driver around gaitcore, of the 10 % that there are in all; no object on the heap."""
    from formclip.lab.bench import count

    firmware = count.Firmware(tmp_path / "firmware")
    rows = np.random.default_rng(1).normal(0, 1, (208 * 8, 6)).astype(np.float32)
    for board, percent in (("xiao", 0.6), ("feather", 0.6), ("sox", 1.5)):
        found = count.run(tmp_path / board, firmware, rows, 60.0, 10.0, (6.0, 9.0), board=board)
        spent = {
            kind: sum(p.get(kind, 0) for name, p in found.spent.items() if name[:6] == "hw.imu") for kind in count.KINDS
        }
        busy_us = sum(spent[kind] for kind in count.KINDS[:3])
        assert 100 * busy_us / found.window_us < percent
        assert board == "sox" or spent["bytes"] == 0
