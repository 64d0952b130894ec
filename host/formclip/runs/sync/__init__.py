"""The companion's side of Bluetooth: sessions from the clip into a store, exactly once, and live data.

link.py    the only file that knows bleak; its backend is injectable
client.py  requests to a clip, repeated until answered
visit.py   one visit: greet, set the clock, list, fetch, check, store, delete
reach.py   finding a clip, and getting to know it
"""
