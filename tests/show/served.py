"""The page, served for tests on a port of its own, and a browser that is as plain as can be."""

import contextlib
import http.client
import re
import threading
import urllib.parse

from formclip.runs.store.store import Store
from formclip.show.ui.serve import Served, desk_for
from gaitcore.cue import ARCH, OVERSTRIDE

from tests.made_runs import SUMMER, log_of, put

CLIP = "formclip-7c1d"


def make_store(folder, runs=4):
    """A store of one clip with runs of 5 min, a day apart."""
    store = Store(folder)
    for number in range(1, runs + 1):
        cues = [(200 + 30 * k, (OVERSTRIDE, ARCH)[k % 2]) for k in range(2)]
        data = log_of(300.0, SUMMER + 86400 * number, seed=number, cues=cues, firmware=b"formclip 0.1.0 xiao")
        put(store, CLIP, number, data)
    store.know_clip(CLIP, "AA:BB", "formclip 0.1.0 xiao")
    return store


@contextlib.contextmanager
def serving(folder):
    """The page of a store, in a thread; a Client of it that is not let in yet."""
    served = Served(desk_for(Store(folder)), _free_port())
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.stop()
        thread.join(20)
        assert not thread.is_alive()


def _free_port():
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.data = response.read()

    @property
    def text(self):
        return self.data.decode()

    @property
    def place(self):
        return self.headers.get("Location", "")


class Client:
    """Sends what it is told, header by header; keeps the cookie."""

    def __init__(self, served, let_in=True):
        self.served = served
        self.port = served.port
        self.cookie = ""
        if let_in:
            answer = self.get(served.address.partition(str(self.port))[2])
            assert answer.status == 303
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if self.cookie:
                sent.setdefault("Cookie", self.cookie)
            connection.request(method, path, body, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    @property
    def secret(self):
        return re.search(r'name="secret" value="([^"]+)"', self.get("/clip").text)[1]

    def post(self, path, fields, **headers):
        """As a form of the page: Origin is null there, because the page sends no referrer."""
        own = {"Origin": "null", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urllib.parse.urlencode(fields), **{**own, **headers})

    def write(self, path, **fields):
        return self.post(path, {"secret": self.secret, **fields})

    def upload(self, name, data, secret=None, also=()):
        """A file as the page's form sends it, and others chosen with it: (name, data)."""
        edge = "formclip-edge"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="secret"\r\n\r\n{secret or self.secret}\r\n'
        body = head.encode()
        for one, held in ((name, data), *also):
            told = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{one}"\r\n'
            body += f"{told}Content-Type: application/octet-stream\r\n\r\n".encode() + held + b"\r\n"
        body += f"--{edge}--\r\n".encode()
        own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        return self.ask("POST", "/import", body, Content_Type=f"multipart/form-data; boundary={edge}", **own)
