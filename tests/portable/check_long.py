"""Ten hours into a run a contact is told as well as at its start: 30-bit numbers have no room for both."""

from gaitcore.compat import FLOAT, np
from gaitcore.pipeline import Pipeline
from portable import Runner, near

RATE_HZ = 104
HOURS_MS = 36000000


def contacts(late):
    chain = Pipeline(RATE_HZ)
    runner = Runner(np, FLOAT, RATE_HZ, standing_s=2)
    if late:
        chain.lost(HOURS_MS // 1000 * RATE_HZ)
    out = []
    for _ in range(28):
        for step in chain.push(runner.block(RATE_HZ // 2)):
            out.append(step.on_ms - (HOURS_MS if late else 0))
    return out


early, late = contacts(False), contacts(True)
assert len(early) == len(late) > 20
for a, b in zip(early, late):
    near(b, a, 1, "contact, ms")
print("ok")
