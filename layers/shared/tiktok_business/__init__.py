"""TikTok's Business API v1.3 as Python: requests, pages, errors.

Knows no team, no AWS and no product rule. Built in three layers, each usable alone:

* :mod:`~tiktok_business.transport` puts bytes on the wire within a deadline,
* :mod:`~tiktok_business.client` adds the envelope, retries and pages,
* :mod:`~tiktok_business.api` has one method for each endpoint.

Sources named in this code (docs/tiktok.md says how much each is worth): ``SDK`` is ``tiktok/tiktok-business-api-sdk``
at f809c396 (2026-02-27), ``EVA`` ``api-evangelist/tiktok-ads`` (2026-08-13), ``BUB`` ``bububa/tiktok-business``
(2026-07-24), ``NAN`` the responses recorded by ``NangoHQ/integration-templates`` (2026-05-26/27), ``AIR``
``airbytehq/airbyte``, ``DOC:n`` a page of TikTok's developer portal.
"""
