"""DRV2605L haptic driver: the registers that its Adafruit library and the firmware use.

In real-time playback the motor follows register 02h; otherwise GO plays the waveform slots, each effect counted
as 200 ms of full drive. Everything is recorded as `motor` with the drive in thousandths.

Source   TI DRV2605L SLOS854D, register map
"""

_STRENGTH_MS = 200


class Drv2605:
    """One chip on a bus; address 5Ah."""

    def __init__(self, world, powered):
        self.world = world
        self.address = 0x5A
        self.plugged = True
        self._supply = powered
        self._on = powered()
        self.regs = bytearray(0x23)
        self.reset()

    def reset(self):
        for i in range(len(self.regs)):
            self.regs[i] = 0
        self.regs[0x00] = 0xE0  # device id 7: DRV2605L
        self.regs[0x01] = 0x40  # standby
        self.regs[0x1B] = 0x93
        self._pointer = 0
        self._level = 0

    def answers(self):
        return self.plugged and self._supply()

    def supply_changed(self):
        on = self._supply()
        if on and not self._on:
            self.reset()
        self._on = on

    def write(self, data):
        if not data:
            return
        self._pointer = data[0]
        for value in data[1:]:
            if self._pointer == 0x01 and value & 0x80:
                self.reset()
            elif self._pointer not in (0x00,) and self._pointer < len(self.regs):
                self.regs[self._pointer] = value
                self._changed(self._pointer)
            self._pointer += 1

    def read_into(self, buf, start, end):
        for i in range(start, end):
            buf[i] = self.regs[self._pointer] if self._pointer < len(self.regs) else 0
            self._pointer += 1

    def _changed(self, register):
        regs = self.regs
        if regs[0x01] & 0x40:
            self._drive(0)  # standby
        elif regs[0x01] & 7 == 5:
            # signed unless DATA_FORMAT_RTP says otherwise; the open loop takes the upper half as braking
            value = regs[0x02]
            unsigned = regs[0x1D] & 0x08
            self._drive(value * 1000 // 255 if unsigned else 0 if value & 0x80 else value * 1000 // 127)
        elif register == 0x0C and regs[0x0C] & 1:
            self._drive(1000)
            slots = 0
            while slots < 8 and regs[0x04 + slots]:
                slots += 1
            self.world.at(self.world.now_us + 1000 * _STRENGTH_MS * max(slots, 1), self._done)
        elif regs[0x01] & 7 != 5 and not regs[0x0C] & 1:
            self._drive(0)

    def _done(self, _):
        self.regs[0x0C] = 0
        self._drive(0)

    def _drive(self, level):
        if level != self._level:
            self._level = level
            self.world.record("motor", level)
