"""The commands of ``twin``, a module each, and what they share; `twin.cli` puts them together.

Each has `add_to`, which declares its options, and imports what it works with when it is run: help comes at once.
"""
