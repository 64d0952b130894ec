"""The companion's side of Bluetooth: sessions from the clip into a store, exactly once, and live data.

link.py    the only file that knows bleak; its backend is injectable
fetch.py   one visit to a clip: greet, set the clock, list, fetch, check, store, delete
"""
