"""The companion's side of Bluetooth: sessions from the clip into a store, exactly once, and live data.

link.py    the only file that knows bleak; its backend is injectable
fetch.py   one visit to a clip: greet, set the clock, list, fetch, check, store, delete
store.py   logs byte for byte in a folder, with a SQLite index of clips and sessions
dates.py   boot, uptime and wall time: when a session was
"""
