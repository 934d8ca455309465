"""Maps, series and sections with matplotlib, and the pictures in notebooks.

Reads cities and results through what they offer to everybody and imports neither, so their own methods can call it.
"""
