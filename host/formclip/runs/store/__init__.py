"""The record on this computer: logs byte for byte in a folder, with a SQLite index of clips and sessions.

store.py   the folder and its index
dates.py   boot, uptime and wall time: when a session was
"""
