"""Answers in the mailboxes of a real Dovecot, fetched by the real gateway; what they answer went to a real Postfix."""

import base64
import hashlib
import os
import random
import tempfile
import unittest

from certificates import Authority
from dovecot import Dovecot
from gateway import Gateway, declaration
from postfix import Postfix
from waiting import until

RECIPIENT = "uitvoer@douane.example"
USERS = {"acme": "s3cret of acme", "bolt": "s3cret of bolt"}
EDI = {"acme": "8712345678906", "bolt": "8798765432104"}
POISON = (b"From: uitvoer@douane.example\r\nTo: acme@mail.example\r\nMessage-ID: <poison@douane.example>\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: multipart/mixed; boundary=one\r\nContent-Type: text/plain\r\nSubject: broken\r\n\r\n"
          b"--one\r\nContent-Type: application/EDIFACT\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!not base64\r\n")


def interchange(customer, reference, message):
    return (f"UNB+UNOC:3+DOUANE:ZZ+{EDI[customer]}:14+261126:1300+{reference}'" + "".join(message)
            + f"UNT+{len(message) + 1}+1'UNZ+1+{reference}'").encode("latin-1")


def acceptance(customer, reference, document):
    """A CUSRES that names the declarant's document."""
    return interchange(customer, reference, ["UNH+1+CUSRES:D:96B:UN'", f"BGM+962+{reference}'", f"RFF+ABE:{document}'"])


def receipt(customer, reference, answered):
    """A CONTRL that names the declaration's interchange by its UNB reference."""
    return interchange(customer, reference, ["UNH+1+CONTRL:2:2:UN'", f"UCI+{answered}+{EDI[customer]}:14+DOUANE:ZZ+7'"])


def mail(customer, number, payload, media_type="application/EDIFACT", file_name="answer.edi"):
    encoded = base64.encodebytes(payload).replace(b"\n", b"\r\n")
    return (f"From: uitvoer@douane.example\r\nTo: {customer}@mail.example\r\nSubject: answer {number}\r\n"
            f"Date: Thu, 26 Nov 2026 13:00:00 +0100\r\nMessage-ID: <answer-{number}@douane.example>\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: {media_type}; name=\"{file_name}\"\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-Disposition: attachment; filename=\"{file_name}\"\r\n\r\n").encode() + encoded


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


