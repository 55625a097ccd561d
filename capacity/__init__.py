"""GPU-hour ledger, forecasts, cost."""
