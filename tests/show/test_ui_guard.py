"""Who may ask the page: every rule of guard.py, over a real socket, each shown to refuse."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from formclip.runs.store.about import about
from formclip.runs.store.check import check
from formclip.runs.store.store import Store
from formclip.show.ui.app import make_app
from formclip.show.ui.guard import MOST_UPLOAD_B
from formclip.show.ui.looks import index_stamp
from formclip.show.ui.serve import PortTaken, Served, desk_for, listening

from tests.made_runs import log_of, put
from tests.show.served import CLIP, Client, make_store, serving

RUN = f"/run/{CLIP}/1"


def write_routes(served):
    return [route.path for route in make_app(served.desk).routes if "POST" in (route.methods or ())]


def writes(served):
    """The address of every write."""
    paths = write_routes(served)
    filled = [re.sub(r"{number:int}", "1", re.sub(r"{clip:path}", CLIP, path)) for path in paths]
    return [path.replace("{key}", "0" * 16) for path in filled]


def test_it_listens_on_this_computer_alone(served):
    with socket.socket() as sock:
        sock.settimeout(2)
        try:
            other = socket.gethostbyname(socket.gethostname())
        except OSError:
            pytest.skip("this computer's own name leads to no address")
        if other.startswith("127."):
            found = served._socket.getsockname()[0]
            assert found == "127.0.0.1"
        else:
            assert sock.connect_ex((other, served.port)) != 0


def test_token_lets_in_once_and_leaves_the_address(tmp_path):
    make_store(tmp_path, 1)
    with serving(tmp_path) as one:
        path = one.address.partition(str(one.port))[2]
        stranger = Client(one, let_in=False)
        assert stranger.get("/").status == 403
        assert stranger.get("/?token=wrong").status == 403
        assert stranger.ask("POST", path).status == 403
        first = stranger.get(path)
        assert first.status == 303 and first.place == "/"
        cookie = first.headers["Set-Cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
        again = stranger.get(path)
        assert again.status == 403 and "once" in again.text
        stranger.cookie = first.headers["Set-Cookie"].partition(";")[0]
        assert stranger.get("/").status == 200
        with_token = stranger.get("/about?token=anything")
        assert with_token.status == 303 and with_token.place == "/about"


@pytest.mark.parametrize("cookie", ["", "formclip=x", "formclip-{port}=", "formclip-{port}=ü", "\x00", "a=b; " * 50])
def test_without_our_cookie_nothing_is_told(served, cookie):
    stranger = Client(served, let_in=False)
    stranger.cookie = cookie.format(port=served.port).encode("latin-1", "replace").decode("latin-1").replace("\x00", "")
    for path in ("/", RUN, "/static/style.css", "/job/events", "/charts/x"):
        answer = stranger.get(path)
        assert answer.status == 403 and CLIP not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1.evil.example:{port}"]
)
def test_foreign_host_is_refused(client, host):
    answer = client.get("/", Host=host.format(port=client.port))
    assert answer.status == 421 and CLIP not in answer.text


def test_localhost_by_name_is_ours(client):
    assert client.get("/", Host=f"localhost:{client.port}").status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "file://", ""]
)
def test_foreign_origin_is_refused_for_reading_and_writing(client, origin):
    origin = origin.format(port=client.port)
    assert client.get("/", Origin=origin).status == 403
    fields = {"secret": client.secret, "name": "foreign"}
    assert client.post(f"{RUN}/about", fields, Origin=origin).status == 403


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "none"])
def test_a_write_without_a_word_of_the_browser_that_it_is_ours_is_refused(client, site):
    headers = {"Origin": "null", "Content-Type": "application/x-www-form-urlencoded"}
    if site:
        headers["Sec-Fetch-Site"] = site
    assert client.ask("POST", f"{RUN}/about", f"secret={client.secret}&name=x", **headers).status == 403


def test_our_own_origin_may_write(client):
    fields = {"secret": client.secret, "name": "ours"}
    answer = client.post(f"{RUN}/about", fields, Origin=f"http://127.0.0.1:{client.port}", Sec_Fetch_Site="")
    assert answer.status == 303


def test_every_write_needs_the_secret_of_its_form(served, client):
    found = writes(served)
    assert len(found) >= 8
    for path in found:
        for fields in ({}, {"secret": ""}, {"secret": "x" * 32}, {"secret": client.cookie.partition("=")[2]}):
            answer = client.post(path, fields)
            assert answer.status == 403 and "not of this page" in answer.text, path


def test_to_read_an_address_writes_nothing(served, client):
    """An address that only writes can't be read; one that is a page too is the same record afterwards."""
    read = {route.path for route in make_app(served.desk).routes if "GET" in (route.methods or ())}
    client.get("/")  # the logs are read: what follows makes nothing new
    before = index_stamp(served.desk.store)
    for path, route in zip(writes(served), write_routes(served), strict=True):
        assert (client.get(path).status in (200, 404)) if route in read else (client.get(path).status in (404, 405)), (
            path
        )
    assert index_stamp(served.desk.store) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(client, method):
    assert client.ask(method, RUN).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../looks.py",
        "/static/..%2f..%2fui%2flooks.py",
        "/static/%2e%2e/looks.py",
        "/run/..%2f..%2fetc/1",
        "/run/x/../../1",
        "/import/../../etc/passwd",
        "/import/0123456789abcdeg",
        "/import/%2e%2e",
        f"{RUN}/export/..%2f",
        f"/run/{CLIP}/99",
        "/charts/..%2f..%2findex.sqlite",
        "/nothing",
    ],
)
def test_paths_in_names_lead_nowhere(client, path):
    answer = client.get(path)
    assert answer.status == 404 and "import" not in answer.text[:200]


