"""Starts the page on this computer, opens the browser, and stops it cleanly."""

from __future__ import annotations

import os
import socket
import webbrowser

import uvicorn

from formclip.ground.errors import FormclipError
from formclip.runs.store.store import Store
from formclip.show.ui.app import make_app
from formclip.show.ui.drawings import Drawings
from formclip.show.ui.guard import Guard
from formclip.show.ui.jobs import Jobs
from formclip.show.ui.looks import Desk

USUAL_PORT = 8463
_HOST = "127.0.0.1"
_LET_END_S = 2


class PortTaken(FormclipError):
    """Another program listens there."""

    exit_code = 6


def listening(port: int | None) -> socket.socket:
    """A socket on this computer alone: on the port asked for, else on the usual one, else on any that is free.

    Errors    PortTaken for a port that was asked for
    """
    for one in (port,) if port is not None else (USUAL_PORT, 0):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # elsewhere it would let two programs have one port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((_HOST, one))
            sock.listen(100)  # a browser may ask from now on, and waits
            return sock
        except OSError as error:
            sock.close()
            reason = (error.strerror or str(error)).lower()
            taken = PortTaken(f"port {one} can't be used: {reason}", "name another with --port, or leave --port out")
    raise taken


def desk_for(store: Store) -> Desk:
    return Desk(store, Drawings(store.folder), Jobs())


class Served:
    """A page that is being served.

    address   lets a browser in, once
    """

    def __init__(self, desk: Desk, port: int | None = None) -> None:
        self._socket = listening(port)
        self.port = int(self._socket.getsockname()[1])
        self.guard = Guard(make_app(desk), self.port)
        self.address = f"http://{_HOST}:{self.port}/?token={self.guard.token}"
        self.desk = desk
        config = uvicorn.Config(
            self.guard,
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=_LET_END_S,
        )
        self.server = uvicorn.Server(config)

    def run(self) -> None:
        """Serve until Ctrl-C or `stop`."""
        try:
            self.server.run(sockets=[self._socket])
        except KeyboardInterrupt:
            pass  # uvicorn has ended what ran, and hands the signal on
        finally:
            self.desk.jobs.stop()
            self._socket.close()

    def stop(self) -> None:
        self.server.should_exit = True


def open_browser(address: str) -> bool:
    """Whether a browser was found."""
    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False