class Retrieval(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="sluis-interop-")
        cls.addClassCleanup(temporary.cleanup)
        cls.root = temporary.name
        os.chmod(cls.root, 0o755)
        cls.authority = Authority(os.path.join(cls.root, "tls"))
        os.chmod(os.path.join(cls.root, "tls"), 0o755)
        folder = os.path.join(cls.root, "postfix")
        os.makedirs(folder)
        cls.postfix = Postfix(folder, cls.authority, USERS, [RECIPIENT])
        cls.addClassCleanup(cls.postfix.stop)

    def setUp(self):
        self.place = tempfile.mkdtemp(dir=self.root)
        os.chmod(self.place, 0o755)
        folder = os.path.join(self.place, "dovecot")
        os.makedirs(folder)
        self.dovecot = Dovecot(folder, self.authority, USERS)
        self.addCleanup(self.dovecot.stop)

    def gateway(self, tls="implicit", every="500ms"):
        gateway = Gateway(os.path.join(self.place, "gateway"))
        port = self.dovecot.implicit if tls == "implicit" else self.dovecot.stls
        gateway.channel(f"{{ host: localhost, port: {self.postfix.starttls}, tls: starttls, ca: {self.authority.ca} }}",
                        f"{{ host: localhost, port: {port}, tls: {tls}, ca: {self.authority.ca}, every: {every} }}")
        for customer, password in USERS.items():
            gateway.customer(customer, password, EDI[customer])
        self.addCleanup(lambda: self.assertIn(gateway.stop(), (0, None), "SIGTERM ends the gateway cleanly"))
        return gateway.start()

    def answers(self, gateway, customer, count):
        """The `count` answers in a customer's folder, reports aside: digest by name."""
        def there():
            found = {name: sha256(octets) for name, octets in gateway.answers(customer).items() if not name.endswith(".json")}
            return found if len(found) >= count else None
        return until(there, lambda: f"{count} answers for {customer}: {list(gateway.answers(customer))}\n{gateway.log()}\n{self.dovecot.log()}")

    def emptied(self, gateway, customer):
        until(lambda: not self.dovecot.mails(customer),
              lambda: f"empty mailbox of {customer}: {self.dovecot.mails(customer)}\n{gateway.log()}\n{self.dovecot.log()}")

    def declared(self, gateway, reference, document):
        """Acme's declaration, once Postfix has it: its message's id."""
        gateway.drop("acme", f"{reference}.edi", declaration(EDI["acme"], reference, document))
        def delivered():
            found = [one for one in gateway.submissions() if one["state"] == "delivered"]
            return found[0]["message"] if found else None
        return until(delivered, lambda: f"delivered declaration: {gateway.submissions()}\n{gateway.log()}")

    def answered(self, gateway):
        declared = self.declared(gateway, "REF0001", "26NL0001")
        answers = [acceptance("acme", "C0001", "26NL0001"), receipt("acme", "C0002", "REF0001")]
        for number, answer in enumerate(answers):
            self.dovecot.put("acme", f"{number}.answer", mail("acme", number, answer))
        found = self.answers(gateway, "acme", len(answers))
        self.assertEqual(sorted(found.values()), sorted(map(sha256, answers)))
        self.emptied(gateway, "acme")
        story = gateway.show(declared)
        arrived = [message for message in story if message["from"] == "digipoort"]
        self.assertEqual(len(arrived), len(answers), f"answers on the declaration's timeline: {story}")
        for message in arrived:
            self.assertEqual((message["customer"], message["in_reply_to"]), ("acme", declared))
        self.assertEqual(gateway.stop(), 0)

    def test_answers_over_pop3s_arrive_octet_for_octet_on_their_declarations_timeline(self):
        self.answered(self.gateway("implicit"))
        self.assertRegex(self.dovecot.log(), rf"Login: user=<acme>.* TLS, port={self.dovecot.implicit}")

    def test_answers_over_stls_arrive_octet_for_octet_on_their_declarations_timeline(self):
        self.answered(self.gateway("stls"))
        self.assertRegex(self.dovecot.log(), rf"Login: user=<acme>.* TLS, port={self.dovecot.stls}")

    def test_a_broken_mail_is_kept_as_it_came_and_held_and_the_next_ones_go_on(self):
        good = acceptance("acme", "C0001", "26NL0001")
        self.dovecot.put("acme", "1.poison", POISON)
        self.dovecot.put("acme", "2.answer", mail("acme", 2, good))
        gateway = self.gateway()
        self.assertEqual(list(self.answers(gateway, "acme", 1).values()), [sha256(good)])
        self.emptied(gateway, "acme")
        held = gateway.messages("--unrouted")
        self.assertEqual(len(held), 1, held)
        self.assertTrue(held[0]["held"])
        self.assertEqual(held[0]["deliveries"], [])
        originals = [part for part in held[0]["parts"] if part["role"] == "original"]
        self.assertEqual([part["sha256"] for part in originals], [sha256(POISON)], held)
        self.assertEqual(len(held[0]["parts"]), 1, "no part of a mail that two readers see differently is used")
        self.assertTrue([one for one in gateway.incidents() if one.get("message") == held[0]["message"]], gateway.incidents())

    def test_a_mail_of_three_megabytes_arrives_octet_for_octet(self):
        seed = 20261126
        payload = random.Random(seed).randbytes(3 * 1024 * 1024)
        self.dovecot.put("acme", "1.large", mail("acme", 1, payload, "application/octet-stream", "large.bin"))
        gateway = self.gateway()
        self.assertEqual(list(self.answers(gateway, "acme", 1).values()), [sha256(payload)], f"seed {seed}")
        self.emptied(gateway, "acme")

    def test_two_customers_mails_of_the_same_uidl_do_not_disturb_each_other(self):
        answers = {customer: acceptance(customer, f"C{customer}", "26NL0001") for customer in USERS}
        for customer, answer in answers.items():
            self.dovecot.put(customer, "1.answer", mail(customer, 1, answer))
        gateway = self.gateway()
        for customer, answer in answers.items():
            self.assertEqual(list(self.answers(gateway, customer, 1).values()), [sha256(answer)])
            self.emptied(gateway, customer)
        uidls = {message["customer"]: message["attributes"]["pop3.uidl"] for message in gateway.messages("--from", "digipoort")}
        self.assertEqual(set(uidls), set(USERS))
        self.assertEqual(len(set(uidls.values())), 1, f"the test needs equal UIDLs: {uidls}")

    def test_a_probe_passes_every_step_and_deletes_nothing(self):
        gateway = self.gateway(every="24h")
        # Every mailbox is visited once soon after the start; what comes later then waits a day.
        for customer in USERS:
            until(lambda: f"pop3({customer})" in self.dovecot.log() and "Disconnected: Logged out" in self.dovecot.log().split(f"pop3({customer})", 1)[1],
                  lambda: f"first visit: {self.dovecot.log()}")
        self.dovecot.put("acme", "1.answer", mail("acme", 1, acceptance("acme", "C0001", "26NL0001")))
        before = len(self.postfix.mails(RECIPIENT))
        report = gateway.ask("probe", "digipoort", "--customer", "acme")
        self.assertTrue(report["passed"], report)
        self.assertTrue(report["steps"])
        self.assertEqual([step for step in report["steps"] if not step["ok"]], [])
        self.assertEqual(len(self.dovecot.mails("acme")), 1)
        self.assertEqual(len(self.postfix.mails(RECIPIENT)), before)


if __name__ == "__main__":
    unittest.main()
