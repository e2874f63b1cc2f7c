"""Digests of rows on their way into inbound; what they cover is said in `egov_kpi.raw.digest`."""

import hashlib
from collections.abc import Sequence
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egov_kpi.raw.digest import SEPARATOR


def row_digests(columns: Sequence[pa.Array], is_data: pa.Array | None = None) -> pa.Array:
    """SHA-256 of rows given by the columns under their digest; null where a row is no data."""
    texts = pc.binary_join_element_wise(*columns, SEPARATOR, null_handling="replace", null_replacement="")
    values = cast("list[bytes]", texts.cast(pa.binary()).to_pylist())
    digests = b"".join([hashlib.sha256(value).digest() for value in values])
    offsets = np.arange(len(values) + 1, dtype=np.int32) * hashlib.sha256().digest_size
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(digests)]
    array = pa.BinaryArray.from_buffers(pa.binary(), len(values), buffers)
    return array if is_data is None else pc.if_else(is_data, array, pa.scalar(None, pa.binary()))
