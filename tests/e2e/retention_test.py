#!/usr/bin/env python3
"""What is settled is kept as long as the settings say, and not longer: bodies go first, then metadata, then keys. One life of
a gateway is told once, and looked at in three moments: everything there, bodies purged, metadata purged."""

import shutil
import unittest

import harness
from harness import declaration, until

LARGE = 300   # free texts: about 150 kB, a file of its own in the spool; small bodies share the day's segment
KEPT = "bodies: 30d, metadata: 400d, keys: 800d"


class Moment:
    """What an operator can see of it all, now."""

    def __init__(self, test):
        gateway = test.place.gateway
        self.settled = gateway.ask("show", test.settled)
        self.text = gateway.do("show", test.settled)
        self.held = gateway.show(test.held)[0]
        self.verify = gateway.verify()
        self.spool = test.spooled()
        self.resend = gateway.run("resend", test.settled)


class Retention(harness.EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.place = harness.Site(answer_after="")
        cls.addClassCleanup(cls.place.close)
        cls.acme = cls.place.customers["acme"]
        cls.payload = declaration(cls.acme.edi, "R1", "D1", LARGE)
        cls.keep(KEPT)
        gateway = cls.place.gateway
        gateway.start()
        cls.settled = cls.drop("first.edi")
        until(lambda: cls.acme.reports("delivered"), lambda: f"the first to be delivered; {gateway.last_words()}")
        cls.held = cls.drop("again.edi")
        until(lambda: cls.acme.reports("held"), lambda: f"the second to be held; {gateway.last_words()}")
        # A stop and a start: the seal at the start is one over the timelines that will be purged.
        if gateway.stop() != 0:
            raise AssertionError(gateway.last_words())
        # What a crash between a purge and its unlink leaves: a segment of an earlier day that no message names.
        today = next((gateway.data / "segments").glob("*.seg"))
        cls.orphan = today.with_name("2020-01-01" + today.name[10:])
        shutil.copy(today, cls.orphan)
        gateway.start()
        until(lambda: gateway.verify()["seals"] > 0, "a seal in the log")
        cls.before = Moment(cls)

        cls.keep("bodies: 1s, metadata: 400d, keys: 800d", reload=True)
        until(lambda: gateway.show(cls.settled)[0].get("purged_bodies"), lambda: f"the bodies to go; {gateway.last_words()}")
        until(lambda: len(cls.spooled()) == 1, lambda: f"the spool file to go: {cls.spooled()}")
        cls.bodies_gone = Moment(cls)

        cls.keep("bodies: 1s, metadata: 1s, keys: 800d", reload=True)
        until(lambda: "tombstone" in gateway.ask("show", cls.settled), lambda: f"the metadata to go; {gateway.last_words()}")
        cls.metadata_gone = Moment(cls)

    @classmethod
    def keep(cls, settings, reload=False):
        cls.place.configure()
        file = cls.place.gateway.config / "gateway.yaml"
        file.write_text(file.read_text() + f"retention: {{ {settings}, every: 1s }}\n")
        if reload:
            cls.place.gateway.do("reload")

    @classmethod
    def drop(cls, name):
        """The message that the same declaration became this time."""
        cls.acme.drop(name, cls.payload)
        found = lambda: [m["message"] for m in cls.place.gateway.messages("--from", "drop") if m["attributes"]["file.name"] == name]
        return until(found, lambda: f"{name} to be accepted; {cls.place.gateway.last_words()}")[0]

    @classmethod
    def spooled(cls):
        return sorted(f.name for f in (cls.place.gateway.data / "spool").rglob("*") if f.is_file())

    def test_before_its_time_nothing_goes(self):
        story = self.before.settled["messages"][0]
        self.assertEqual(story["deliveries"][0]["state"], "delivered")
        self.assertNotIn("purged_bodies", story)
        self.assertEqual(len(self.before.spool), 2)

    def test_bodies_go_first_and_the_story_stays(self):
        before, after = (moment.settled["messages"][0] for moment in (self.before, self.bodies_gone))
        # The resend that each moment tries is made in the first, where there still are bodies.
        self.assertEqual(after["timeline"][:len(before["timeline"])], before["timeline"])
        self.assertEqual(after["parts"], before["parts"], "what it was, and its checksum, stay")
        self.assertEqual(after["deliveries"][0]["receipt"], before["deliveries"][0]["receipt"])

    def test_show_says_that_the_content_was_purged(self):
        self.assertNotIn("purged", self.before.text)
        self.assertRegex(self.bodies_gone.text, r"part +payload first\.edi .*, purged")

    def test_the_content_has_left_the_disk(self):
        gone = set(self.before.spool) - set(self.bodies_gone.spool)
        self.assertEqual(len(gone), 1)
        self.assertFalse(self.orphan.exists(), "a segment of an earlier day that no message names")

    def test_what_has_no_content_is_not_sent_again(self):
        self.assertEqual(self.before.resend.returncode, 0, self.before.resend.stderr)
        self.assertEqual(self.bodies_gone.resend.returncode, 1)
        self.assertIn("purged", self.bodies_gone.resend.stderr)

    def test_metadata_go_next_and_a_tombstone_stays(self):
        self.assertEqual(self.metadata_gone.settled["messages"], [])
        stone, last = self.metadata_gone.settled["tombstone"], self.bodies_gone.settled["messages"][0]["timeline"][-1]
        self.assertEqual((stone["message"], stone["entries"], stone["chain"]), (self.settled, last["seq"], last["chain"]))
        self.assertIn("purged", self.metadata_gone.text)
        self.assertIn(last["chain"], self.metadata_gone.text)
        self.assertNotIn(self.settled, [m["message"] for m in self.place.gateway.messages()])

    def test_verify_is_clean_all_the_way(self):
        for moment in (self.before, self.bodies_gone, self.metadata_gone):
            self.assertEqual(moment.verify["findings"], [])
            self.assertGreater(moment.verify["seals"], 0)
        self.assertEqual(self.before.verify["tombstones"], 0)
        self.assertGreater(self.metadata_gone.verify["tombstones"], 0)

    def test_what_is_not_settled_is_never_purged(self):
        for moment in (self.before, self.bodies_gone, self.metadata_gone):
            self.assertEqual(moment.held["deliveries"][0]["state"], "held")
            self.assertNotIn("purged_bodies", moment.held)
        self.assertEqual(len(self.metadata_gone.spool), 1)


class AfterRetention(harness.EndToEnd):
    """What still works when the messages have gone."""

    def test_a_duplicate_is_known_by_its_key_and_what_was_held_can_still_go(self):
        place = self.site(answer_after="")
        acme, gateway = place.customers["acme"], place.gateway
        file = gateway.config / "gateway.yaml"
        file.write_text(file.read_text() + "retention: { bodies: 1s, metadata: 1s, keys: 800d, every: 1s }\n")
        gateway.start()
        acme.drop("first.edi", declaration(acme.edi, "R1", "D1", LARGE))
        until(lambda: acme.reports("delivered"), lambda: f"it to be delivered; {gateway.last_words()}")
        first = acme.reports("delivered")[0]["message"]
        until(lambda: "tombstone" in gateway.ask("show", first), lambda: f"it to be purged; {gateway.last_words()}")
        acme.drop("again.edi", declaration(acme.edi, "R1", "D1", LARGE))
        until(lambda: acme.reports("held"), lambda: f"the duplicate to be held; {gateway.last_words()}")
        second = self.sole(gateway.messages("--state", "held"))
        self.assertEqual(second["deliveries"][0]["reason"], f"handed in before, as message {first}")
        gateway.do("release", second["message"], "--reason", "not a duplicate after all")
        until(lambda: len(place.sandbox.ledger("received")) == 2, lambda: f"it at the other side; {gateway.last_words()}")
        until(lambda: "tombstone" in gateway.ask("show", second["message"]), lambda: f"it to be purged; {gateway.last_words()}")
        self.assertEqual(gateway.verify()["findings"], [])
        gateway.kill()
        gateway.start()
        self.assertEqual(gateway.verify()["findings"], [])
        self.assertEqual(gateway.ask("show", first)["tombstone"]["message"], first)


if __name__ == "__main__":
    unittest.main(verbosity=2)
