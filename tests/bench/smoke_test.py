"""Every benchmark still runs and says something: `bench/run --quick`. What it measures in this way means nothing and is not looked at.

The build folder comes from the environment: SLUIS_BUILD.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = ROOT / "bench" / "run"
PAGE = ROOT / "docs" / "performance.md"
ROW = re.compile(r"^\| [^|]+ \| [^|]+ \| ([-0-9.,]+) \|", re.M)


def quick(*names):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)   # Postfix's own users must get in
        return subprocess.run([RUN, *names, "--quick", "--build", os.environ["SLUIS_BUILD"], "--folder", folder], capture_output=True, text=True,
                              check=False)


class Smoke(unittest.TestCase):
    def check(self, name, rows):
        done = quick(name)
        self.assertEqual(done.returncode, 0, done.stderr)
        medians = [float(median.replace(",", "")) for median in ROW.findall(done.stdout)]
        self.assertGreaterEqual(len(medians), rows, done.stdout)
        self.assertTrue(all(median >= 0 for median in medians), done.stdout)
        self.assertRegex(done.stdout, r"\| (met|\*\*missed\*\*) \|")

    def test_the_store_is_measured(self):
        self.check("store", 16)

    def test_routing_is_measured(self):
        self.check("routing", 12)

    def test_the_configuration_is_measured(self):
        self.check("config", 4)

    def test_submission_is_measured(self):
        self.check("submit", 4)

    def test_memory_is_measured(self):
        self.check("memory", 5)

    def test_connections_are_measured(self):
        self.check("connections", 8)

    def test_the_page_has_a_place_for_every_benchmark(self):
        page = PAGE.read_text(encoding="utf-8")
        for folder in sorted(RUN.parent.glob("*/benchmark.py")):
            self.assertEqual(page.count(f"<!-- bench/run {folder.parent.name} -->"), 1, folder.parent.name)

    def test_an_unknown_name_is_refused(self):
        self.assertEqual(subprocess.run([RUN, "stroe"], capture_output=True, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
