"""Judging a rollout: measurements of the candidate and of the stable version beside it in, a verdict out. No I/O."""
