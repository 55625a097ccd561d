"""The short way to a page: critical alerts straight to Alertmanager, as Prometheus will raise them a little later."""
