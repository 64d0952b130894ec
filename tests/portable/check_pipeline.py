"""The whole chain on the runner by formula: the same steps on every interpreter, in whatever blocks they come."""

from gaitcore.compat import FLOAT, np
from gaitcore.pipeline import CALIBRATED, RUNNING, UNKNOWN, Pipeline
from portable import Runner, near, raises

RATE_HZ = 104


def collect(sizes, seconds, standing_s=11, **runner):
    pipeline = Pipeline(RATE_HZ)
    source = Runner(np, FLOAT, RATE_HZ, standing_s=standing_s, **runner)
    steps, events = [], []
    left, k = seconds * RATE_HZ, 0
    while left > 0:
        n = min(left, sizes[k % len(sizes)])
        left -= n
        k += 1
        steps += list(pipeline.push(source.block(n)))
        events += pipeline.events
    steps += list(pipeline.flush())
    return pipeline, steps, events


pipeline, steps, events = collect([26], 20, cadence_spm=176, lean_deg=5.0)
assert CALIBRATED in [kind for kind, _, _ in events], events
assert pipeline.activity == RUNNING
near(len(steps), 9 * 176 / 60, 3, "number of steps")
for a, b in zip(steps[1:], steps[2:]):
    near(b.on_ms - a.on_ms, 60000 / 176, 25, "time between contacts")
last = steps[-6]
near(last.cadence_spm, 176.0, 0.5, "cadence")
assert last.tilt_deg is not None and last.tilt_range_deg > 1.0
assert last.vo_cm > 3.0
assert last.side != UNKNOWN
assert [s.side for s in steps[-7:-1:2]].count(last.side) in (0, 3)

_, again, _ = collect([1, 7, 300, 26, 55], 20, cadence_spm=176, lean_deg=5.0)
assert [s.on_ms for s in again] == [s.on_ms for s in steps]
assert [s.tilt_deg for s in again] == [s.tilt_deg for s in steps]
raises(ValueError, Pipeline, 49)
raises(ValueError, Pipeline, 104.5)
for s in steps[4:26:4]:
    # compared between interpreters
    print(s.on_ms, s.side, "%.3f %.3f %.3f %.3f" % (s.contact_ms, s.vo_cm, s.tilt_deg, s.tilt_range_deg))
