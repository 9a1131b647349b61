"""Holding an environment while it is changed, and settling what a run has left behind."""
