"""Secrets: made once, private, and loud when they are not."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from egov_kpi.errors import EgovError
from egov_kpi.platform.secrets import secret, write_private
from egov_kpi.settings import Settings


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(local_dir=tmp_path)
    first = secret(settings, "hmac_key")
    assert len(first) == 64
    assert secret(settings, "hmac_key") == first
    assert secret(settings, "role_bi", 16) != first
    assert stat.S_IMODE((tmp_path / "secrets" / "hmac_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_two_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    settings = Settings(local_dir=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: secret(settings, "role_owner"), range(64)))
    assert len(answers) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["role_owner"]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(local_dir=tmp_path)
    secret(settings, "hmac_key")
    (tmp_path / "secrets" / "hmac_key").chmod(0o644)
    with pytest.raises(EgovError) as caught:
        secret(settings, "hmac_key")
    assert caught.value.code == "EGOV-PLATFORM-001"


def test_an_emptied_secret_is_not_made_anew(tmp_path: Path) -> None:
    settings = Settings(local_dir=tmp_path)
    secret(settings, "hmac_key")
    (tmp_path / "secrets" / "hmac_key").write_text("")
    with pytest.raises(EgovError) as caught:
        secret(settings, "hmac_key")
    assert caught.value.code == "EGOV-PLATFORM-002"


def test_a_private_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    target.write_text("older")
    target.chmod(0o644)
    write_private(target, "newer")
    assert target.read_text() == "newer"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
