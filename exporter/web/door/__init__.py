"""Who may come in, and how: TLS, client certificates, users, and limits on connections.

What the operator writes is Prometheus' web configuration file (`config`); `lock` makes it usable, `door` keeps it up to
date, `entrance` takes connections, `guard` looks at requests, `record` counts and writes down who was turned away.
"""
