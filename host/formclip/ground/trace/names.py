"""What a column's name says: which sensor, which axis, which unit. The one place that knows such words.

"Acceleration x (m/s^2)", "accelerometerAccelerationX(G)", "Accel-X (g)", "gFx", "acc_x_g", "Shimmer_40AC_Gyro_X_CAL":
a name is taken apart into words; what stands in brackets, or behind the axis, is the unit.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

ACC, GYR, LINEAR, GRAVITY, OTHER = "acc", "gyr", "linear", "gravity", "other"
UNCLEAR = "g?"  # gx beside ax is the gyroscope, gx alone may be g-force
TIME, COUNT = "time", "count"

G_MPS2 = 9.80665
ACC_UNITS = {"g": 1.0, "m/s2": 1 / G_MPS2, "mg": 1e-3}
GYR_UNITS = {"deg/s": 1.0, "rad/s": 57.29577951308232, "mdeg/s": 1e-3}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "d": 86400.0}

_FRACTION = re.compile(r"1/(\d+(?:\.\d+)?) (g|deg/s|s)$")

_UNIT_WORDS = {
    "g": "g", "gs": "g", "gravity": "g", "gforce": "g", "standardgravity": "g",
    "ms2": "m/s2", "mss": "m/s2", "mps2": "m/s2", "ms-2": "m/s2", "mpss": "m/s2",
    "mg": "mg", "millig": "mg", "mgs": "mg",
    "degs": "deg/s", "dps": "deg/s", "ds": "deg/s", "degsec": "deg/s", "degreess": "deg/s", "degreessec": "deg/s",
    "degressec": "deg/s", "degpersec": "deg/s", "degps": "deg/s", "degreespersecond": "deg/s", "deg": "deg/s",
    "rads": "rad/s", "radsec": "rad/s", "radianss": "rad/s", "radps": "rad/s", "radpersec": "rad/s",
    "radianspersecond": "rad/s", "radianssec": "rad/s",
    "mdps": "mdeg/s", "mdegs": "mdeg/s",
}  # fmt: skip
_TIME_WORDS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "unixs": "s",
    "ms": "ms", "msec": "ms", "millis": "ms", "millisecond": "ms", "milliseconds": "ms",
    "us": "us", "usec": "us", "micros": "us", "microsecond": "us", "microseconds": "us", "µs": "us",
    "ns": "ns", "nsec": "ns", "nanos": "ns", "nanosecond": "ns", "nanoseconds": "ns", "days": "d",
}  # fmt: skip
# Words in other letters, as what they mean; with a space, since some languages set none.
_IN_OTHER_LETTERS = {
    "时间": " time ", "時間": " time ", "время": " time ", "加速度": " acceleration ", "ускорение": " acceleration ",
    "陀螺仪": " gyroscope ", "陀螺儀": " gyroscope ", "角速度": " gyroscope ", "ジャイロスコープ": " gyroscope ",
    "ジャイロ": " gyroscope ", "гироскоп": " gyroscope ", "угловая скорость": " gyroscope ", "м/с": "m/s",
    "рад/с": "rad/s", "°/с": "deg/s", "(с)": "(s)", "(мс)": "(ms)",
}  # fmt: skip
_RAW_WORDS = {"raw", "lsb", "counts", "count", "adc", "digits"}
_ACC_WORDS = {
    "a", "acc", "accel", "accelerometer", "acceleration", "accelerations", "accl", "accelero", "gf", "gforce",
    "totalacceleration", "beschleunigung", "beschleunigungssensor", "aceleracion", "acelerometro", "aceleracao",
    "accelerazione", "accelerometro", "accelerometre", "versnelling", "przyspieszenie", "zrychleni", "ivme", "sf", "f",
}  # fmt: skip
_GYR_WORDS = {
    "gyr", "gyro", "gyroscope", "gyros", "w", "omega", "rotationrate", "rotation", "angularvelocity", "angvel",
    "angularrate", "gyroskop", "giroscopio", "gyrorotation", "rot", "angular", "rateofturn", "winkelgeschwindigkeit",
    "drehrate", "turn", "zyroskop", "jiroskop", "vinkelhastighet",
}  # fmt: skip
_TURNING_FILES = {
    "gyr", "gyroskop", "giroscopio", "angularvelocity", "angularrate", "rotationrate", "drehrate",
    "winkelgeschwindigkeit",
}  # fmt: skip
_LINEAR_WORDS = {
    "linear",
    "lin",
    "user",
    "free",
    "freeacc",
    "linacc",
    "lineare",
    "lineal",
    "world",
    "worldacc",
    "dynamic",
}
_GRAVITY_WORDS = {"gravity", "grav", "gravitation", "schwerkraft", "gravedad", "gravite"}
_OTHER_WORDS = {
    "mag", "magn", "magnet", "magnetic", "magnetometer", "magnetfeld", "b", "compass", "euler", "quat", "quaternion",
    "quaternions", "roll", "pitch", "yaw", "attitude", "orientation", "velocity", "vel", "position", "pos", "location",
    "temp", "temperature", "pressure", "baro", "barometer", "light", "heart", "hr", "ecg", "abs", "absolute",
    "norm", "magnitude", "mean", "std", "var", "bias", "calibration", "offset", "gps", "jerk", "dq", "dv",
    "proximity", "sound", "audio", "humidity", "accuracy", "pedometer", "steps", "altimeter", "headphone", "wrist",
}  # fmt: skip
_TIME_NAMES = {
    "t", "time", "timestamp", "timestamps", "ts", "elapsed", "zeit", "tiempo", "temps", "tempo", "tijd", "date",
    "datetime", "clock", "epoch", "epoc", "unix", "seconds", "second", "sec", "ms", "millis", "milliseconds", "us",
    "micros", "microseconds", "ns", "nanos", "nanoseconds", "sampletimefine", "sampletime", "timestamputc", "yyyy",
    "hora", "heure", "uhrzeit", "unixtime", "utc", "czas", "cas", "zaman", "tid",
}  # fmt: skip
_COUNT_NAMES = {
    "packetcounter",
    "counter",
    "sample",
    "index",
    "n",
    "row",
    "id",
    "loggingsample",
    "framenumber",
    "frame",
}
_GLUED = re.compile(
    r"(a|acc|accel|accelerometer|acceleration|lin|la|gf|g|gyr|gyro|gyroscope|w|omega|rot|m|mag|b)([xyz])$"
)
_AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Name:
    """A column's name taken apart. `kind` is one of the above, "time", "count" or ""; `stem` is what is left of it."""

    kind: str
    axis: str  # "x", "y", "z" or ""
    unit: str  # "" where the name says none; "raw" for counts
    stem: str
    words: frozenset[str]


