"""Figures that README and the pages quote are those of the last JSON of the command that prints them."""

import json
import re
import shutil

import pytest
from formclip.lab.docs import figures
from formclip.lab.validate.figures import all_figures
from formclip.lab.validate.pages import read_back
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import REPO


def test_every_page_is_what_its_json_makes():
    made = figures.pages(REPO)
    assert {"validity.md", "compare.md", "bench.md", "README.md"} == {path.name for path in made}
    stale = [path.relative_to(REPO).as_posix() for path, text in made.items() if path.read_text("utf-8") != text]
    assert not stale, "run python -m formclip.lab.docs.figures"


def test_the_table_of_readme_is_marked():
    table = (REPO / "README.md").read_text(encoding="utf-8").split("| figure | goal |")[1].split("\n\n")[0]
    rows = table.splitlines()[2:]
    assert len(rows) >= 12 and all("<!-- " in row for row in rows)
    assert len(figures._ROW.findall(table)) == len(rows)


def test_goals_are_those_that_the_code_scores_by():
    """Of a figure that nothing is known of the code still tells the goal."""
    now = {figure.key: figure.goal for figure in all_figures({}, None, None)}
    told = {figure.key: figure.goal for figure in read_back(REPO / "docs" / "lab" / "validity.json")}
    both = now.keys() & told.keys()
    assert len(both) >= 20 and {key: now[key] for key in both} == {key: told[key] for key in both}


def test_a_figure_that_changes_is_seen(tmp_path):
    """In the JSON, in a page or in README: what is made of it is another text."""
    for name in ("docs/lab/validity.json", "docs/lab/compare.json", "docs/design/bench.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / name, tmp_path / name)
    shutil.copy(REPO / "README.md", tmp_path)
    shutil.copy(REPO / "docs/lab/validity.md", tmp_path / "docs/lab")
    shutil.copy(REPO / "docs/design/bench.md", tmp_path / "docs/design")
    path = tmp_path / "docs" / "lab" / "validity.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    figure = next(figure for figure in told["figures"] if figure["key"] == "tilt")
    page, readme = ((tmp_path / name).read_text(encoding="utf-8") for name in ("docs/lab/validity.md", "README.md"))
    assert figures.pages(tmp_path)[tmp_path / "README.md"] == readme
    figure["ours"] = "0.77 °"
    path.write_text(json.dumps(told), encoding="utf-8")
    made = figures.pages(tmp_path)
    assert "0.77 °" in made[tmp_path / "README.md"] and "0.77 °" in made[tmp_path / "docs/lab/validity.md"]
    assert "0.77 °" not in page + readme


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="|\n\r<>", exclude_categories=["Cc", "Zl", "Zp"]))


@given(WORDS, WORDS, WORDS, st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3))
def test_marked_rows_are_filled_and_the_rest_stays(title, old, tail, found):
    told = {"page": {f"k{i}": pair for i, pair in enumerate(found)}}
    keys = " ".join(told["page"])
    page = f"before\n| {title}x |{old}|{old}| x{tail} <!-- page: {keys} --> |\nbetween | {title} | {old} |\n"
    filled = figures.with_figures(page, told)
    assert figures.with_figures(filled, told) == filled
    row = filled.split("\n")[1]
    goals = "; ".join(dict.fromkeys(goal for goal, _ in found if goal))
    cells = [goals, "; ".join(value for _, value in found)]
    filled_cells = "".join(f" {cell} |" if cell else " |" for cell in cells)
    assert row == f"| {title}x |{filled_cells} x{tail} <!-- page: {keys} --> |"
    assert filled.replace(row, "") == page.replace(page.split("\n")[1], "")


def test_a_figure_that_is_not_there_is_no_silence():
    with pytest.raises(KeyError):
        figures.with_figures(
            "| tilt | a | b | [x](x.md) <!-- validity: tilts --> |\n", {"validity": {"tilt": ("", "")}}
        )
    assert re.search(figures._ROW, "| tilt | a | b | [x](x.md) <!-- validity: tilt --> |")
