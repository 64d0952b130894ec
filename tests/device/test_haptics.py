"""The motor's patterns: however late the turns of the loop come, each pulse is felt and each pause too."""

import pytest
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual.board import VirtualParts
from formclip.ground.words import PATTERNS
from gaitcore import patterns
from gaitcore.compat import TICKS_MASK
from gaitcore.settings import Settings
from hypothesis import example, given
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
BETWEEN_MS = 400


@pytest.fixture(scope="module")
def haptics(tmp_path_factory):
    return VirtualParts(tmp_path_factory.mktemp("board")).load("hw.haptics")


@given(
    begun=st.lists(st.sampled_from(sorted(PATTERNS)), min_size=1, max_size=2),
    late_ms=st.lists(st.integers(0, 200), min_size=1, max_size=12),
    now_ms=st.sampled_from([0, 12_345, TICKS_MASK - 300]),
)
@example([patterns.MARKER], [150], 0)
def test_no_pulse_and_no_pause_is_shorter_than_its_pattern_says(haptics, begun, late_ms, now_ms):
    """Turns come when they are due or up to 200 ms late, the longest that a turn may be away."""
    switches = []

    def level(strength):
        switches.append((now_ms, strength > 0))

    player = haptics.Haptics(level)
    wanted, turn = [], 0
    for number in begun:
        pulses = patterns.sequence(number, 300, Settings())
        begins_ms = player.play(pulses, now_ms)
        wanted += pulses[:-1] + [(pulses[-1][0], BETWEEN_MS, 0)]
    ends_ms = now_ms + begins_ms + sum(on_ms + off_ms for on_ms, off_ms, _ in pulses)
    while player.busy:
        wait_ms = player.poll(now_ms)
        if wait_ms >= 0:
            assert player.left_ms(now_ms) >= wait_ms
            now_ms = now_ms + wait_ms + late_ms[turn % len(late_ms)] & TICKS_MASK
            turn += 1
    assert [on for _, on in switches] == [True, False] * len(wanted)
    at = [t_ms for t_ms, _ in switches]
    lasted = [b - a & TICKS_MASK for a, b in zip(at, at[1:])]
    for (on_ms, _, _), found_ms in zip(wanted, lasted[::2]):
        assert on_ms <= found_ms <= on_ms + max(late_ms)
    for (_, off_ms, _), found_ms in zip(wanted, lasted[1::2]):
        assert off_ms <= found_ms <= off_ms + max(late_ms)
    assert 0 <= at[-1] - ends_ms & TICKS_MASK <= player.late_ms  # so the accelerometer is not believed for as long
