"""Figures of the active probes on a real GPU."""
