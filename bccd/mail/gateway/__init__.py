"""What mail gateways do to a mail on its way, recognised and undone: rewritten links and warning banners."""

from bccd.mail.gateway.banners import Cleared, without_banners
from bccd.mail.gateway.links import Undone, undone
from bccd.mail.gateway.pages import without_page_banners, without_top_banner
from bccd.mail.gateway.stems import may_hold

__all__ = [
    "Cleared",
    "Undone",
    "may_hold",
    "undone",
    "without_banners",
    "without_page_banners",
    "without_top_banner",
]
