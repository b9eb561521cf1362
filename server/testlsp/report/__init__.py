"""Findings, rules and settings as text: for people, for machines and for pages.

Knows how things are written down and nothing of how they were found. Invariant: a report decides nothing; the same
entries give the same text, and no character of a source file can break a terminal, a workflow command or JSON.
"""
