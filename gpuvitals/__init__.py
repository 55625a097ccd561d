"""The command line and the demo: wires everything, knows nothing itself."""
