"""Runs out to other programs, and other programs' files in.

source.py    a run by what a person names: a session of the store, a log, a replay's folder
seconds.py   a run second by second, as watches and training programs hold one
fit.py       FIT, with native running dynamics and our figures as developer fields
tables.py    CSV and Parquet, with units and a data dictionary
pieces.py    a FIT file taken apart, also one that is torn, chained or against the rules
watchfile.py the activities in a watch's file, as columns over time
align.py     a watch's clock tied to the clip's, by the cadence that both recorded
view.py      a run as its watch saw it: distance, pace, slope, heart rate
merge.py     a run and its watch's file put together; a folder searched for it
into_watch.py  the clip's figures written into the watch's own file
"""
