"""The command line's promises (DESIGN §5): every command has --help, exit status 0/1/2, plain errors on stderr; the man page
and the completion know every command."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUIS = os.environ["SLUIS"]


def run(*arguments):
    return subprocess.run([SLUIS, *arguments], capture_output=True, text=True, timeout=30)


def commands():
    text = run("--help").stdout
    return re.findall(r"^  ([a-z-]+) {2,}\S", text[text.index("Subcommands:"):], re.M)


class CommandLine(unittest.TestCase):
    def test_every_command_has_help(self):
        names = commands()
        self.assertIn("show", names)
        for name in names:
            result = run(name, "--help")
            self.assertEqual(result.returncode, 0, name)
            self.assertIn("Usage", result.stdout, name)

    def test_a_wrong_command_line_is_status_2_on_stderr(self):
        for arguments in (["frobnicate"], ["show"], [], ["messages", "--limit", "0"], ["--output", "xml", "check"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(result.stdout, "", arguments)
            self.assertNotEqual(result.stderr, "", arguments)

    def test_what_cannot_be_done_is_status_1_and_says_why(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run("-c", folder, "status")
            self.assertEqual(result.returncode, 1)
            self.assertIn("gateway.yaml", result.stderr)
            result = run("--socket", folder + "/control.sock", "status")
            self.assertEqual(result.returncode, 1)
            self.assertIn("is the gateway running?", result.stderr)

    def test_the_man_page_and_the_completion_know_every_command(self):
        page = (ROOT / "docs/sluis.1").read_text().replace("\\-", "-")
        completion = (ROOT / "deploy/completions/sluis.bash").read_text()
        for name in commands():
            self.assertRegex(page, rf"(?m)^(\.B |\\fB){re.escape(name)}\b", name)
            self.assertRegex(completion, rf'commands="[^"]*\b{re.escape(name)}\b', name)

    def test_the_completion_offers_commands(self):
        script = f'source {ROOT}/deploy/completions/sluis.bash; COMP_WORDS=(sluis re); COMP_CWORD=1; _sluis; printf "%s\\n" "${{COMPREPLY[@]}}"'
        out = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30).stdout.split()
        self.assertEqual(sorted(out), ["release", "reload", "resend", "resume"])


if __name__ == "__main__":
    unittest.main()
