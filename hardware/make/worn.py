"""Where the clip sits: the back with the sacrum, and a cut through skin, clip and waistband."""

from __future__ import annotations

from hardware.make.data import MADE
from hardware.make.svg import Drawing

COLOURS = {
    "skin": ("#f3dcc9", "#5a4436"),
    "cloth": ("#c9d6e8", "#2c3b50"),
    "clip": ("#e2643c", "#ff8a5e"),
    "clip-dark": ("#a8431f", "#c96740"),
}


def svg() -> str:
    draw = Drawing(
        920, 430, "Where the clip sits: on the waistband over the sacrum, body inside, tongue outside", COLOURS
    )
    line = {"stroke": "currentColor", "stroke_width": 2, "fill": "none"}
    # The back: waist, hips, cleft.
    draw.path(
        "M110 20C116 90 128 130 112 190C96 240 70 280 72 400L368 400C370 280 344 240 328 190C312 130 324 90 330 20Z",
        fill="var(--skin)",
        stroke="currentColor",
        stroke_width=2,
    )
    draw.path("M220 40C217 110 218 170 220 226", stroke_dasharray="3 6", **line)
    draw.path("M220 322C220 350 219 380 220 400", **line)
    draw.path("M92 262C130 282 310 282 348 262L358 322C310 340 130 340 82 322Z", fill="var(--cloth)", opacity=0.75)
    draw.path("M92 262C130 282 310 282 348 262M82 322C130 340 310 340 358 322", **line)
    for x in (178, 262):
        draw.path(f"M{x - 9} 246Q{x} 254 {x + 9} 246", **line)
    draw.rect(193, 266, 54, 72, 8, fill="var(--clip)", opacity=0.35)
    draw.rect(193, 266, 54, 72, 8, fill="none", stroke="currentColor", stroke_width=1.5, stroke_dasharray="5 4")
    draw.rect(206, 262, 28, 62, 6, fill="var(--clip-dark)", stroke="currentColor", stroke_width=2)
    draw.line(282, 246, 400, 226, stroke="currentColor", stroke_width=1)
    draw.text(405, 230, "the two dimples", 13, "start")
    draw.line(250, 300, 400, 290, stroke="currentColor", stroke_width=1)
    draw.text(405, 294, "the tongue outside, the body inside,", 13, "start")
    draw.text(405, 311, "in the middle, over the sacrum", 13, "start")
    draw.line(222, 120, 400, 120, stroke="currentColor", stroke_width=1)
    draw.text(405, 124, "not up here: the spine bends", 13, "start")
    draw.text(220, 420, "from behind", 13, font_weight="bold")
    # The cut: skin, body, band, tongue.
    x = 750
    draw.rect(x - 60, 60, 50, 320, 0, fill="var(--skin)", stroke="currentColor", stroke_width=2)
    draw.rect(x - 6, 150, 38, 150, 8, fill="var(--clip)", stroke="currentColor", stroke_width=2)
    draw.rect(x - 6, 250, 9, 34, 2, fill="var(--clip-dark)")
    draw.rect(x + 38, 120, 10, 260, 0, fill="var(--cloth)", stroke="currentColor", stroke_width=1.5)
    tongue = f"M{x + 32} 160L{x + 36} 160C{x + 40} 100 {x + 56} 100 {x + 58} 130"
    tongue += f"L{x + 58} 270C{x + 58} 290 {x + 50} 292 {x + 50} 280"
    draw.path(
        tongue,
        stroke="var(--clip-dark)",
        stroke_width=6,
        fill="none",
        stroke_linecap="round",
    )
    for y, words, at in (
        (200, "skin", x - 35),
        (225, "body", x + 13),
    ):
        draw.text(at, y, words, 12)
    draw.line(x - 2, 268, x - 70, 340, stroke="currentColor", stroke_width=1)
    draw.text(x - 76, 344, "motor, on the skin's side", 12, "end")
    draw.line(x + 58, 200, x + 76, 190, stroke="currentColor", stroke_width=1)
    draw.text(x + 80, 194, "tongue", 12, "start")
    draw.line(x + 44, 340, x + 76, 350, stroke="currentColor", stroke_width=1)
    draw.text(x + 80, 354, "waistband", 12, "start")
    draw.text(x, 420, "cut from the side", 13, font_weight="bold")
    return draw.svg()


def write() -> None:
    (MADE / "worn.svg").write_text(svg(), encoding="utf-8")
