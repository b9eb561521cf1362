"""Family 1, TL1xx: changes of the environment that outlive a test."""
