#!/usr/bin/env python3
"""The whole way of an adapter outside the tree: Sluis is installed, the installation is moved, the project in outside/ is
configured, built, tested and installed against it, its plugin is loaded, and a message goes through it both ways.

SLUIS_BUILD is the build to install. The folders lie below it and are made anew, so that a compiler cache helps."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

BUILD = pathlib.Path(os.environ["SLUIS_BUILD"])
CMAKE = os.environ.get("SLUIS_CMAKE", "cmake")
VERSION = os.environ["SLUIS_VERSION"]
CCACHE = os.environ.get("SLUIS_CCACHE", "")
HERE = pathlib.Path(__file__).resolve().parent
WORK = BUILD / "sdk-outside"
PREFIX = WORK / "prefix"

# The programs are the installed ones, with the adapters that lie beside them.
os.environ["SLUIS"] = str(PREFIX / "bin" / "sluis")
os.environ.pop("SLUIS_ADAPTERS", None)
os.environ["SLUIS_PLUGINS"] = ""
import harness  # noqa: E402
from harness import until  # noqa: E402


def run(*command, status=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{' '.join(str(word) for word in command)}: status {done.returncode}\n{done.stdout[-6000:]}{done.stderr[-6000:]}")
    return done


def configure(source, build, status=0, prefix=PREFIX):
    launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={CCACHE}"] if CCACHE and "NOTFOUND" not in CCACHE else []
    return run(CMAKE, "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", *launcher,
               status=status)


def setUpModule():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    run(CMAKE, "--install", BUILD, "--prefix", WORK / "elsewhere")
    (WORK / "elsewhere").rename(PREFIX)   # whatever remembers where it was installed breaks here
    configure(HERE / "outside", WORK / "build")
    run(CMAKE, "--build", WORK / "build")
    run(CMAKE, "--install", WORK / "build", "--prefix", PREFIX)


class Package(unittest.TestCase):
    def test_the_installation_is_whole(self):
        for name in ("bin/sluis", "bin/sluis-sandbox", "lib/libsluis-core.so", "lib/libsluis-protocols.so", "lib/libsluis-adapter-conformance.a",
                     "lib/sluis/adapters/directory.so", "include/sluis/core/channel/channel.h", "include/sluis/protocols/mime/builder.h",
                     "lib/cmake/Sluis/SluisConfig.cmake", "share/man/man1/sluis.1", "share/bash-completion/completions/sluis", "share/sluis/flows.yaml",
                     "share/sluis/adapters/directory/example.yaml", "share/doc/sluis/adapter-guide.md"):
            self.assertTrue((PREFIX / name).exists(), name)

    def test_the_engine_and_the_store_are_not_for_adapters(self):
        self.assertFalse((PREFIX / "include/sluis/core/delivery").exists())
        self.assertFalse((PREFIX / "include/sluis/core/store").exists())

    def test_another_minor_version_is_refused(self):
        major, minor, _ = VERSION.split(".")
        project = WORK / "wants-another"
        project.mkdir()
        (project / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(P LANGUAGES CXX)\n"
                                                f"find_package(Sluis {major}.{int(minor) + 1} REQUIRED)\n")
        done = configure(project, WORK / "wants-another-build", status=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(VERSION, done.stderr)
        self.assertRegex(done.stderr, r"requested\s+version")

    def test_headers_that_are_not_this_gateways_are_refused(self):
        mixed = WORK / "mixed"
        shutil.copytree(PREFIX, mixed, symlinks=True, copy_function=os.link)   # the libraries are large
        header = mixed / "include/sluis/core/channel/delivery.h"
        text = header.read_text()
        header.unlink()
        header.write_text(text + "// of another installation\n")
        done = configure(HERE / "outside", WORK / "mixed-build", status=None, prefix=mixed)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("are not those of this gateway", " ".join(done.stderr.split()))


class Plugin(unittest.TestCase):
    def test_its_own_tests_pass(self):
        printed = run("ctest", "--test-dir", WORK / "build", "--output-on-failure").stdout
        self.assertIn("100% tests passed", printed)
        names = run(WORK / "build/maildir-conformance", "--gtest_list_tests").stdout
        self.assertGreater(len(re.findall(r"^  \w+$", names, re.M)), 20)

    def test_the_gateway_lists_it_with_its_settings_and_its_own_version(self):
        listed = json.loads(run(PREFIX / "bin/sluis", "adapters", "maildir", "-o", "json").stdout)
        self.assertEqual([(one["adapter"], one["version"]) for one in listed], [("maildir", "1.0.0")])
        self.assertIn("seal-key", json.dumps(listed))

    def refusal(self, pattern, change):
        """What the gateway says of the plugin when the bytes that match are others."""
        plugins = WORK / "plugins"
        shutil.rmtree(plugins, ignore_errors=True)
        plugins.mkdir()
        bytes_ = (PREFIX / "lib/sluis/adapters/maildir.so").read_bytes()
        found, = set(re.findall(pattern, bytes_))
        (plugins / "maildir.so").write_bytes(bytes_.replace(found, change(found)))
        done = run(PREFIX / "bin/sluis", "--adapters", plugins, "adapters", status=1)
        line, = done.stderr.splitlines()
        self.assertIn(str(plugins / "maildir.so"), line)
        self.assertIn("rebuild it", line)
        return line, found.decode().strip("\0")

    def test_another_headers_hash_is_refused(self):
        config = (PREFIX / "lib/cmake/Sluis/SluisConfig.cmake").read_text()
        hash_, = set(re.findall(r'STREQUAL "([0-9a-f]{16})"', config))
        line, _ = self.refusal(hash_.encode(), lambda found: b"0123456789abcdef")
        self.assertIn("0123456789abcdef", line)
        self.assertIn(hash_, line)

    def test_another_compiler_is_refused(self):
        line, stamp = self.refusal(rb"\0(?:gcc|clang) \d[^\0]*, C\+\+ \d+L[^\0]*\0", lambda found: found.replace(b", C++ 2", b", C++ 1"))
        self.assertIn(stamp, line)


class Gateway(unittest.TestCase):
    def setUp(self):
        folder = WORK / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("mail/out", "mail/in"):
            for part in ("tmp", "new", "cur"):
                (folder / name / part).mkdir(parents=True)
        for name in ("drop/out", "drop/in"):
            (folder / name).mkdir(parents=True)
        self.folder = folder
        self.gateway = harness.Gateway(folder)
        self.addCleanup(self.gateway.kill)
        self.gateway.environment.pop("SLUIS_ADAPTERS", None)
        write = self.gateway.write
        write("gateway.yaml", f"gateway: {{ name: outside.example, data: {self.gateway.data} }}\nlog: {{ format: json, level: info }}\n"
                              "limits: { low-water: 16MiB }\n")
        write("channels/mail.yaml", (HERE / "outside/example.yaml").read_text().replace("scan: 10s", "scan: 100ms"))
        write("channels/drop.yaml", "channel: drop\nadapter: directory\nenvironment: test\nstable-for: 100ms\nrescan: 200ms\n")
        write("customers/acme.yaml", "customer: acme\naccounts:\n"
                                     f"  mail: {{ pickup: {folder}/mail/out, deliver: {folder}/mail/in, address: acme@acme.example, "
                                     f"seal-key: {self.gateway.secret('seal', 'a key of the test')} }}\n"
                                     f"  drop: {{ pickup: {folder}/drop/out, deliver: {folder}/drop/in }}\nreturn: [drop]\n")
        write("routes.yaml", "routes:\n  - route: files become mails\n    when: { from: drop }\n    send: { to: mail }\n"
                             "  - route: mails become files\n    when: { from: mail }\n    send: { to: drop }\n")

    def test_a_message_goes_through_it_both_ways(self):
        self.assertIn("no errors", self.gateway.do("check"))
        self.gateway.start()
        hidden = self.folder / "drop/out/.declaration.edi"
        hidden.write_bytes(b"UNB+UNOC:3+A+B'")
        hidden.rename(self.folder / "drop/out/declaration.edi")
        mail = until(lambda: list((self.folder / "mail/in/new").iterdir()), lambda: f"the mail; {self.gateway.last_words()}")[0].read_text()
        self.assertIn("To: acme@acme.example", mail)
        self.assertIn("X-Sluis-Seal: ", mail)
        self.assertIn("VU5CK1VOT0M6MytBK0In", mail)
        written = self.folder / "mail/out/tmp/1.a.example"
        written.write_bytes(b"Subject: an answer\n\nUNB\n")
        written.rename(self.folder / "mail/out/new/1.a.example")
        until(lambda: any(b"an answer" in file.read_bytes() for file in (self.folder / "drop/in").iterdir()),
              lambda: f"the answer as a file; {self.gateway.last_words()}")
        until(lambda: not list((self.folder / "mail/out/new").iterdir()), "the mail to be taken away")
        delivery = self.gateway.show(self.gateway.messages("--from", "drop")[0]["message"])[0]["deliveries"][0]
        self.assertTrue(delivery["receipt"]["text"].startswith("written as"), delivery)
        self.assertEqual(self.gateway.stop(), 0)
        self.assertNotIn("a key of the test", self.gateway.log.read_text())


if __name__ == "__main__":
    unittest.main()
