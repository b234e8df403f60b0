#!/usr/bin/env python3
"""What operators and deadlines do to deliveries, with both programs for real."""

import concurrent.futures
import unittest

import harness
from harness import declaration, until

POLICIES = """policies:
  - policy: quick
    retry: { first: 100ms, most: 500ms, jitter: 0.1 }
  - policy: patient
    retry: { first: 1h, most: 1h }
  - policy: doubtful
    retry: { first: 100ms, most: 500ms }
    in-doubt: hold
  - policy: escalating
    retry: { first: 200ms, most: 500ms }
    escalate:
      - { after: 1s, to: emergency, text: "message {message} of {customer}, reference {reference}: {reason}", with-original: true }
  - policy: curious
    retry: { first: 100ms, most: 500ms }
    reply-within: 1s
"""


class Operations(harness.EndToEnd):
    def sent(self, policy="patient", rules=(), answer_after="", before_start=lambda site: None, **options):
        """A site whose customer has handed in one declaration."""
        site = self.site(answer_after=answer_after, rules=rules, **options)
        site.gateway.write("policies.yaml", POLICIES if policy == "escalating" else POLICIES.replace("to: emergency", "to: drop"))
        site.routes(policy=policy)
        before_start(site)
        site.gateway.start()
        acme = site.customers["acme"]
        acme.drop("d.edi", declaration(acme.edi, "R1", "D1"))
        return site, acme

    def message(self, site):
        found = site.gateway.messages("--from", "drop")
        return found[0] if found else None

    def delivery(self, site, index=0):
        message = self.message(site)
        return message["deliveries"][index] if message and len(message["deliveries"]) > index else None

    def in_state(self, site, state, index=0):
        def fits():
            delivery = self.delivery(site, index)
            return delivery if delivery and delivery["state"] == state else None
        return until(fits, lambda: f"delivery {index} to be {state}; it is {self.delivery(site, index)}; {site.gateway.last_words()}")

    def deferred(self, site):
        def fits():
            delivery = self.delivery(site)
            return delivery if delivery and delivery["deferred"] else None
        return until(fits, lambda: f"an attempt that failed; {self.delivery(site)}; {site.gateway.last_words()}")

    def events(self, site):
        return [entry["event"] for entry in site.gateway.show(self.message(site)["message"])[0]["timeline"]]

    def entry(self, site, event):
        return [e for e in site.gateway.show(self.message(site)["message"])[0]["timeline"] if e["event"] == event][-1]

    def test_a_held_delivery_waits_for_its_release(self):
        site, _ = self.sent(rules=("msa:rcpt:451*1",))
        delivery = self.deferred(site)
        site.gateway.do("hold", str(delivery["delivery"]), "--reason", "Customs called")
        self.assertEqual(self.in_state(site, "held")["reason"], "Customs called")
        site.gateway.do("release", str(delivery["delivery"]), "--reason", "Customs called again")
        self.in_state(site, "delivered")
        entry = self.entry(site, "released")
        self.assertEqual(entry["text"], "Customs called again")
        self.assertTrue(entry["details"]["by"].startswith("operator "), "the timeline says who")

    def test_a_cancelled_delivery_is_never_sent(self):
        site, acme = self.sent(rules=("msa:rcpt:451*1",))
        delivery = self.deferred(site)
        site.gateway.do("cancel", str(delivery["delivery"]))
        self.in_state(site, "cancelled")
        until(lambda: acme.reports("cancelled"), lambda: f"the report; {site.gateway.last_words()}")
        self.assertEqual(site.sandbox.ledger("received"), [])
        self.assertEqual(site.gateway.run("release", str(delivery["delivery"])).returncode, 1, "nothing leaves a final state")

    def test_what_was_handled_elsewhere_says_so(self):
        site, _ = self.sent(rules=("msa:rcpt:451*1",))
        site.gateway.do("cancel", str(self.deferred(site)["delivery"]), "--handled-elsewhere")
        self.assertEqual(self.in_state(site, "cancelled")["reason"], "handled elsewhere")

    def test_a_refusal_is_told_to_the_customer(self):
        site, acme = self.sent(rules=("msa:rcpt:550*1",))
        self.in_state(site, "rejected")
        report = self.sole(until(lambda: acme.reports("rejected"), lambda: f"the report; {site.gateway.last_words()}"))
        self.assertIn("550", report["reason"])

    def test_resent_it_is_the_same_on_the_wire(self):
        site, _ = self.sent()
        first = self.in_state(site, "delivered")
        site.gateway.do("resend", str(first["delivery"]), "--reason", "they lost it")
        self.assertEqual(self.in_state(site, "delivered", 1)["identity"], first["identity"])
        received = until(lambda: len(site.sandbox.ledger("received")) == 2 and site.sandbox.ledger("received"), "both")
        self.assertEqual(len({e["message_id"] for e in received}), 1)
        self.assertEqual(self.entry(site, "resent")["text"], "they lost it")

    def test_each_delivery_of_a_message_has_a_report_of_its_own(self):
        site, acme = self.sent()
        first = self.in_state(site, "delivered")
        site.gateway.do("resend", str(first["delivery"]))
        until(lambda: len(acme.reports("delivered")) == 2, lambda: f"both reports; there are {list(acme.found())}; {site.gateway.last_words()}")
        second = self.in_state(site, "delivered", 1)
        self.assertEqual({r["delivery"] for r in acme.reports("delivered")}, {first["delivery"], second["delivery"]})

    def test_resent_as_new_it_is_another(self):
        site, _ = self.sent()
        first = self.in_state(site, "delivered")
        site.gateway.do("resend", str(first["delivery"]), "--as-new")
        self.assertNotEqual(self.in_state(site, "delivered", 1)["identity"], first["identity"])
        self.assertEqual(len({e["message_id"] for e in site.sandbox.ledger("received")}), 2)

    def test_resend_pressed_twice_at_once_is_one_delivery(self):
        site, _ = self.sent()
        first = self.in_state(site, "delivered")
        site.sandbox.order("misbehave msa:rcpt:451*1")   # the new one stays open, whichever order comes first
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: site.gateway.ask("resend", str(first["delivery"])), range(4)))
        self.assertEqual(sorted(a["already"] for a in answers), [False, True, True, True])
        self.assertEqual(len({a["delivery"] for a in answers}), 1)
        self.assertEqual(len(self.message(site)["deliveries"]), 2)

    def test_what_is_open_is_not_resent(self):
        site, _ = self.sent(rules=("msa:rcpt:451*1",))
        done = site.gateway.run("resend", str(self.deferred(site)["delivery"]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("still on its way", done.stderr)

    def test_a_lost_reply_is_held_where_the_policy_says_so(self):
        site, acme = self.sent(policy="doubtful", rules=("msa:dot:lost250*1",))
        delivery = self.in_state(site, "held")
        self.assertTrue(delivery["in_doubt"])
        self.sole(until(site.gateway.incidents, "an incident"))
        self.assertEqual(len(site.sandbox.ledger("received")), 1)
        self.assertEqual(site.gateway.run("cancel", str(delivery["delivery"])).returncode, 1, "cancelling takes nothing back")
        until(lambda: acme.reports("held"), lambda: f"the report; {site.gateway.last_words()}")

    def test_what_was_with_the_peer_at_a_crash_is_held_where_the_policy_says_so(self):
        site, _ = self.sent(policy="doubtful", rules=("msa:slow:40",))
        self.in_state(site, "sending")
        site.gateway.kill()
        site.gateway.start()
        delivery = self.in_state(site, "held")
        self.assertTrue(delivery["in_doubt"])
        self.assertEqual(site.gateway.verify()["findings"], [])

    def test_what_was_with_the_peer_at_a_crash_goes_again_with_the_same_identity(self):
        site, _ = self.sent(policy="quick", rules=("msa:slow:40",))
        before = self.in_state(site, "sending")
        site.gateway.kill()
        site.sandbox.order("behave")
        site.gateway.start()
        self.assertEqual(self.in_state(site, "delivered")["identity"], before["identity"])

    def test_asked_to_stop_it_ends_in_order_and_goes_on_where_it_was(self):
        site, _ = self.sent(rules=("msa:rcpt:451*1",))
        before = self.deferred(site)
        self.assertEqual(site.gateway.stop(), 0, site.gateway.last_words())
        self.assertIn('"gateway.stopped"', site.gateway.last_words())
        site.gateway.start()
        after = self.delivery(site)
        self.assertEqual((after["state"], after["in_doubt"], after["identity"]), ("queued", False, before["identity"]))
        self.assertEqual(site.gateway.verify()["findings"], [])

    def test_a_mailbox_is_read_at_once_after_a_crash(self):
        site, acme = self.sent(policy="quick", answer_after="", retrieve="every: 200ms")
        self.in_state(site, "delivered")
        site.gateway.kill()
        site.sandbox.order("behave")   # from now on it answers
        site.gateway.start()
        acme.drop("e.edi", declaration(acme.edi, "R2", "D2"))
        until(lambda: len(acme.replies()) >= 2, lambda: f"the answers; {site.gateway.last_words()}", min(harness.PATIENCE, 30))   # a lease is a minute

    def test_at_the_deadline_the_emergency_folder_gets_a_notice_and_the_original(self):
        def add_emergency(site):
            folder = site.folder / "emergency"
            folder.mkdir()
            site.gateway.write("channels/emergency.yaml", "channel: emergency\nadapter: directory\nenvironment: test\n")
            site.write_customer("acme")
            file = site.gateway.config / "customers/acme.yaml"
            file.write_text(file.read_text().replace("return:", f"  emergency: {{ deliver: {folder} }}\nreturn:"))
        site, acme = self.sent(policy="escalating", rules=("msa:rcpt:451",), before_start=add_emergency)
        folder = site.folder / "emergency"
        files = lambda: [f.read_bytes() for f in folder.iterdir() if not f.name.startswith(".")]
        until(lambda: declaration(acme.edi, "R1", "D1") in files(), lambda: f"the original in {files()}; {site.gateway.last_words()}")
        self.sole((text for text in files() if b"reference R1" in text and self.message(site)["message"].encode() in text), files())
        self.assertEqual(self.delivery(site)["state"], "queued", "the original goes on")
        site.sandbox.order("behave")
        self.in_state(site, "delivered")

    def test_silence_after_the_deadline_opens_an_incident(self):
        site, _ = self.sent(policy="curious")
        delivery = self.in_state(site, "delivered")
        incident = self.sole(until(site.gateway.incidents, lambda: f"an incident; {site.gateway.last_words()}"))
        self.assertEqual(incident["key"], f"digipoort/reply/{delivery['delivery']}")

    def test_an_answer_that_comes_late_closes_it(self):
        site, acme = self.sent(policy="curious", answer_after="1ms", rules=("pop3:auth:temporary",), retrieve="every: 200ms, back-off: 500ms")
        silence = lambda: [i for i in site.gateway.incidents() if "/reply/" in i["key"]]
        until(silence, lambda: f"an incident; {site.gateway.last_words()}")
        site.sandbox.order("behave")
        until(lambda: len(acme.replies()) >= 2, lambda: f"the answers; {site.gateway.last_words()}")
        until(lambda: not site.gateway.incidents(), lambda: f"it to close, and that of the mailbox too: {site.gateway.incidents()}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
