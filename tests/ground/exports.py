"""Small made-up recordings in the shape of each app's or sensor's own export; nobody's data, nothing copied.

Every writer names the public page that its shape is known from, or says "no real file seen". The run is a sum of sines
with gravity in it, so a reader is judged sample by sample.
"""

import io
import json
import struct
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

G = 9.80665


@dataclass
class Run:
    """(n,), (n, 3) in g, (n, 3) in deg/s: half a minute, at first at rest."""

    t_s: np.ndarray
    acc_g: np.ndarray
    gyr_dps: np.ndarray

    @property
    def mps2(self):
        return self.acc_g * G

    @property
    def rad_s(self):
        return np.radians(self.gyr_dps)


def run(seconds=30.0, rate_hz=100.0, seed=1):
    rng = np.random.default_rng(seed)
    t_s = np.arange(int(seconds * rate_hz)) / rate_hz
    return Run(t_s, *motion(t_s, rng))


def motion(t_s, rng=None):
    """What a waist does at 165 steps a minute: y up, z ahead, x to the side."""
    w = 2 * np.pi * 165 / 120
    on = np.clip((t_s - 2.0) / 1.0, 0, 1)
    acc = np.stack([0.25 * np.sin(w * t_s), np.cos(2 * w * t_s), 0.3 * np.sin(2 * w * t_s + 0.7)], axis=1)
    gyr = np.stack([35 * np.sin(2 * w * t_s + 0.4), 60 * np.sin(w * t_s + 1), 40 * np.sin(w * t_s)], axis=1)
    acc, gyr = acc * on[:, None] + [0.0, 1.0, 0.05], gyr * on[:, None]
    if rng is not None:
        acc = acc + rng.normal(0, 0.002, acc.shape)
        gyr = gyr + rng.normal(0, 0.1, gyr.shape)
    return acc, gyr


def table(header, columns, separator=",", form="%.6f", end=""):
    """Text of a table: each column an array, or ready strings."""
    cells = [[c if isinstance(c, str) else form % c for c in column] for column in columns]
    return "\n".join(([header] if header else []) + [separator.join(row) + end for row in zip(*cells)]) + "\n"


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


# -- the exports ----------------------------------------------------------------------------------------------------

META = {
    "meta/device.csv": '"property","value"\n"version","1.1.16"\n"deviceModel","made up"\n',
    "meta/time.csv": '"event","experiment time","system time","system time text"\n"START",0.0E0,1700000000.0,"x"\n',
}
PHYPHOX_ACC = ("Time (s)", "Acceleration x (m/s^2)", "Acceleration y (m/s^2)", "Acceleration z (m/s^2)")
PHYPHOX_GYR = ("Time (s)", "Gyroscope x (rad/s)", "Gyroscope y (rad/s)", "Gyroscope z (rad/s)")


def quoted(names, separator=","):
    return separator.join(f'"{name}"' for name in names)


def phyphox_acc(r, separator=",", form="%.9E"):
    total = np.linalg.norm(r.mps2, axis=1)
    header = quoted((*PHYPHOX_ACC, "Absolute acceleration (m/s^2)"), separator)
    return table(header, [r.t_s, *r.mps2.T, total], separator, form)


def phyphox_gyr(r, offset_s=0.0):
    t_s = r.t_s + offset_s
    gyr = np.radians(motion(t_s)[1])
    return table(quoted(PHYPHOX_GYR), [t_s, *gyr.T], ",", "%.9E")


def phyphox_apart(r):
    """The texts of accelerometer and gyroscope, each a file of its own."""
    return phyphox_acc(r), table(quoted(PHYPHOX_GYR), [r.t_s, *r.rad_s.T], ",", "%.9E")


def phyphox_one(folder, r):
    """phyphox-android, DataExport.java: one experiment, comma and point."""
    return written(folder / "Raw Data.csv", phyphox_acc(r))


def phyphox_zip(folder, r):
    """phyphox-android, DataExport.java: a set a file, their times not the same, and meta/."""
    files = {"Accelerometer.csv": phyphox_acc(r), "Gyroscope.csv": phyphox_gyr(r, 0.003)}
    return zipped(folder / "walk 2026-01-02 10-11-12.zip", files | META)