def test_every_answer_forbids_what_is_not_ours(client):
    for answer in (client.get("/"), client.get("/static/page.css"), client.get("/nothing"), client.ask("PUT", "/")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_pages_need_no_inline_script_style_or_other_host(client):
    for path in ("/", "/runs", RUN, f"{RUN}?whole=1", "/trends", "/clip", "/import", "/about"):
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", page), path
        assert not re.search(r"""(src|href|action)=["'](https?:)?//""", page), path


def test_html_in_every_text_from_outside_stays_text(tmp_path):
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    store = make_store(tmp_path, 1)
    put(store, "clip<b>&\"'", 2, log_of(120.0, firmware=b"<i>fw</i>"))
    store.know_clip("clip<b>&\"'", "", "<u>firmware</u>")
    with serving(tmp_path) as one:
        client = Client(one)
        said = dict.fromkeys(("name", "shoes"), bad[:80]) | {"note": bad, "kind": "", "surface": ""}
        assert client.write(f"{RUN}/about", **said).status == 303
        up = client.upload("<img src=x>.csv", b"<script>alert(2)</script>,\n1,2\n")
        pages = ["/", "/runs", RUN, f"{RUN}?whole=1", f"{RUN}/delete", "/clip", "/trends", f"/?said={bad}", up.place]
        pages += ["/run/clip%3Cb%3E%26%22%27/2?whole=1", "/clip?clip=clip%3Cb%3E%26%22%27", "/import/" + bad]
        for path in pages:
            page = client.get(path.replace(" ", "%20")).text
            for tag in ("<script>", "<img", "<b>&", "<i>", "<u>"):
                assert tag not in page.replace("<b>" + "1", ""), (path, tag)
        assert "&lt;script&gt;alert(1)" in client.get(RUN).text


def test_fifty_megabytes_are_taken_without_being_held_and_more_than_the_limit_is_not(client, served):
    data = b"t,ax\n" + b"0.001,0.02\n" * 4_800_000
    answer = client.upload("long.csv", data)
    assert answer.status == 303 and answer.place.startswith("/import/")
    kept = served.desk.store.folder / ".dropped" / answer.place.rpartition("/")[2]
    (file,) = kept.iterdir()
    assert file.stat().st_size == len(data) > 50_000_000
    own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    told = client.ask("POST", "/import", b"", Content_Length=str(MOST_UPLOAD_B + 1), **own)
    assert told.status == 413


@pytest.mark.parametrize("told", [True, False])
def test_a_form_that_is_too_large_is_refused_whether_its_length_is_told_or_not(client, told):
    body = b"secret=" + client.secret.encode() + b"&note=" + b"x" * 400_000
    own = {"Origin": "null", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    sent = body if told else iter([body[i : i + 10_000] for i in range(0, len(body), 10_000)])
    try:
        assert client.ask("POST", f"{RUN}/about", sent, **own).status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all of it was sent
    assert "xxxxx" not in client.get(RUN).text


def test_names_of_files_that_lead_elsewhere_are_kept_as_names(client, served):
    for name in ("../../evil.csv", "..\\..\\evil.csv", "/etc/passwd", ".hidden", "a\tb.csv", "x" * 300 + ".csv"):
        answer = client.upload(name, b"t,ax\n1,2\n")
        folder = served.desk.store.folder / ".dropped" / answer.place.rpartition("/")[2]
        (file,) = folder.iterdir()
        assert file.parent == folder and len(file.name) <= 80 and not file.name.startswith(".")


def test_two_tabs_write_without_losing_anything(client, served):
    other = Client(served, let_in=False)
    other.cookie = client.cookie
    store = Store(served.desk.store.folder)
    number = {stored.number: stored for stored in store.sessions()}
    assert client.write(f"/run/{CLIP}/2/about", name="one").status == 303
    assert other.write(f"/run/{CLIP}/3/about", name="two", note="kept").status == 303
    assert about(store, number[2]).name == "one"
    assert (about(store, number[3]).name, about(store, number[3]).note) == ("two", "kept")
    assert "one" in other.get("/runs").text and "two" in client.get("/runs").text


def test_a_port_in_use_is_told_in_one_line():
    with listening(None) as taken, pytest.raises(PortTaken) as told:
        listening(taken.getsockname()[1])
    assert "--port" in str(told.value) and "\n" not in str(told.value)


def test_killed_in_a_write_it_has_what_it_confirmed(tmp_path):
    store = make_store(tmp_path, 2)
    code = (
        "import sys; from pathlib import Path; from formclip.runs.store.store import Store\n"
        "from formclip.show.ui.serve import Served, desk_for\n"
        "one = Served(desk_for(Store(Path(sys.argv[1])))); print(one.address, flush=True); one.run()"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip()

        class Elsewhere:
            port = int(re.search(r":(\d+)/", address)[1])

        Elsewhere.address = address
        client = Client(Elsewhere)
        secret = client.secret
        confirmed = ""
        for turn in range(30):
            answer = client.post(f"{RUN}/about", {"secret": secret, "note": f"note {turn}"})
            assert answer.status == 303
            confirmed = f"note {turn}"
        with socket.create_connection(("127.0.0.1", Elsewhere.port)) as sock:
            body = f"secret={secret}&note=half".encode()
            head = (
                f"POST {RUN}/about HTTP/1.1\r\nHost: 127.0.0.1:{Elsewhere.port}\r\nCookie: {client.cookie}\r\n"
                "Origin: null\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            sock.sendall(head.encode() + body)
            os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    after = Store(tmp_path)
    first = next(stored for stored in after.sessions() if stored.number == 1)
    assert about(after, first).note in (confirmed, "half")
    assert [checked.wrong for checked in check(after)] == ["", ""] and len(after.sessions()) == len(store.sessions())


def test_it_stops_cleanly_while_a_page_listens(tmp_path):
    make_store(tmp_path, 1)
    with serving(tmp_path) as one:
        client = Client(one)
        one.desk.jobs.start("x", "waits", lambda job: job.stop.wait(60))
        with socket.create_connection(("127.0.0.1", one.port)) as sock:
            sock.sendall(
                f"GET /job/events HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\nCookie: {client.cookie}\r\n\r\n".encode()
            )
            assert b"event: job" in sock.recv(65536) + sock.recv(65536)
    assert one.desk.jobs.current.stop.is_set()


def test_it_imports_neither_drawing_nor_scipy_at_start():
    code = (
        "import sys; from formclip.show.ui.serve import Served, desk_for\n"
        "print([name for name in ('scipy', 'vl_convert', 'altair', 'bleak', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_served_again_is_another_token_and_another_cookie(tmp_path):
    make_store(tmp_path, 1)
    desk = desk_for(Store(tmp_path))
    first, second = Served(desk), Served(desk)
    try:
        assert first.guard.token != second.guard.token and first.guard.secret != second.guard.secret
    finally:
        first._socket.close()
        second._socket.close()
