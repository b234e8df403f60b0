"""A running sluis-sandbox for tests: its addresses, its certificate authority, its ledger, its control socket."""
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

ACCOUNTS = {"acme": ("secret-word", "acme@mail.example"), "other": ("hidden", "other@mail.example")}
DEADLINE = 30.0

DECLARATION = (
    b"UNA:+.? 'UNB+UNOC:3+8712345678906:14+DOUANE:ZZ+260101:1200+REF0001'UNH+1+CUSDEC:D:96B:UN'"
    b"BGM+830+LRN-2026-0001'RFF+ABO:ORDER77'UNT+4+1'UNZ+1+REF0001'"
)


def eventually(condition, what):
    """Waits for the condition to give something; the only waiting there is."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        select.select([], [], [], 0.02)
    raise AssertionError(f"not within {DEADLINE} s: {what}")


class Sandbox:
    """[Ownership] the process and a folder; both go with close()."""

    def __init__(self, *options, program=None, answer_after="50ms"):
        self.folder = tempfile.TemporaryDirectory(prefix="sluis-test-")
        self.path = pathlib.Path(self.folder.name)
        self.state = self.path / "state"
        accounts = self.path / "accounts"
        accounts.write_text("".join(f"{u} {p} {m}\n" for u, (p, m) in ACCOUNTS.items()))
        accounts.chmod(0o600)
        self.program = program or os.environ["SLUIS_SANDBOX"]
        self.command = [
            self.program, "digipoort", "--accounts", str(accounts), "--state", str(self.state),
            "--control", str(self.path / "control"), "--ports", str(self.path / "ports"), *options,
        ]
        self.start(answer_after)

    def start(self, answer_after="50ms"):
        self.process = subprocess.Popen([*self.command, "--answer-after", answer_after], stdout=subprocess.PIPE)
        timer = threading.Timer(DEADLINE, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            raise AssertionError(f"sluis-sandbox did not start: status {self.process.wait()}")
        self.ports = json.loads(line)
        self.msa = self._address("msa")
        self.pop3 = self._address("pop3")
        self.ca = self.state / "ca.pem"

    def _address(self, name):
        host, port = self.ports[name].rsplit(":", 1)
        return host, int(port)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(DEADLINE)
        self.process.stdout.close()
        return status

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.folder.cleanup()

    def control(self, line):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(DEADLINE)
            peer.connect(str(self.path / "control"))
            peer.sendall(line.encode() + b"\n")
            return peer.makefile("rb").readline().decode().rstrip("\n")

    def ledger(self, event=None):
        lines = [json.loads(line) for line in (self.state / "ledger.jsonl").read_text().splitlines()]
        return [line for line in lines if event is None or line["event"] == event]

    def answers(self, count):
        """Waits until so many answers are in the maildrops."""
        eventually(lambda: len(self.ledger("answered")) >= count, f"{count} answers")
