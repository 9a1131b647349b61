"""Clean-up that goes on."""

import os
import signal
import threading

from deploy_pipeline.gateways.interruptions import uninterrupted


def test_uninterrupted_ignores_both_signals_and_puts_the_handlers_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_uninterrupted_in_another_thread_changes_nothing() -> None:
    passed: list[bool] = []

    def work() -> None:
        with uninterrupted():
            passed.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert passed == [True]
