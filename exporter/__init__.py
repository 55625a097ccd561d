"""The service on each node: the reader child's parent, HTTP, the page, sinks."""
