"""A customer's declarations, submitted by the real gateway to a real Postfix."""

import hashlib
import json
import os
import smtplib
import ssl
import tempfile
import unittest

from certificates import Authority
from gateway import Gateway, declaration
from postfix import Postfix, encoded, payload_of
from waiting import until

RECIPIENT = "uitvoer@douane.example"
PASSWORD = "s3cret of acme, with spaces"
EDI = "8712345678906"


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


class Submission(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="sluis-interop-")
        cls.addClassCleanup(cls.temporary.cleanup)
        os.chmod(cls.temporary.name, 0o755)
        cls.authority = Authority(os.path.join(cls.temporary.name, "tls"))
        cls.stranger = Authority(os.path.join(cls.temporary.name, "tls"), "stranger")
        os.chmod(os.path.join(cls.temporary.name, "tls"), 0o755)

    def setUp(self):
        self.place = tempfile.mkdtemp(dir=self.temporary.name)
        os.chmod(self.place, 0o755)

    def postfix(self, mechanisms="PLAIN LOGIN"):
        folder = os.path.join(self.place, "postfix")
        os.makedirs(folder)
        peer = Postfix(folder, self.authority, {"acme": PASSWORD}, [RECIPIENT, "acme@mail.example"], mechanisms)
        self.addCleanup(peer.stop)
        return peer

    def gateway(self, submit, password=PASSWORD, recipient=RECIPIENT):
        gateway = Gateway(os.path.join(self.place, "gateway"), recipient)
        gateway.channel(submit)
        gateway.customer("acme", password, EDI)
        self.addCleanup(lambda: self.assertIn(gateway.stop(), (0, None), "SIGTERM ends the gateway cleanly"))
        return gateway.start()

    def settings(self, port, tls="starttls", ca=None, more=""):
        return f"{{ host: localhost, port: {port}, tls: {tls}, ca: {ca or self.authority.ca}{more} }}"

    def settled(self, gateway, state, count=1):
        def all_there():
            found = gateway.submissions()
            return found if len(found) == count and all(one["state"] == state for one in found) else None
        return until(all_there, lambda: f"{count} deliveries {state}: {gateway.submissions()}\n{gateway.log()}")

    def assert_arrived(self, postfix, delivery, payload):
        mail = until(lambda: postfix.mails(RECIPIENT), lambda: f"mail: {postfix.log()}")
        until(lambda: not postfix.queued(), "empty queue")
        self.assertEqual(len(postfix.mails(RECIPIENT)), 1, "one declaration, one mail")
        octets, parsed = payload_of(mail[0])
        self.assertEqual(sha256(octets), sha256(payload), f"{octets!r}\n{payload!r}")
        self.assertEqual(parsed["Message-ID"], f"<{delivery['identity'].strip('<>')}>")
        return parsed

    def send_one(self, postfix, port, tls="starttls", more=""):
        gateway = self.gateway(self.settings(port, tls, more=more))
        payload = declaration(EDI, "REF0001", "26NL0001", segments=40)
        gateway.drop("acme", "export.edi", payload)
        delivery = self.settled(gateway, "delivered")[0]
        parsed = self.assert_arrived(postfix, delivery, payload)
        return gateway, delivery, parsed

    def test_a_declaration_arrives_octet_for_octet_over_starttls_with_auth_plain(self):
        postfix = self.postfix()
        gateway, delivery, parsed = self.send_one(postfix, postfix.starttls, more=", auth: [PLAIN]")
        self.assertEqual(parsed.get_content_type(), "application/edifact")
        self.assertEqual(parsed["From"], "acme@mail.example")
        self.assertTrue(postfix.said(r"< .*: AUTH PLAIN"))
        self.assertTrue(postfix.said(r"TLS connection established"))
        self.assertFalse(postfix.said(r"bare <LF>"))
        self.assertEqual(delivery["attempt"], 1)
        receipt = json.dumps(gateway.show(str(delivery["delivery"]))[0])
        self.assertIn("queued as", receipt, "the peer's own words are the receipt")
        reports = until(lambda: [text for name, text in gateway.answers("acme").items() if name.endswith(".delivered.json")], "report")
        self.assertEqual(json.loads(reports[0])["state"], "delivered")
        self.assertEqual(gateway.stop(), 0)

    def test_a_declaration_arrives_over_implicit_tls(self):
        postfix = self.postfix()
        self.send_one(postfix, postfix.implicit, "implicit")
        self.assertFalse(postfix.said(r"< .*: STARTTLS"))

    def test_a_declaration_arrives_with_auth_login(self):
        postfix = self.postfix("LOGIN")
        self.send_one(postfix, postfix.starttls, more=", auth: [PLAIN, LOGIN]")
        self.assertTrue(postfix.said(r"< .*: AUTH LOGIN"))

    def test_delivery_status_notifications_are_asked_for_and_taken(self):
        postfix = self.postfix()
        _, delivery, _ = self.send_one(postfix, postfix.starttls)
        self.assertTrue(postfix.said(rf"< .*: MAIL FROM:<acme@mail\.example>.* ENVID={delivery['message']}"), postfix.log())
        self.assertTrue(postfix.said(r"< .*: RCPT TO:<uitvoer@douane\.example>.* NOTIFY=\S+ ?.*"), postfix.log())
        self.assertTrue(postfix.said(r"< .*: RCPT TO:<uitvoer@douane\.example>.* ORCPT=rfc822;uitvoer@douane\.example"))

    def test_eight_declarations_share_at_most_two_sessions(self):
        postfix = self.postfix()
        gateway = self.gateway(self.settings(postfix.starttls))
        payloads = [declaration(EDI, f"REF{n}", f"26NL{n}", segments=n) for n in range(8)]
        for n, payload in enumerate(payloads):
            gateway.drop("acme", f"export-{n}.edi", payload)
        deliveries = self.settled(gateway, "delivered", len(payloads))
        until(lambda: len(postfix.mails(RECIPIENT)) >= len(payloads), lambda: f"eight mails: {postfix.log()}")
        until(lambda: not postfix.queued(), "empty queue")
        mails = [payload_of(mail) for mail in postfix.mails(RECIPIENT)]
        self.assertEqual(sorted(sha256(octets) for octets, _ in mails), sorted(map(sha256, payloads)))
        self.assertEqual(sorted(parsed["Message-ID"].strip("<>") for _, parsed in mails),
                         sorted(delivery["identity"].strip("<>") for delivery in deliveries))
        self.assertLessEqual(len(postfix.said(r"< .*: AUTH PLAIN")), 2, "every session logs in once")

    def test_this_postfix_refuses_bare_line_feeds(self):
        """Else it would prove nothing that it takes what the gateway sends."""
        postfix = self.postfix()
        with smtplib.SMTP("localhost", postfix.starttls, timeout=30) as client:
            client.starttls(context=ssl.create_default_context(cafile=self.authority.ca))
            client.login("acme", PASSWORD)
            client.mail("acme@mail.example")
            client.rcpt(RECIPIENT)
            client.putcmd("DATA")
            self.assertEqual(client.getreply()[0], 354)
            client.send(b"Subject: bare\r\n\r\none\ntwo\r\n.\r\n")
            code, text = client.getreply()
        self.assertEqual(code, 550, text)
        self.assertIn(b"bare <lf>", text.lower())

    def waits_with_an_incident(self, gateway):
        """The delivery that was tried and failed is queued, its reason is there, and a human is told."""
        def tried():
            found = gateway.submissions()
            return found[0] if found and found[0]["state"] == "queued" and found[0]["reason"] else None
        delivery = until(tried, lambda: f"queued delivery with a reason: {gateway.submissions()}\n{gateway.log()}")
        incidents = until(lambda: [one for one in gateway.incidents() if one["channel"] == "digipoort"],
                          lambda: f"incident: {gateway.ask('incidents', '--all')}\n{gateway.log()}")
        return delivery, incidents

    def test_a_wrong_password_leaves_the_declaration_queued_with_the_reason_and_an_incident(self):
        postfix = self.postfix()
        gateway = self.gateway(self.settings(postfix.starttls), password="not the password")
        gateway.drop("acme", "export.edi", declaration(EDI, "REF0001", "26NL0001"))
        delivery, incidents = self.waits_with_an_incident(gateway)
        self.assertIn("535", delivery["reason"])
        self.assertTrue(incidents)
        self.assertEqual(postfix.mails(RECIPIENT), [])
        shown = json.dumps([gateway.show(delivery["message"]), gateway.ask("incidents", "--all")]) + gateway.log()
        for secret in ("not the password", encoded("\0acme\0not the password"), encoded("not the password")):
            self.assertNotIn(secret, shown)

    def test_a_certificate_of_an_unknown_authority_gets_neither_password_nor_mail(self):
        postfix = self.postfix()
        gateway = self.gateway(self.settings(postfix.starttls, ca=self.stranger.ca))
        gateway.drop("acme", "export.edi", declaration(EDI, "REF0001", "26NL0001"))
        delivery, incidents = self.waits_with_an_incident(gateway)
        self.assertIn("certificate", delivery["reason"].lower())
        self.assertTrue(incidents)
        self.assertTrue(postfix.said(r"< .*: STARTTLS"))
        self.assertEqual(postfix.said(r"< .*: (?:AUTH|MAIL) .*"), [], "nothing goes in clear text")
        self.assertEqual(postfix.mails(RECIPIENT), [])

    def test_an_unknown_recipient_rejects_the_declaration_and_tells_the_customer(self):
        postfix = self.postfix()
        gateway = self.gateway(self.settings(postfix.starttls), recipient="nobody@douane.example")
        gateway.drop("acme", "export.edi", declaration(EDI, "REF0001", "26NL0001"))
        delivery = self.settled(gateway, "rejected")[0]
        self.assertIn("550", delivery["reason"])
        reports = until(lambda: [text for name, text in gateway.answers("acme").items() if name.endswith(".rejected.json")],
                        lambda: f"report: {gateway.answers('acme')}\n{gateway.log()}")
        report = json.loads(reports[0])
        self.assertEqual((report["state"], report["message"], report["file"]), ("rejected", delivery["message"], "export.edi"))
        self.assertIn("550", report["reason"])
        self.assertEqual(delivery["attempt"], 1)


if __name__ == "__main__":
    unittest.main()