def phyphox_folder(folder, r):
    """The same zip, unpacked."""
    out = folder / "unpacked"
    (out / "meta").mkdir(parents=True)
    for name, text in ({"Accelerometer.csv": phyphox_acc(r), "Gyroscope.csv": phyphox_gyr(r)} | META).items():
        (out / name).write_text(text)
    return out


def phyphox_german(folder, r):
    """phyphox-android, DataExport.java: "semicolon, decimal comma"."""
    return written(folder / "Rohdaten.csv", phyphox_acc(r, ";").replace(".", ","))


def physics_toolbox(folder, r):
    """Anis-Bouaziz/Movement-Data-Analysis-with-R-Physics-toolbox-suit: an empty first line, a comma at each end."""
    header = "\ntime,gFx,gFy,gFz,wx,wy,wz,"
    return written(folder / "2026-01-0210.11.12.csv", table(header, [r.t_s, *r.acc_g.T, *r.rad_s.T], end=","))


def physics_toolbox_turns(folder, r):
    """The same page: a row whenever a sensor has news, the other's last reading said again."""
    lines = ["", "time,gFx,gFy,gFz,ax,ay,az,wx,wy,wz,"]
    for t, acc, gyr in zip(r.t_s, r.acc_g, r.rad_s):
        now = ["%.4f" % v for v in acc]
        before = before if lines[2:] else ["%.4f" % v for v in gyr]  # noqa: F821
        lines.append(",".join(["%.6f" % t, *now, "0.0", "0.0", "0.0", *before, ""]))
        before = ["%.4f" % v for v in gyr]
        lines.append(",".join(["%.6f" % (t + 0.0002), *now, "0.0", "0.0", "0.0", *before, ""]))
    return written(folder / "combined.csv", "\n".join(lines) + "\n")


def physics_toolbox_clock(folder, r):
    """No real file seen: the time of day with a colon before the milliseconds, as readers of such files describe it."""
    text = [f"23:59:{int(50 + t):02d}:{round(t % 1 * 1000) % 1000:03d}" for t in r.t_s if t < 10]
    text += [f"00:00:{int(t - 10):02d}:{round(t % 1 * 1000) % 1000:03d}" for t in r.t_s if t >= 10]
    return written(folder / "gforce.csv", table("time,gFx,gFy,gFz,TgF", [text, *r.acc_g.T, r.acc_g[:, 0]]))


START_NS = 1698501144401773000


def logger(r, values, form="%.9f"):
    ns = [str(START_NS + round(t * 1e9)) for t in r.t_s]
    return table("time,seconds_elapsed,z,y,x", [ns, 0.2 + r.t_s, *values.T[::-1]], form=form)


def logger_metadata(platform, standard="false"):
    names = "version,device name,recording epoch time,recording time,recording timezone,platform,appVersion,device id,"
    row = f"3,Phone,{START_NS // 1000000},2026-01-02_10-11-12,Europe/Berlin,{platform},1.4,x,"
    return (
        names
        + "sensors,sampleRateMs,standardisation,platform version\n"
        + row
        + f"Accelerometer|Gyroscope,10,{standard},14\n"
    )


def logger_android(folder, r):
    """tszheichoi/awesome-sensor-logger, README.md and UNITS.md: TotalAcceleration has gravity, the other not."""
    files = {
        "Accelerometer.csv": logger(r, r.mps2 - [0, G, 0]),
        "TotalAcceleration.csv": logger(r, r.mps2),
        "Gravity.csv": logger(r, np.tile([0, G, 0], (len(r.t_s), 1))),
        "Gyroscope.csv": logger(r, r.rad_s),
        "Orientation.csv": "time,seconds_elapsed,qz,qy,qx,qw,roll,pitch,yaw\n1,0.1,0,0,0,1,0,0,0\n",
        "Annotation.csv": "time,seconds_elapsed,text,millisecond_press_duration\n",
        "Metadata.csv": logger_metadata("android"),
    }
    return zipped(folder / "2026-01-02_10-11-12.zip", files)


