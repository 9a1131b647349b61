"""Moving traffic to a candidate on evidence: divided, watched, then promoted or returned as one."""
