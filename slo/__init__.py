"""Objectives become recording rules, burn-rate alerts, status and reports."""
