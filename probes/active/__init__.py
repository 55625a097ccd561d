"""Active probes as decisions: when one is due, whether it may run, what its result says of the GPU. What runs is elsewhere."""
