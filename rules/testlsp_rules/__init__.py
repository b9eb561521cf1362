"""The rules of testlsp, one file each, one folder per family.

A rule is content: it asks the semantic model and answers with findings and fixes. It does not know how files are found,
how findings are shown, or which other rules exist; families know nothing of each other.
"""
