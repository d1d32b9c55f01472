"""The pages of the local stack: the reference wizard, and the API in Swagger UI. Both are served on loopback.

    wizard = Wizard()              # its url is known before the start: TikTok's consent page redirects to it
    with wizard:
        wizard.show(Shown(...))    # after the deployment

`page` is the wizard in the browser (HTML, CSS, ES modules, without a build step), `api_page` starts Swagger UI.
`settings` is what the wizard's page reads about the stack, `server` is the HTTP server.
"""

from local.wizard.server import News, Shown, Wizard
from local.wizard.settings import page_settings

__all__ = ["News", "Shown", "Wizard", "page_settings"]
