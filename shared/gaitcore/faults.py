"""The two faults of form, each followed from step to step on whole numbers: since when it is held, how large it is.

Used by cue.py, which decides what to do about it; docs/wear/cues.md has the rules in words.
"""

from gaitcore import records
from gaitcore.compat import const

# Reasons, in CUE events.
BELOW_OWN = const(1)  # cadence below own pace, with braking above own trend
BELOW_TARGET = const(2)  # retrain: cadence below the target
FAR_BELOW_OWN = const(3)  # cadence far below own pace; braking could not be measured
ARCHED = const(4)  # tilt above own baseline

N_STEPS = const(9)  # steps that are smoothed over
_N_BRAKES = const(15)
_TREND = const(128)  # steps of the braking trend's time constant
_PACE = const(256)  # and of the trends of cadence, contact and feature
_PUSH = const(23)  # a count of the feature in 1/64 of 8 thousandths of the cadence: see Overstride
_SPEED = const(17)  # the same in logs of version 1, whose feature is the speed
_DESCENT = const(-25)  # thousandths: contact time so much below its trend is no overstride's
_SLOW = const(4)  # while a fault is suspected the trends follow slower by this


class Ring:
    """The last n whole numbers.

    In        push(value), when there is one
    Out       values; at: place of the newest in it, -n..-1; missing: how many more until it is full
    """

    def __init__(self, n):
        self.values = [0] * n
        self._sorted = [0] * n
        self.n = n
        self.reset()

    def reset(self):
        self.missing = self.n
        self.at = -1

    def push(self, value):
        self.at = at = self.at + 1 or -self.n
        self.values[at] = value
        if self.missing:
            self.missing -= 1

    def back(self, steps):
        """The value pushed `steps` before the last."""
        return self.values[(self.at - steps) % self.n]

    def run(self, level):
        """Steps back to the first of the unbroken run of values of at least `level`, one odd value allowed."""
        odd = 0
        for k in range(self.n - self.missing):
            if self.back(k) < level:
                odd += 1
                if odd == 2:
                    return k - 1
        return self.n - self.missing - 1

    def last(self):
        """Mean of the last two values, times 8."""
        return 4 * (self.back(0) + self.back(1))

    def middle(self):
        """Mean of the middle values times 8, a quarter left out at each end; the spread of those. When full."""
        values = self._sorted
        values[:] = self.values
        values.sort()
        total = sum(values)
        trim = self.n // 4
        for i in range(trim):
            total -= values[i] + values[-1 - i]
        return total * 8 // (self.n - 2 * trim), values[-1 - trim] - values[trim]


class Trend(Ring):
    """What a stored number is of late, against its own slow trend.

    In        push(count); begin(count): start the trend from a baseline. Overstride._follow lets it take the newest in
    Out       excess(times): (of late - trend) * times // trend; change_8(): of late - trend, 1/8 count; None if unknown
              trend: in 1/256 count; taken: steps that made it, up to `steps`
    """

    def __init__(self, n, steps):
        Ring.__init__(self, n)
        self.steps = steps
        self.forget()

    def forget(self):
        self.trend = self.taken = 0

    def begin(self, count_256):
        if count_256 > 0 and not self.taken:
            self.trend = count_256
            self.taken = self.steps // 2

    def excess(self, times):
        if self.missing or self.trend < 256:
            return None
        return (self.middle()[0] * 32 - self.trend) * times // self.trend

    def change_8(self):
        if self.missing or self.trend < 256:
            return None
        return self.middle()[0] - self.trend // 32


class Fault:
    """One kind of fault: since when it is held, how often its cue went unanswered."""

    def __init__(self, settings):
        self._settings = settings
        self.reset()
        self.forgive()

    def reset(self):
        self.since_ms = -1  # held since; -1 not
        self.good_ms = -1  # back since; -1 not

    def forgive(self):
        self.unanswered = 0
        self.quiet = False

    def held(self, steps, level, fresh, value, last, limit, back, times, end_ms):
        """Follow one step; True when it is held long enough and the last steps show it still.

        steps, level: a Ring of single steps, and what one must reach to belong to the fault; fresh: whether the newest
        step shows it by itself; value, last: smoothed, and of the last two; limit: where the fault begins; back: where
        it ends; times: Ring of the steps' times
        """
        if value >= back:
            self.good_ms = -1
        elif self.good_ms < 0:
            self.good_ms = end_ms
        elif self.quiet and self._settings.resume_min:
            if end_ms - self.good_ms >= self._settings.resume_min * 60000:
                self.forgive()
        if self.since_ms < 0:
            if value < limit:
                return False
            self.since_ms = times.back(min(steps.run(level), N_STEPS - 1))
        elif value < back:
            self.since_ms = -1
            return False
        long_enough = end_ms - self.since_ms >= self._settings.sustain_s * 1000
        return long_enough and value >= limit and last >= back and fresh and not self.quiet


