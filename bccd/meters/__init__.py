"""What the processes of a daemon count, in memory that they share; no address, subject or name in it."""
