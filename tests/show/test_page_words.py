"""Words of functions that name a command: the page points to its own button instead."""

import ast
import re
from pathlib import Path

import formclip
from formclip.runs.redflags import OFF
from formclip.show.cli import COMMANDS
from formclip.show.ui.words import INSTEAD, here

HOST = Path(formclip.__file__).parent
# What the page has no place for, so that its words keep the command.
TERMINAL_ALONE = {"deploy", "doctor", "store", "calibrate-speed", "replay", "ui", "import"}
OPTIONS_OF_THEM = {"--store", "--replace", "--out", "--raw"}


def said(*floors):
    """Every text that the code of these floors can say, where it stands."""
    for floor in floors:
        for path in sorted((HOST / floor).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                    yield f"{path.relative_to(HOST)}:{node.lineno}", node.value


def test_no_word_of_the_record_names_a_command_for_which_the_page_has_a_button():
    left = []
    for where, text in said("runs", "ground/trace"):
        shown = here(text)
        commands = set(re.findall(r"formclip ([a-z][a-z-]+)", shown)) & set(COMMANDS) - TERMINAL_ALONE
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown)) - OPTIONS_OF_THEM
        if commands or options:
            left.append((where, shown))
    assert left == []


def test_every_phrase_that_the_page_changes_is_said_somewhere():
    texts = [text for _, text in said("runs", "ground", "lab")]
    assert [phrase for phrase, _ in INSTEAD if not any(phrase in text for text in texts)] == []


def test_the_advice_on_a_red_flag_points_to_its_button():
    assert "the button on Pain restores the mode of before" in here(OFF) and "formclip" not in here(OFF)
    assert here("Your run of Tuesday.") == "Your run of Tuesday."
