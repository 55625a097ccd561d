"""A simulated fleet on one port: `gpuvitals simulate`."""
