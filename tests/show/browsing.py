"""The system's Chromium, driven by Playwright; tests that need it skip with a message where there is none."""

import contextlib
import shutil

import pytest

# As root Chromium has no sandbox; the rest keeps it from calling out, which no test may.
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
WIDTHS = (390, 1400)
THEMES = ("light", "dark")


def chromium():
    """Where the system's own browser is; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium here: apt install chromium (Playwright's own is never fetched)")


@contextlib.contextmanager
def browser():
    """A browser, started."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not here: make setup")
    path = chromium()
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


class Visitor:
    """One person at a page: what it said on its console, and what it asked of other hosts."""

    def __init__(self, started, served=None, **more):
        self.context = started.new_context(accept_downloads=True, locale="en-GB", **more)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.complaints, self.elsewhere = [], []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.root = ""
        if served is not None:
            self.root = f"http://127.0.0.1:{served.port}"
            if served.guard._token_used:  # a second tab of the browser that was let in
                cookie = {"name": served.guard._name, "value": served.guard._cookie, "url": self.root}
                self.context.add_cookies([cookie])
            self.page.goto(served.address)
            assert self.page.url == self.root + "/"

    def _asked(self, request):
        if self.root and not request.url.startswith((self.root, "data:")):
            self.elsewhere.append(request.url)

    def go(self, path):
        answer = self.page.goto(self.root + path)
        self.page.wait_for_load_state("networkidle")
        return answer

    def drawn(self):
        """Wait until no chart is being drawn. The page's policy forbids to ask by a script."""
        for waiting in self.page.locator(".waiting").all():
            waiting.wait_for(state="detached")

    def look(self, width, theme):
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=theme)

    def open_all(self):
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    def cut_off(self):
        """Elements that reach beyond the page's right edge, but for what scrolls within a box of its own."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('body *')].filter(one => {
                const box = one.getBoundingClientRect();
                if (!box.width || one.closest('.scroll, .skip, .hidden-text, svg, thead')) return false;
                return box.right > document.documentElement.clientWidth + 1;
            }).map(one => one.outerHTML.slice(0, 120))"""
        )

    def violations(self):
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [(one["id"], one["nodes"][0]["html"][:160]) for one in found]

    def tab_to(self, selector, most=120):
        """Press Tab until what is focused fits the selector."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("text => document.activeElement.matches(text)", selector):
                return
        raise AssertionError(f"no way to {selector} by Tab on {self.page.url}")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
