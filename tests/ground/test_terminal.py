"""Text for terminals that can't show every character."""

import io

from formclip.ground.terminal import SpellingWriter, spelt
from hypothesis import example, given
from hypothesis import strategies as st

ENCODINGS = st.sampled_from(["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "utf-8", "ANSI_X3.4-1968"])


@given(st.text(max_size=60), ENCODINGS)
@example("tilt +4° ± 0.3 ≤ 1 → “mine” █▇ ┏━┓ é ß", "ascii")
@example("\ud800 \U0001f3c3", "ascii")
def test_any_text_can_be_written_and_what_fits_stays(text, encoding):
    shown = spelt(text, encoding)
    shown.encode(encoding)
    assert spelt(shown, encoding) == shown
    kept = "".join(letter for letter in text if letter.isascii())
    assert spelt(kept, encoding) == kept
    assert len(spelt(text + kept, encoding)) == len(shown) + len(kept)


def test_what_stands_for_the_signs_we_use():
    assert spelt("+4° ± 0.3, ≤ 1 mm² → é – “a” ½") == '+4deg +- 0.3, <= 1 mm2 -> e - "a" 1'
    assert spelt("┏━┓│█") == "+-+|#" and spelt("Бег") == "\\u0411\\u0435\\u0433"


@given(st.lists(st.text(max_size=30), max_size=5), ENCODINGS)
def test_a_stream_takes_what_it_is_given(texts, encoding):
    raw = io.BytesIO()
    writer = SpellingWriter(io.TextIOWrapper(raw, encoding))
    assert [writer.write(text) for text in texts] == [len(text) for text in texts]
    writer.flush()
    assert raw.getvalue().decode(encoding) == "".join(spelt(text, encoding) for text in texts)
