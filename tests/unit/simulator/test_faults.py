"""Each fault really does what a test of the extractors relies on; the first three fool httpx, which is the point."""

from collections.abc import Iterator

import httpx
import pytest

from egov_kpi.simulator.faults import CONTROL, Fault, FaultServer
from egov_kpi.simulator.records import Records
from egov_kpi.simulator.server import create_app

KEY = "shared-key-of-the-test"
CSV = "/one-stop/exports/dossiers.csv?from=2023-03-06&to=2023-03-06"
PAGES = "/portal/api/procedures?snapshot=2022-10-31&size=100"


@pytest.fixture(scope="module")
def running(known: Records) -> Iterator[FaultServer]:
    with FaultServer(create_app(known, KEY)) as server:
        yield server


@pytest.fixture
def source(running: FaultServer) -> FaultServer:
    running.clear()
    return running


@pytest.fixture
def client(source: FaultServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=source.url, headers={"X-API-Key": KEY}, trust_env=False, timeout=5) as client:
        yield client


@pytest.fixture
def whole(client: httpx.Client) -> bytes:
    return client.get(CSV).content


def test_without_a_fault_it_is_the_simulator(client: httpx.Client, whole: bytes) -> None:
    assert whole.startswith("\ufeffMã hồ sơ".encode())
    assert client.get("/health").json()["profile"] == "calibrated"


@pytest.mark.parametrize("kind", ["close_early", "truncated_gzip"])
def test_part_of_a_response_looks_complete(source: FaultServer, client: httpx.Client, whole: bytes, kind: str) -> None:
    source.add(Fault(kind, path="/one-stop/"))
    answer = client.get(CSV)
    assert answer.status_code == 200
    assert 0 < len(answer.content) < len(whole)
    assert client.get(CSV).content == whole


def test_missing_rows_keep_the_declared_total(source: FaultServer, client: httpx.Client, whole: bytes) -> None:
    source.add(Fault("missing_rows", path="/one-stop/", rows=3))
    answer = client.get(CSV)
    assert answer.content.count(b"\r\n") == whole.count(b"\r\n") - 3
    assert answer.content.splitlines()[-1] == whole.splitlines()[-1]


@pytest.mark.parametrize("kind", ["short_body", "bad_gzip_crc"])
def test_broken_responses_raise(source: FaultServer, client: httpx.Client, kind: str) -> None:
    source.add(Fault(kind, path="/one-stop/"))
    with pytest.raises((httpx.RemoteProtocolError, httpx.DecodingError)):
        client.get(CSV)


@pytest.mark.parametrize("kind", ["timeout", "stall"])
def test_slow_responses_time_out(source: FaultServer, client: httpx.Client, kind: str) -> None:
    source.add(Fault(kind, path="/one-stop/", seconds=3))
    with pytest.raises(httpx.ReadTimeout):
        client.get(CSV, timeout=0.3)


def test_answers_with_another_status(source: FaultServer, client: httpx.Client) -> None:
    source.add(Fault("rate_limit", retry_after="Mon, 06 Mar 2023 02:00:00 GMT"))
    answer = client.get(CSV)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "Mon, 06 Mar 2023 02:00:00 GMT")
    source.add(Fault("server_error", status=502, times=2))
    assert [client.get(CSV).status_code for _ in range(3)] == [502, 502, 200]
    source.add(Fault("redirect"))
    assert client.get(CSV).headers["location"].startswith("http://169.254.169.254/")


def test_login_page_and_empty_body_are_a_cheerful_200(source: FaultServer, client: httpx.Client) -> None:
    source.add(Fault("login_page"))
    answer = client.get(CSV)
    assert answer.status_code == 200
    assert answer.content.startswith(b"<!DOCTYPE html>")
    source.add(Fault("empty_body"))
    assert client.get(CSV).content == b""


def test_a_token_ends_mid_way(source: FaultServer, client: httpx.Client) -> None:
    form = {"client_id": "egov-kpi", "client_secret": KEY}
    token = {"Authorization": f"Bearer {client.post('/ioffice/oauth/token', data=form).json()['access_token']}"}
    source.add(Fault("expire_tokens", path="/ioffice/api/", after=2))
    address = "/ioffice/api/v1/outgoing-documents?to=2023-03-06&size=10&page="
    assert [client.get(f"{address}{page}", headers=token).status_code for page in (1, 2, 3)] == [200, 200, 401]


def test_a_row_appears_while_paging_and_goes_again(source: FaultServer, client: httpx.Client) -> None:
    source.add(Fault("page_drift", path="/portal/", after=1))
    first, second = (client.get(f"{PAGES}&page={page}").json() for page in (1, 2))
    assert second["total"] == first["total"] + 1
    assert second["items"][0] == first["items"][-1]
    source.add(Fault("page_drift", path="/portal/", rows=-1))
    assert client.get(PAGES).json()["total"] == first["total"]


def test_control_address(source: FaultServer, client: httpx.Client) -> None:
    shown = client.post(CONTROL, json={"kind": "server_error", "status": 500}).json()
    assert shown[0]["kind"] == "server_error"
    assert client.get(CSV).status_code == 500
    assert client.delete(CONTROL).json() == []


def test_unknown_fault_is_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        Fault("gremlins")
