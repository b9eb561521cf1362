"""Family 2, TL2xx: other state of the process that outlives a test."""
