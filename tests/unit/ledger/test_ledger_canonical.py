"""Canonical bodies and the hash over them, without a database."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egov_kpi.ledger.events import canonical, event_digest
from egov_kpi.ledger.loads import load_key

VALUE = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)


def test_keys_are_sorted_and_dates_are_iso_text() -> None:
    assert canonical({"b": date(2023, 3, 6), "a": [1, None, True]}) == '{"a":[1,null,true],"b":"2023-03-06"}'


def test_vietnamese_stays_vietnamese() -> None:
    assert canonical({"lý do": "sai tệp"}) == '{"lý do":"sai tệp"}'


# Time limits would measure the machine's other work.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(max_size=8), VALUE | st.lists(VALUE, max_size=3), max_size=5))
def test_the_order_in_which_a_body_was_made_is_nothing(body: dict[str, object]) -> None:
    assert canonical(dict(reversed(body.items()))) == canonical(body)


def test_a_number_that_not_every_reader_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="exceeds"):
        canonical({"n": 2**60})


def test_the_hash_does_not_depend_on_the_session_timezone() -> None:
    moment = datetime(2023, 3, 6, 19, 0, 0, 123456, tzinfo=UTC)
    local = moment.astimezone(timezone(timedelta(hours=7)))
    fields = ("0" * 64, 1)
    assert event_digest(*fields, moment, "a", "k", "{}") == event_digest(*fields, local, "a", "k", "{}")


@pytest.mark.parametrize(
    "other",
    [
        ("1" * 64, 1, "a", "k", "{}"),
        ("0" * 64, 2, "a", "k", "{}"),
        ("0" * 64, 1, "b", "k", "{}"),
        ("0" * 64, 1, "a", "l", "{}"),
        ("0" * 64, 1, "a", "k", '{"a":1}'),
        # bars in a name cannot imitate the bars between fields
        ("0" * 64, 1, "a|k", "k", "{}"),
        ("0" * 64, 1, "a||k", "k", "{}"),
    ],
)
def test_every_field_is_under_the_hash(other: tuple[str, int, str, str, str]) -> None:
    moment = datetime(2023, 3, 6, tzinfo=UTC)
    base = event_digest("0" * 64, 1, moment, "a", "k", "{}")
    prev, number, actor, kind, body = other
    assert event_digest(prev, number, moment, actor, kind, body) != base


def test_a_load_is_known_by_dataset_date_and_content() -> None:
    keys = {
        load_key("one_stop.dossiers", None, "c1"),
        load_key("one_stop.dossiers", None, "c2"),
        load_key("one_stop.dossiers", date(2023, 1, 31), "c1"),
        load_key("forms.paper_register", None, "c1"),
    }
    assert len(keys) == 4
    assert all(len(key) == 64 for key in keys)
