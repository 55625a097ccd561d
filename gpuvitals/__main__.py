"""`python -m gpuvitals`."""

from gpuvitals.cli import entry

entry()
