"""The units that NVML counts in."""

# Parts of our unit that the driver counts in; a division gives 0.57 where a product with 0.01 gives 0.5700000000000001.
MILLI = 1e3
NANO = 1e9
PERCENT = 1e2
# Multiples of our unit.
KIBI = 1024.0
MEBI = 1024.0**2
MEGA = 1e6
