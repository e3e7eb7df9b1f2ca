"""Template tags of kb."""
