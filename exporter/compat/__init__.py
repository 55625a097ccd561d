"""dcgm-exporter's names, labels and units beside our own, so that its dashboards and alerts go on."""
