"""The reference wizard: a page on loopback that shows what the Campaign Creator's wizard does with this API.

    wizard = Wizard()              # its url is known at once: TikTok's consent page sends people back to it
    with wizard:
        wizard.show(Shown(...))    # once the product is deployed

What is sent to a browser lies in `page`: HTML, CSS and ES modules as they are. `settings` is what the page is told
of the stack, `news` what is told on the event bus, `server` HTTP.
"""

from local.wizard.news import News
from local.wizard.server import Shown, Wizard
from local.wizard.settings import page_settings

__all__ = ["News", "Shown", "Wizard", "page_settings"]
