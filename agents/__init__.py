"""What people decide: the rep console, review and release. Nothing imports this package."""
