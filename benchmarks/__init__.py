"""What `make bench` runs, and the figures it last gave."""
