"""The losses, one module a chapter."""
