"""A gateway and its other side as programs, with folders of their own: what the end-to-end and fault tests share.

Programs come from the environment: SLUIS and SLUIS_SANDBOX (files), SLUIS_PLUGINS (the folder of adapters; empty when they are
built in). Nothing has a fixed port; every wait has a deadline on a condition.
"""

import base64
import email.message
import email.policy
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

SLUIS = os.environ.get("SLUIS", "")
SANDBOX = os.environ.get("SLUIS_SANDBOX", "")
PLUGINS = os.environ.get("SLUIS_PLUGINS", "")
PATIENCE = float(os.environ.get("SLUIS_PATIENCE", "60"))   # seconds that a wait may take; sanitizers are slow

os.umask(0o077)   # secrets and the sandbox's accounts must not be readable by others

DOUANE = "DOUANE"
RECIPIENT = "uitvoer@douane.example"


def until(condition, what, seconds=None):
    """What `condition` returns, once that is true."""
    deadline = time.monotonic() + (seconds or PATIENCE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting for: {what() if callable(what) else what}")
        time.sleep(0.02)


def declaration(sender, reference, document, texts=0):
    """An export declaration: UN/EDIFACT CUSDEC, BGM 830, with so many free texts of about 500 octets."""
    return (f"UNB+UNOC:3+{sender}:14+{DOUANE}:ZZ+261126:1200+{reference}'UNH+1+CUSDEC:D:96B:UN:NL0001'BGM+830+{document}+9'"
            + f"FTX+AAI+++{'GOODS ' * 80}'" * texts + f"UNT+{3 + texts}+1'UNZ+1+{reference}'").encode()


def customs_answer(recipient, reference, document, own="C1"):
    """A CUSRES that names the declaration `document`."""
    return (f"UNB+UNOC:3+{DOUANE}:ZZ+{recipient}:14+261126:1201+{own}'UNH+1+CUSRES:D:96B:UN'BGM+962+{document}+9'"
            f"RFF+ABO:{document}'UNT+4+1'UNZ+1+{own}'").encode()


def mail(to, payload, number, sender=RECIPIENT):
    """The mail in which Customs would send `payload`."""
    out = email.message.EmailMessage(policy=email.policy.SMTP)
    out["From"], out["To"], out["Subject"] = sender, to, "answer"
    out["Date"], out["Message-ID"] = "Thu, 26 Nov 2026 12:00:00 +0000", f"<{number}@douane.example>"
    out.set_content(payload, maintype="application", subtype="EDIFACT")
    return out.as_bytes()


class Process:
    """One program under test: started, watched, ended; its words go to a file."""

    def __init__(self, log):
        self.log = pathlib.Path(log)
        self.process = None

    def launch(self, command, environment=None):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9: what a power cut leaves of a process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Asks it to end; its exit status."""
        if self.process is None:
            return None
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not stop; its last words: {self.last_words()}") from None

    def last_words(self, size=3000):
        return self.log.read_bytes()[-size:].decode("utf-8", "replace") if self.log.exists() else ""


class Sandbox(Process):
    """sluis-sandbox as Digipoort: a submission server and a POP3 mailbox for each account."""

    def __init__(self, folder, accounts, rules=(), answer_after="100ms", shared_mailbox=""):
        super().__init__(folder / "sandbox.log")
        self.state = folder / "sandbox"
        self.state.mkdir()
        self.accounts = folder / "accounts"
        self.accounts.write_text("".join(f"{user} {password} {user}@mail.example\n" for user, password in accounts.items()))
        self.ports_file = folder / "ports"
        self.control = folder / "sandbox.sock"
        self.rules, self.answer_after = list(rules), answer_after   # none: the other side stays silent
        self.shared_mailbox = shared_mailbox   # the user whose mailbox gets every answer
        self.ports = {}

    def start(self):
        command = [SANDBOX, "digipoort", "--state", str(self.state), "--accounts", str(self.accounts), "--ports", str(self.ports_file),
                   "--control", str(self.control)]
        command += ["--answer-after", self.answer_after] if self.answer_after else ["--misbehave", "answer:none"]
        for rule in self.rules:
            command += ["--misbehave", rule]
        if self.shared_mailbox:
            command += ["--shared-mailbox", self.shared_mailbox]
        self.launch(command)
        until(lambda: self.ports_file.exists() and self.ports_file.stat().st_size > 0 or not self.running(), "the sandbox's ports")
        if not self.running():
            raise AssertionError(f"the sandbox did not start: {self.last_words()}")
        ports = json.loads(self.ports_file.read_text())
        self.ports = {name: int(str(ports[name]).rpartition(":")[2]) for name in ("msa", "pop3")}

    def ledger(self, event=None):
        file = self.state / "ledger.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        events = [json.loads(line) for line in lines if line.strip()]
        return [e for e in events if event is None or e["event"] == event]

    def order(self, line):
        """`misbehave SPEC` or `behave`, from now on."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.control))
            control.sendall(line.encode() + b"\n")
            with control.makefile() as answer:
                said = answer.readline().strip()
        if said != "ok":
            raise AssertionError(f"the sandbox: {line}: {said}")

    def lay(self, mailbox, raw):
        """Lays a mail in a mailbox as if the authority had sent it; before start()."""
        folder = self.state / "maildrops" / mailbox
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"01890000-0000-7000-8000-{sum(1 for _ in folder.iterdir()):012x}.eml").write_bytes(raw)


