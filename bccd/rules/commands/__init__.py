"""What a user may have changed: each kind of command as a pure function from what stands to edits."""
