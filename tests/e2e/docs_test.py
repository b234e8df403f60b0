"""What the documents show is what the programs do: their commands are run, their configuration is checked, and what they
say is printed is printed.

In a document, a comment on the line before a fenced block says what it is:
    <!-- tested -->          sh: run, in order, in one shell
    <!-- output -->          text: each line is found in what the block before it printed, in this order; … stands for anything
    <!-- tested: FILE -->    yaml: FILE of the example configuration, which then has no faults
    <!-- tested: UNIT -->    ini: a systemd unit, whose program takes the command line that it gives
    <!-- run by SCRIPT -->   sh: SCRIPT does it, and is run by itself
    <!-- from FILE -->       an excerpt of FILE: its lines stand there in this order, without a gap but where … is
A block of sh, yaml, cpp or cmake that says none of these is a fault: nobody would notice when it stops being true.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SLUIS = os.environ["SLUIS"]
SANDBOX = os.environ.get("SLUIS_SANDBOX", "")
PLUGINS = os.environ.get("SLUIS_PLUGINS", "")
DOCUMENTS = ["README.md", "docs/operator-guide.md", "docs/architecture.md", "docs/adapter-guide.md", "docs/performance.md"]
PATIENCE = float(os.environ.get("SLUIS_PATIENCE", "60")) * 3
BLOCK = re.compile(r"^(?:<!-- (?P<mark>[^>]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


def blocks(document):
    found = []
    text = (ROOT / document).read_text()
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("text"))
        found.append((f"{document}:{line}", (match["mark"] or "").strip(), match["language"], match["text"]))
    return found


def matches(expected, line):
    """… and the blanks around it stand for anything; other runs of blanks are one."""
    pieces = [re.escape(" ".join(piece.split())) for piece in expected.split("…")]
    return re.search(".*".join(pieces), " ".join(line.split())) is not None


def missing(expected, printed):
    """The first line that is not there, in order; none: all are."""
    lines = iter(printed.splitlines())
    for wanted in expected.splitlines():
        if not any(matches(wanted.strip(), line) for line in lines):
            return wanted
    return None


def plain_lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def environment(home):
    names = {name: value for name, value in os.environ.items() if not name.startswith("SLUIS")}
    folders = [str(pathlib.Path(program).parent) for program in (SLUIS, SANDBOX) if program]
    names.update(HOME=str(home), PATH=os.pathsep.join([*folders, os.environ["PATH"]]), LC_ALL="C.UTF-8")
    if PLUGINS and os.path.isdir(PLUGINS):
        names["SLUIS_ADAPTERS"] = PLUGINS
    return names


def free_ports(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


class Documents(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="sluis-docs-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def run_shell(self, script):
        """The shell's status and what it printed. Whatever it left running is ended with it."""
        shell = subprocess.Popen(["bash", "-c", script], env=environment(self.home), cwd=self.home, stdin=subprocess.DEVNULL, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            printed, _ = shell.communicate(timeout=PATIENCE)
            return shell.returncode, printed
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            printed, _ = shell.communicate()
            raise AssertionError(f"it did not end in {PATIENCE:.0f} seconds; so far:\n{printed}\n{self.logs()}") from None
        finally:
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def logs(self):
        return "\n".join(f"-- {file.name}\n{file.read_text()[-2000:]}" for file in sorted(self.home.glob("*/*.log")))

    def test_every_block_says_who_tests_it(self):
        for document in DOCUMENTS:
            for place, mark, language, _ in blocks(document):
                with self.subTest(place):
                    if language == "sh":
                        self.assertRegex(mark, r"^(tested|run by \S+)$")
                    elif language == "yaml":
                        self.assertRegex(mark, r"^(tested: \S+\.yaml|from \S+)$")
                    elif language in ("cpp", "cmake"):
                        self.assertRegex(mark, r"^from \S+$")
                    if mark.startswith("run by "):
                        self.assertTrue((ROOT / mark.removeprefix("run by ")).is_file(), mark)

    def test_excerpts_are_what_the_files_say(self):
        for document in DOCUMENTS:
            for place, mark, _, text in blocks(document):
                if not mark.startswith("from "):
                    continue
                with self.subTest(place):
                    rest = plain_lines((ROOT / mark.removeprefix("from ")).read_text())
                    for piece in re.split(r"^\s*…\s*$", text, flags=re.M):
                        wanted = plain_lines(piece)
                        at = next((i for i in range(len(rest) - len(wanted) + 1) if rest[i:i + len(wanted)] == wanted), None)
                        self.assertIsNotNone(at, f"{mark.removeprefix('from ')} has, or has there, no such lines:\n{piece}")
                        rest = rest[at + len(wanted):]

    def test_links_lead_somewhere(self):
        for document in DOCUMENTS:
            text = BLOCK.sub("", (ROOT / document).read_text())   # a lambda looks like a link
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
                if not target.startswith("https:"):
                    self.assertTrue(((ROOT / document).parent / target).exists(), f"{document}: {target}")

    def test_commands_that_are_named_exist(self):
        """`sluis WORD … --option` in the running text."""
        words = re.findall(r"^  ([a-z-]+) ", subprocess.run([SLUIS, "--help"], check=True, capture_output=True, text=True).stdout, re.M)
        for document in DOCUMENTS:
            for command in re.findall(r"`sluis ([^`]+)`", (ROOT / document).read_text()):
                parts = command.split()
                if parts[0] == "COMMAND":
                    continue
                with self.subTest(f"{document}: sluis {command}"):
                    self.assertIn(parts[0], words)
                    told = subprocess.run([SLUIS, parts[0], "--help"], check=True, capture_output=True, text=True).stdout
                    for option in [part for part in parts[1:] if part.startswith("--")]:
                        self.assertIn(option, told)

    def test_configuration_that_is_shown_has_no_faults(self):
        for document in DOCUMENTS:
            for place, mark, language, text in blocks(document):
                if language != "yaml" or mark.startswith("from "):
                    continue
                with self.subTest(place):
                    config = self.home / re.sub(r"\W", "-", place)
                    shutil.copytree(ROOT / "config/examples/broker", config)
                    (config / "secrets").mkdir(mode=0o700, exist_ok=True)
                    secret = config / "secrets/acme-digipoort"
                    secret.write_text("an example")
                    secret.chmod(0o600)
                    (config / mark.removeprefix("tested: ")).write_text(text)
                    done = subprocess.run([SLUIS, "check", "-c", str(config)], env=environment(self.home), capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_unit_starts_the_gateway_with_a_command_line_that_it_takes(self):
        """The service needs a systemd; its program can be asked here: it says that there is no configuration in the folder named."""
        for document in DOCUMENTS:
            for place, _, language, text in blocks(document):
                if language != "ini":
                    continue
                with self.subTest(place):
                    unit = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
                    program, *arguments = unit["ExecStart"].split()
                    self.assertEqual(pathlib.Path(program).name, pathlib.Path(SLUIS).name)
                    arguments = [str(self.home / "etc") if word == "/etc/sluis" else word for word in arguments]
                    done = subprocess.run([SLUIS, *arguments], env=environment(self.home), capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, 1, "2 would be a wrong command line")
                    self.assertIn(f"the configuration in {self.home / 'etc'} has", done.stderr)

    @unittest.skipUnless(SANDBOX, "the sandbox is not built")
    def test_the_operator_guide_works_as_written(self):
        parts, expected = [], []
        for place, mark, _, text in blocks("docs/operator-guide.md"):
            if mark == "tested":
                parts.append((place, text))
                expected.append("")
            elif mark == "output":
                expected[-1] += text
        script = "set -euo pipefail\n" + "".join(f"echo '=== {place}'\n{text}" for place, text in parts)
        # The guide has ports of its own, and whoever reads it has them free; here they may be taken.
        for written, free in zip(("10587", "10995", "10843"), free_ports(3)):
            script = script.replace(written, str(free))
        status, printed = self.run_shell(script)
        self.assertEqual(status, 0, f"{printed}\n{self.logs()}")
        sections = re.split(r"^=== .*\n", printed, flags=re.M)[1:]
        self.assertEqual(len(sections), len(parts), printed)
        for (place, _), wanted, section in zip(parts, expected, sections):
            line = missing(wanted, section)
            self.assertIsNone(line, f"{place}: this line was not printed: {line}\n{section}")


if __name__ == "__main__":
    unittest.main()
