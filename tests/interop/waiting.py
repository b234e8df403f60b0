"""Waits on a condition with a deadline, and free ports of the loopback interface."""

import socket
import time


def until(condition, what, seconds=30):
    """The condition's first true value; an AssertionError that says `what` was waited for when the deadline passes."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still no {what() if callable(what) else what}")
        time.sleep(0.05)


def free_ports(count):
    """Ports that were free a moment ago; all are held while they are drawn, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
