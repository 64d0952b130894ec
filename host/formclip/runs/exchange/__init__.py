"""Runs out to other programs, and other programs' files in.

source.py    a run by what a person names: a session of the store, a log, a replay's folder
seconds.py   a run second by second, as watches and training programs hold one
fit.py       FIT, with native running dynamics and our figures as developer fields
tables.py    CSV and Parquet, with units and a data dictionary
"""
