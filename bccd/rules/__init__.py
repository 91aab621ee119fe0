"""The decisions: pure functions from model to model, each of which says why."""
