"""Family 3, TL3xx: assertions that accept too much."""
