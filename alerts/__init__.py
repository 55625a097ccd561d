"""Alert policies, Alertmanager configuration, runbooks."""
