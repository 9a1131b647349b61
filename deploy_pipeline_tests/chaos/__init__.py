"""Real deployments that are broken on purpose, and what is left of the world after each."""