def is_fraction(unit: str) -> bool:
    """Counts: "1/2048 g", "1/16.4 deg/s", "1/32768 s"."""
    return _FRACTION.match(unit) is not None


def plain(text: str) -> str:
    """Lower case, accents off, superscripts as digits."""
    if not text.isascii():
        text = text.lower() if any(ord(c) > 0x370 for c in text) else text
        for foreign, latin in _IN_OTHER_LETTERS.items():
            text = text.replace(foreign, latin)
    text = text.replace("µ", "u").replace("μ", "u").replace("°", "deg")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def _unit_of(text: str) -> str:
    word = re.sub(r"[^a-z\-0-9]", "", plain(text).replace("milli-g", "millig"))
    word = {"m-s2": "ms2", "m-s-2": "ms2"}.get(word, word)
    if word in _UNIT_WORDS:
        return _UNIT_WORDS[word]
    return "raw" if word in _RAW_WORDS else ""


def _time_unit_of(text: str) -> str:
    return _TIME_WORDS.get(re.sub(r"[^a-z]", "", plain(text)), "")


def read_name(name: str, unit: str = "") -> Name:
    """What this name says; `unit` is of a second line of the header, where there is one."""
    if any(ord(c) > 0x370 for c in name):
        name = plain(name)
    bracket = re.search(r"[(\[{](.*)[)\]}]", name) or re.search(r"[(\[](.*)$", name)
    told = unit or (bracket.group(1) if bracket else "")
    bare = name[: bracket.start()] + " " + name[bracket.end() :] if bracket else name
    if not bracket and "," in bare:
        bare, _, told_after = bare.partition(",")
        told = told or told_after
    if not _GLUED.match(plain(bare).strip()):  # gFx is one word
        bare = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", bare)
        bare = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", bare)
    words = [w for w in re.split(r"[^a-z0-9µ]+", plain(bare)) if w]
    words = _joined(words)
    axis, stem = "", []
    tail_unit = ""
    for place, word in enumerate(words):
        glued = _GLUED.match(word)
        if word in _AXES and not axis:
            axis = word
            rest = "".join(words[place + 1 :])
            tail_unit = tail_unit or _unit_of(rest)
            if tail_unit:
                break
        elif glued and not axis:
            axis = glued.group(2)
            stem.append({"la": "linear"}.get(glued.group(1), glued.group(1)))
            tail_unit = tail_unit or _unit_of("".join(words[place + 1 :]))
            if tail_unit:
                break
        else:
            stem.append(word)
    have = frozenset(stem)
    kind = _kind(have, axis)
    if kind in ("time", "count"):
        own = _time_unit_of(told)
        if not own and not axis:
            own = next((u for u in (_time_unit_of(w) for w in reversed(words)) if u), "")
        return Name(kind, "", own, " ".join(stem), have)
    own_unit = _unit_of(told) or tail_unit
    if not own_unit and have & _RAW_WORDS:
        own_unit = "raw"
    if not own_unit and "gf" in have:
        own_unit = "g"
    if kind in ("", UNCLEAR) and own_unit and own_unit != "raw":
        kind = GYR if own_unit in GYR_UNITS else ACC
    return Name(kind, axis, own_unit, " ".join(stem), have)


