"""Record batches as lines of Postgres's COPY in text form: made by whole columns, without a look at single values.

Text costs Postgres a little more than the binary form and the loader much less, whose one core is what a load waits
for. Fields are parted by the unit separator, NULL is nothing; neither occurs in cleaned values.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egov_kpi.raw.digest import SEPARATOR

OPTIONS = "format text, delimiter E'\\x1f', null ''"

# What COPY's text form reads as something else than itself.
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", SEPARATOR: f"\\{SEPARATOR}"}
_HEX_PER_BYTE = 2


def copy_lines(batch: pa.RecordBatch) -> memoryview:
    """The rows of a batch as COPY wants to read them, one line each."""
    *fields, last = [_field(column) for column in batch.columns]
    ended = pc.binary_join_element_wise(last, "\n", "", null_handling="replace", null_replacement="")
    lines = pc.binary_join_element_wise(*fields, ended, SEPARATOR, null_handling="replace", null_replacement="")
    return _bytes_of(lines)


def _field(column: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type):
        return pc.binary_join_element_wise("\\\\x", _hex(column), "")
    if pa.types.is_string(column.type):
        return _escaped(column)
    return column.cast(pa.string())


def _escaped(column: pa.Array) -> pa.Array:
    content = bytes(_bytes_of(column))
    for special, escape in _ESCAPES.items():
        if special.encode() in content:
            column = pc.replace_substring(column, special, escape)
    return column


def _hex(column: pa.Array) -> pa.Array:
    """Binary values as lower-case hex; null stays null."""
    if column.null_count:
        return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
    text = _bytes_of(column).hex().encode()
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    places = ((offsets - offsets[0]) * _HEX_PER_BYTE).astype(np.int32)
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(places), pa.py_buffer(text))


def _bytes_of(column: pa.Array) -> memoryview:
    """The bytes of a column of text or binary values, end to end."""
    if column.null_count == len(column):
        return memoryview(b"")
    offsets = np.frombuffer(column.buffers()[1], np.int32)
    first, end = offsets[column.offset], offsets[column.offset + len(column)]
    return memoryview(column.buffers()[2])[first:end]
