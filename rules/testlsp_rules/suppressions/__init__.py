"""Family 9, TL9xx: the comments that silence findings."""
