"""Wharf cellars: what a barrel vault below a street can be shown to carry. Screening, not an assessment by NEN 8700."""
