"""Back-ends: each draws or writes the same scene. Only here may a renderer be imported."""
