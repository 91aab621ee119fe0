"""What bccd says over HTTP."""