def logger_iphone(folder, r):
    """The same, COORDINATES.md: an iPhone's sense is the opposite; gravity comes back as the sum of two files."""
    files = {
        "Accelerometer.csv": logger(r, -(r.mps2 - [0, G, 0])),
        "Gravity.csv": logger(r, np.tile([0, -G, 0], (len(r.t_s), 1))),
        "Gyroscope.csv": logger(r, r.rad_s),
        "Metadata.csv": logger_metadata("ios"),
    }
    return zipped(folder / "iphone.zip", files)


def logger_json(folder, r):
    """tszheichoi/awesome-sensor-logger, README.md: JSON, one array of records, every value a string."""
    records = []
    for name, values in (("TotalAcceleration", r.mps2), ("Gyroscope", r.rad_s)):
        for t, (x, y, z) in zip(r.t_s, values.tolist()):
            own = {"sensor": name, "time": str(START_NS + round(t * 1e9)), "seconds_elapsed": str(0.2 + t)}
            records.append(own | {"z": str(z), "y": str(y), "x": str(x)})
    return written(folder / "recording.json", json.dumps(records))


SENSORLOG = (
    "loggingTime(txt),loggingSample(N),accelerometerTimestamp_sinceReboot(s),accelerometerAccelerationX(G),"
    "accelerometerAccelerationY(G),accelerometerAccelerationZ(G),gyroTimestamp_sinceReboot(s),gyroRotationX(rad/s),"
    "gyroRotationY(rad/s),gyroRotationZ(rad/s),label(N)"
)


def sensorlog(folder, r):
    """jhuwit/actisensorlog and public readers: an iPhone's sense, times since it was switched on."""
    text = [f"2026-01-02 10:11:{int(t):02d}.{int(t % 1 * 1000):03d} +0100" for t in r.t_s]
    up = 62608.0 + r.t_s
    number = [str(i) for i in range(len(r.t_s))]
    zero = ["0"] * len(r.t_s)
    columns = [text, number, up, *(-r.acc_g).T, up + 0.002, *np.radians(motion(r.t_s + 0.002)[1]).T, zero]
    return written(folder / "my_iOS_device_2026.csv", table(SENSORLOG, columns))


def androsensor(folder, r):
    """mounilgarg/AndroSensor, record1.csv; semicolons and the old code page as others have them."""
    header = (
        "ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);LINEAR ACCELERATION X (m/s²);"
        "LINEAR ACCELERATION Y (m/s²);LINEAR ACCELERATION Z (m/s²);GYROSCOPE X (rad/s);GYROSCOPE Y (rad/s);"
        "GYROSCOPE Z (rad/s);"
        "LOCATION Latitude : ;Satellites in range;Time since start in ms ;YYYY-MO-DD HH-MI-SS_SSS"
    )
    n = len(r.t_s)
    date = [f"2026-01-02 10:11:{int(t):02d}:{int(t % 1 * 1000):03d}" for t in r.t_s]
    ms = ["%d" % round(1000 * t + 26) for t in r.t_s]
    linear = (r.mps2 - [0, G, 0]).T
    columns = [*r.mps2.T, *linear, *r.rad_s.T, [""] * n, ["0 / 0"] * n, ms, date]
    return written(folder / "Sensor_record_20260102_101112_AndroSensor.csv", table(header, columns, ";"), "cp1252")


def axivity(folder, r):
    """openmovementproject/omconvert and omsynth, README: names, a date and a time; the AX6 has a gyroscope."""
    header = "Time,Accel-X (g), Accel-Y (g), Accel-Z (g), Gyro-X (d/s), Gyro-Y (d/s), Gyro-Z (d/s)"
    stamp = [f"2026-05-07 16:29:{int(t):02d}.{int(round(t % 1 * 1000)):03d}" for t in r.t_s]
    return written(folder / "CWA-DATA.csv", table(header, [stamp, *r.acc_g.T, *r.gyr_dps.T]))


def axivity_bare(folder, r):
    """The same pages: the header is optional."""
    stamp = [f"2026-05-07 16:29:{int(t):02d}.{int(round(t % 1 * 1000)):03d}" for t in r.t_s]
    return written(folder / "CWA-DATA.csv", table("", [stamp, *r.acc_g.T]))


