"""Lets `python -m bccd` do what the command `bccd` does."""

from bccd.cli import main

if __name__ == "__main__":
    main()
