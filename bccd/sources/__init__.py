"""Edges in: what turns octets from outside into an Envelope for the Receiver."""
