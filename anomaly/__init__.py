"""Detectors and backtests."""
