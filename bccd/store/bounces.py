"""What a batch tells of addresses that take no mail, folded so that its size never shows."""

from datetime import datetime

from bccd.model.plan import NewBounce, Plan


class Bounces:
    """The last word on each address: a good mail undoes what was told before it was written."""

    def __init__(self) -> None:
        self.told: dict[str, NewBounce] = {}  # to be written, over what stands if that is no later
        self.arrived: dict[str, datetime] = {}  # when an address last wrote: what stands from before goes

    def add(self, plan: Plan) -> None:
        """Add what one plan tells."""
        if plan.message is not None:
            for address in plan.arrived:
                self._good(address, plan.message.sort_at)
        for new in plan.bounces:
            known = self.told.get(new.address)
            if known is None or known.at <= new.at:
                self.told[new.address] = new

    def _good(self, address: str, at: datetime) -> None:
        self.arrived[address] = max(at, self.arrived.get(address, at))
        known = self.told.get(address)
        if known is not None and known.at < at:
            del self.told[address]
