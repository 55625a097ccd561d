"""The error codes of NVIDIA's driver: what each means, whom it concerns, what to do about it, and why."""
