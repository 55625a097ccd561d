"""Code that runs inside the probe child."""
