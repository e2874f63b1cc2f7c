"""The source systems over HTTP: keys, pages, windows and declared totals."""

import io
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pandas as pd
import pytest
import uvicorn
from starlette.applications import Starlette

from egov_kpi.errors import EgovError
from egov_kpi.simulator import exports
from egov_kpi.simulator.exports import Window
from egov_kpi.simulator.records import Records, generate
from egov_kpi.simulator.server import create_app, listen, serve

KEY = "shared-key-of-the-test"
TO = {"to": "2023-03-06"}


@pytest.fixture(scope="module")
def known() -> Records:
    return generate("calibrated")


@pytest.fixture(scope="module")
def app(known: Records) -> Starlette:
    return create_app(known, KEY)


@pytest.fixture(scope="module")
def client(app: Starlette) -> Iterator[httpx.Client]:
    """A client of the real server on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with listen(0) as socket:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{socket.getsockname()[1]}"
        with httpx.Client(base_url=address, headers={"X-API-Key": KEY}, trust_env=False, timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()


def _token(client: httpx.Client, secret: str = KEY, client_id: str = "egov-kpi") -> dict[str, str]:
    answer = client.post("/ioffice/oauth/token", data={"client_id": client_id, "client_secret": secret})
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_pages_hold_every_item_once(client: httpx.Client, known: Records) -> None:
    token, address = _token(client), "/ioffice/api/v1/outgoing-documents"
    items, page = [], 1
    while True:
        answer = client.get(address, params={**TO, "page": page, "size": 500}, headers=token).json()
        if not answer["items"]:
            break
        items += answer["items"]
        page += 1
    assert len(items) == answer["total"]
    expected = exports.outgoing_documents(known, Window(None, pd.Timestamp("2023-03-06")))
    assert pd.DataFrame(items).equals(expected)


@pytest.mark.parametrize("size", ["501", "0", "-1", "x"])
def test_impossible_page_sizes_are_refused(client: httpx.Client, size: str) -> None:
    answer = client.get("/ioffice/api/v1/outgoing-documents", params={**TO, "size": size}, headers=_token(client))
    assert answer.status_code == 400


def test_ioffice_wants_a_valid_token(client: httpx.Client, app: Starlette) -> None:
    address = "/ioffice/api/v1/outgoing-documents"
    token = _token(client)
    assert client.get(address, params=TO).status_code == 401
    assert client.get(address, params=TO, headers={"Authorization": "Bearer made-up"}).status_code == 401
    assert client.get(address, params=TO, headers=token).status_code == 200
    app.state.sources.tokens.expire_all()
    assert client.get(address, params=TO, headers=token).status_code == 401


@pytest.mark.parametrize(("secret", "client_id"), [("wrong", "egov-kpi"), (KEY, "someone"), ("", "egov-kpi")])
def test_token_is_refused_to_strangers(client: httpx.Client, secret: str, client_id: str) -> None:
    answer = client.post("/ioffice/oauth/token", data={"client_id": client_id, "client_secret": secret})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "/one-stop/exports/dossiers.csv?to=2023-03-06",
        "/one-stop/exports/dossiers.xlsx?from=2023-03-06&to=2023-03-06",
        "/portal/api/procedures/snapshots?to=2023-03-06",
        "/portal/api/procedures?snapshot=2023-03-06",
        "/portal/api/fees?snapshot=2023-03-06",
        "/mail/snapshots?to=2023-03-06",
        "/mail/accounts.csv?snapshot=2023-03-06",
        "/directory/snapshots?to=2023-03-06",
        "/directory/headcount.csv?snapshot=2023-03-06",
        "/iso/snapshots?to=2023-03-06",
        "/iso/certificates.xlsx?snapshot=2023-03-06",
        "/communication/api/activities?to=2023-03-06",
        "/portal/api/synchronisation?to=2023-03-06",
        "/network/snapshots?to=2023-03-06",
        "/network/devices.csv?snapshot=2023-03-06",
        "/forms/paper-register?to=2023-03-06",
        "/forms/paper-register/01846-2022-10.xlsx",
        "/forms/par-scorecards?to=2023-03-06",
        "/forms/one-stop-units?to=2023-03-06",
        "/forms/periodic-reports?to=2023-03-06",
        "/forms/survey-results?to=2023-03-06",
        "/forms/survey-results/SIPAS_2022-12-31_lan-1.xlsx",
        "/forms/periodic-reports/823_2023-02-28_lan-1.xlsx",
        "/forms/one-stop-units/058_2022-10-31_lan-2.xlsx",
        "/forms/vertical-settlement?to=2023-03-06",
        "/forms/vertical-settlement/82.bhxh_2023-03-03_lan-1.xlsx",
        "/portal/api/publications?to=2023-03-06",
        "/feedback/api/petitions?to=2023-03-06",
        "/forms/par-scorecards/203_PAR.H.22.2022_2022-09-30_lan-2.xlsx",
    ],
)
def test_every_address_wants_the_key(client: httpx.Client, address: str) -> None:
    assert client.get(address).status_code == 200
    assert client.get(address, headers={"X-API-Key": "wrong"}).status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "/one-stop/exports/dossiers.csv",
        "/one-stop/exports/dossiers.csv?to=06/03/2023",
        "/one-stop/exports/dossiers.csv?to=2023-02-31",
        "/one-stop/exports/dossiers.csv?from=yesterday&to=2023-03-06",
    ],
)
def test_a_window_needs_real_dates(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "date" in answer.json()["error"]


@pytest.mark.parametrize(
    "address", ["/mail/accounts.csv?snapshot=2023-03-05", "/forms/paper-register/..%2Fsecret", "/forms/x", "/nothing"]
)
def test_what_does_not_exist_is_not_found(client: httpx.Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_csv_declares_its_rows(client: httpx.Client) -> None:
    answer = client.get("/one-stop/exports/dossiers.csv", params=TO)
    rows = pd.read_csv(io.StringIO(answer.content.decode("utf-8-sig")), sep=";", dtype=str)
    assert int(answer.headers["x-total-rows"]) == len(rows) - 1
    assert rows.iloc[-1, :2].tolist() == ["Tổng cộng", answer.headers["x-total-rows"]]


def test_snapshot_dates_follow_the_window(client: httpx.Client) -> None:
    assert client.get("/mail/snapshots", params=TO).json()["dates"] == ["2023-01-31", "2023-02-28", "2023-03-06"]
    february = {"from": "2023-02-01", "to": "2023-02-28"}
    assert client.get("/mail/snapshots", params=february).json()["dates"] == ["2023-02-28"]


def test_paper_files_declare_digest_and_rows(client: httpx.Client) -> None:
    files = client.get("/forms/paper-register", params=TO).json()["files"]
    assert [item["name"] for item in files if item["name"].startswith("01846")] == [
        f"01846-2022-{month:02d}.xlsx" for month in range(1, 11)
    ]
    for item in files[:2]:
        content = client.get(f"/forms/paper-register/{item['name']}").content
        assert exports.sha256(content) == item["sha256"]


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(EgovError, match="EGOV-SIM-001"):
        generate("paradise")


def test_no_key_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGOV_KPI_SOURCE_TOKEN", raising=False)
    with pytest.raises(EgovError, match="EGOV-SIM-002"):
        serve(port=0)


def test_a_port_in_use_is_said() -> None:
    with listen(0) as taken:
        with pytest.raises(EgovError, match="EGOV-SIM-003"):
            listen(taken.getsockname()[1])
        assert taken.getsockname()[0] == "127.0.0.1"


def test_simulator_does_not_import_the_warehouse() -> None:
    """The oracle shares nothing with what it judges."""
    code = (
        "import sys; import egov_kpi.simulator.server, egov_kpi.simulator.truth, egov_kpi.simulator.province;"
        "print(sorted({n.split('.')[1] for n in sys.modules if n.startswith('egov_kpi.')}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "['errors', 'simulator']"
