"""One question about the past, answered by the embedded SQLite file of a node."""