class Gateway(Process):
    """sluis with a configuration folder of its own."""

    def __init__(self, folder):
        super().__init__(folder / "gateway.log")
        self.folder = folder
        self.config = folder / "config"
        self.data = folder / "data"
        for name in ("channels", "customers", "secrets"):
            (self.config / name).mkdir(parents=True, exist_ok=True)
        self.environment = dict(os.environ, SLUIS_CONFIG=str(self.config))
        if PLUGINS and os.path.isdir(PLUGINS):
            self.environment["SLUIS_ADAPTERS"] = PLUGINS

    def write(self, name, text):
        (self.config / name).write_text(text)

    def secret(self, name, value):
        """The reference to a secret file that now holds `value`."""
        self.write(f"secrets/{name}", value)
        return f'"${{file:secrets/{name}}}"'

    def begin(self):
        self.launch([SLUIS, "run"], self.environment)

    def start(self):
        self.begin()
        self.wait_until_up()

    def answers(self):
        """Whether the control socket of the process that runs now answers."""
        if not self.running():
            raise AssertionError(f"the gateway ended with status {self.process.returncode}: {self.last_words()}")
        try:
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(PATIENCE)
                control.connect(str(self.data / "control.sock"))
                control.sendall(b'{"command":"status"}\n')
                with control.makefile() as answer:
                    return json.loads(answer.readline() or "{}").get("pid") == self.process.pid
        except (ConnectionError, FileNotFoundError):
            return False   # not yet

    def wait_until_up(self):
        until(self.answers, lambda: f"the gateway to come up; {self.last_words()}")

    def run(self, *arguments):
        return subprocess.run([SLUIS, *arguments], env=self.environment, capture_output=True, text=True, timeout=PATIENCE * 2,
                              stdin=subprocess.DEVNULL, check=False)

    def ask(self, *arguments):
        """The JSON that a command prints; it must succeed."""
        done = self.run(*arguments, "-o", "json")
        if done.returncode != 0:
            raise AssertionError(f"sluis {' '.join(arguments)}: status {done.returncode}: {done.stdout}{done.stderr}{self.last_words()}")
        return json.loads(done.stdout)

    def do(self, *arguments):
        done = self.run(*arguments)
        if done.returncode != 0:
            raise AssertionError(f"sluis {' '.join(arguments)}: status {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def refuses(self, *arguments):
        """What the command says when it fails, as it must."""
        done = self.run(*arguments)
        if done.returncode == 0:
            raise AssertionError(f"sluis {' '.join(arguments)} did it: {done.stdout}")
        return done.stderr

    def append(self, name, text):
        with open(self.config / name, "a", encoding="utf-8") as file:
            file.write(text)

    def messages(self, *filters):
        """Every message that fits, newest first, page by page."""
        out, after = [], []
        while True:
            page = self.ask("messages", "--limit", "1000", *filters, *after)["messages"]
            out += page
            if len(page) < 1000:
                return out
            after = ["--after", page[-1]["message"]]

    def show(self, message):
        return self.ask("show", str(message))["messages"]

    def incidents(self, *more):
        return self.ask("incidents", *more)["incidents"]

    def verify(self):
        return self.ask("verify", "--seals", str(self.log))["report"]


class Customer:
    """One customer's folders."""

    def __init__(self, site, name, edi):
        self.name, self.edi = name, edi
        self.out = site / name / "out"
        self.answers = site / name / "in"
        self.out.mkdir(parents=True)
        self.answers.mkdir()

    def drop(self, name, payload):
        """Hands a file in as the adapter's README tells: written under a hidden name, then renamed."""
        hidden = self.out / f".{name}"
        hidden.write_bytes(payload)
        hidden.rename(self.out / name)

    def found(self, suffix=""):
        """What lies in the folder of answers, by name."""
        return {f.name: f.read_bytes() for f in sorted(self.answers.iterdir()) if f.name.endswith(suffix) and not f.name.startswith(".")}

    def reports(self, state=""):
        return [json.loads(text) for text in self.found(f"{state}.json").values()]

    def replies(self):
        return {name: text for name, text in self.found().items() if not name.endswith(".json")}


class Site:
    """A sandbox, a gateway and its customers, configured as deploy/demo does it.

    `shared`: the intermediary's one account at Digipoort serves every customer. Else each customer has its own.
    `waiting`: mails that lie in a mailbox from the start.
    """

    def __init__(self, customers=("acme",), shared=False, rules=(), answer_after="100ms", submit="", retrieve="every: 200ms", waiting=None,
                 passwords=None, log_level="info"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluis-e2e-"))
        self.gateway = Gateway(self.folder)
        self.shared = shared
        self.log_level = log_level
        self.passwords = passwords or {name: base64.urlsafe_b64encode(os.urandom(18)).decode() for name in (("broker",) if shared else customers)}
        self.sandbox = Sandbox(self.folder, self.passwords, rules, answer_after, "broker" if shared else "")
        self.submit, self.retrieve = submit, retrieve
        self.customers = {}
        for name in customers:
            self.add_customer(name)
        for mailbox, mails in (waiting or {}).items():
            for raw in mails:
                self.sandbox.lay(mailbox, raw)
        self.sandbox.start()
        self.configure()

    def add_customer(self, name):
        customer = Customer(self.folder, name, f"87123456{len(self.customers):05}")
        self.customers[name] = customer
        return customer

    def configure(self):
        gateway, ca = self.gateway, self.sandbox.state / "ca.pem"
        gateway.write("gateway.yaml", f"gateway: {{ name: e2e.example, data: {gateway.data} }}\n"
                                      f"log: {{ format: json, level: {self.log_level} }}\n"
                                      "engine: { tick: 100ms, breaker: { failures: 100, pause: 1s, pause-most: 1s } }\n"
                                      "limits: { low-water: 16MiB }\n")
        account = f"account: {{ {self.account('broker')} }}\n" if self.shared else ""
        gateway.write("channels/digipoort.yaml",
                      "channel: digipoort\nadapter: digipoort\nenvironment: test\n"
                      f"submit: {{ host: localhost, port: {self.sandbox.ports['msa']}, tls: starttls, ca: {ca}{', ' if self.submit else ''}{self.submit} }}\n"
                      f"retrieve: {{ host: localhost, port: {self.sandbox.ports['pop3']}, tls: implicit, ca: {ca}, jitter: 0, {self.retrieve} }}\n"
                      f"{account}")
        gateway.write("channels/drop.yaml", "channel: drop\nadapter: directory\nenvironment: test\nstable-for: 100ms\nrescan: 500ms\n")
        gateway.write("policies.yaml", "policies:\n  - policy: quick\n    retry: { first: 100ms, most: 500ms, jitter: 0.1 }\n")
        self.routes()
        for name in self.customers:
            self.write_customer(name)

    def account(self, user):
        return f"username: {user}, password: {self.gateway.secret(user, self.passwords[user])}, mailbox: {user}@mail.example"

    def write_customer(self, name, more=""):
        customer = self.customers[name]
        own = "" if self.shared else f"  digipoort: {{ {self.account(name)} }}\n"
        self.gateway.write(f"customers/{name}.yaml",
                           f'customer: {name}\nidentifiers: {{ edi: "{customer.edi}" }}\naccounts:\n{own}'
                           f"  drop: {{ pickup: {customer.out}, deliver: {customer.answers} }}\nreturn: [drop]\n{more}")

    def routes(self, policy="quick", answers=True, more=""):
        text = ("routes:\n  - route: export\n    when: { from: drop, flow: douane/uitvoer }\n"
                f'    send: {{ to: digipoort, recipient: "{RECIPIENT}" }}\n    policy: {policy}\n{more}')
        if answers:
            text += "  - route: answers\n    when: { from: digipoort }\n    send: { to: customer }\n"
        self.gateway.write("routes.yaml", text)

    def close(self):
        for program in (self.gateway, self.sandbox):
            program.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class EndToEnd(unittest.TestCase):
    """A test that runs the programs; what they said is shown when it fails."""

    def site(self, **options):
        site = Site(**options)
        self.addCleanup(self.end, site)
        return site

    def end(self, site):
        outcome = getattr(self, "_outcome", None)
        result = getattr(outcome, "result", None)
        failed = outcome is not None and (not outcome.success or any(t is self for t, _ in (result.errors + result.failures if result else [])))
        if failed:
            print(f"\n--- {self.id()}: the gateway said\n{site.gateway.last_words()}\n--- the sandbox said\n{site.sandbox.last_words(1500)}")
        site.close()

    def sole(self, items, what=""):
        items = list(items)
        self.assertEqual(len(items), 1, f"{what}: {items}")
        return items[0]
