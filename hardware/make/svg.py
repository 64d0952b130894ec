"""SVG by hand: a drawing in light and dark by one file, with the paper in it, so that it reads on any page."""

from __future__ import annotations

from html import escape

INK = {"light": "#1b1e23", "dark": "#e6e8eb"}
PAPER = {"light": "#ffffff", "dark": "#15181c"}
FAINT = {"light": "#8b929c", "dark": "#7d858f"}
STYLE = """<style>
svg {{ background: var(--paper); color: {ink[light]}; --paper: {paper[light]}; --faint: {faint[light]}; {extra_light} }}
@media (prefers-color-scheme: dark) {{
svg {{ color: {ink[dark]}; --paper: {paper[dark]}; --faint: {faint[dark]}; {extra_dark} }}
}}
text {{ font-family: "DejaVu Sans", Arial, sans-serif; fill: currentColor; }}
</style>"""


def style(colours: dict[str, tuple[str, str]]) -> str:
    """The sheet of a drawing; colours: name -> light and dark, used as var(--name)."""
    light = " ".join(f"--{name}: {pair[0]};" for name, pair in colours.items())
    dark = " ".join(f"--{name}: {pair[1]};" for name, pair in colours.items())
    return STYLE.format(paper=PAPER, ink=INK, faint=FAINT, extra_light=light, extra_dark=dark)


class Drawing:
    """Shapes in the order in which they were drawn; sizes in px."""

    def __init__(self, width: float, height: float, title: str, colours: dict[str, tuple[str, str]]) -> None:
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img">\n<title>{escape(title)}</title>\n'
        )
        self._body = [style(colours)]
        self._words: list[str] = []  # drawn last, over everything

    def add(self, shape: str) -> None:
        self._body.append(shape)

    def rect(self, x: float, y: float, w: float, h: float, radius: float = 0, **look: object) -> None:
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius:g}"{_look(look)}/>')

    def circle(self, x: float, y: float, r: float, **look: object) -> None:
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:g}"{_look(look)}/>')

    def path(self, d: str, **look: object) -> None:
        self.add(f'<path d="{d}"{_look(look)}/>')

    def line(self, x0: float, y0: float, x1: float, y1: float, **look: object) -> None:
        self.path(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}", **look)

    def text(self, x: float, y: float, words: str, size: float = 12, anchor: str = "middle", **look: object) -> None:
        halo = 'paint-order="stroke" stroke="var(--paper)" stroke-width="2.5" stroke-linejoin="round"'
        where = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
        self._words.append(f"<text {halo} {where}{_look(look)}>{escape(words)}</text>")

    def svg(self) -> str:
        return self._head + "\n".join(self._body + self._words) + "\n</svg>\n"


def _look(look: dict[str, object]) -> str:
    return "".join(f' {name.replace("_", "-")}="{escape(str(value))}"' for name, value in look.items())
