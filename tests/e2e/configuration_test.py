#!/usr/bin/env python3
"""What an operator meets before and between messages: adapters that load or not, faults of the configuration, reload."""

import os
import pathlib
import re
import shutil
import tempfile
import unittest

import harness
from harness import declaration, until

SHARED = bool(harness.PLUGINS) and os.path.isdir(harness.PLUGINS) and any(f.endswith(".so") for f in os.listdir(harness.PLUGINS))


@unittest.skipUnless(SHARED, "the adapters are built in")
class Plugins(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluis-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.gateway = harness.Gateway(self.folder)

    def other_plugins(self):
        """A folder with every adapter but `directory`, for a broken one to be laid beside them."""
        plugins = self.folder / "plugins"
        plugins.mkdir()
        for file in pathlib.Path(harness.PLUGINS).glob("*.so"):
            if file.name != "directory.so":
                (plugins / file.name).symlink_to(file)
        return plugins

    def one_error_names(self, file, *words):
        done = self.gateway.run("--adapters", str(file.parent), "adapters")
        self.assertEqual(done.returncode, 1, done.stdout)
        line, = done.stderr.splitlines()
        for word in (str(file), *words):
            self.assertIn(word, line)
        self.assertIn("digipoort.so", done.stdout, "the others are loaded all the same")

    def test_shared_objects_are_what_is_loaded(self):
        origins = {a["adapter"]: a["origin"] for a in self.gateway.ask("adapters")}
        self.assertGreaterEqual(set(origins), {"digipoort", "directory"})
        for name, origin in origins.items():
            self.assertEqual(origin, str(pathlib.Path(harness.PLUGINS) / f"{name}.so"))

    def test_garbage_is_named_in_one_error(self):
        file = self.other_plugins() / "garbage.so"
        file.write_bytes(b"not an object file at all")
        self.one_error_names(file, "cannot be loaded")

    def test_a_plugin_built_by_another_compiler_is_named_in_one_error(self):
        file = self.other_plugins() / "directory.so"
        bytes_ = (pathlib.Path(harness.PLUGINS) / "directory.so").read_bytes()
        stamps = set(re.findall(rb"\0((?:gcc|clang) \d[^\0]*)\0", bytes_))
        stamp, = stamps
        file.write_bytes(bytes_.replace(b"\0" + stamp + b"\0", b"\0" + stamp[:-1] + b"?\0"))
        self.one_error_names(file, stamp.decode(), "rebuild it")

    def test_the_gateway_does_not_start_on_a_broken_plugin(self):
        plugins = self.other_plugins()
        (plugins / "garbage.so").write_bytes(b"not an object file at all")
        done = self.gateway.run("--adapters", str(plugins), "run")
        self.assertEqual(done.returncode, 1)
        self.assertIn("garbage.so", done.stderr)


class Faults(harness.EndToEnd):
    def test_every_fault_is_told_at_once_with_its_place(self):
        site = self.site(customers=("acme", "bolt", "coil", "dune"), answer_after="")
        gateway = site.gateway
        folders = site.folder
        gateway.write("channels/digipoort.yaml", (gateway.config / "channels/digipoort.yaml").read_text() + "submitt: 3\nconcurrency: many\n")
        gateway.write("customers/acme.yaml", 'customer: acme\nidentifiers: { edi: "8712345600000" }\naccounts:\n'
                                             '  digipoort: { username: acme, pasword: "${file:secrets/acme}", mailbox: acme@mail.example }\n'
                                             f"  drop: {{ deliver: {folders}/acme/in }}\nreturn: [drop]\n")
        gateway.write("customers/bolt.yaml", "customer: bolt\naccounts:\n"
                                             '  digipoort: { username: bolt, password: "${file:secrets/nowhere}", mailbox: bolt@mail.example }\n'
                                             f"  drop: {{ deliver: {folders}/bolt/in }}\nreturn: [drop]\n")
        gateway.write("customers/coil.yaml", f"customer: coil\naccounts:\n  drop: {{ deliver: {folders}/coil/in }}\n")
        gateway.write("customers/dune.yaml", 'customer: dune\nidentifiers: { edi: "8712345600000" }\naccounts:\n'
                                             f"  drop: {{ deliver: {folders}/dune/in }}\nreturn: [drop]\n")
        gateway.write("routes.yaml", (gateway.config / "routes.yaml").read_text()
                      + "  - route: too late\n    when: { from: drop, flow: douane/uitvoer, customer: acme }\n    send: { to: customer }\n")
        lines = (gateway.config / "routes.yaml").read_text().splitlines()
        too_late = lines.index("  - route: too late") + 1
        channel = (gateway.config / "channels/digipoort.yaml").read_text().splitlines()
        done = gateway.run("check")
        self.assertEqual(done.returncode, 1, done.stdout)
        for place, words in ((f"channels/digipoort.yaml:{channel.index('submitt: 3') + 1}:1: ", 'did you mean "submit"'),
                             (f"channels/digipoort.yaml:{channel.index('concurrency: many') + 1}:14: ", "concurrency"),
                             ("customers/acme.yaml:4:32: ", 'did you mean "password"'),
                             ("customers/bolt.yaml:3:42: ", 'secret file "secrets/nowhere"'),
                             ("customers/coil.yaml:1:1: ", "return"),
                             ("customers/dune.yaml:2:21: ", "is already customer acme's at customers/acme.yaml:2:21"),
                             (f"routes.yaml:{too_late}:5: ", "export")):
            found = [line for line in done.stderr.splitlines() if line.startswith(place)]
            self.assertTrue(any(words in line for line in found), f"{place}…{words} in:\n{done.stderr}")
        self.assertRegex(done.stderr.splitlines()[-1], r"7 errors$", done.stderr)
        started = gateway.run("run")
        self.assertEqual((started.returncode, started.stderr.splitlines()[:-1]), (1, done.stderr.splitlines()[:-1]), "run says the same")

    def test_a_routing_table_that_fails_its_own_example_is_refused(self):
        site = self.site(answer_after="")
        site.gateway.write("routes.yaml", (site.gateway.config / "routes.yaml").read_text()
                           + "examples:\n  - message: { from: drop, customer: acme, flow: douane/uitvoer }\n    expect: answers\n")
        done = site.gateway.run("check")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"(?m)^routes\.yaml:\d+:\d+: .*export")


