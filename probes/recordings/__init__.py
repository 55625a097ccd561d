"""Recordings of real machines, made by `gpuvitals record --anonymous`; benchmarks/phases.py says what they did."""

from pathlib import Path

H200 = Path(__file__).parent / "h200.jsonl.gz"
"""One H200, driver 580.159: idle, compute-, memory- and PCIe-bound, FP32 and FP64, bursts, allocation, cool-down."""
