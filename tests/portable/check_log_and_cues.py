"""Log and cues on whole numbers: the same bytes and the same decisions on every interpreter."""

import binascii

from gaitcore import records
from gaitcore.baseline import Baseline
from gaitcore.cue import CueEngine
from gaitcore.metronome import Metronome
from gaitcore.pages import HEAD_B, LogWriter, RawWriter, head
from gaitcore.patterns import duration_ms, sequence
from gaitcore.pipeline import Step
from gaitcore.recover import recover
from gaitcore.rerun import replay_cues
from gaitcore.settings import SettingError, Settings
from portable import raises

pages = {}


def sink(number, page, complete):
    if complete:
        pages[number] = bytes(page)


settings = Settings({"warmup_s": 60, "baseline_s": 60})
log = LogWriter(sink, 5, 2)
engine, baseline = CueEngine(settings), Baseline(settings)
log.event(records.START, 0, (1, 208, 1, 0, 0), b"portable")
log.event(records.SETTINGS, 0, (), settings.to_bytes()[:40])
seed = 1
t_ms = 10000
step = Step()
cues = []
for i in range(3000):
    seed = (seed * 109 + 1021) % 65536
    noise = seed // 4096 - 8
    slow = 345 if 700 < i < 740 or 1500 < i < 1560 else 0
    arched = 1000 <= i < 1030 or 2000 <= i
    t_ms += (375 if slow else 345) + noise // 3 + (40000 if i == 1800 else 0)
    step = Step()
    step.on_ms = t_ms
    step.side = i % 2
    step.flags = 1 if i % 97 == 0 else 0
    # quarters, so that numbers of 22 bits hold them exactly
    step.cadence_spm = 174.0 if not slow else 160.0
    step.contact_ms = 240.0 + noise
    step.vo_cm = 8.5
    step.tilt_deg = (14.5 if arched else 5.75) + noise * 0.125
    step.pelvis_loss_mps = (0.25 if not slow else 0.34375) + noise * 0.00390625
    step.impact_g = 3.25
    step.sway_cm = 1.25 if i % 2 else None
    fields = log.step(step)
    kind = engine.update(fields, log.t_ms)
    for tag, values in engine.notes:
        log.event(tag, t_ms, values)
    if kind:
        cues.append((kind, t_ms, engine.pulse_ms))
    news = baseline.update(fields, t_ms)
    if news & Baseline.MINUTE:
        log.event(records.MINUTE, t_ms, baseline.minute)
    if news & Baseline.OWN:
        values = [0] + baseline.own
        log.event(records.BASELINE, t_ms, values)
        engine.event(records.BASELINE, t_ms, values)
    if i % 24 == 0:
        log.flush()
raw = RawWriter(log)
assert raw.push(100, bytes(range(240)) * 30)
raw.close()
log.close()

data = b"".join([pages[i] for i in range(len(pages))])
crc = 0
for i in range(len(pages)):
    used = head(pages[i])[5]
    crc = binascii.crc32(pages[i][: HEAD_B + used], crc)
out = recover(data)
assert not out.problems and len(out.sessions) == 1, out.problems
entries = out.sessions[0].entries
assert len([1 for e in entries if e[0] == records.STEP]) == 3000
assert out.sessions[0].raw == [(100, (bytes(range(240)) * 30)[:4068]), (439, (bytes(range(240)) * 30)[4068:])]
logged = [e[2] for e in entries if e[0] == records.CUE]
assert [v for _, v in replay_cues(entries)] == logged
assert [c[0] for c in cues] == [v[0] for v in logged]
kinds = [c[0] for c in cues]
assert kinds == [1, 3, 2, 3, 1, 3, 2, 2, 2], kinds
assert crc & 0xFFFFFFFF == 0xC3E5DD1D, hex(crc & 0xFFFFFFFF)

data = bytearray(data)
data[5000] ^= 1
assert recover(data).problems
raises(SettingError, settings.set, "tilt_cue_deg", 99)
assert settings.tilt_cue_deg == 6
assert sum([on + off for on, off, _ in sequence(2, 350, settings)]) == duration_ms(2, 350) == 920
assert Metronome(Settings({"metronome_spm": 180})).beats(0, 1500, None) == [0, 1333]
print("ok")
