"""The promises of connecting: whatever TikTok does, a connection with its token or neither, and a way on."""

from collections.abc import Iterator

from tests.deep.fault_matrix.connecting import SHORT_SECONDS, After
from tests.deep.fault_matrix.judging_any import MAY_BE_TRIED_AGAIN, broken_promises_of_any


def broken_promises_of_connecting(seen: After) -> Iterator[str]:
    """Everything that is wrong with what was seen, in sentences."""
    cell = seen.cell
    yield from broken_promises_of_any(seen, seen.told, cell.expected, SHORT_SECONDS)
    if seen.failures:
        yield "the message comes again, although nothing is wrong with us"
    if cell.row.writes and seen.writes > (3 if cell.lesson in MAY_BE_TRIED_AGAIN else 1):
        yield f"asked {seen.writes} times"
    yield from {"connect": _of_return, "disconnect": _of_disconnection, "refresh": _of_refresh}[cell.row.asks](seen)
    if seen.half_made_in_the_end:
        yield f"in the end there is {seen.half_made_in_the_end}"
    if seen.anew != "connected":
        yield f"connecting anew: {seen.anew}"


def _of_return(seen: After) -> Iterator[str]:
    """Connected or nothing; the same return again ends what may still be ended."""
    if seen.half_made:
        yield f"there is {seen.half_made}"
    connected = seen.told.startswith("connected")
    if seen.usable != connected:
        yield f"told {seen.told}, and usable is {seen.usable}"
    over = connected or seen.told == "code_rejected"
    again = "state_used" if over else "code_rejected" if seen.cell.scene == "acted" else "connected, 1 listed"
    if seen.again != again:
        yield f"the same return again: {seen.again}, not {again}"


def _of_disconnection(seen: After) -> Iterator[str]:
    """Out of use at once, whatever TikTok says; again it ends."""
    if seen.usable:
        yield "the connection is used still"
    if bool(seen.half_made) != (not seen.told.startswith("200")):
        yield f"told {seen.told}, and there is {seen.half_made or 'nothing left to do'}"
    if seen.again != "200 revoked" or not seen.removed:
        yield f"the same request again: {seen.again}, the secret removed: {seen.removed}"


def _of_refresh(seen: After) -> Iterator[str]:
    """Nothing is taken away that TikTok did not say is gone, and the next refresh has the list."""
    if seen.usable != (seen.told != "expired"):
        yield f"told {seen.told}, and usable is {seen.usable}"
    again = {"expired": "expired", "as before": seen.cell.row.plain[seen.cell.scene]}.get(seen.told, "as before")
    if seen.again not in {again, seen.cell.row.plain[seen.cell.scene] if seen.told != "expired" else again}:
        yield f"the next refresh: {seen.again}, not {again}"
