"""Everything that only Facebook needs."""
