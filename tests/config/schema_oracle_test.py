"""The JSON Schemas of `sluis schema`, read by python3-jsonschema: they take what `sluis check` takes, and refuse what it refuses
about a single file. The configurations are those of the tests of config/ (test-config writes each of them down with what the
check said), the examples, and a table of mistakes.

SLUIS is the program, SLUIS_TEST_CONFIG the test program of config/.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SLUIS = os.environ["SLUIS"]
TEST_CONFIG = os.environ["SLUIS_TEST_CONFIG"]
KINDS = {"gateway.yaml": "gateway", "policies.yaml": "policies", "routes.yaml": "routes", "flows.yaml": "flows"}


class Yaml12(yaml.SafeLoader):
    """YAML as the language servers of editors read it: the core schema of YAML 1.2 (§10.3.2), where `no` and 12:30 are text."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in (("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
                            ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
                            ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
                            ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
                             list("-+.0123456789"))):
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)
Yaml12.add_constructor("tag:yaml.org,2002:int",
                       lambda loader, node: int(node.value, 0) if re.match("0[ox]", node.value) else int(node.value, 10))

# What concerns another file, several settings, or how YAML is written, and so no schema's sight.
BEYOND = re.compile("|".join((
    r"is already ", r"must be unique", r"there is no channel", r"unknown channel", r"unknown flow", r"no flow begins", r"unknown policy",
    r"has no account on channel", r"customers receive nothing", r"can never be reached", r"expected route", r"environments never mix",
    r"would go before", r"is less than first", r"is before the step above", r"is for port 25 only", r"secret file", r"is not set$",
    r"systemd gave no credentials", r"named twice", r"is longer than the", r"\"0\d+\" is not a whole number",
    r"^is missing$", r"unknown file", r"only \*\.yaml is read", r"this is not YAML", r"is given twice", r"stands under the name",
    r"not an IP address or a network", r"bits are set behind the prefix", r"is not a time such as", r"ends before it begins",
    r"only receives", r"choose another name", r"a second document", r"are not used here", r"matches no", r"is ambiguous",
    r"has no listener", r"client-ca", r"is the folder that is picked up")))


def kind_of(file):
    return KINDS.get(file) or {"channels": "channels", "customers": "customers"}[file.split("/")[0]]


def files_of(config):
    found = [p for p in config.glob("*.yaml") if p.name in KINDS]
    found += [p for folder in ("channels", "customers") for p in (config / folder).glob("*.yaml")]
    return sorted(p.relative_to(config).as_posix() for p in found)


def validator(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def refusals(check, text):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in check.iter_errors(yaml.load(text, Yaml12))]


