"""A handful of raw events for `{"test": true}`: they take the same path as real ones, into a folder of their own."""

SMOKE_FOLDER = "smoke/"
SMOKE_LINES = (
    '{"event_id": "s1", "customer_id": "smoke-1", "event_type": "session",'
    ' "timestamp": "2025-01-01T09:00:00Z", "duration_minutes": 12}',
    '{"event_id": "s2", "customer_id": "smoke-1", "event_type": "session",'
    ' "timestamp": "2025-01-03T18:30:00+01:00", "duration_minutes": 7.5}',
    '{"event_id": "s3", "customer_id": "smoke-2", "event_type": "session",'
    ' "timestamp": "2025-01-02T12:00:00Z", "duration_minutes": 3}',
    '{"event_id": "s4", "customer_id": "smoke-2", "event_type": "purchase", "timestamp": "2025-01-18T12:00:00Z"}',
)
