"""Cone penetration tests as soil: what the cone met, how stiff and permeable it is, which layers it makes."""
