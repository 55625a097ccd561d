"""Runs the active probes: children, one at a time on a node. What is decided about them is in `probes.active`."""
