"""The rules, and nothing else: one rule a module, one package a family.

A rule asks the semantic model; it does not look at imports, walk siblings, or build text of nodes it did not find.
Families do not know each other.
"""
