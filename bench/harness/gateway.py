"""The whole gateway as a process, with a configuration of its own, and Postfix's smtp-sink as the other side."""

import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

from harness import kernel

SMTP_SINK = "/usr/sbin/smtp-sink"
PATIENCE = 120   # seconds that anything may take


def until(condition, what, seconds=PATIENCE, every=0.005):
    """The condition's first true value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise RuntimeError(f"after {seconds} s still no {what() if callable(what) else what}")
        time.sleep(every)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def declaration(number, octets):
    """An export declaration of so many octets, each another's; EDIFACT."""
    head = f"UNB+UNOC:3+8712345678906:14+DOUANE:ZZ+261126:1200+{number:010}'UNH+1+CUSDEC:D:96B:UN:NL0001'BGM+830+D{number:010}+9'"
    tail = "UNT+3+1'UNZ+1+{:010}'".format(number)
    text = "FTX+AAI+++" + "GOODS " * 10 + "'\r\n"
    return (head + text * max(0, (octets - len(head) - len(tail)) // len(text)) + tail).encode()


class Sink:
    """smtp-sink: takes every mail. `count`: ends after so many. `dump`: a file it appends mails to."""

    def __init__(self, count=0, dump=None):
        if not os.access(SMTP_SINK, os.X_OK):
            raise RuntimeError(f"{SMTP_SINK} is not there: install postfix (deploy/install-packages test)")
        self.port = free_port()
        # As root it wants to be told a user; ours, for it writes into our folders.
        user = ["-u", pwd.getpwuid(os.geteuid()).pw_name] if os.geteuid() == 0 else []
        self.process = subprocess.Popen([SMTP_SINK, *user, *(["-M", str(count)] if count else []), *(["-D", str(dump)] if dump else []), "-m", "1000",
                                         f"127.0.0.1:{self.port}", "1024"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        try:
            until(self._accepts, "smtp-sink")
        except BaseException:
            self.stop()
            raise

    def _accepts(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"smtp-sink ended with {self.process.returncode}")
        return accepts(self.port)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


class Gateway:
    """[Order] write the configuration, start(), stop(). `data`: a data directory that is there already."""

    def __init__(self, context, folder, data=None):
        self.context, self.folder = context, pathlib.Path(folder)
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.process = None
        for name in ("config/channels", "config/customers"):
            (self.folder / name).mkdir(parents=True)
        self.write("gateway.yaml", f"gateway: {{ name: gateway.example, data: {json.dumps(str(self.data))} }}\n"
                                   f"control: {{ socket: {json.dumps(str(self.folder / 'control.sock'))} }}\n"
                                   "limits: { low-water: 16MiB }\nlog: { level: warning, format: json }\n")
        self.write("channels/drop.yaml", "channel: drop\nadapter: directory\nenvironment: test\nrescan: 1s\n")
        self.write("policies.yaml", "policies:\n  - policy: customs\n    expire: 30d\n    report: []\n")

    def write(self, name, text):
        (self.folder / "config" / name).write_text(text, encoding="utf-8")

    def peer(self, name, port, concurrency, more=""):
        """A digipoort channel in clear text; accounts log in with the value of $BENCH_PASSWORD."""
        self.write(f"channels/{name}.yaml", f"""\
channel: {name}
adapter: digipoort
environment: test
submit: {{ host: 127.0.0.1, port: {port}, tls: none, sessions: {min(concurrency, 100)}, mails-per-session: 100000 }}
clear-text-login: true
concurrency: {concurrency}
account-concurrency: {concurrency}
{more}""")

    def customer(self, name, peers):
        for way in ("out", "in"):
            (self.folder / name / way).mkdir(parents=True)
        accounts = "".join(f"  {peer}: {{ username: {name}, password: \"${{env:BENCH_PASSWORD}}\", mailbox: {name}@mail.example }}\n"
                           for peer in peers)
        self.write(f"customers/{name}.yaml", f"customer: {name}\naccounts:\n{accounts}"
                                             f"  drop: {{ pickup: {self.folder}/{name}/out, deliver: {self.folder}/{name}/in }}\nreturn: [drop]\n")

    def start(self, traced=None, wait=True):
        """`traced`: a file for the trace of its syncs. With `wait` it answers commands when this returns."""
        command = self._command("run")
        if traced is not None:
            command = kernel.under_strace(command, traced)
        with open(self.folder / "gateway.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment())
        if wait:
            until(self.answers, lambda: f"answer from the gateway: {self.log()}", every=0.02)

    @property
    def pid(self):
        """Of the gateway itself, not of strace around it."""
        return kernel.first_child(self.process.pid) if self.process.args[0].endswith("strace") else self.process.pid

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the gateway ended with {self.process.returncode}: {self.log()}")
        return self._run("status").returncode == 0

    def ask(self, *words):
        done = self._run(*words)
        if done.returncode != 0:
            raise RuntimeError(f"sluis {' '.join(words)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            os.kill(self.pid, 15)
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, 9)
            self.process.wait()
            raise RuntimeError("the gateway did not end") from None
        finally:
            self.process = None

    def log(self):
        return (self.folder / "gateway.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def stage(self, names_and_payloads):
        """Files written beside the customers' folders, to be dropped by a rename each: the paths, in order."""
        staging = self.folder / "staging"
        staging.mkdir(exist_ok=True)
        paths = []
        for name, payload in names_and_payloads:
            paths.append(staging / name)
            paths[-1].write_bytes(payload)
        return paths

    def drop(self, customer, path):
        os.rename(path, self.folder / customer / "out" / path.name)

    def _command(self, *words):
        return [self.context.program("sluis"), "--config", str(self.folder / "config"), "--adapters", self.context.adapters, *words]

    def _run(self, *words):
        return subprocess.run(self._command("--output", "json", *words), capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env=self._environment())

    @staticmethod
    def _environment():
        return {**os.environ, "BENCH_PASSWORD": "a password"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
