"""A simulated machine with NVIDIA GPUs. `driver.SimDriver` is a `probes.driver.Driver` like the real one."""
