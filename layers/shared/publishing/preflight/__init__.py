"""Can an ad of this objective be published? What each objective requires, what TikTok says of it, and the verdict.

To read it in order: ``objectives`` (what is required), ``findings`` (satisfied, missing or unknown), ``prerequisites``
with ``catalogs`` (one check each), ``evidence`` (all checks side by side), ``verdict`` (what follows from them),
``messages`` (how it is told) and ``publish_check``, which is the endpoint's action.
"""
