"""When a step is run again by itself: only reads and mutations that change nothing the second time."""

import dagster as dg

READ = dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For a step that only reads, or that only writes things named by their content."""