class TheTestsOfConfig(unittest.TestCase):
    """Every configuration that the tests of config/ load, right and wrong."""

    def test_the_schemas_say_what_the_check_says(self):
        folder = tempfile.TemporaryDirectory(prefix="sluis-schema-")
        self.addCleanup(folder.cleanup)
        done = subprocess.run([TEST_CONFIG, "--gtest_brief=1"], env={**os.environ, "SLUIS_SCHEMA_CORPUS": folder.name},
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        accepted = refused = 0
        for case in sorted(pathlib.Path(folder.name).iterdir(), key=lambda path: int(path.name)):
            told = json.loads((case / "errors.json").read_text())
            for file in files_of(case / "config"):
                text = (case / "config" / file).read_text()
                faults = [error["what"] for error in told if error["file"] == file]
                seen = [what for what in faults if not BEYOND.search(what)]
                try:
                    schema = refusals(validator(json.loads((case / f"{kind_of(file)}.schema.json").read_text())), text)
                except yaml.YAMLError:
                    self.assertTrue(faults, f"{file}:\n{text}")
                    continue
                with self.subTest(file=file, case=case.name):
                    if not faults:
                        self.assertEqual(schema, [], f"the check takes it:\n{text}")
                        accepted += 1
                    elif seen:
                        self.assertTrue(schema, f"the check refuses it: {seen}\n{text}")
                        refused += 1
        self.assertGreater(accepted, 100)
        self.assertGreater(refused, 15)


# file, what is written instead of what in the example (none: after it), and words of the check
MISTAKES = [
    ("gateway.yaml", "log:", "logs:", "unknown setting"),
    ("gateway.yaml", "level: info", "level: loud", "is none of"),
    ("gateway.yaml", "name: broker-nl-1.example, ", "", "is required"),
    ("gateway.yaml", "broker-nl-1.example", "broker nl", "is not a name"),
    ("gateway.yaml", "/var/lib/sluis/data", "data", "is not an absolute path"),
    ("gateway.yaml", "/var/lib/sluis/data", "postgresql://u@db/x", "must be an absolute path"),
    ("gateway.yaml", None, "engine: { tick: 2h }", "out of bounds"),
    ("gateway.yaml", None, "engine: { tick: 1ms }", "out of bounds"),
    ("gateway.yaml", None, "engine: { breaker: { failures: 0 } }", "out of bounds"),
    ("gateway.yaml", None, "engine: { breaker: { failures: '5' } }", "without quotes"),
    ("gateway.yaml", None, "engine: 5", "must be a mapping"),
    ("gateway.yaml", None, "limits: { low-water: 1MiB }", "out of bounds"),
    ("gateway.yaml", None, "limits: { low-water: 512 }", "out of bounds"),
    ("gateway.yaml", None, "limits: { low-water: 2 GiB }", "is not a size"),
    ("gateway.yaml", None, "retention: { bodies: 30 }", "is not a duration"),
    ("gateway.yaml", None, "listeners: { a b: { address: '127.0.0.1:1' } }", "is not a name"),
    ("gateway.yaml", None, "listeners: { a: { address: '127.0.0.1' } }", "is not an address"),
    ("gateway.yaml", None, "listeners: { a: { address: '127.0.0.1:1', tls: {} } }", "is required"),
    ("gateway.yaml", None, "listeners: { a: { address: '127.0.0.1:1', tls: { certificate: /c, key: geheim } } }", "a secret does not stand"),
    ("channels/digipoort.yaml", "adapter: digipoort", "adapter: digiport", "there is no adapter"),
    ("channels/digipoort.yaml", "adapter: digipoort\n", "", "is required"),
    ("channels/digipoort.yaml", "environment: production", "environment: prod", "is none of"),
    ("channels/digipoort.yaml", "environment: production\n", "", "is required"),
    ("channels/digipoort.yaml", "  host: msa.example\n", "", "is required"),
    ("channels/digipoort.yaml", "msa.example", "u@msa.example", "is not a host name"),
    ("channels/digipoort.yaml", "msa.example", "${env:HOST}", "is no secret"),
    ("channels/digipoort.yaml", "port: 587", "port: 70000", "out of bounds"),
    ("channels/digipoort.yaml", "port: 587", "prot: 587", "unknown setting"),
    ("channels/digipoort.yaml", "port: 587", "port: 587.5", "is not a whole number"),
    ("channels/digipoort.yaml", "tls: starttls", "tls: ssl", "is none of"),
    ("channels/digipoort.yaml", "auth: [PLAIN, LOGIN]", "auth: PLAIN", "must be a list"),
    ("channels/digipoort.yaml", "every: 2m", "every:", "has no value"),
    ("channels/digipoort.yaml", None, "per-second: 0", "out of bounds"),
    ("channels/digipoort.yaml", None, "per-second: fast", "is not a number"),
    ("channels/digipoort.yaml", None, "stable-for: 2s", "unknown setting"),
    ("channels/digipoort.yaml", None, "concurrency: many", "is not a whole number"),
    ("channels/drop.yaml", None, "account: { pickup: /a }", "has no account of its own"),
    ("channels/drop.yaml", None, "submit: { host: a }", "unknown setting"),
    ("customers/acme.yaml", '"${file:secrets/acme-digipoort}"', "geheim", "a secret does not stand"),
    ("customers/acme.yaml", '"${file:secrets/acme-digipoort}"', '"x${file:secrets/acme-digipoort}"', "one reference and nothing else"),
    ("customers/acme.yaml", "username: acme, ", "", "is required"),
    ("customers/acme.yaml", "password:", "pasword:", "unknown setting"),
    ("customers/acme.yaml", "pickup: /srv", "pickup: srv", "is not an absolute path"),
    ("customers/acme.yaml", "  drop: {", "  dorp: {", "there is no channel"),
    ("customers/acme.yaml", "return: [drop]\n", "", "is required"),
    ("customers/acme.yaml", "return: [drop]", "return: []", "names no channel"),
    ("customers/acme.yaml", "return: [drop]", "return: [digipoort]", "customers receive nothing"),
    ("customers/acme.yaml", "return: [drop]", "return: { douane/*: [drop] }", "is required"),
    ("customers/acme.yaml", "return: [drop]", "return: drop", "must be a list"),
    ("customers/acme.yaml", "deliver: /srv/acme/in", "deliver: /srv/acme/in, environment: test", "environments never mix"),
    ("customers/acme.yaml", "customer: acme", "customer: a/b", "is not a name"),
    ("policies.yaml", "policy: customs", "policies: customs", "is required"),
    ("policies.yaml", "factor: 2", "factor: 0.5", "out of bounds"),
    ("policies.yaml", "factor: 2", "factor: two", "is not a number"),
    ("policies.yaml", "jitter: 0.2", "jitter: 1.5", "out of bounds"),
    ("policies.yaml", "first: 1m", "first: 31d", "out of bounds"),
    ("policies.yaml", "expire: 5d", "expires: 5d", "unknown setting"),
    ("policies.yaml", None, "    report: [deliverd]", "is none of"),
    ("policies.yaml", None, "    in-doubt: drop", "is none of"),
    ("policies.yaml", None, "    escalate: { after: 1h, to: drop }", "must be a list"),
    ("policies.yaml", None, "    escalate: [{ to: drop }]", "is required"),
    ("policies.yaml", None, "    escalation-stops-original: yes", "neither true nor false"),
    ("routes.yaml", "  - route: export declarations to Customs\n    when", "  - when", "is required"),
    ("routes.yaml", "send: { to: customer }", "send: {}", "is required"),
    ("routes.yaml", "    send: { to: customer }\n", "", "is required"),
    ("routes.yaml", "send: { to: customer }", "send: { to: dropp }", "unknown channel"),
    ("routes.yaml", "send: { to: customer }", "send: { to: customer, folder: a, address: b }", "there is an address already"),
    ("routes.yaml", "when: { from: [digipoort] }", "when: { from: [] }", "is an empty list"),
    ("routes.yaml", "when: { from: [digipoort] }", "when: { from: { match: d } }", "unknown setting"),
    ("routes.yaml", "when: { from: [digipoort] }", "when: { from: { matches: d, present: true } }", "needs either"),
    ("routes.yaml", "when: { from: [digipoort] }", "when: { from: { present: perhaps } }", "neither true nor false"),
    ("routes.yaml", "when: { from: [digipoort] }", "when: { any: { from: digipoort } }", "must be a list"),
    ("routes.yaml", "when: { from: [digipoort] }", "when: [{ from: digipoort }]", "must be a mapping"),
    ("routes.yaml", "policy: customs", "policy: customs\n    gate: someone", "unknown gate"),
    ("routes.yaml", "examples:", "example:", "unknown setting"),
    ("routes.yaml", "    expect: answers back to their customer\n", "", "is required"),
    ("flows.yaml", None, "flows: [{ authority: Me }]", "is required"),
    ("flows.yaml", None, "flows: [{ flow: own/flow, direction: out }]", "is none of"),
    ("flows.yaml", None, "flows: [{ flow: own/flow, duplicate: maybe }]", "is none of"),
    ("flows.yaml", None, "flows: [{ flow: own/flow, duplicate: { contents: hold } }]", "unknown setting"),
    ("flows.yaml", None, "flows: [{ flow: own/flow, recognise: { a: b } }]", "must be a list"),
    ("flows.yaml", None, "flow: []", "unknown setting"),
]
# What people write, and rightly.
RIGHT = [
    ("gateway.yaml", None, "limits: { low-water: 1073741824 }\nretention: { bodies: 1d12h }\nlisteners: { a: { address: '[::1]:8443' } }"),
    ("channels/digipoort.yaml", None, "per-second: 2\nconcurrency: 8"),
    ("customers/acme.yaml", 'kvk: "12345678"', "kvk: 01234567, on: no"),
    ("customers/acme.yaml", "return: [drop]", "return: { default: [drop], douane/*: [drop], douane/uitvoer: [drop] }"),
    ("customers/acme.yaml", "deliver: /srv/acme/in", "deliver: /srv/acme/in, environment: production"),
    ("policies.yaml", None, "    escalate:\n      - { after: 1h, to: drop, text: \"late:\\n{message}\" }\n    report: []"),
    ("policies.yaml", "  - policy: customs\n", "  - policy: customs\n    attempts: 0\n"),
    ("routes.yaml", "when: { from: [digipoort] }", "when: { from: digipoort, not: { mail.subject: { matches: '^x' } }, any: [{ file.name: 1 }, { customer: { present: true } }] }"),
    ("routes.yaml", "policy: customs", "policy: customs\n    gate: [operator, attribute:mail.subject]\n    lane: \"{customer}\""),
    ("flows.yaml", None, "flows: [{ flow: own/flow, duplicate: { content: hold }, recognise: [{ xml.root: Own }], address: { test: '' } }]"),
]


class TheProgram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sluis-schema-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.example = pathlib.Path(cls.folder.name) / "example"
        shutil.copytree(ROOT / "config/examples/broker", cls.example)
        (cls.example / "secrets").mkdir(mode=0o700, exist_ok=True)
        secret = cls.example / "secrets/acme-digipoort"
        secret.write_text("an example")
        secret.chmod(0o600)
        cls.schemas = pathlib.Path(cls.folder.name) / "schemas"
        done = cls.sluis("schema", "--output-folder", str(cls.schemas))
        assert done.returncode == 0, done.stderr
        cls.told = done.stdout
        cls.checks = {path.name.split(".")[0]: validator(json.loads(path.read_text())) for path in cls.schemas.iterdir()}

    @classmethod
    def sluis(cls, *arguments, config=None):
        return subprocess.run([SLUIS, "-c", str(config or cls.example), *arguments], capture_output=True, text=True, check=False)

    def changed(self, file, before, after):
        """A copy of the example with this change, and the text of the changed file."""
        config = pathlib.Path(tempfile.mkdtemp(dir=self.folder.name)) / "config"
        shutil.copytree(self.example, config)
        text = (config / file).read_text() if (config / file).exists() else ""
        if before is None:
            text += after + "\n"
        else:
            self.assertIn(before, text, file)
            text = text.replace(before, after, 1)
        (config / file).write_text(text)
        return config, text

    def test_examples_are_right(self):
        for path in sorted(ROOT.glob("config/examples/*")):
            for file in files_of(path):
                with self.subTest(f"{path.name}/{file}"):
                    self.assertEqual(refusals(self.checks[kind_of(file)], (path / file).read_text()), [])
        examples = sorted(ROOT.glob("adapters/*/example.yaml"))
        self.assertGreaterEqual(len(examples), 2)
        for path in examples:
            with self.subTest(str(path)):
                self.assertEqual(refusals(self.checks["channels"], path.read_text()), [])

    def test_the_delivered_catalogue_is_right(self):
        self.assertEqual(refusals(self.checks["flows"], (ROOT / "config/flows.yaml").read_text()), [])

    def test_mistakes_are_refused_as_the_check_refuses_them(self):
        for file, before, after, words in MISTAKES:
            with self.subTest(f"{file}: {after!r} for {before!r}"):
                config, text = self.changed(file, before, after)
                done = self.sluis("check", config=config)
                self.assertRegex(done.stderr, f"(?m)^{re.escape(file)}:.*{re.escape(words)}")
                self.assertNotEqual(refusals(self.checks[kind_of(file)], text), [])

    def test_what_is_right_is_taken_by_both(self):
        for file, before, after in RIGHT:
            with self.subTest(f"{file}: {after!r}"):
                config, text = self.changed(file, before, after)
                done = self.sluis("check", config=config)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(refusals(self.checks[kind_of(file)], text), [])

    def test_without_channels_any_account_of_a_known_kind_is_taken(self):
        done = self.sluis("schema", "customers", config=pathlib.Path(self.folder.name) / "nowhere")
        check = validator(json.loads(done.stdout))
        text = (self.example / "customers/acme.yaml").read_text()
        self.assertEqual(refusals(check, text), [])
        self.assertNotEqual(refusals(check, text.replace("password:", "pasword:")), [])

    def test_a_kind_is_printed_as_it_is_written(self):
        for path in self.schemas.iterdir():
            self.assertEqual(self.sluis("schema", path.name.split(".")[0]).stdout, path.read_text())

    def test_editors_are_told_where_the_schemas_are(self):
        for path in self.schemas.iterdir():
            self.assertIn(f"# yaml-language-server: $schema={path}", self.told)
        settings = json.loads(self.told[self.told.index('"yaml.schemas": ') + len('"yaml.schemas": '):])
        self.assertEqual(settings[str(self.schemas / "channels.schema.json")], str(self.example / "channels/*.yaml"))

    def test_the_line_for_editors_is_a_comment_to_the_check(self):
        config, _ = self.changed("routes.yaml", "routes:", f"# yaml-language-server: $schema={self.schemas}/routes.schema.json\nroutes:")
        self.assertEqual(self.sluis("check", config=config).returncode, 0)

    def test_kinds_are_listed_and_others_refused(self):
        self.assertEqual(len(self.sluis("schema").stdout.splitlines()), 6)
        done = self.sluis("schema", "route")
        self.assertEqual(done.returncode, 2)
        self.assertIn("routes", done.stderr)


if __name__ == "__main__":
    unittest.main()
