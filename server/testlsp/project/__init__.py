"""A project on disk: its files, the configuration that applies to each, and snapshots of both.

Knows neither protocol nor terminal. Invariant: one owner of mutable state, everybody else holds snapshots; no I/O
outside ``project.files``.
"""
