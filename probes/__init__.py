"""Asking a GPU: the driver's boundary, NVML collectors, recordings, the simulator, the reader child."""
