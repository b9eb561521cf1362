"""Family 5, TL5xx: what the docstring of an integration test says about its seam."""
