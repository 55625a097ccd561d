"""Prometheus rules: what one is, the files that hold them, and the tests that promtool runs on them."""
