"""Can an ad of this objective be published? What each objective requires, what TikTok says of it, and the verdict.

To read it in order: ``objectives`` (what is required), ``findings`` (satisfied, missing or unknown), ``prerequisites``
with ``catalogs`` (one check each), ``evidence`` (all checks side by side), ``verdict`` (what follows from them) and
``messages`` (how it is told). :mod:`publishing.publish_check` puts them to use for a caller, and
:mod:`publishing.readiness` for all advertisers.
"""
