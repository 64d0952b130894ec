"""The page: the runner's record in the browser, served to this computer alone.

guard.py     who may ask: Host, Origin, the token, the cookie, the size of what is sent, what the browser may load
app.py       which address leads where
serve.py     starts it, opens the browser, stops it
looks.py     templates, and what every page is given
drawings.py  stories and pictures of runs, kept beside the index
jobs.py      what takes longer than a page: sync, calibrate, live, a recording that is taken in
*_page.py    one page each: what it shows, and what can be written on it
"""
