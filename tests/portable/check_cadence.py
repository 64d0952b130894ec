"""The rhythm of a runner by formula: the same period and activity on every interpreter."""

from gaitcore.cadence import Rhythm
from gaitcore.compat import FLOAT, np
from gaitcore.gate import RUNNING, STILL
from portable import Runner, near, raises

RATE_HZ = 104
HOP = RATE_HZ // 2

rhythm = Rhythm(RATE_HZ)
runner = Runner(np, FLOAT, RATE_HZ, standing_s=4, cadence_spm=176)
seen = []
for hop in range(2 * 14):
    rhythm.push(runner.block(HOP)[:3])
    seen.append(rhythm.activity)
assert seen[:7].count(STILL) > 4
assert RUNNING not in seen[: 2 * 6]
assert rhythm.activity == RUNNING
near(rhythm.step_period_samples, RATE_HZ * 60 / 176, 0.3, "period")
near(rhythm.odd, 0.0, 0.1, "odd harmonics of an even runner")
near(rhythm.bout_start, 4 * RATE_HZ, RATE_HZ // 2, "bout_start")

runner.standing = runner.index + 1000 * RATE_HZ  # stops
for hop in range(3):
    rhythm.push(runner.block(HOP)[:3])
assert rhythm.activity != RUNNING
raises(ValueError, Rhythm, 49)
raises(ValueError, Rhythm, 100.5)
print("ok")
