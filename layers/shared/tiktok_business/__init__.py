"""TikTok's Business API v1.3 as Python: requests, pages, errors.

Independent of teams, AWS and product rules. Three layers, each usable by itself:

* :mod:`~tiktok_business.transport` sends one HTTP request within a deadline,
* :mod:`~tiktok_business.client` adds the envelope, retries and paging,
* :mod:`~tiktok_business.endpoints` has one method for each endpoint.

Beside them: :mod:`~tiktok_business.oauth`, :mod:`~tiktok_business.models` (rows), :mod:`~tiktok_business.return_codes`
(the table of TikTok's codes) and :mod:`~tiktok_business.errors` (the error tree).

Sources named in this code (docs/tiktok.md rates them): ``SDK`` is ``tiktok/tiktok-business-api-sdk``
at f809c396 (2026-02-27), ``EVA`` ``api-evangelist/tiktok-ads`` (2026-08-13), ``BUB`` ``bububa/tiktok-business``
(2026-07-24), ``NAN`` the responses recorded by ``NangoHQ/integration-templates`` (2026-05-26/27), ``AIR``
``airbytehq/airbyte``, ``DOC:n`` a page of TikTok's developer portal.
"""
