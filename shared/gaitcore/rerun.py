"""The clip's decisions once more, from its log: the same code on the same numbers."""

from gaitcore import records
from gaitcore.cue import CueEngine
from gaitcore.settings import Settings


def replay_cues(entries, settings=None):
    """Run the cue engine again over a decoded log; the same code, the same numbers, so the same cues.

    In        entries: (tag, t_ms, values) as `records.records` gives them, in the log's order
    Out       list of (t_ms, values of the CUE event), to be compared with the log's own
    """
    settings = settings or Settings()
    engine = CueEngine(settings)
    out = []
    for tag, t_ms, values in entries:
        if tag == records.STEP:
            engine.update(values, t_ms)
            for note, note_values in engine.notes:
                if note == records.CUE:
                    out.append((engine.told_ms, note_values))
        elif tag == records.SETTINGS:
            settings.load_bytes(values[0])
        elif tag == records.SETTING:
            settings.set_number(values[0], values[1])
        else:
            engine.event(tag, t_ms, values)
    return out
