"""A check job as the body of a message."""

from publishing.readiness.check_job import CheckJob, parse_job, write_job


def test_a_job_is_parsed_as_it_was_written() -> None:
    """Other fields of a body are ignored."""
    job = CheckJob("northlight", "1", "claim", "run", quiet=True)
    assert parse_job(write_job(job)) == job
    assert parse_job('{"team_id": "t", "advertiser_id": "1", "more": 7}') == CheckJob("t", "1")
