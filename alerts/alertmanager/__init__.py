"""The configuration of Alertmanager: who is told of which alert, what is one notification, what explains what."""
