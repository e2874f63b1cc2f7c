"""Lines of COPY's text form: what Postgres reads from them must be what the batch holds."""

import pyarrow as pa

from egov_kpi.load.copy_text import copy_lines


def test_fields_are_parted_and_null_is_nothing() -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "row": pa.array([7, 8], pa.int64()),
            "digest": pa.array([b"\x00\xff", b"\x0a\x1f"], pa.binary()),
            "text": pa.array(["Gò Công Tây", None], pa.string()),
        }
    )
    assert bytes(copy_lines(batch)).decode() == "7\x1f\\\\x00ff\x1fGò Công Tây\n8\x1f\\\\x0a1f\x1f\n"


def test_what_copy_would_read_as_something_else_is_escaped() -> None:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(["a\nb", "c\rd", "e\\N", "f\x1fg", "\\."])})
    assert bytes(copy_lines(batch)).decode().split("\n")[:-1] == ["a\\nb", "c\\rd", "e\\\\N", "f\\\x1fg", "\\\\."]


def test_a_slice_of_a_batch_is_only_its_own_rows() -> None:
    batch = pa.RecordBatch.from_pydict(
        {"digest": pa.array([b"a", b"b", b"c"], pa.binary()), "text": pa.array(["x", "y", "z"])}
    )
    assert bytes(copy_lines(batch.slice(1, 1))).decode() == "\\\\x62\x1fy\n"


def test_a_missing_digest_is_null_and_a_column_may_be_empty() -> None:
    batch = pa.RecordBatch.from_pydict(
        {"digest": pa.array([None, b"b"], pa.binary()), "text": pa.array([None, None], pa.string())}
    )
    assert bytes(copy_lines(batch)).decode() == "\x1f\n\\\\x62\x1f\n"
