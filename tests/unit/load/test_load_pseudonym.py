"""Pseudonyms against values that another program computed.

printf 'dossier\\x1f000.00.15.H58-230115-0001' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001...1f
"""

import pyarrow as pa
import pytest

from egov_kpi.errors import EgovError
from egov_kpi.load.pseudonym import key_id, pseudonym, pseudonym_key, pseudonyms
from egov_kpi.settings import Settings

KEY = bytes(range(32))
LONG_KEY = bytes([0xAB]) * 100

GOLDEN = [
    (KEY, "dossier", "000.00.15.H58-230115-0001", "7ffd95e347ad6b2e2fdbe2ee52350b3df5b4ec196a595e3ccecc1b6e62107496"),
    (KEY, "citizen", "079000000001", "f9f85afb6b7684bd9e6c114cbe119cfaa2758efa6b3b7be6b82160b8947887f2"),
    (KEY, "citizen", "000.00.15.H58-230115-0001", "c78da3772b0ce41d42686adae7d9c65fdd695a28d1ba802e65f0e834b2854bf2"),
    (KEY, "official", "Nguyễn Văn Thử", "a02b7991f1ae64bc4b8ce504c56a3272ddb48c4ce73c6921d37550429be52aca"),
    (LONG_KEY, "dossier", "x", "24411b87d85099f654bc6f6a1677264f0fa581981b552f8f1c6671d5efed84ec"),
]


@pytest.mark.parametrize(("key", "domain", "value", "expected"), GOLDEN)
def test_one_value_and_a_column_agree_with_openssl(key: bytes, domain: str, value: str, expected: str) -> None:
    assert pseudonym(domain, value, key) == expected
    assert pseudonyms(domain, pa.array([None, value, value, None]), key).to_pylist() == [None, expected, expected, None]


def test_a_column_without_repetitions_takes_the_short_way_to_the_same() -> None:
    values = [f"000.00.15.H58-230115-{number:04}" for number in range(3000)]
    expected = [pseudonym("dossier", value, KEY) for value in values]
    assert pseudonyms("dossier", pa.array(values), KEY).to_pylist() == expected
    assert pseudonyms("dossier", pa.array(values)[1000:], KEY).to_pylist() == expected[1000:]


def test_an_empty_column_stays_empty() -> None:
    assert pseudonyms("dossier", pa.array([], pa.string()), KEY).to_pylist() == []
    assert pseudonyms("dossier", pa.nulls(2, pa.string()), KEY).to_pylist() == [None, None]


def _with_key(settings: Settings, text: str) -> Settings:
    settings.secrets_dir.mkdir(parents=True, mode=0o700)
    (settings.secrets_dir / "hmac_key").write_text(text)
    (settings.secrets_dir / "hmac_key").chmod(0o600)
    return settings


def test_the_identifier_of_a_key_is_known_and_hides_it(tmp_path) -> None:
    settings = _with_key(Settings(local_dir=tmp_path), KEY.hex())
    assert pseudonym_key(settings) == KEY
    # sha256sum of the words "egov-kpi key id", a unit separator and the key
    assert key_id(settings) == "01a567e7e9ca4b52"


@pytest.mark.parametrize("text", ["not hex at all", "00ff"])
def test_a_file_that_is_no_key_is_refused(tmp_path, text: str) -> None:
    with pytest.raises(EgovError) as refusal:
        pseudonym_key(_with_key(Settings(local_dir=tmp_path), text))
    assert refusal.value.code == "EGOV-LOAD-018"
    assert refusal.value.exit_code == 3
    assert text not in str(refusal.value.as_dict())
