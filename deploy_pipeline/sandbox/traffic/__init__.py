"""Requests to what is deployed in the sandbox, divided as AWS would, and the metrics that AWS would publish of them."""
