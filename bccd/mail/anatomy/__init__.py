"""All that is known of one mail, in the form that `bccd explain --json` prints."""

from bccd.mail.anatomy.build import anatomy, anatomy_json
from bccd.mail.anatomy.shape import Anatomy

__all__ = ["Anatomy", "anatomy", "anatomy_json"]
