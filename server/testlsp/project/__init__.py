"""A project on disk: its files, the configuration that applies to each, and snapshots of both.

Knows neither protocol nor terminal. Invariant: one owner of mutable state, everybody else holds snapshots. Source
files are read and written by ``project.files`` alone; ``cache`` keeps a database of its own, and ``environment`` lists
what is installed.
"""
