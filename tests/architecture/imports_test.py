"""The direction of the imports (DESIGN §3), checked over every #include of the tree.

Run by ctest; `python3 tests/architecture/imports_test.py` does the same by hand.
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOUSE = ("core", "store", "protocols", "adapters", "routing", "config", "gateway", "bench", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# Longest prefix of the including file decides; the included path must begin with one of these.
RULES = {
    "core/runtime": ("core/runtime",),
    "core/net": ("core/runtime", "core/net"),
    "core": ("core",),
    "protocols": ("core/runtime", "protocols"),
    "store": ("core", "store"),
    "routing": ("core", "protocols", "routing"),
    "config": ("core", "routing", "config"),
    "gateway": ("core", "store", "routing", "config", "gateway"),
}

# A library stays where DESIGN §6 puts it: its header may be included below these folders only.
LIBRARIES = {
    "yaml-cpp/": ("config",),
    "sqlite3.h": ("store/sqlite",),
    "libpq-fe.h": ("store/postgres",),
    "libxml/": ("protocols/xml",),
    "xmlsec/": ("protocols/xmldsig",),
    "nlohmann/": ("gateway", "core/delivery", "adapters", "config"),
    "CLI/": ("gateway", "adapters/sandbox"),
    "prometheus/": ("core/runtime",),
    "gmime/": (),
    "gtest/": ("core/channel/conformance",),   # a library for tests; no part of libsluis-core
    "boost/": ("core/net/http",),
    "zlib.h": ("core/net/http",),
}


def below(path, folder):
    return path == folder or path.startswith(folder + "/")


def allowed_for(path):
    """The folders that the file at `path` may include from, or None when everything is allowed (tests, bench)."""
    parts = path.split("/")
    if parts[0] in ("tests", "bench"):
        return None
    if parts[0] == "adapters":
        own = "adapters/" + parts[1]
        # The sandbox program's frame is shared by the other sides, which live beside their adapters.
        frame = ("adapters/sandbox",) if len(parts) > 2 and parts[2] == "sandbox" else ()
        return ("core", "protocols", own) + frame
    best = max((rule for rule in RULES if below(path, rule)), key=len)
    return RULES[best]


def violations(files):
    """files: (path, text) pairs; returns one sentence for each include that runs against the rules."""
    found = []
    for path, text in files:
        allowed = allowed_for(path)
        for quote, target in INCLUDE.findall(text):
            if target.split("/")[0] in HOUSE and "/" in target:
                if allowed is not None and not any(below(target, folder) for folder in allowed):
                    found.append(f"{path} includes {target}; it may include only {', '.join(allowed)}")
            elif quote == '"' and "/" not in target and not target.endswith(".inc"):   # .inc: written by the build
                found.append(f'{path} includes "{target}"; paths begin at the project\'s root')
            if allowed is None:
                continue
            for library, folders in LIBRARIES.items():
                if target.startswith(library) and not any(below(path, folder) for folder in folders):
                    found.append(f"{path} includes <{target}>, which belongs to {', '.join(folders) or 'tests'}")
    return found


def tree():
    for folder in HOUSE:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".h", ".cpp") and file.is_file():
                yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


class Imports(unittest.TestCase):
    def test_point_one_way(self):
        files = list(tree())
        self.assertGreater(len(files), 50, "the tree was not found")
        self.assertEqual(violations(files), [])

    def test_no_folder_is_circular_with_gateway(self):
        for path, text in tree():
            if not path.startswith(("gateway/", "tests/", "bench/")):
                self.assertNotIn('"gateway/', text, path)


class TheCheckItself(unittest.TestCase):
    def test_finds_planted_violations(self):
        planted = [
            ("core/runtime/a.h", '#include "core/net/event_loop.h"'),
            ("core/net/a.h", '#include "core/message/message.h"'),
            ("core/delivery/a.cpp", '#include "routing/table.h"'),
            ("protocols/smtp/a.cpp", '#include "core/channel/channel.h"'),
            ("adapters/digipoort/a.cpp", '#include "adapters/directory/outbox.h"'),
            ("adapters/digipoort/a.cpp", '#include "adapters/sandbox/side.h"'),
            ("gateway/a.cpp", '#include "adapters/digipoort/channel.h"'),
            ("routing/a.cpp", "#include <yaml-cpp/yaml.h>"),
            ("core/store/a.cpp", "#include <sqlite3.h>"),
            ("core/store/a.cpp", '#include "store.h"'),
        ]
        for file in planted:
            self.assertEqual(len(violations([file])), 1, file)

    def test_lets_good_ones_pass(self):
        good = [
            ("core/delivery/a.cpp", '#include "core/store/store.h"\n#include <vector>\n#include <sys/types.h>'),
            ("adapters/digipoort/sandbox/a.cpp", '#include "adapters/sandbox/side.h"'),
            ("config/a.cpp", "#include <yaml-cpp/yaml.h>"),
        ]
        self.assertEqual(violations(good), [])


if __name__ == "__main__":
    unittest.main()
