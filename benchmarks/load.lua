-- One line of JSON at the end: what wrk measured, with the percentiles that it does not print itself.
function done(summary, latency, _)
  local errors = summary.errors
  print(string.format(
    '{"rate": %f, "p50": %f, "p95": %f, "p99": %f, "errors": %d}',
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
