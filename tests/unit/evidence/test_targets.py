"""Places for anchors: each takes a line, keeps the ones before, and names itself when it can't."""

import json
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from egov_kpi.errors import EgovError
from egov_kpi.evidence import targets
from egov_kpi.evidence.anchor import same_volume
from egov_kpi.settings import Settings

LINE, NEXT = '{"event_no":1}', '{"event_no":2}'


class Mailbox(socketserver.StreamRequestHandler):
    """Just so much SMTP that a mail arrives."""

    mails: list[str]

    def handle(self) -> None:
        self.say("220 here")
        for raw in self.rfile:
            word = raw.decode().strip().upper()
            if word.startswith("DATA"):
                self.say("354 go on")
                self.server.mails.append("".join(self.body()))  # type: ignore[attr-defined]
                self.say("250 taken")
            elif word.startswith("QUIT"):
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def body(self) -> Iterator[str]:
        for raw in self.rfile:
            if raw == b".\r\n":
                return
            yield raw.decode()

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mailbox() -> Iterator[socketserver.TCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        server.mails = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.fail("git is needed, as `make setup` says")
    path = tmp_path / "outside" / "anchor.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return path


def settings_for(tmp_path: Path, anchor: str = "") -> Settings:
    return Settings(local_dir=tmp_path / "local", anchor=anchor)


def only(settings: Settings) -> targets.Target:
    (target,) = targets.targets(settings)
    return target


def test_the_default_is_a_file_under_the_local_folder(tmp_path: Path) -> None:
    target = only(settings_for(tmp_path))
    assert target.name == str(tmp_path / "local" / "anchor" / "anchor.jsonl")
    assert target.lines() == []
    target.append(LINE)
    target.append(NEXT)
    assert target.lines() == [LINE, NEXT]


def test_half_a_line_is_ended_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "mount" / "anchor.jsonl"
    path.parent.mkdir()
    path.write_text(LINE + '\n{"event_', encoding="utf-8")
    target = only(settings_for(tmp_path, f"file:{path}"))
    target.append(NEXT)
    assert target.lines() == [LINE, '{"event_', NEXT]


def test_several_places_in_one_setting(tmp_path: Path, bare: Path) -> None:
    settings = settings_for(tmp_path, f"{tmp_path}/a.jsonl, git:{bare} ,smtp://u:secret@mail.invalid:25/a@b.vn")
    kinds = [type(target) for target in targets.targets(settings)]
    assert kinds == [targets.FileTarget, targets.GitTarget, targets.MailTarget]


def test_a_git_remote_has_a_commit_per_anchor(tmp_path: Path, bare: Path) -> None:
    target = only(settings_for(tmp_path, f"git:{bare}"))
    target.append(LINE)
    target.append(NEXT)
    # another clone, such as that of a second machine, goes on where this one stood
    other = only(settings_for(tmp_path / "other", f"git:{bare}"))
    assert other.lines() == [LINE, NEXT]
    told = subprocess.run(["git", "-C", str(bare), "log", "--format=%s", "main"], capture_output=True, check=True)
    assert told.stdout.decode().split() == [NEXT, LINE]


def test_a_git_remote_that_was_written_anew_is_an_error(tmp_path: Path, bare: Path) -> None:
    target = only(settings_for(tmp_path, f"git:{bare}"))
    target.append(LINE)
    shutil.rmtree(bare)
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    only(settings_for(tmp_path / "forger", f"git:{bare}")).append(NEXT)
    with pytest.raises(EgovError) as caught:
        target.append(NEXT)
    assert (caught.value.code, caught.value.context["place"]) == ("EGOV-EVIDENCE-002", str(bare))


def test_a_mail_carries_the_line(tmp_path: Path, mailbox: socketserver.TCPServer) -> None:
    target = only(
        settings_for(tmp_path, f"smtp://127.0.0.1:{mailbox.server_address[1]}/audit@example.vn?from=kpi@example.vn")
    )
    target.append(LINE)
    (mail,) = mailbox.mails  # type: ignore[attr-defined]
    assert LINE in mail
    assert "To: audit@example.vn" in mail
    assert "From: kpi@example.vn" in mail
    assert target.lines() == [LINE]


def test_a_mail_that_is_not_taken_is_not_remembered_and_no_password_is_told(tmp_path: Path) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), Mailbox) as closed:
        port = closed.server_address[1]
    target = only(settings_for(tmp_path, f"smtp://kpi:secret@127.0.0.1:{port}/audit@example.vn"))
    with pytest.raises(EgovError) as caught:
        target.append(LINE)
    assert target.lines() == []
    assert "secret" not in json.dumps(caught.value.as_dict())
    assert caught.value.context["place"] == f"smtp://127.0.0.1:{port}/audit@example.vn"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mount").write_text("a file where the mount should be")
    with pytest.raises(EgovError) as caught:
        only(settings_for(tmp_path, f"{tmp_path}/mount/anchor.jsonl")).append(LINE)
    assert caught.value.code == "EGOV-EVIDENCE-002"


def test_places_on_the_volume_of_the_warehouse_are_told(tmp_path: Path, bare: Path) -> None:
    (tmp_path / "local").mkdir()
    here = tmp_path / "anchor.jsonl"
    assert same_volume(settings_for(tmp_path, f"{here},git:{bare}")) == (str(here), str(bare))
    # a file system of its own on every Linux
    assert same_volume(settings_for(tmp_path, "/proc/anchor.jsonl,git:ssh://git.invalid/anchor,smtp://x/a@b.vn")) == ()
