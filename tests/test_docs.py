"""The docs say what is: links lead somewhere; commands, options, targets and modules that a page names exist."""

import importlib.util
import re
import shlex

import click
import pytest
from formclip.show.cli import COMMANDS, cli

from tests.conftest import REPO

PAGES = sorted([REPO / "README.md", *(REPO / "docs").glob("**/*.md"), *(REPO / "hardware").glob("*.md")])
IDS = [page.relative_to(REPO).as_posix() for page in PAGES]


def texts(page):
    return page.read_text(encoding="utf-8")


def anchors(page):
    """What `#name` may follow a link to the page: its headings, as GitHub writes them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", texts(page), re.M):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", texts(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), target


def commands_of(page):
    """Words of every `formclip ...` in code: inline, or a line of a block up to its comment."""
    text = texts(page)
    found = re.findall(r"`((?:[^`\n]|\n(?!\n))*?)`", re.sub(r"```.*?```", "", text, flags=re.S))
    found += [line.strip() for line in re.findall(r"^(?:    |\$ )(.+)$", text, re.M)]
    for block in re.findall(r"```[a-z]*\n(.*?)```", text, re.S):
        found += [line.strip().removeprefix("$ ") for line in block.splitlines()]
    for code in found:
        for part in re.split(r"\s(?:#|&&|\|)\s", " " + " ".join(code.split())):
            part = part.strip()
            if re.match(r"formclip [a-z]", part):
                yield part


def resolve(words):
    """The click command that the words name, and the words behind it; None where the first names none."""
    command = cli.get_command(click.Context(cli), words[0])
    rest = words[1:]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_and_option_exists(page):
    for line in commands_of(page):
        try:
            words = shlex.split(line.replace("...", "").replace("…", ""))[1:]
        except ValueError:
            words = line.split()[1:]
        if not words or words[0] == "frozen":  # what the board's boot_out.txt says
            continue
        command, rest = resolve(words)
        assert command is not None, f"`{line}`: no command {words[0]}"
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {
            "--help",
            "-h",
            "--debug",
        }
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                options |= {name for one in inner.params for name in (*one.opts, *one.secondary_opts)}
        for word in rest:
            name = word.strip("[]().,;:").split("=")[0]
            if re.fullmatch(r"--?[a-zA-Z][a-z0-9-]*", name):
                assert name in options, f"`{line}`: {words[0]} has no {name}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_target_and_module_exists(page):
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:`|^    )make ([a-z][a-z-]+)", texts(page), re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), f"make {target}"
    for module in set(re.findall(r"python -m (formclip[\w.]+)", texts(page))):
        assert importlib.util.find_spec(module), module
    files = r"`((?:(?:host/formclip|shared/gaitcore|device|docs|hardware|requirements)/[\w./-]+|tests/[a-z_/]+)\.\w+)`"
    for path in set(re.findall(files, texts(page))):
        assert (REPO / path).exists(), path


def test_every_page_that_code_and_data_name_exists():
    places = [REPO / name for name in ("host", "shared", "device", "hardware", "examples", ".github")]
    texts_of = [
        path for place in places for path in place.rglob("*") if path.suffix in (".py", ".toml", ".html", ".yml")
    ]
    named = {(page, path) for path in texts_of for page in re.findall(r"\bdocs/[\w/-]+\.md\b", texts(path))}
    assert len(named) > 50
    assert not [f"{path}: {page}" for page, path in named if not (REPO / page).is_file()]


def test_every_command_has_a_page():
    told = " ".join(texts(page) for page in PAGES)
    for name in COMMANDS:
        assert f"formclip {name}" in told or re.search(f"`{name}[` ]", told), name
