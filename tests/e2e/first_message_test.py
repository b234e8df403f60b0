#!/usr/bin/env python3
"""The main job with every program for real: a customer's declaration to the authority, its answers back, one timeline."""

import unittest

import harness
from harness import customs_answer, declaration, mail, until


class FirstMessage(harness.EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.place = harness.Site()
        cls.addClassCleanup(cls.place.close)
        site, acme = cls.place, cls.place.customers["acme"]
        site.gateway.start()
        acme.drop("declaration.edi", declaration(acme.edi, "REF0001", "26NL0001"))
        until(lambda: len(acme.replies()) >= 2 and acme.reports("delivered"), lambda: f"answers and report; there are {list(acme.found())}; {site.gateway.last_words()}")
        cls.acme = acme
        cls.story = site.gateway.show(site.gateway.messages("--from", "drop")[0]["message"])

    def test_the_file_has_left_the_customers_folder(self):
        self.assertEqual([f.name for f in self.acme.out.iterdir() if not f.name.startswith(".")], [])

    def test_both_answers_are_in_the_customers_folder(self):
        replies = [text.decode() for text in self.acme.replies().values()]
        self.assertEqual(len(replies), 2)
        self.sole((text for text in replies if "+CONTRL:" in text and "REF0001" in text), "a CONTRL that names the interchange")
        self.sole((text for text in replies if "+CUSRES:" in text and "26NL0001" in text), "a CUSRES that names the declaration")

    def test_both_answers_are_correlated(self):
        original, *answers = self.story
        self.assertEqual([a.get("in_reply_to") for a in answers if a["from"] == "digipoort"], [original["message"]] * 2)
        self.assertEqual({a["customer"] for a in answers}, {"acme"})

    def test_one_timeline_tells_it_all(self):
        original, *answers = self.story
        events = [entry["event"] for entry in original["timeline"]]
        order = [events.index(name) for name in ("accepted", "routed", "attempt", "delivered")]
        self.assertEqual(order, sorted(order), events)
        answered = [entry for entry in original["timeline"] if any(a["message"] in entry["text"] for a in answers)]
        self.assertGreaterEqual(len(answered), 2, f"both answers stand on the original's timeline: {original['timeline']}")
        text = self.place.gateway.do("show", original["message"])
        for word in ("accepted", "routed", "attempt", "delivered", *(a["message"] for a in answers)):
            self.assertIn(word, text)

    def test_the_peers_receipt_is_kept(self):
        delivery = self.sole(self.story[0]["deliveries"])
        self.assertEqual(delivery["state"], "delivered")
        self.assertTrue(delivery["receipt"]["text"].startswith("250"), delivery["receipt"])
        self.assertIn("@", delivery["identity"])

    def test_the_report_says_what_became_of_it(self):
        report = self.sole(self.acme.reports("delivered"))
        self.assertEqual((report["customer"], report["flow"], report["file"], report["state"], report["destination"]),
                         ("acme", "douane/uitvoer", "declaration.edi", "delivered", "digipoort"))
        self.assertEqual(report["message"], self.story[0]["message"])

    def test_the_other_side_received_it_once(self):
        received = self.sole(self.place.sandbox.ledger("received"))
        self.assertEqual(received["message_id"].strip("<>"), self.story[0]["deliveries"][0]["identity"].strip("<>"))

    def test_verify_is_clean(self):
        self.assertEqual(self.place.gateway.verify()["findings"], [])


class SharedMailbox(harness.EndToEnd):
    BROKER = "8799999999999"   # no customer's: what an intermediary sends under its own identification

    def test_answers_go_by_the_references_of_what_was_sent(self):
        site = self.site(customers=("acme", "bolt"), shared=True)
        site.gateway.start()
        for name, customer in site.customers.items():
            customer.drop("d.edi", declaration(self.BROKER, f"REF{name}", f"DOC{name}"))
        for name, customer in site.customers.items():
            until(lambda: len(customer.replies()) >= 2, lambda: f"{name}'s answers; {site.gateway.last_words()}")
        for name, customer in site.customers.items():
            replies = b"".join(customer.replies().values())
            for other in site.customers:
                self.assertEqual(other == name, f"DOC{other}".encode() in replies or f"REF{other}".encode() in replies, f"{name} got {replies}")

    def test_else_by_the_recipient_in_unb(self):
        answer = customs_answer("8712345600001", "NEVERSENT", "NEVERSENT")
        site = self.site(customers=("acme", "bolt"), shared=True, waiting={"broker@mail.example": [mail("broker@mail.example", answer, "unb")]})
        self.assertEqual(site.customers["bolt"].edi, "8712345600001")
        site.gateway.start()
        until(lambda: site.customers["bolt"].replies(), lambda: f"bolt's answer; {site.gateway.last_words()}")
        self.assertEqual(list(site.customers["bolt"].replies().values()), [answer])
        self.assertEqual(site.customers["acme"].replies(), {})

    def test_else_it_is_held_with_an_incident(self):
        answer = customs_answer(self.BROKER, "NEVERSENT", "NEVERSENT")
        site = self.site(customers=("acme", "bolt"), shared=True, waiting={"broker@mail.example": [mail("broker@mail.example", answer, "nobody")]})
        site.gateway.start()
        incident = self.sole(until(site.gateway.incidents, lambda: f"an incident; {site.gateway.last_words()}"))
        message = self.sole(site.gateway.messages("--unrouted"))
        self.assertEqual(incident["message"], message["message"])
        self.assertTrue(message["held"])
        self.assertEqual([c.replies() for c in site.customers.values()], [{}, {}])


class Doors(harness.EndToEnd):
    def flow(self, site, duplicate):
        site.gateway.write("flows.yaml", "flows:\n  - flow: douane/uitvoer\n    recognise:\n"
                                         '      - { edifact.unh.type: CUSDEC, edifact.bgm.code: "830" }\n'
                                         f"    duplicate: {duplicate}\n")

    def dropped_twice(self, duplicate):
        site = self.site(answer_after="")
        acme = site.customers["acme"]
        self.flow(site, duplicate)
        site.gateway.start()
        acme.drop("first.edi", declaration(acme.edi, "R1", "D1"))
        until(lambda: acme.reports("delivered"), lambda: f"the first to be delivered; {site.gateway.last_words()}")
        acme.drop("second.edi", declaration(acme.edi, "R1", "D1"))
        return site, acme

    def test_a_duplicate_is_held_where_the_flow_says_so(self):
        site, acme = self.dropped_twice("hold")
        incident = self.sole(until(site.gateway.incidents, lambda: f"an incident; {site.gateway.last_words()}"))
        self.assertEqual(len(site.sandbox.ledger("received")), 1)
        second = [m for m in site.gateway.messages("--from", "drop") if m["attributes"]["file.name"] == "second.edi"][0]
        self.assertIn("held", (second.get("held") and "held", *(d["state"] for d in second["deliveries"])))
        self.assertEqual(incident["customer"], "acme")

    def test_a_held_duplicate_goes_when_a_human_says_so(self):
        site, acme = self.dropped_twice("hold")
        until(site.gateway.incidents, "an incident")
        second = [m for m in site.gateway.messages("--from", "drop") if m["attributes"]["file.name"] == "second.edi"][0]
        site.gateway.do("release", second["message"], "--reason", "a new declaration after all")
        until(lambda: len(site.sandbox.ledger("received")) == 2, lambda: f"the second at the other side; {site.gateway.last_words()}")
        until(lambda: not site.gateway.incidents(), lambda: f"the incident to close: {site.gateway.incidents()}")

    def test_a_duplicate_is_refused_at_the_door_where_the_flow_says_so(self):
        site, acme = self.dropped_twice("refuse")
        reason = self.sole(until(lambda: acme.reports("refused"), lambda: f"a reason file; {site.gateway.last_words()}"))
        self.assertEqual((reason["file"], reason["code"]), ("second.edi", "intake.duplicate"))
        until(lambda: (acme.out / ".refused" / "second.edi").exists(), "the file aside")
        self.assertEqual(len(site.gateway.messages("--from", "drop")), 1)

    def test_a_duplicate_is_sent_where_the_flow_accepts_it(self):
        site, acme = self.dropped_twice("accept")
        until(lambda: len(site.sandbox.ledger("received")) == 2, lambda: f"the second at the other side; {site.gateway.last_words()}")
        self.assertEqual(len({e["message_id"] for e in site.sandbox.ledger("received")}), 2)

    def test_what_no_route_takes_is_refused_with_the_reason(self):
        site = self.site(answer_after="")
        acme = site.customers["acme"]
        site.gateway.start()
        acme.drop("letter.txt", b"Dear Customs,")
        reason = self.sole(until(lambda: acme.reports("refused"), lambda: f"a reason file; {site.gateway.last_words()}"))
        self.assertEqual((reason["file"], reason["code"]), ("letter.txt", "intake.unrouted"))
        self.assertIn("flow was not recognised", reason["reason"])
        until(lambda: (acme.out / ".refused" / "letter.txt").exists(), "the file aside")
        self.assertEqual(site.gateway.messages(), [])

    def test_what_an_authority_sent_is_held_until_there_is_a_route(self):
        answer = customs_answer("8712345600000", "NEVERSENT", "NEVERSENT")
        site = self.site(waiting={"acme@mail.example": [mail("acme@mail.example", answer, "unrouted")]})
        site.routes(answers=False)
        site.gateway.start()
        incident = self.sole(until(site.gateway.incidents, lambda: f"an incident; {site.gateway.last_words()}"))
        self.assertIn("/unrouted/", incident["key"])
        held = self.sole(site.gateway.messages("--unrouted"))["message"]
        refused = site.gateway.run("release", held)
        self.assertEqual(refused.returncode, 1, "without a route there is nowhere to go")
        self.assertIn("no route matches", refused.stderr)
        site.routes()
        site.gateway.do("reload")
        site.gateway.do("release", held)
        until(lambda: list(site.customers["acme"].replies().values()) == [answer], lambda: f"acme's answer; {site.gateway.last_words()}")
        until(lambda: not site.gateway.incidents(), lambda: f"the incident to close: {site.gateway.incidents()}")


class Secrets(harness.EndToEnd):
    CANARY = "Kanarie-9f3b1c"

    def test_no_password_is_written_anywhere(self):
        site = harness.Site(customers=("acme",), passwords={"acme": f"{self.CANARY}-acme", "broker": f"{self.CANARY}-broker"}, answer_after="100ms",
                            rules=("msa:auth:535*1",), log_level="debug")
        self.addCleanup(self.end, site)
        gateway, acme = site.gateway, site.customers["acme"]
        gateway.write("channels/shared.yaml", (gateway.config / "channels/digipoort.yaml").read_text().replace("channel: digipoort", "channel: shared")
                      + f"account: {{ {site.account('broker')} }}\n")
        gateway.start()
        gateway.run("probe", "digipoort", "--customer", "acme")
        acme.drop("d.edi", declaration(acme.edi, "R1", "D1"))
        until(lambda: len(acme.replies()) >= 2, lambda: f"acme's answers; {gateway.last_words()}")
        said = {"the log": gateway.log.read_text()}
        message = gateway.messages("--from", "drop")[0]["message"]
        for command in (["status"], ["messages"], ["show", message], ["incidents", "--all"], ["metrics"], ["check"], ["adapters", "digipoort"], ["verify"],
                        ["probe", "shared"], ["probe", "digipoort", "--customer", "acme"], ["reload"]):
            for output in ("text", "json"):
                done = gateway.run(*command, "-o", output)
                said[f"sluis {' '.join(command)} -o {output}"] = done.stdout + done.stderr
        for name in ("cmdline", "environ"):
            with open(f"/proc/{gateway.process.pid}/{name}", "rb") as file:
                said[name] = file.read().decode("utf-8", "replace")
        self.assertIn("metrics", " ".join(said))
        needles = [self.CANARY, *(harness.base64.b64encode(f"\0{user}\0{word}".encode()).decode() for user, word in site.passwords.items())]
        for folder in (gateway.data, acme.answers):
            for file in folder.rglob("*"):
                if file.is_file():
                    said[str(file)] = file.read_bytes().decode("latin-1")
        self.assertTrue(any(str(gateway.data) in where for where in said))
        leaks = [where for where, text in said.items() if any(needle in text for needle in needles)]
        self.assertEqual(leaks, [])
        self.assertIn(self.CANARY, (gateway.config / "secrets/acme").read_text(), "the canary was planted")


if __name__ == "__main__":
    unittest.main(verbosity=2)