class Arch(Fault):
    """Tilt above the own baseline.

    In        tilts: a Ring, takes 0.01 deg; judge(own, times, end_ms)
    Out       judge: None, or (error in % of the limit, reason, value, baseline, limit) of an arch to cue
              back(own): None while unknown, else (is it in range, value, baseline, limit)
    """

    def __init__(self, settings):
        self.tilts = Ring(N_STEPS)
        Fault.__init__(self, settings)

    def reset(self):
        Fault.reset(self)
        self.tilts.reset()

    def judge(self, own, times, end_ms):
        s, tilts, own = self._settings, self.tilts, own[1]
        if not s.cue_arch or own == records.NO_TILT or tilts.missing:
            return None
        limit = 100 * s.tilt_cue_deg
        back = limit - 100
        if max(tilts.values) - own < back and self.good_ms >= 0 and self.since_ms < 0 and not self.quiet:
            return None  # the mean of the middle is no larger: nothing would change
        tilt = tilts.middle()[0] // 8
        over, last = tilt - own, tilts.last() // 8 - own
        fresh = tilts.back(0) - own >= back // 2
        if not self.held(tilts, own + back, fresh, over, last, limit, back, times, end_ms):
            return None
        return over * 100 // limit, ARCHED, tilt, own, own + limit

    def back(self, own):
        s = self._settings
        if self.tilts.missing or own[1] == records.NO_TILT:
            return None
        tilt = self.tilts.middle()[0] // 8
        limit = own[1] + 100 * min(s.tilt_amber_deg, s.tilt_cue_deg)
        return tilt < limit, tilt, own[1], limit