def actigraph_lines(rate_hz):
    return (
        f"------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.4 Firmware v3.2.1 date format M/d/yyyy at "
        f"{rate_hz} Hz  Filter Normal -----------\nSerial Number: XXX0A00000000\nStart Time 10:11:12\n"
        "Start Date 1/2/2026\n"
        "Epoch Period (hh:mm:ss) 00:00:00\nDownload Time 12:00:00\nDownload Date 1/3/2026\nCurrent Memory Address: 0\n"
        "Current Battery Voltage: 4.19     Mode = 12\n--------------------------------------------------\n"
    )


def axivity_cwa(folder, r, gyro=True):
    """Blocks of an AX6, or an AX3, as openmovementproject's ax3-technical.md and cwa.h have them; no real file seen."""
    start = datetime(2026, 11, 3, 7, 15)

    def stamp(when):
        day = (when.year - 2000) << 26 | when.month << 22 | when.day << 17
        return day | when.hour << 12 | when.minute << 6 | when.second

    head = bytearray(b"\xff" * 1024)
    struct.pack_into("<2sHBHI", head, 0, b"MD", 1020, 0x64 if gyro else 0x17, 1234, 7)
    struct.pack_into("<II", head, 13, stamp(start), stamp(start + timedelta(hours=1)))
    rate = 0x4A  # 100 Hz, 8 g
    head[35:37] = 2 if gyro else 0, rate
    rows = np.round(2048 * r.acc_g)
    if gyro:
        rows = np.concatenate([np.round(r.gyr_dps * 32768 / 2000), rows], axis=1)
    axes = rows.shape[1]
    each = 240 // axes
    blocks = [bytes(head)]
    for k in range(len(rows) // each):
        first_s = r.t_s[k * each]
        whole_s = int(np.ceil(first_s - 1e-9))
        at, offset = stamp(start + timedelta(seconds=whole_s)), round((whole_s - first_s) * 100)
        light = 3 << 13 | 2 << 10 | 100
        block = struct.pack(
            "<2sHHIIIHHBBBBhH", b"AX", 508, 0, 7, k, at, light, 200, 0, 200, rate, axes << 4 | 2, offset, each
        )
        block += rows[k * each : (k + 1) * each].astype("<i2").tobytes()
        blocks.append(block + struct.pack("<H", -int(np.frombuffer(block, "<u2").sum()) & 0xFFFF))
    return written(folder / "made.cwa", b"".join(blocks))


def axivity_cwa_ax3(folder, r):
    """The same of a sensor without a gyroscope."""
    return axivity_cwa(folder, r, gyro=False)


def actigraph(folder, r):
    """THLfi/read.gt3x, vignettes, and other public copies: ten lines of preamble, no time in the rows."""
    text = actigraph_lines(100) + table("Accelerometer X,Accelerometer Y,Accelerometer Z", list(r.acc_g.T), form="%.3f")
    return written(folder / "XXX0A00000000RAW.csv", text)


def actigraph_imu(folder, r):
    """The same, the IMU file of a GT9X: a time in each row, and a gyroscope."""
    stamp = [f"2026-01-02T10:11:{12 + int(t):02d}.{int(round(t % 1 * 1e7)):07d}" for t in r.t_s]
    header = "Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z,Temperature,Gyroscope X,Gyroscope Y,Gyroscope Z"
    columns = [stamp, *r.acc_g.T, ["27.1"] * len(stamp), *r.gyr_dps.T]
    return written(folder / "imu.csv", actigraph_lines(100) + table(header, columns))


def shimmer(folder, r):
    """hpi-dhc/devicely, tests/Shimmer_test_data/read_test_data.csv: sep=, names, units; LN ends at 2 g."""
    own = "Shimmer_40AC_"
    names = ["Timestamp_Unix_CAL", *(f"Accel_LN_{a}_CAL" for a in "XYZ"), *(f"Accel_WR_{a}_CAL" for a in "XYZ")]
    names += ["Battery_CAL", *(f"Gyro_{a}_CAL" for a in "XYZ"), *(f"Mag_{a}_CAL" for a in "XYZ")]
    units = ["ms", *["m/(s^2)"] * 6, "mV", *["deg/s"] * 3, *["local_flux"] * 3]
    header = '"sep=;"\n' + ";".join(own + n for n in names) + ";\n" + ";".join(units) + ";"
    n = len(r.t_s)
    ms = ["%.12E" % (1595933810034.0 + 1000 * t) for t in r.t_s]
    columns = [ms, *np.clip(r.mps2, -2 * G, 2 * G).T, *r.mps2.T, np.full(n, 4139.2), *r.gyr_dps.T, *np.zeros((3, n))]
    return written(folder / "shimmer.csv", table(header, columns, ";", "%.12g", ";"))


def movesense(folder, r):
    """mikkojeronen/MovesenseShowcase-iOS, CsvEncodingTests.swift: a packet's time on its first row, then none."""
    stamp = ["%d" % (599025762 + round(1000 * t)) if i % 8 == 0 else "" for i, t in enumerate(r.t_s)]
    acc = table("timestamp,x,y,z", [stamp, *r.mps2.T])
    gyr = table("timestamp,x,y,z", [stamp, *r.gyr_dps.T])
    return zipped(folder / "Movesense.zip", {"Movesense_acc.csv": acc, "Movesense_gyro.csv": gyr})


def movesense_json(folder, r):
    """Packets as its API gives them, /Meas/IMU6 of its public description: ArrayAcc, ArrayGyro; no real file seen."""

    def vectors(rows):
        return [dict(zip("xyz", row, strict=True)) for row in rows.tolist()]

    packets = [
        {
            "imu6": {
                "Timestamp": int(1000 * r.t_s[i]) + 52_000,
                "ArrayAcc": vectors(r.mps2[i : i + 4]),
                "ArrayGyro": vectors(r.gyr_dps[i : i + 4]),
            }
        }
        for i in range(0, len(r.t_s), 4)
    ]
    return written(folder / "Movesense.json", json.dumps({"data": packets}))


def gx_of_another_file(folder, r):
    """ax, ay, az in one file and gx, gy, gz in another at 62.5 Hz, whose names tell nothing; no real file seen."""
    t_s = np.arange(0.1, r.t_s[-1] - 0.1, 1 / 62.5)
    turning = [np.interp(t_s, r.t_s, row) for row in r.gyr_dps.T]
    files = {"one.csv": table("t_s,ax,ay,az", [r.t_s, *r.acc_g.T]), "two.csv": table("t_s,gx,gy,gz", [t_s, *turning])}
    return zipped(folder / "both.zip", files)


def xsens_dot(folder, r, first=2268972329):
    """xsens/xsens_dot_server and public copies of the preamble: microseconds of a counter, m/s^2, deg/s."""
    preamble = (
        "sep=,\nDeviceTag:,Xsens DOT 1\nFirmwareVersion:,2.4.0\nAppVersion:,2023.6.0\nSyncStatus:,Synced\n"
        "OutputRate:,100Hz\n"
        "FilterProfile:,General\nMeasurement Mode:,Rate quantities\nStartTime: ,2026-01-02_10:11:12_086 CET\n"
        "© Movella Technologies B. V. 2005-2025\n\n"
    )
    header = "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z"
    count = [str(i + 1) for i in range(len(r.t_s))]
    fine = ["%d" % ((first + round(1e6 * t)) % 2**32) for t in r.t_s]
    return written(folder / "Xsens DOT 1.csv", preamble + table(header, [count, fine, *r.mps2.T, *r.gyr_dps.T]))


def mbientlab(folder, r):
    """mbientlab/MetaWear-MetaBase-iOS-macOS-App: a file a sensor, each with its own seconds from its own first row."""

    def one(unit, values, late_s):
        header = f"epoc (ms),timestamp (-0700),elapsed (s),x-axis ({unit}),y-axis ({unit}),z-axis ({unit})"
        ms = ["%d" % round(1700000000000 + 1000 * (t + late_s)) for t in r.t_s]
        text = [f"2026-11-14T10:11:{int(t):02d}.{int(t % 1 * 1000):03d}" for t in r.t_s]
        return table(header, [ms, text, r.t_s, *values.T])

    files = {
        "MetaWear_Accelerometer.csv": one("g", r.acc_g, 0.0),
        "MetaWear_Gyroscope.csv": one("deg/s", motion(r.t_s + 0.4)[1], 0.4),
    }
    return zipped(folder / "metabase.zip", files)


def bangle(folder, r):
    """espruino/BangleApps, apps/accellog/app.js: milliseconds and 8192 to the g, whole numbers."""
    ms = ["%d" % round(1000 * t) for t in r.t_s]
    return written(folder / "accellog.0.csv", table("Time (ms),X,Y,Z", [ms, *(8192 * r.acc_g).T], form="%d"))


def workbook(folder, r):
    """phyphox-android, DataExport.java: an Excel file, a sheet for each set; the XML is the least that Excel takes."""

    def sheet(names, rows):
        head = "".join(f'<c t="inlineStr"><is><t>{n}</t></is></c>' for n in names)
        body = "".join("<row>" + "".join(f"<c><v>{v:.9g}</v></c>" for v in row) + "</row>" for row in rows)
        return f'<worksheet xmlns="{MAIN}"><sheetData><row>{head}</row>{body}</sheetData></worksheet>'

    sheets = {
        "Accelerometer": sheet(PHYPHOX_ACC, np.column_stack((r.t_s, r.mps2)).tolist()),
        "Gyroscope": sheet(PHYPHOX_GYR, np.column_stack((r.t_s, r.rad_s)).tolist()),
    }
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}worksheet+xml"/>' for i in (1, 2)
    )
    names = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, 1))
    links = "".join(
        f'<Relationship Id="r{i}" Type="{REL}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in (1, 2)
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{PKG}/content-types"><Default Extension="rels" ContentType="application/'
        f'vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}'
        f'sheet.main+xml"/>{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PKG}/relationships"><Relationship Id="r" Type="{REL}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PKG}/relationships">{links}</Relationships>',
    }
    files |= {f"xl/worksheets/sheet{i}.xml": text for i, text in enumerate(sheets.values(), 1)}
    return zipped(folder / "walk.xlsx", files)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PKG = "http://schemas.openxmlformats.org/package/2006"


