"""Settings: what is out of range is refused with its name and range, and the old value stays."""

import json

import pytest
from formclip.lab.docs import settings as settings_doc
from gaitcore.settings import OR_ZERO, RETIRED, TABLE, SettingError, Settings, index_of, nearest
from hypothesis import given
from hypothesis import strategies as st

NAMES = [row[0] for row in TABLE if row[4] != RETIRED]
ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=5) | st.lists(
    st.integers(), max_size=2
)  # fmt: skip


def test_the_table_is_sound():
    assert len(set(NAMES)) == len(NAMES) <= 100
    for name, default, low, high, choices in TABLE:
        assert low <= default <= high or (choices is OR_ZERO and default == 0), name
        assert -32768 <= low <= high <= 32767, name
        if isinstance(choices, tuple):
            assert (low, high) == (0, len(choices) - 1), name


@given(st.sampled_from(NAMES), ANY)
def test_a_value_is_taken_or_refused_and_the_old_one_kept(name, value):
    settings = Settings()
    before = settings.to_dict()
    _, default, low, high, choices = TABLE[index_of(name)]
    try:
        settings.set(name, value)
    except SettingError as error:
        assert error.args[0] == name and error.args[2:] == (low, high, default)
        assert settings.to_dict() == before
        text = str(error)
        assert name in text and "kept" in text and "\n" not in text and len(text) < 300
    else:
        got = getattr(settings, name)
        assert low <= got <= high or (choices is OR_ZERO and got == 0)
        after = settings.to_dict()
        assert all(after[n] == before[n] for n in NAMES if n != name)


@given(st.sampled_from([row for row in TABLE if row[0] in NAMES]), st.data())
def test_every_allowed_value_survives_bytes_dict_and_json(row, data):
    name, _, low, high, choices = row
    value = data.draw(st.integers(low, high) | (st.just(0) if choices is OR_ZERO else st.integers(low, high)))
    settings = Settings({name: value})
    again = Settings()
    assert again.load_bytes(settings.to_bytes()) == []
    assert again.to_dict() == settings.to_dict()
    assert Settings(json.loads(json.dumps(settings.to_dict()))).to_bytes() == settings.to_bytes()
    assert Settings().set_number(index_of(name), value) == value


@given(st.binary(max_size=300))
def test_any_bytes_are_taken_as_far_as_they_are_good(data):
    settings = Settings()
    refused = settings.load_bytes(data)
    assert all(isinstance(error, SettingError) for error in refused)
    for name, _, low, high, choices in TABLE:
        assert low <= getattr(settings, name) <= high or (choices is OR_ZERO and getattr(settings, name) == 0)


def test_words_numbers_and_texts():
    settings = Settings()
    for value, got in (("silent", 1), (2, 2), ("0", 0)):
        assert settings.set("mode", value) == got
    assert settings.set("led", False) == 0 and settings.set("led", "on") == 1
    assert settings.set("sustain_s", "7") == 7 and settings.set("sustain_s", 8.0) == 8
    for bad in ("loud", 3, -1, "1.5", None, 1.5):
        with pytest.raises(SettingError):
            settings.set("mode", bad)
    assert settings.set("height_cm", 0) == 0
    with pytest.raises(SettingError, match="0 or a whole number 120 to 220"):
        settings.set("height_cm", 50)


def test_a_wrong_name_is_told_the_nearest():
    for wrong, right in (
        ("tilt_cu_deg", "tilt_cue_deg"),
        ("sustain", "sustain_s"),
        ("warmup", "warmup_s"),
        ("Mode", "mode"),
    ):
        assert nearest(wrong) == right
        with pytest.raises(SettingError, match="did you mean " + right):
            Settings({wrong: 1})
    nearest(""), nearest("?" * 1000)
    with pytest.raises(SettingError):
        Settings().set_number(len(TABLE), 1)
    with pytest.raises(SettingError):
        Settings().set_number(-1, 1)


def test_load_applies_what_is_good():
    settings = Settings()
    refused = settings.load({"tilt_cue_deg": 9, "sustain_s": 99, "nonsense": 1})
    assert [error.args[0] for error in refused] == ["sustain_s", "nonsense"]
    assert settings.tilt_cue_deg == 9 and settings.sustain_s == 5


def test_the_design_s_numbers():
    s = Settings()
    assert (s.warmup_s, s.sustain_s, s.cue_gap_s, s.cue_max, s.cue_window_s, s.unanswered_max) == (
        180,
        5,
        30,
        6,
        600,
        3,
    )
    assert (s.tilt_amber_deg, s.tilt_cue_deg, s.cadence_target_pct, s.blank_ms, s.calibrate_s) == (4, 6, 105, 100, 10)
    assert TABLE[index_of("tilt_cue_deg")][2:4] == (3, 12) and TABLE[index_of("cadence_target_pct")][3] == 110


def test_the_page_is_that_of_the_table(repo):
    assert set(settings_doc.meanings()) == {row[0] for row in TABLE}
    want = (repo / "docs" / "laptop" / "settings.md").read_text()
    assert settings_doc.page() == want, "run python -m formclip.lab.docs.settings > docs/laptop/settings.md"


@given(
    st.text(max_size=30)
    | st.sampled_from(NAMES).map(lambda name: name + " 1")
    | st.sampled_from(["0", "", ",", "mode,"])
)
def test_only_names_are_names(text):
    assert (index_of(text) >= 0) == (text in [row[0] for row in TABLE])


def test_names_stand_where_the_log_has_them():
    assert [index_of(row[0]) for row in TABLE] == list(range(len(TABLE)))


RETIRED_ROWS = {"mounting": (34, "side"), "mass_kg": (36, 70), "sex": (37, "female")}


def test_these_rows_are_retired():
    assert {row[0]: index_of(row[0]) for row in TABLE if row[4] == RETIRED} == {
        n: i for n, (i, _) in RETIRED_ROWS.items()
    }


@pytest.mark.parametrize("name", RETIRED_ROWS)
def test_a_retired_row_keeps_its_place_and_nothing_else(repo, name):
    """Refused in words, in no list; bytes and logs of before, which say something, are read as ever."""
    number, once = RETIRED_ROWS[name]
    settings = Settings()
    for value in (once, 0, 1, None):
        with pytest.raises(SettingError, match=f"^setting {name} is not used any more$"):
            settings.set(name, value)
    assert name not in settings.to_dict() and nearest(name) != name
    assert f"`{name}`" not in (repo / "docs" / "laptop" / "settings.md").read_text()
    data = bytearray(Settings({"height_cm": 180}).to_bytes())
    data[2 * number] = 1
    assert settings.load_bytes(data) == [] and settings.height_cm == 180
    assert settings.set_number(number, 1) == 0
