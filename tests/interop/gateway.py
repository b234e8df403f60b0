"""The real gateway, run with a configuration folder of its own, and asked through its own command line.

The program and the folder of its adapters come from the environment: SLUIS_PROGRAM and SLUIS_ADAPTERS.
"""

import json
import os
import subprocess

from waiting import until

FOLDERS = ("config/channels", "config/customers", "config/secrets")

ROUTES = """\
routes:
  - route: export declarations to Customs
    when: { from: drop, flow: douane/uitvoer }
    send: { to: digipoort, recipient: "RECIPIENT" }
    policy: customs
  - route: answers back to their customer
    when: { from: digipoort }
    send: { to: customer }
"""

POLICIES = """\
policies:
  - policy: customs
    retry: { first: 200ms, factor: 1, most: 200ms, jitter: 0 }
    expire: 5d
    report: [delivered, rejected]
"""


def program():
    path = os.environ.get("SLUIS_PROGRAM", "")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"SLUIS_PROGRAM={path!r} is no program: run this test through ctest")
    return path


class Gateway:
    """A folder with a configuration; start() runs it, stop() ends it with SIGTERM. Channels: `drop` and `digipoort`."""

    def __init__(self, folder, recipient="uitvoer@douane.example"):
        self.folder = folder
        self.process = None
        for name in FOLDERS:
            os.makedirs(self._at(name))
        self.write("gateway.yaml", f"gateway: {{ name: gateway.interop.example, data: {self._at('data')} }}\n"
                                   "limits: { low-water: 16MiB }\nlog: { level: debug, format: json }\n")
        self.write("channels/drop.yaml", "channel: drop\nadapter: directory\nenvironment: test\nstable-for: 200ms\n")
        self.write("routes.yaml", ROUTES.replace("RECIPIENT", recipient))
        self.write("policies.yaml", POLICIES)

    def _at(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self._at(os.path.join("config", name)), "w", encoding="utf-8") as out:
            out.write(text)

    def channel(self, submit, retrieve=None):
        """The digipoort channel; `submit` and `retrieve` are settings as YAML in braces."""
        text = f"channel: digipoort\nadapter: digipoort\nenvironment: test\nsubmit: {submit}\n"
        self.write("channels/digipoort.yaml", text + (f"retrieve: {retrieve}\n" if retrieve else ""))

    def customer(self, name, password, edi):
        """A customer with a folder each way; its mail address is NAME@mail.example."""
        self.write(f"secrets/{name}", password)
        os.chmod(self._at(f"config/secrets/{name}"), 0o600)
        for way in ("out", "in"):
            os.makedirs(self._at(f"{name}/{way}"))
        self.write(f"customers/{name}.yaml", f"""\
customer: {name}
identifiers: {{ edi: "{edi}" }}
accounts:
  digipoort: {{ username: {name}, password: "${{file:secrets/{name}}}", mailbox: {name}@mail.example }}
  drop: {{ pickup: {self._at(name)}/out, deliver: {self._at(name)}/in }}
return: [drop]
""")

    def start(self):
        self.log_file = open(self._at("gateway.log"), "ab")
        self.process = subprocess.Popen(self._command("run"), stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=self.log_file)
        try:
            until(self._answers, lambda: f"answer from the gateway: {self.log()}")
        except BaseException:
            self.stop()
            raise
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}: {self.log()}")
        return self._run("status").returncode == 0

    def stop(self):
        """Ends the gateway and says how it ended; 0 is a clean end. Nothing when it does not run."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.terminate()
        try:
            return process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the gateway did not end within 60 s of SIGTERM: {self.log()}") from None
        finally:
            self.log_file.close()

    def _command(self, *arguments):
        return [program(), "--config", self._at("config"), "--adapters", os.environ.get("SLUIS_ADAPTERS", ""), *arguments]

    def _run(self, *arguments):
        return subprocess.run(self._command("--output", "json", *arguments), capture_output=True, text=True, timeout=60, check=False)

    def ask(self, *arguments):
        done = self._run(*arguments)
        if done.returncode != 0:
            raise AssertionError(f"sluis {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def drop(self, customer, name, payload):
        """The customer drops a file, as the adapter's README asks for: under a hidden name, then renamed."""
        hidden = self._at(f"{customer}/out/.{name}")
        with open(hidden, "wb") as out:
            out.write(payload)
        os.rename(hidden, self._at(f"{customer}/out/{name}"))

    def answers(self, customer):
        """Files in the customer's answers folder, by name."""
        folder = self._at(f"{customer}/in")
        found = {}
        for name in os.listdir(folder):
            if not name.startswith("."):
                with open(os.path.join(folder, name), "rb") as answer:
                    found[name] = answer.read()
        return found

    def messages(self, *filters):
        return self.ask("messages", *filters)["messages"]

    def show(self, identity):
        """The message, and after it whatever answers it."""
        return self.ask("show", identity)["messages"]

    def incidents(self):
        return self.ask("incidents")["incidents"]

    def submissions(self):
        """The deliveries owed to digipoort, oldest message first."""
        return [delivery for message in reversed(self.messages("--from", "drop")) for delivery in message["deliveries"]
                if delivery["channel"] == "digipoort"]

    def log(self):
        with open(self._at("gateway.log"), encoding="utf-8", errors="replace") as log:
            return log.read()


def declaration(sender, reference, document, segments=0):
    """An export declaration: an EDIFACT interchange with one CUSDEC that has `segments` free texts.

    Line ends of all kinds, lines that begin with a dot, octets above 127 and spaces before a line end: whatever mail can harm.
    """
    texts = [f"FTX+AAA+++GOODS {n} WITH ?+ AND ?' INSIDE, \u00e9\u00e8,\n.\r\n..A DOT  '\r\n" for n in range(segments)]
    body = ["UNH+1+CUSDEC:D:96B:UN:NL0001'\r\n", f"BGM+830+{document}+9'\n", *texts]
    return (f"UNB+UNOC:3+{sender}:14+DOUANE:ZZ+261126:1200+{reference}'\r\n" + "".join(body) + f"UNT+{len(body) + 1}+1'\r\n"
            f"UNZ+1+{reference}'\r\n").encode("latin-1")
