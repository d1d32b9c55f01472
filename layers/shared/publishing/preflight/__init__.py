"""Can an ad of this objective be published? What each objective requires, what TikTok says, and the verdict.

To read in order: ``objectives`` (what is required), ``findings`` (satisfied, missing or unknown), ``prerequisites`` (a
check for each), ``evidence`` (all checks concurrently), ``verdict`` (what follows from them) and ``messages`` (the
sentences). :mod:`publishing.publish_check` uses them for a caller, :mod:`publishing.readiness` for all advertisers.
"""
