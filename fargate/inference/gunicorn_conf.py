"""Gunicorn's settings. One process with threads: a task has one model in memory, and ECS scales by tasks.

On SIGTERM gunicorn stops accepting, finishes what it has, and exits: ECS kills it 30 seconds later if it does not.
"""

import os

bind = f"0.0.0.0:{os.environ.get('PORT') or 8080}"  # reached through the task's own network interface
worker_class = "gthread"
workers = 1
threads = 4
timeout = 30
graceful_timeout = 20
keepalive = 75  # longer than the load balancer's idle time of 60 s: otherwise it may reuse a connection as it closes
# The heartbeat file: the root file system may be read-only.
worker_tmp_dir = "/dev/shm"  # noqa: S108 # nosec B108
control_socket_disable = True
