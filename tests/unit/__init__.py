"""A package, so that its modules may be named as those in the other folders are."""
