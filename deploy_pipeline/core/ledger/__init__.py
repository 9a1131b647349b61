"""The record of deployments as values, and what follows from it. Pure."""
