"""A process forked from the warm server: it begins as if it had been started by itself."""

import ctypes
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
PR_SET_NAME = 15


def fork(work: Callable[[], int], name: str) -> int:
    """Run `work` in a forked process; its pid. It ends there, with the code that `work` returns."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # else one of them could be lost between fork and handlers
    try:
        pid = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # else nobody could end this process in order
        raise
    if pid == 0:
        code = 1
        try:
            become_own_process(name)
            code = work()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:  # noqa: BLE001  (whatever it is: the server's own code must not go on in this process)
            traceback.print_exc()
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    return pid


def become_own_process(name: str) -> None:
    """A session of its own, signals as a fresh Python has them, and a name."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
