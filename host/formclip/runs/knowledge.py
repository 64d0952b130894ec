"""What the software knows and says about form, pain, exercises and cautions.

Every sentence names where it comes from: letters are the five articles that the project was created from
(A "How to prevent back injuries", B "Low back pain while running", C "Lower back pain and running",
D "Why do I get lower back pain from running?", E "Why does my lower back ache after running"); papers are named.
Nothing here diagnoses: tilt is never called a cause of pain, and no side is taken where sources disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

ARTICLES: dict[str, str] = {
    "A": "How to prevent back injuries",
    "B": "Low back pain while running",
    "C": "Lower back pain and running",
    "D": "Why do I get lower back pain from running?",
    "E": "Why does my lower back ache after running",
}


TILT_AMBER_DEG = 4.0
TILT_CUE_DEG = 6.0
CADENCE_TARGET = 1.05
CADENCE_TARGET_CAP = 1.10
BALANCE_GOOD = (49.5, 50.5)
BALANCE_LOOK = 51.5


@dataclass(frozen=True)
class Fault:
    """A form fault that the clip can see, with its words and where to go from it.

    evidence  how well it stands, where that must be said beside it
    """

    key: str
    title: str
    said_by: str
    seen: str
    words: str
    exercises: tuple[str, ...]
    evidence: str = ""


FAULTS: dict[str, Fault] = {
    "overstride": Fault(
        "overstride",
        "Overstriding",
        "D, E",
        "The foot lands far ahead of the body and brakes: braking above your own trend with cadence below your own.",
        "Quick feet: land under the hips, shorten the step a little (E).",
        ("cadence", "leg_swings"),
        "Step-rate training works in most trials (Doyle 2022, 19 trials). Braking from a waist sensor is an index: "
        "follow your own trend.",
    ),
    "arch": Fault(
        "arch",
        "Arched lower back",
        "A, B, E",
        "Pelvic tilt above your own neutral run.",
        "Squeeze the glutes (A). Tuck the tailbone gently, navel to spine, ribs down, tall spine, "
        "lean from the ankles, breathe deep into the belly (B).",
        ("glute_squeeze", "bridge", "dead_bug", "transversus", "hip_flexor_stretch"),
        "The evidence is weaker than for cadence. No tilt predicts pain (Laird 2014). Six weeks of training lowered "
        "tilt in running (Mendiguchia 2021); no trial was found in which cues did. So the exercises come first.",
    ),
    "drop": Fault(
        "drop",
        "Hips not level",
        "A, B, E",
        "The pelvis tips from side to side more than before, or more on one side.",
        "Tall hips, land under the hips.",
        ("clamshell", "single_leg_bridge"),
    ),
    "rotation": Fault(
        "rotation",
        "Much pelvic rotation",
        "E",
        "The pelvis turns more within a stride than before.",
        "Tall spine, quiet hips.",
        ("pallof", "dead_bug"),
    ),
}


@dataclass(frozen=True)
class Exercise:
    """An exercise with its dose and source; `how`: how it is done, in whole sentences."""

    key: str
    title: str
    dose: str
    source: str
    how: str


EXERCISES: dict[str, Exercise] = {
    e.key: e
    for e in (
        Exercise(
            "glute_squeeze",
            "Glute-squeeze test, standing",
            "",
            "A",
            "Stand tall and squeeze the glutes. Feel the pelvis shift a little and the arch flatten.",
        ),
        Exercise(
            "hollow_hold",
            "Hollow hold",
            "10 s × 6, the low back stays on the floor",
            "A",
            "Lie on your back, lift shoulders and straight legs a little, and hold. The low back stays on the floor.",
        ),
        Exercise(
            "twist",
            "Standing dynamic twist to shallow lunge",
            "up to 30 twists a side",
            "A",
            "Stand tall, turn to one side and sink into a shallow lunge, then turn back. Move without a jerk.",
        ),
        Exercise(
            "hip_flexor_ball",
            "Hip-flexor release with a ball",
            "gently",
            "A",
            "Lie on your front with a ball under the crease of the hip. Rest on it until the muscle gives.",
        ),
        Exercise(
            "transversus",
            "Transversus abdominis hold",
            "5–10 s, 10 × 3",
            "B",
            "Lie on your back with bent knees. Draw the navel gently to the spine and go on breathing.",
        ),
        Exercise(
            "bridge",
            "Glute bridge",
            "5 s, 10 × 10",
            "B",
            "Lie on your back with bent knees. Lift the pelvis in line with the thighs, hold, and come down slowly.",
        ),
        Exercise(
            "single_leg_bridge",
            "Single-leg glute bridge",
            "once the two-legged bridge is easy",
            "E",
            "Do the bridge with one leg stretched out. Keep both sides of the pelvis level.",
        ),
        Exercise(
            "dead_bug",
            "Dead bug",
            "3 × 12",
            "B, E",
            "Lie on your back, arms and knees up. Lower one arm and the other leg; the low back stays on the floor.",
        ),
        Exercise(
            "bird_dog",
            "Bird dog",
            "8–10 a side × 3, hold 1–2 s",
            "B",
            "On hands and knees, stretch one arm and the other leg, hold, and keep the back still.",
        ),
        Exercise(
            "hip_flexor_stretch",
            "Half-kneeling hip-flexor stretch",
            "20–30 s × 2–3",
            "B",
            "Kneel on one knee, squeeze the glute of that side, and shift forward until the front of the hip pulls.",
        ),
        Exercise(
            "piriformis",
            "Seated piriformis stretch",
            "20–30 s a side",
            "B",
            "Sit, lay one ankle on the other knee, and lean forward with a long back until the buttock pulls.",
        ),
        Exercise(
            "knee_to_chest",
            "Knee to chest",
            "20 s a side",
            "C",
            "Lie on your back and draw one knee to the chest with both hands.",
        ),
        Exercise(
            "plank",
            "Plank",
            "build up to 60 s",
            "C, E",
            "Rest on forearms and toes with the body in one line. Stop when the low back begins to sag.",
        ),
        Exercise(
            "clamshell",
            "Clamshell",
            "slowly, both sides",
            "E",
            "Lie on your side with bent knees and feet together. Lift the upper knee while the pelvis stays still.",
        ),
        Exercise(
            "pallof",
            "Pallof press",
            "slowly, both sides",
            "E",
            "Stand beside a fixed band, hold it before your chest, and press it straight out without turning.",
        ),
        Exercise(
            "squat",
            "Squat",
            "3 × 10",
            "Cai 2017 for hip and knee strength; the exercise and its dose are ours",
            "Stand hip-wide and sit back slowly until the thighs are level, knees over the feet. Stand up again.",
        ),
        Exercise(
            "heel_raise",
            "Heel raise on one leg",
            "3 × 12 a side",
            "Cai 2017 for ankle strength; the exercise and its dose are ours",
            "Stand on one foot with a hand on the wall. Rise onto the ball of the foot and come down slowly.",
        ),
        Exercise(
            "leg_swings",
            "Leg swings and lunges before the run",
            "part of 5–10 min of dynamic warm-up",
            "E",
            "Hold on to something and swing each leg loosely, forward and to the side. Then do some lunges.",
        ),
        Exercise(
            "cadence",
            "Cadence work with the clip's metronome",
            "own baseline +5 %, at most +10 %",
            "E; Heiderscheit 2011",
            "Run with the metronome for some minutes at a time. Take shorter, quicker steps at the same pace.",
        ),
    )
}

WHEN_TO_STOP: tuple[str, ...] = (
    "Stop and see a clinician when pain is sharp or shooting, radiates into the leg, lasts more than 24 h, "
    "or is acute and disabling (you cannot put on shoes or socks) (A, B, D, E).",
    "Seek care now for new bladder or bowel trouble, a numb saddle area, or new weakness in a leg.",
)

CAUTIONS: tuple[str, ...] = (
    "This is not a medical device and does not diagnose. The science of low-back pain is not clear; "
    "it can “just happen”, and running may protect (D).",
    "Pain beyond the first phase does not mean damage; tolerable pain is fine to run with (D).",
    *WHEN_TO_STOP,
    "Some common stretches load the back (C); do not hyperextend the back in core drills (A).",
)

CANNOT_SEE: tuple[str, ...] = (
    "Leaning from the hips instead of the ankles, and hunched shoulders: one sensor at the pelvis cannot tell "
    "them from tilt.",
    "How the foot strikes (heel or midfoot): not measured; the sources disagree and no side is taken.",
    "Slope and surface: braking and impact rise and cadence falls downhill with no fault of yours (Alcantara 2022).",
    "Why a back hurts: no posture or tilt angle predicts it (Laird 2014).",
)

WARM_UP = "5–10 min of dynamic movement before the run (E); the clip stays silent for the first 3 min."
