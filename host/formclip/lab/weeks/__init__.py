"""Eight weeks of one runner who does not exist: a record to look at, with a story that is known.

story.py   what happens: 24 runs, a habit of arching, four weeks of exercises, a spike, a pain spell, a watch
clip.py    a clip in memory: the firmware's own core records, and answers a sync, without a board and a radio
make.py    runs simulated, recorded, synced, merged; pain and exercises told: a store in a folder

    from formclip.lab.weeks.make import make_weeks
    make_weeks(Path("out/weeks"))
"""