class Overstride(Fault):
    """Cadence below the runner's own pace together with braking above the own trend; or below a target.

    In        push(stride_ms, brake, contact, feature): 0, 255, 0, 255 where not measured; smooth(), when strides
              is full; then judge and back as Arch
    Out       as Arch; stride_8: smoothed stride time, 1/8 ms; steady(percent): the strides differ by less
              pelvis_loss_excess_pct(): braking of the last 15 steps above own trend, None when not measured
    State     rings of 9, 9, 9 and 15; own pace in 1/256 of 0.1 steps/min; three trends
    Source    speed: recorded runners who run 1 m/s slower have 6.1 % (SD 2.0) less cadence, 16 % (SD 2.4) longer
              contact and 21 counts (SD 3.8) less of the feature; so much of the own pace is due to speed and no fault.
              Slope: one recorded runner has 6 % less contact 5 deg down, and 6 % more with 10 % fewer steps
    """

    def __init__(self, settings):
        self.strides = Ring(N_STEPS)
        self._brake = Trend(_N_BRAKES, _TREND)
        self._contact = Trend(N_STEPS, _PACE)
        self._feature = Trend(N_STEPS, _PACE)
        self._trends = (self._brake, self._contact, self._feature)
        Fault.__init__(self, settings)
        self.per_count = _PUSH
        self.forget()

    def reset(self):
        Fault.reset(self)
        self.strides.reset()
        for trend in self._trends:
            trend.reset()

    def forget(self):
        """Trends as new."""
        self._pace = 0
        self.stride_8 = self._spread = 0
        for trend in self._trends:
            trend.forget()

    def version(self, of_log):
        """What the feature means in a log of this version."""
        self.per_count = _PUSH if of_log >= records.PUSH_VERSION else _SPEED

    def begin(self, pelvis_loss_mmps):
        """Start the braking trend from a baseline, where it has not begun."""
        self._brake.begin(pelvis_loss_mmps * 64)

    def push(self, stride_ms, brake, contact, feature):
        if stride_ms:
            self.strides.push(stride_ms)
        if brake != records.NONE:
            self._brake.push(brake)
        if contact:
            self._contact.push(contact)
        if feature != records.NONE:
            self._feature.push(feature)

    def smooth(self):
        self.stride_8, self._spread = self.strides.middle()

    def steady(self, percent):
        return self._spread * 800 <= percent * self.stride_8

    def _slowed(self):
        """Thousandths of cadence missing because the runner is slower than of late: the lesser of two signs."""
        longer = self._contact.excess(1000)
        fell_8 = self._feature.change_8()
        slowed = None if longer is None else longer * 3 // 8
        if fell_8 is not None:
            by_feature = -fell_8 * self.per_count // 64
            slowed = by_feature if slowed is None else min(slowed, by_feature)
        return min(150, max(0, slowed or 0))

    def _descending(self):
        """Fewer steps with less time on the ground: downhill. Who overstrides is on it for longer."""
        longer = self._contact.excess(1000)
        return longer is not None and longer < _DESCENT

    def _goal(self, own):
        """Cadence to be judged against, and how far below it is a fault, in thousandths."""
        s = self._settings
        if s.overstride_rule:
            return own * s.cadence_target_pct // 100, max(5, 10 * s.retrain_tolerance_pct)
        pace = self._near(own, s.overstride_cadence_pct)
        return max(1, pace - pace * self._slowed() // 1000), 10 * s.overstride_cadence_pct

    def _near(self, own, percent):
        """The own pace of late, within so much of the baseline."""
        reach = own * percent // 100
        pace = self._pace // _PACE
        return own - reach if pace < own - reach else own + reach if pace > own + reach else pace

    def judge(self, own, times, end_ms):
        s, own = self._settings, own[0]
        if not s.cue_overstride or own <= 0:
            return None
        cadence = 9600000 // self.stride_8
        if not self._pace:
            self._pace = own * _PACE
        if not s.overstride_rule and self.good_ms >= 0 and self.since_ms < 0 and not self.quiet:
            limit = s.overstride_cadence_pct
            goal = max(1, self._near(own, limit))
            if (goal - cadence) * 1000 // goal < 10 * limit * 3 // 4:
                self._follow(cadence, 1)  # the goal can only be lower for who runs slower: nothing else would change
                return None
        goal, limit = self._goal(own)
        short = (goal - cadence) * 1000 // goal
        last = (goal - 9600000 // self.strides.last()) * 1000 // goal
        back = limit * 3 // 4
        level_ms = 1200000 // max(1, goal * (1000 - back) // 1000)
        # a stride holds two steps: whether the last was long still, its own time tells
        fresh = times.back(0) - times.back(1) >= 600000 // max(1, goal * (1000 - back // 2) // 1000)
        held = self.held(self.strides, level_ms, fresh, short, last, limit, back, times, end_ms)
        self._follow(cadence, 1 if self.since_ms < 0 else _SLOW)
        reason = BELOW_TARGET
        if held and not s.overstride_rule:
            # the further cadence is down, the less braking must show: none at one and a half times the limit
            excess, reason = self.pelvis_loss_excess_pct(), BELOW_OWN
            if excess is None:
                excess, reason = 0, FAR_BELOW_OWN
            held = excess * limit >= s.overstride_brake_pct * (3 * limit - 2 * short) or 2 * short >= 3 * limit
            held = held and cadence * 1000 <= own * (1000 - limit // 4) and not self._descending()
        if not held:
            return None
        return short * 100 // limit, reason, cadence, goal, goal - goal * limit // 1000

    def back(self, own):
        cadence = 9600000 // self.stride_8
        goal, limit = self._goal(own[0])
        floor = goal - goal * limit * 3 // 4000
        return cadence >= floor, cadence, goal, floor

    def _follow(self, cadence, slower):
        """Own trends; slower in a suspected fault, so that it can be held and cued again."""
        pace = self._pace
        self._pace = pace + (cadence - pace // _PACE + slower // 2) // slower
        for t in self._trends:
            if t.missing < t.n:
                n = t.taken
                if n < t.steps:
                    t.taken = n = n + 1
                n *= slower
                trend = t.trend
                t.trend = trend + (t.values[t.at] * 256 - trend + n // 2) // n

    def pelvis_loss_excess_pct(self):
        return self._brake.excess(100)
