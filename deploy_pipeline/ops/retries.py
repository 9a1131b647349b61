"""When a step is run again by itself. Every op says which of these holds for it; a cancelled one never is."""

import dagster as dg

READ = dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For a step that only reads, or that only writes things named by their content."""
IDEMPOTENT = dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For a step whose changes are fenced, and change nothing the second time: it looks first at what is there."""
NEVER = dg.RetryPolicy(max_retries=0)
"""For a step that moves traffic or applies Terraform: where it ended without an answer, the ledger is settled first.

And for one that only passes values on, or that tells people.
"""
