"""What can happen to an advertiser until a worker, a sweep, a request or a preflight comes by."""

from datetime import timedelta

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Pixel, Token
from tests.unit.readiness.system import CHANGED, TEAM, System

READY = DemoAdvertiser.EVERYTHING_READY
CONFIRMATION = timedelta(minutes=5)
FIRST_CHANGE = (CHANGED, f"readiness-changed/{TEAM}/{READY}/2")
SECOND_CHANGE = (CHANGED, f"readiness-changed/{TEAM}/{READY}/3")
RATE_LIMITED = 40100


def asked(system: System) -> None:
    """A message that a sweep has sent waits in the queue."""
    system.clock.now = max(system.record(READY).due_at, system.clock())
    system.run_sweep()
    assert len(system.queue) == 1


def watched(system: System) -> None:
    """The first message of an advertiser in use waits."""
    system.watch_over(READY)
    asked(system)


def baseline(system: System) -> None:
    """It is ready, and that is known."""
    watched(system)
    system.work()


def lose_pixel(system: System) -> None:
    """TikTok lists no pixel any more."""
    system.tiktok.world.advertisers[READY].pixels.clear()


def unbind_pixel(system: System) -> None:
    """TikTok says that the pixel is no longer the advertiser's."""
    system.tiktok.world.advertisers[READY].pixels[:] = [Pixel("75", "Shop", relation_status="UNBOUND")]


def find_pixel(system: System) -> None:
    """There is a pixel again."""
    system.tiktok.world.advertisers[READY].pixels[:] = [Pixel("76", "Shop")]


def pixel_lost(system: System) -> None:
    """A message waits that will not find the pixel."""
    baseline(system)
    lose_pixel(system)
    asked(system)


def pixel_suspected(system: System) -> None:
    """The message waits that is to confirm that there is no pixel."""
    pixel_lost(system)
    system.work()
    assert system.sent() == []
    system.clock.forward(CONFIRMATION)


def pixel_unbound(system: System) -> None:
    """A message waits that will find the pixel unbound."""
    baseline(system)
    unbind_pixel(system)
    asked(system)


def pixel_back(system: System) -> None:
    """Others know that the pixel is gone; a message waits that will find another."""
    pixel_suspected(system)
    system.work()
    assert [one.id for one in system.sent()] == [FIRST_CHANGE[1]]
    find_pixel(system)
    asked(system)


def owner_refused(system: System) -> None:
    """The owner's token is dead, and a message waits that will find out."""
    baseline(system)
    system.tiktok.world.revoke(DemoToken.OWNER)
    asked(system)


def connected_again(system: System) -> None:
    """The owner connects again, half an hour later."""
    system.pass_time(timedelta(minutes=30))
    system.tiktok.world.tokens[DemoToken.OWNER] = Token(DemoToken.OWNER, DemoToken.OWNER.user, (READY,))
    system.product.person(DemoToken.OWNER.user, "owner", DemoToken.OWNER, [READY], connected_at="2026-11-16T12:00:00Z")


def rate_limited(system: System) -> None:
    """A message waits that TikTok will refuse for rate."""
    baseline(system)
    asked(system)
    system.tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=RATE_LIMITED))


def tiktok_recovers(system: System) -> None:
    """TikTok answers everything again."""
    system.tiktok.faults.clear()


def work(system: System) -> None:
    """The worker works what waits."""
    system.work()
