"""The embedded Postgres: private, on loopback, the same after a restart, usable from a clone nobody else may enter."""

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from egov_kpi.errors import EgovError
from egov_kpi.platform import postgres, processes
from egov_kpi.platform.secrets import secret
from egov_kpi.settings import Settings


@pytest.fixture(params=[0o755, 0o700], ids=["open-folder", "private-folder"])
def installation(request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Settings of a clone in a folder open to others, and in a private one as mktemp -d makes it."""
    folder = Path(mkdtemp(prefix="egov-kpi-clone-"))
    folder.chmod(request.param)
    settings = Settings(local_dir=folder / ".local", database_url="", postgres_port=0)
    yield settings
    postgres.remove(settings)
    shutil.rmtree(folder)


def test_a_restart_keeps_port_password_and_rows(installation: Settings) -> None:
    first = postgres.ensure_running(installation)
    with psycopg.connect(first.url_superuser) as connection:
        connection.execute("create table kept (x int)")
    assert postgres.stop(installation)
    assert not postgres.is_running(installation)
    second = postgres.ensure_running(installation)
    assert second == first
    with psycopg.connect(second.url_superuser) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_it_listens_on_loopback_asks_for_scram_and_keeps_its_files_private(installation: Settings) -> None:
    server = postgres.ensure_running(installation)
    with psycopg.connect(server.url_superuser) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("show unix_socket_directories").fetchone() == ("",)
        methods = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
    assert methods == [("scram-sha-256",)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url_for("postgres", "a wrong one", "postgres"))
    data = postgres.data_dir(installation)
    assert data is not None
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((installation.secrets_dir / "postgres_superuser").stat().st_mode) == 0o600


def test_the_server_never_runs_as_root(installation: Settings) -> None:
    postgres.ensure_running(installation)
    data = postgres.data_dir(installation)
    assert data is not None
    pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_a_killed_server_comes_back(installation: Settings) -> None:
    server = postgres.ensure_running(installation)
    data = postgres.data_dir(installation)
    assert data is not None
    pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    os.kill(pid, 9)
    again = postgres.ensure_running(installation)
    assert again == server
    assert postgres.is_running(installation)


def test_a_server_that_is_being_stopped_is_waited_for_and_keeps_its_port(installation: Settings) -> None:
    server = postgres.ensure_running(installation)
    data = postgres.data_dir(installation)
    assert data is not None
    pid_file = data / "postmaster.pid"
    with ThreadPoolExecutor(1) as beside:
        with psycopg.connect(server.url_superuser):
            # a smart shutdown waits for this session
            os.kill(int(pid_file.read_text(encoding="utf-8").splitlines()[0]), signal.SIGTERM)
            assert processes.wait_until(lambda: "stopping" in pid_file.read_text(encoding="utf-8"), 30)
            again = beside.submit(postgres.ensure_running, installation)
            with pytest.raises(TimeoutError):
                again.result(timeout=1)
        assert again.result(timeout=60) == server
    assert postgres.is_running(installation)


def test_an_external_server_is_used_and_its_database_made(pg_server: postgres.ServerInfo, tmp_path: Path) -> None:
    url = pg_server.superuser_url("made_by_first_use")
    settings = Settings(local_dir=tmp_path, database_url=url)
    info = postgres.ensure_running(settings)
    assert (info.database, info.embedded) == ("made_by_first_use", False)
    assert postgres.is_running(settings)
    assert not postgres.stop(settings)
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_server_is_could_not_check(tmp_path: Path) -> None:
    settings = Settings(local_dir=tmp_path, database_url="postgresql://nobody:secret-word@127.0.0.1:1/warehouse")
    with pytest.raises(EgovError) as caught:
        postgres.ensure_running(settings)
    assert caught.value.code == "EGOV-PLATFORM-011"
    assert "secret-word" not in str(caught.value)


def test_a_taken_port_that_was_asked_for_is_an_error(pg_server: postgres.ServerInfo, tmp_path: Path) -> None:
    settings = Settings(local_dir=tmp_path, database_url="", postgres_port=pg_server.port)
    with pytest.raises(EgovError) as caught:
        postgres.ensure_running(settings)
    assert caught.value.code == "EGOV-PLATFORM-015"
    home = postgres.data_dir(settings)
    assert home is not None
    postgres.remove(settings)
    assert not home.parent.exists()


def test_secrets_are_copied_into_a_fresh_database(empty_warehouse: Settings, pg_server: postgres.ServerInfo) -> None:
    assert secret(empty_warehouse, "postgres_superuser") in pg_server.url_superuser or os.environ.get(
        "EGOV_TEST_DATABASE_URL"
    )
    with psycopg.connect(empty_warehouse.database_url) as connection:
        assert connection.execute(
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
        ).fetchone() == (0,)