class Reload(harness.EndToEnd):
    def delivered(self, site, name, number):
        customer = site.customers[name]
        customer.drop(f"{number}.edi", declaration(customer.edi, f"R{number}", f"D{number}"))
        until(lambda: [r for r in customer.reports("delivered") if r["file"] == f"{number}.edi"], lambda: f"{number}.edi of {name}; {site.gateway.last_words()}")

    def test_a_bad_configuration_leaves_the_last_good_one_at_work(self):
        site = self.site()
        site.gateway.start()
        self.delivered(site, "acme", 1)
        before = site.gateway.ask("status")["generation"]
        site.gateway.write("customers/acme.yaml", "customer: acme\nretrun: [drop]\n")
        done = site.gateway.run("reload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("customers/acme.yaml:2:1: ", done.stderr)
        self.assertIn("the last good configuration stays", done.stderr)
        self.assertEqual(site.gateway.ask("status")["generation"], before)
        self.delivered(site, "acme", 2)

    def test_a_good_one_adds_a_customer_and_restarts_no_channel(self):
        site = self.site(customers=("acme",), passwords={"acme": "secret-of-acme", "bolt": "secret-of-bolt"})
        site.gateway.start()
        self.delivered(site, "acme", 1)
        starts = lambda: site.gateway.log.read_text().count('"channel.up"')
        before = starts()
        site.add_customer("bolt")
        site.write_customer("bolt")
        answer = site.gateway.ask("reload")
        self.assertEqual((answer["added"], answer["removed"], answer["changed"]), ([], [], []))
        self.assertEqual(site.gateway.ask("status")["customers"], 2)
        self.delivered(site, "bolt", 2)
        until(lambda: len(site.customers["bolt"].replies()) >= 2, lambda: f"bolt's answers; {site.gateway.last_words()}")
        self.delivered(site, "acme", 3)
        self.assertEqual(starts(), before, "channels stay as they are")

    def test_a_hangup_signal_reloads(self):
        site = self.site(customers=("acme",), answer_after="")
        site.gateway.start()
        before = site.gateway.ask("status")["generation"]
        site.gateway.process.send_signal(harness.signal.SIGHUP)
        until(lambda: site.gateway.ask("status")["generation"] > before, "a new generation")
        self.delivered(site, "acme", 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
