"""One module per command, each with a click command called `command`; `gpuvitals.cli` loads the one that is asked for."""
