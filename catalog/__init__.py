"""The vocabulary: metrics, samples, snapshots, events, YAML in and out, errors."""
