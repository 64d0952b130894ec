"""The metronome: beats at the target cadence, in stretches with rests between."""


class Metronome:
    """Beats for the coming hop.

    Settings  a Settings: metronome_spm (0: cadence_target_pct of the own baseline), metronome_every steps a beat,
              metronome_on_s and metronome_off_s
    In        beats(now_ms, end_ms, own): [now_ms, end_ms) is the hop to come; own: baseline, or None
    Out       list of ms from now_ms to each beat that begins in it, the same list each time
    """

    def __init__(self, settings):
        self._settings = settings
        self._beats = []
        self._next_ms = 0

    def beats(self, now_ms, end_ms, own):
        s, beats = self._settings, self._beats
        beats.clear()
        rate = s.metronome_spm * 10 if s.metronome_spm else own[0] * s.cadence_target_pct // 100 if own else 0
        cycle_ms = (s.metronome_on_s + s.metronome_off_s) * 1000
        if rate and now_ms % cycle_ms < s.metronome_on_s * 1000:
            if self._next_ms < now_ms:
                self._next_ms = now_ms
            while self._next_ms < end_ms:
                beats.append(self._next_ms - now_ms)
                self._next_ms += 600000 * s.metronome_every // rate
        return beats
