"""Activity gate: still, walking, running or other, from four numbers of the rhythm.

Theory of operation. `Rhythm` (cadence.py) gives once per hop (a quarter of a second) the spread of the vertical
acceleration over the last 2 s, the step period and the regularity. `push` turns them into a score: how far the
spread lies above what a walker reaches at that cadence. States and rules:

  not running   a hop with score >= 0 starts or continues a candidate bout; two bad hops in a row end it.
                A candidate of `confirm_s` is RUNNING. A stairway taken at a run lasts 4 s and must not be a bout.
  running       holds while the score stays above a lower bound (hysteresis); lost when the newest hops have gone
                quiet, or after `_LOSE_HOPS` bad hops in a row.
"""

from gaitcore.compat import const

STILL = const(0)
WALKING = const(1)
RUNNING = const(2)
OTHER = const(3)
