"""Every number that a runner may change: name, default, range. One table, the only place.

All values are whole numbers, so that they log, travel and replay exactly. A setting with
`choices` holds the index of its word; `set` takes the word, the index or True / False.
Units and meanings stand in the comments of the table, which cost no memory on the device;
`python -m formclip.lab.docs.settings` makes docs/laptop/settings.md of them and a test holds it in step.
Rows are only ever appended: the position of a row is its number in the log and on the radio.

The table is a constant: frozen it lies in flash as it stands. Whatever takes all rows walks over it once.
"""

from array import array

from gaitcore.compat import const

OR_ZERO = const(0)  # in place of choices: 0 (unknown, off) is allowed beside the range
RETIRED = const(1)  # in place of choices: nothing reads it any more; the row keeps the numbers of those behind it

# name, default, low, high, choices: a tuple of words, OR_ZERO or None   # [unit] meaning
TABLE = (
    ("mode", 0, 0, 2, ("coach", "silent", "metronome")),  # [] coach cues, silent only records, metronome beats
    ("warmup_s", 180, 0, 1800, None),  # [s] no cue until this long after the first running step
    ("sustain_s", 5, 2, 30, None),  # [s] a fault must be held this long before its cue
    ("cue_gap_s", 30, 10, 600, None),  # [s] least time between two fault cues
    ("cue_max", 6, 1, 60, None),  # [] most fault cues within cue_window_s
    ("cue_window_s", 600, 60, 3600, None),  # [s] the window in which cue_max counts
    ("unanswered_max", 3, 1, 20, None),  # [] a kind of cue stops after this many in a row were not answered
    ("answer_s", 30, 5, 120, None),  # [s] a cue is answered if form is back in range within this time
    ("tilt_amber_deg", 4, 1, 12, None),  # [deg] tilt above own baseline shown amber; back in range is below this
    ("tilt_cue_deg", 6, 3, 12, None),  # [deg] tilt above own baseline that is an arched back
    ("overstride_rule", 0, 0, 1, ("guard", "retrain")),  # [] guard: against own baseline; retrain: against the target
    ("overstride_cadence_pct", 4, 1, 15, None),  # [%] guard: cadence this far below own baseline is suspect
    ("overstride_brake_pct", 15, 0, 100, None),  # [%] guard: and braking this far above own trend is overstriding
    ("cadence_target_pct", 105, 100, 110, None),  # [%] cadence target, of own baseline; never above 110
    ("retrain_tolerance_pct", 2, 0, 5, None),  # [%] retrain: cadence this far below the target is still good
    ("cue_overstride", 1, 0, 1, ("off", "on")),  # [] cue overstriding
    ("cue_arch", 1, 0, 1, ("off", "on")),  # [] cue an arched back
    ("cue_ok", 1, 0, 1, ("off", "on")),  # [] say when form is back in range after a cue
    ("overstride_pulse_ms", 100, 60, 300, None),  # [ms] each of three pulses, for an error at its threshold
    ("arch_pulse_ms", 350, 200, 900, None),  # [ms] each of two pulses, for an error at its threshold
    ("ok_pulse_ms", 80, 40, 200, None),  # [ms] the one soft pulse of back in range
    ("pulse_growth_pct", 100, 0, 200, None),  # [%] a pulse grows by up to this as the error doubles
    ("strength_pct", 100, 20, 100, None),  # [%] motor strength
    ("ok_strength_pct", 45, 20, 100, None),  # [%] motor strength of back in range, of strength_pct
    ("blank_ms", 100, 0, 500, None),  # [ms] the accelerometer is not believed for this long after the motor
    ("metronome_every", 4, 1, 8, None),  # [steps] metronome: one beat each so many steps
    ("metronome_on_s", 20, 5, 3600, None),  # [s] metronome: beats for this long
    ("metronome_off_s", 40, 0, 3600, None),  # [s] metronome: then rests for this long
    ("metronome_spm", 0, 120, 240, OR_ZERO),  # [steps/min] metronome: fixed rate; 0: the cadence target
    ("faded", 0, 0, 1, ("off", "on")),  # [] faded feedback: cues withdrawn over eight sessions
    ("faded_session", 1, 1, 99, None),  # [] the number of this session in the faded schedule
    ("auto_start", 1, 0, 1, ("off", "on")),  # [] start recording when running is seen
    ("auto_pause", 1, 0, 1, ("off", "on")),  # [] pause when running stops, resume when it goes on
    ("auto_pause_s", 10, 3, 120, None),  # [s] not running for this long is a pause
    ("mounting", 0, 0, 0, RETIRED),  # [] where the clip sits is found by itself
    ("height_cm", 0, 120, 220, OR_ZERO),  # [cm] the runner's height; 0: not given
    ("mass_kg", 0, 0, 0, RETIRED),  # [kg] no model asks for the runner's mass
    ("sex", 0, 0, 0, RETIRED),  # [] nor for that
    ("calibrate_s", 10, 5, 30, None),  # [s] standing still for calibration
    ("squeeze_s", 5, 3, 15, None),  # [s] glute squeeze for the neutral posture
    ("offer_calibration", 1, 0, 1, ("off", "on")),  # [] ask to stand still at the start of each session
    ("slip_deg", 5, 3, 20, None),  # [deg] the clip turned by this much has slipped
    ("baseline_skip_s", 30, 0, 300, None),  # [s] running not counted before the baseline is taken
    ("baseline_s", 120, 60, 600, None),  # [s] running that makes the baseline
    ("flush_s", 8, 2, 9, None),  # [s] the page being filled is put to flash at least this often
    ("capture_s", 0, 1, 600, OR_ZERO),  # [s] raw capture of the six axes from the start; 0: none
    ("rsc_cadence", 0, 0, 1, ("both", "one")),  # [] cadence told to watches: steps of both feet or of one
    ("standby_min", 10, 1, 120, None),  # [min] without running or a link, the clip sleeps after this
    ("low_battery_mv", 3450, 3200, 3700, None),  # [mV] below this the log is closed in time
    ("led", 1, 0, 1, ("off", "on")),  # [] LED on events
    ("resume_min", 10, 1, 120, OR_ZERO),  # [min] a stopped kind comes back after this long in range; 0: not again
    ("own_cadence_dspm", 0, 1000, 2600, OR_ZERO),  # [0.1 steps/min] own baseline carried over by the companion; 0: none
    ("own_tilt_cdeg", 0, -4500, 4500, None),  # [0.01 deg] its tilt relative to standing
    ("own_brake_mmps", 0, 0, 1016, None),  # [mm/s] the speed that the pelvis loses
    ("speed_scale_permille", 1000, 500, 2000, None),  # [1/1000] true speed at 3 m/s over the estimate: a known distance
    ("speed_slope_permille", 1000, 500, 2000, None),  # [1/1000] and how it grows with the estimate: several paces
)


