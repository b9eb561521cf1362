"""Family 6, TL6xx: tests that pass, fail or stay away by chance, and marks and parametrisation that mislead pytest."""
