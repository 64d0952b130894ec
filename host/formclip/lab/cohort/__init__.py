"""Many recordings at once: found (find), replayed one task each (work), here or on many machines (local, cluster).

`cohort.replay_many` ties them together; sweep decides cues again on the logs that it leaves.
"""

from formclip.lab.cohort.cohort import Cohort, replay_many
from formclip.lab.cohort.find import Recording, recordings_in

__all__ = ["Cohort", "Recording", "recordings_in", "replay_many"]
