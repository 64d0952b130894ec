"""A Session over a run made by formula: prints every recorded step as it went into the log, then the commands."""

import sys

from gaitcore.compat import FLOAT, np
from gaitcore.session import Session
from portable import Runner

seconds = int(sys.argv[1])
rate_hz = int(sys.argv[2])
block_samples = int(sys.argv[3])


def show(step, fields, t_ms):
    print("step", t_ms, " ".join([str(v) for v in fields]))


def keep(number, page, complete):
    return True


session = Session(rate_hz, None, True, "portable", sink=keep)
session.on_step = show
session.start()
runner = Runner(np, FLOAT, rate_hz)
done = 0
while done < seconds * rate_hz:
    n = min(block_samples, seconds * rate_hz - done)
    for command in session.push(runner.block(n)):
        print("command", " ".join([str(v) for v in command]))
    done += n
for command in session.flush():
    print("command", " ".join([str(v) for v in command]))
print("steps", session.steps)
