"""Every endpoint of TikTok's that is asked, with everything that can go wrong there, through the real handlers."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from local.tiktok_simulator import FaultKind
from tests.deep.fault_matrix.cells import Cell, cells
from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.faults import TROUBLES
from tests.deep.fault_matrix.judging import broken_promises, shown
from tests.deep.fault_matrix.rows import ROWS
from tests.deep.fault_matrix.running import Seen, run_here
from tests.deep.fault_matrix.table import page
from tiktok_business.return_codes import RETURN_CODES

pytestmark = pytest.mark.deep

PAGE = Path(__file__).parents[2] / "docs" / "fault-matrix.md"
COMMAND = "FAULT_MATRIX=write .venv/bin/python -m pytest tests/deep/test_fault_matrix.py"
WORKERS = 4
"""Processes, each with a simulated TikTok of its own; the cells in which it keeps silent need no processor."""


@pytest.fixture(scope="module")
def matrix() -> Iterator[dict[Cell, Seen | After]]:
    """Every cell, run once. Slow ones first, so that the processes end together."""
    order = sorted(cells(), key=lambda cell: not cell.takes_time)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        yield dict(zip(order, pool.map(run_here, order, chunksize=4), strict=True))


@pytest.mark.parametrize("trouble", range(len(TROUBLES)), ids=[one.name for one in TROUBLES])
@pytest.mark.parametrize("row", range(len(ROWS)), ids=[one.title for one in ROWS])
def test_the_contract_holds_whatever_goes_wrong_at_tiktok(
    matrix: dict[Cell, Seen | After], row: int, trouble: int
) -> None:
    """Status and body, in time, nothing falsely missing, no connection falsely ended, no second write, no secret."""
    seen = [one for cell, one in matrix.items() if (cell.row_number, cell.trouble_number) == (row, trouble)]
    broken = [f"{one.cell.name}: {promise}\n    {shown(one)}" for one in seen for promise in broken_promises(one)]
    assert not broken, "\n".join(broken)


def test_every_endpoint_that_is_asked_is_a_row(matrix: dict[Cell, Seen | After]) -> None:
    """And every kind of fault that the simulator knows, and every row of the table of codes, strikes in some cell."""
    asked = {path for one in matrix.values() for path in one.paths}
    assert {row.endpoint for row in ROWS} == asked
    strikes = Counter(cell.strike.kind for cell in matrix if cell.strike.kind)
    assert set(strikes) == set(FaultKind)
    codes = {cell.strike.values["code"] for cell in matrix if cell.strike.kind is FaultKind.CODE}
    assert {row.first for row in RETURN_CODES if row.first} <= codes


def test_the_page_says_what_was_seen(matrix: dict[Cell, Seen | After]) -> None:
    """docs/fault-matrix.md is this run's; the failure says how to write it anew."""
    written = page(matrix.values(), COMMAND)
    if os.environ.get("FAULT_MATRIX") == "write":
        PAGE.write_text(written)
    known = PAGE.read_text() if PAGE.exists() else ""
    assert known == written, f"docs/fault-matrix.md is not what was seen; write it with: {COMMAND}"
