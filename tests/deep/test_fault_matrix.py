"""Every TikTok endpoint that is called, with every failure of it, through the real handlers."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from local.tiktok_simulator import FaultKind
from tests.deep.fault_matrix.assertions import details_of, violations
from tests.deep.fault_matrix.cells import Cell, cells
from tests.deep.fault_matrix.connecting import After
from tests.deep.fault_matrix.faults import FAILURES
from tests.deep.fault_matrix.rows import ROWS
from tests.deep.fault_matrix.running import Seen, run_here
from tests.deep.fault_matrix.table import page
from tiktok_business.return_codes import RETURN_CODES

pytestmark = pytest.mark.deep

PAGE = Path(__file__).parents[2] / "docs" / "fault-matrix.md"
COMMAND = "FAULT_MATRIX=write .venv/bin/python -m pytest tests/deep/test_fault_matrix.py"
WORKERS = 4
"""Processes, each with its own simulated TikTok; cells that hang need no processor."""


@pytest.fixture(scope="module")
def matrix() -> Iterator[dict[Cell, Seen | After]]:
    """Every cell, run once; slow ones first, so that the processes end together."""
    order = sorted(cells(), key=lambda cell: not cell.takes_time)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        yield dict(zip(order, pool.map(run_here, order, chunksize=4), strict=True))


@pytest.mark.parametrize("failure", range(len(FAILURES)), ids=[one.name for one in FAILURES])
@pytest.mark.parametrize("row", range(len(ROWS)), ids=[one.title for one in ROWS])
def test_the_contract_holds_for_every_failure_of_tiktok(
    matrix: dict[Cell, Seen | After], row: int, failure: int
) -> None:
    """Status and body are right and in time; nothing is falsely missing, expired or written twice; no secret leaks."""
    seen = [one for cell, one in matrix.items() if (cell.row_number, cell.failure_number) == (row, failure)]
    found = [f"{one.cell.name}: {violation}\n    {details_of(one)}" for one in seen for violation in violations(one)]
    assert not found, "\n".join(found)


def test_every_called_endpoint_is_in_the_matrix(matrix: dict[Cell, Seen | After]) -> None:
    """The matrix has every called endpoint, every kind of fault, and every row of the table of return codes."""
    called = {path for one in matrix.values() for path in one.paths}
    assert {row.endpoint for row in ROWS} == called
    variants = Counter(cell.variant.kind for cell in matrix if cell.variant.kind)
    assert set(variants) == set(FaultKind)
    codes = {cell.variant.values["code"] for cell in matrix if cell.variant.kind is FaultKind.CODE}
    assert {row.first for row in RETURN_CODES if row.first} <= codes


def test_the_page_is_current(matrix: dict[Cell, Seen | After]) -> None:
    """docs/fault-matrix.md equals the results; the failure says how to update it."""
    written = page(matrix.values(), COMMAND)
    if os.environ.get("FAULT_MATRIX") == "write":
        PAGE.write_text(written)
    known = PAGE.read_text() if PAGE.exists() else ""
    assert known == written, f"docs/fault-matrix.md is out of date; update it with: {COMMAND}"