def kind_of_file(name: str) -> str:
    """What a file's or sheet's own name says of a table whose columns are only x, y and z."""
    bare = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name.rpartition(".")[0] or name)
    words = frozenset(_joined([w for w in re.split(r"[^a-z]+", plain(bare)) if w]))
    joined = "".join(sorted(words))
    if "gravity" in joined and "total" not in joined:
        return GRAVITY
    if words & {"linear", "linearacceleration", "linearaccelerometer", "user"} or "linearacc" in joined:
        return LINEAR
    if any(w.startswith("gyro") for w in words) or words & _TURNING_FILES:
        return GYR
    if any("accel" in w or "beschleunig" in w or "aceler" in w for w in words) or words & {"acc", "gforce"}:
        return ACC
    return OTHER if words & _OTHER_WORDS else ""


def _joined(words: list[str]) -> list[str]:
    """Words that belong together: "rotation rate", "angular velocity", "g force"."""
    out: list[str] = []
    for word in words:
        if (
            out
            and word not in _TIME_WORDS
            and out[-1] + word in _GYR_WORDS | _ACC_WORDS | _TIME_NAMES | {"loggingsample", "packetcounter"}
        ):
            out[-1] += word
        elif out and out[-1] == "rate" and word == "of":
            out[-1] = "rateof"
        else:
            out.append(word)
    return out


def _kind(words: frozenset[str], axis: str) -> str:
    if not axis:
        if words & _TIME_NAMES and "duration" not in words and not words & (_OTHER_WORDS - {"location"}):
            return "time"
        if words & _COUNT_NAMES:
            return "count"
        return ""
    if words & _OTHER_WORDS:
        return OTHER
    if words & _LINEAR_WORDS:
        return LINEAR
    gyro = words & _GYR_WORDS
    if gyro:
        return GYR
    if words & _GRAVITY_WORDS:
        return GRAVITY
    if words & _ACC_WORDS:
        return ACC
    return UNCLEAR if words == {"g"} else ""
