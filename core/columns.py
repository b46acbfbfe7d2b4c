"""Columns of Arrow as arrays of numpy and back, without pandas, which Arrow's own ways would load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


def numbers_of(column: pa.ChunkedArray) -> NDArray[Any]:
    """A column of numbers without gaps."""
    import numpy as np

    chunks = [np.from_dlpack(chunk) for chunk in column.chunks]
    return np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.int64)


def floats_of(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column of floats; NaN where there is a gap."""
    import pyarrow.compute as pc

    return numbers_of(pc.fill_null(column, float("nan"))).astype("float64")


def array_of(numbers: NDArray[np.int64]) -> pa.Array:
    """Whole numbers as a column, not copied."""
    import numpy as np
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])