@dataclass
class Export:
    """How it is written, what it must be known as, and how near the samples must come."""

    write: object
    source: str
    gyro: bool = True
    within_g: float = 0.01
    within_dps: float = 1.0
    needs: str = ""
    run: object = field(default=run)


EXPORTS = {
    "phyphox, one CSV": Export(phyphox_one, "phyphox", gyro=False),
    "phyphox, zip": Export(phyphox_zip, "phyphox"),
    "phyphox, folder": Export(phyphox_folder, "phyphox"),
    "phyphox, decimal comma": Export(phyphox_german, "phyphox", gyro=False),
    "phyphox, Excel": Export(workbook, "phyphox", needs="python_calamine"),
    "Physics Toolbox": Export(physics_toolbox, "Physics Toolbox"),
    "Physics Toolbox, sensors in turn": Export(physics_toolbox_turns, "Physics Toolbox"),
    "Physics Toolbox, time of day": Export(physics_toolbox_clock, "Physics Toolbox", gyro=False),
    "Sensor Logger, Android": Export(logger_android, "Sensor Logger"),
    "Sensor Logger, iPhone": Export(logger_iphone, "Sensor Logger"),
    "Sensor Logger, JSON": Export(logger_json, "Sensor Logger"),
    "SensorLog": Export(sensorlog, "SensorLog"),
    "AndroSensor": Export(androsensor, "AndroSensor"),
    "Axivity": Export(axivity, "Axivity"),
    "Axivity, no header": Export(axivity_bare, "Axivity", gyro=False),
    "Axivity, .cwa": Export(axivity_cwa, "Axivity", needs="skdh"),
    "Axivity, .cwa of an AX3": Export(axivity_cwa_ax3, "Axivity", gyro=False, needs="skdh"),
    "ActiGraph": Export(actigraph, "ActiGraph", gyro=False),
    "ActiGraph, IMU": Export(actigraph_imu, "ActiGraph"),
    "Shimmer": Export(shimmer, "Shimmer"),
    "Movesense": Export(movesense, "Movesense"),
    "Movesense, JSON": Export(movesense_json, "Movesense"),
    "a file for each sensor": Export(gx_of_another_file, "a table with named columns", within_dps=2.5),
    "Xsens DOT": Export(xsens_dot, "Xsens DOT"),
    "MbientLab": Export(mbientlab, "MbientLab"),
    "Bangle.js": Export(bangle, "Bangle.js", gyro=False),
}

__all__ = ["EXPORTS", "G", "Export", "Run", "io", "motion", "run", "table", "written", "zipped"]
