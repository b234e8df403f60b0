#!/usr/bin/env python3
"""Pauses, maintenance windows and quotas, with both programs for real."""

import datetime
import unittest

import harness
from harness import declaration, until


def stamp(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Pauses(harness.EndToEnd):
    def start(self, change=lambda site: None, **options):
        site = self.site(**options)
        site.routes()
        change(site)
        site.gateway.start()
        return site

    def hand_in(self, site, customer, name):
        who = site.customers[customer]
        who.drop(f"{name}.edi", declaration(who.edi, name, name))

    def states(self, site):
        return sorted((m["customer"], m["deliveries"][0]["state"]) for m in site.gateway.messages("--from", "drop") if m["deliveries"])

    def becomes(self, site, expected):
        until(lambda: self.states(site) == expected, lambda: f"{expected}; it is {self.states(site)}; {site.gateway.last_words()}")

    def status(self, site):
        return site.gateway.ask("status")

    def test_a_paused_channel_sends_nothing_over_a_restart_and_opens_no_incident(self):
        site = self.start()
        site.gateway.do("pause", "digipoort", "--reason", "Customs moves its machines")
        self.hand_in(site, "acme", "R1")
        self.becomes(site, [("acme", "queued")])
        self.assertEqual([(p["channel"], p["reason"]) for p in self.status(site)["pauses"]], [("digipoort", "Customs moves its machines")])
        site.gateway.stop()
        site.gateway.start()
        self.becomes(site, [("acme", "queued")])
        self.assertEqual(site.gateway.incidents(), [])
        self.assertIn("Customs moves its machines", site.gateway.do("status"))
        site.gateway.do("resume", "digipoort", "--reason", "done")
        self.becomes(site, [("acme", "delivered")])
        self.assertEqual(self.status(site)["pauses"], [])

    def test_a_pause_of_one_customer_or_flow_leaves_the_others(self):
        site = self.start(customers=("acme", "beta"))
        site.gateway.do("pause", "digipoort", "--customer", "acme", "--flow", "douane/*", "--reason", "acme asked for it")
        for customer in ("acme", "beta"):
            self.hand_in(site, customer, f"R-{customer}")
        self.becomes(site, [("acme", "queued"), ("beta", "delivered")])
        site.gateway.do("resume", "digipoort", "--customer", "acme", "--flow", "douane/*")
        self.becomes(site, [("acme", "delivered"), ("beta", "delivered")])

    def test_a_pause_ends_when_it_was_said_to(self):
        site = self.start()
        site.gateway.do("pause", "digipoort", "--until", "2s", "--reason", "a moment")
        self.hand_in(site, "acme", "R1")
        self.becomes(site, [("acme", "queued")])
        self.becomes(site, [("acme", "delivered")])

    def test_what_cannot_be_paused_is_said(self):
        site = self.start()
        for words, said in ((("nowhere", "--reason", "x"), "there is no channel"),
                            (("digipoort", "--customer", "nobody", "--reason", "x"), "there is no customer"),
                            (("digipoort", "--flow", "douane/uitvor", "--reason", "x"), "no flow is"),
                            (("digipoort", "--until", "soon", "--reason", "x"), "neither a duration"),
                            (("digipoort", "--until", "2020-01-01T00:00:00Z", "--reason", "x"), "has passed")):
            self.assertIn(said, site.gateway.refuses("pause", *words))
        self.assertIn("not paused", site.gateway.refuses("resume", "digipoort"))

    def test_an_announced_maintenance_window_holds_back_until_it_is_over(self):
        def announce(site):
            site.gateway.append("channels/digipoort.yaml",
                                f"maintenance:\n  - {{ from: \"{stamp(-60)}\", until: \"{stamp(4)}\", reason: announced on the service page }}\n")
        site = self.start(change=announce)
        self.hand_in(site, "acme", "R1")
        self.becomes(site, [("acme", "queued")])
        channel = [c for c in self.status(site)["channels"] if c["channel"] == "digipoort"][0]
        self.assertEqual(channel["maintenance"]["reason"], "announced on the service page")
        self.assertEqual(site.gateway.incidents(), [])
        self.becomes(site, [("acme", "delivered")])

    def test_a_customer_over_its_quota_waits_and_the_others_do_not(self):
        def limit(site):
            site.gateway.append("customers/acme.yaml", "quota: { messages-per-hour: 1 }\n")
        site = self.start(change=limit, customers=("acme", "beta"))
        self.hand_in(site, "acme", "R1")
        self.becomes(site, [("acme", "delivered")])
        self.hand_in(site, "acme", "R2")
        self.hand_in(site, "beta", "R3")
        self.becomes(site, [("acme", "delivered"), ("beta", "delivered")])
        until(lambda: "intake.quota" in site.gateway.log.read_text(), "the refusal in the log")
        self.assertEqual([f.name for f in site.customers["acme"].out.iterdir()], ["R2.edi"], "the file stays where it was")


if __name__ == "__main__":
    unittest.main(verbosity=2)