class SettingError(ValueError):
    """A value that was refused; the old one is kept.

    args: name, value, low, high, kept. For an unknown name low and high are None and kept is
    the nearest known name.
    """

    def __str__(self):
        name, value, low, high, kept = self.args
        name, value = str(name)[:40], repr(value)[:40]
        if low is None:
            return "setting {!r} is unknown; did you mean {}?".format(name, kept)
        choices = TABLE[index_of(name)][4]
        if choices == RETIRED:
            return "setting {} is not used any more".format(name)
        if choices:
            span, kept = "one of " + ", ".join(choices), choices[kept]
        else:
            span = ("0 or " if choices is OR_ZERO else "") + "a whole number {} to {}".format(low, high)
        return "setting {} = {} refused: give {}; {} kept".format(name, value, span, kept)


def index_of(name):
    """Row number of a setting, -1 if there is none of that name."""
    i = 0
    for row in TABLE:
        if row[0] == name:
            return i
        i += 1
    return -1


def nearest(name):
    """The known name that shares most letter pairs with the one given."""
    pairs = [str(name)[i : i + 2] for i in range(len(str(name)) - 1)]
    best, best_score = TABLE[0][0], -1
    for row in TABLE:
        if row[4] == RETIRED:
            continue
        score = 10 * sum([p in row[0] for p in pairs]) - abs(len(row[0]) - len(pairs))
        if score > best_score:
            best, best_score = row[0], score
    return best


class Settings:
    """The values in use, one attribute each: `settings.sustain_s`.

    In        set(name, value); load(mapping); load_bytes(data)
    Out       attributes, ints; to_bytes(): int16 each in table order; to_dict(): words for choices
    Errors    set raises SettingError and keeps the old value; load and load_bytes apply what is
              good and return the list of SettingErrors
    """

    def __init__(self, values=None):
        for row in TABLE:
            setattr(self, row[0], row[1])
        if values:
            refused = self.load(values)
            if refused:
                raise refused[0]

    def set(self, name, value):
        i = index_of(name)
        if i < 0:
            raise SettingError(name, value, None, None, nearest(name))
        return self._put(TABLE[i], value)

    def _put(self, row, value):
        name, _, low, high, choices = row
        if choices == RETIRED:
            raise SettingError(name, value, low, high, 0)
        try:
            number = choices.index(value) if choices and value in choices else int(value)
            fits = low <= number <= high or (choices is OR_ZERO and number == 0)
            fits = fits and (number == value or isinstance(value, str))
        except (TypeError, ValueError, OverflowError):
            fits = False
        if not fits:
            raise SettingError(name, value, low, high, getattr(self, name))
        setattr(self, name, number)
        return number

    def set_number(self, number, value):
        """`set` by row number, as the log and the radio name a setting."""
        if not 0 <= number < len(TABLE):
            raise SettingError("number %d" % number, value, None, None, "0 to %d" % (len(TABLE) - 1))
        row = TABLE[number]
        return 0 if row[4] == RETIRED else self._put(row, value)

    def load(self, values):
        refused = []
        for name in values:
            try:
                self.set(name, values[name])
            except SettingError as error:
                refused.append(error)
        return refused

    def load_bytes(self, data):
        """Values of `to_bytes`, of this or another version: what is missing keeps its value."""
        refused = []
        end = len(data) - 1
        at = 0
        for row in TABLE:
            if at >= end:
                break
            value = data[at] | data[at + 1] << 8
            at += 2
            if row[4] == RETIRED:
                continue
            try:
                self._put(row, value - 65536 if value >= 32768 else value)
            except SettingError as error:
                refused.append(error)
        return refused

    def to_bytes(self):
        out = array("h", [getattr(self, row[0]) for row in TABLE])
        return bytes(out)

    def to_dict(self):
        values = {}
        for name, _, _, _, choices in TABLE:
            if choices != RETIRED:
                number = getattr(self, name)
                values[name] = choices[number] if choices else number
        return values
