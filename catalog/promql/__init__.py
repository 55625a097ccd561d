"""PromQL built from metrics, never from strings: `expr` holds the parts, `functions` what a kind of metric allows."""
