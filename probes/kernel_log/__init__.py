"""The kernel log: where it is read, how its records are written, and what those of NVIDIA's driver say."""
