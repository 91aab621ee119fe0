"""SPF (RFC 7208): whether a domain lets an address send mail in its name."""

from bccd.verify.spf.check import check_spf

__all__ = ["check_spf"]
