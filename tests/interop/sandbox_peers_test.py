"""Peers that others have written talk to sluis-sandbox: smtplib, poplib, swaks, curl, fetchmail.

A peer that is not installed is a failure: what is not tested would look tested.
"""
import email
import email.message
import email.policy
import poplib
import smtplib
import ssl
import subprocess
import unittest

from sandbox import ACCOUNTS, DEADLINE, DECLARATION, Sandbox, eventually

PASSWORD, MAILBOX = ACCOUNTS["acme"]
TO = "uitvoer@douane.example"


def declaration_mail(message_id="<one@acme.example>", payload=DECLARATION):
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["Date"] = "Thu, 01 Jan 2026 12:00:00 +0000"
    mail["From"] = MAILBOX
    mail["To"] = TO
    mail["Subject"] = "REF0001"
    mail["Message-ID"] = message_id
    mail.set_content(payload, maintype="application", subtype="EDIFACT", disposition="attachment", filename="a.edi")
    return mail


def payload_of(mail):
    return email.message_from_bytes(mail, policy=email.policy.SMTP).get_payload(decode=True)


class Peers(unittest.TestCase):
    options = ()

    def setUp(self):
        self.sandbox = Sandbox(*self.options)
        self.addCleanup(self.sandbox.close)
        self.tls = ssl.create_default_context(cafile=str(self.sandbox.ca))

    def submit(self, method, message_id="<one@acme.example>"):
        with smtplib.SMTP(*self.sandbox.msa, timeout=DEADLINE) as peer:
            peer.starttls(context=self.tls)
            peer.ehlo()
            peer.user, peer.password = "acme", PASSWORD
            peer.auth(method, getattr(peer, "auth_" + method.lower().replace("-", "_")))
            refused = peer.send_message(declaration_mail(message_id))
        self.assertEqual(refused, {})

    def pop(self):
        peer = poplib.POP3_SSL(*self.sandbox.pop3, timeout=DEADLINE, context=self.tls)
        self.addCleanup(peer.close)
        peer.user("acme")
        peer.pass_(PASSWORD)
        return peer

    def fetch_all(self):
        peer = self.pop()
        count = peer.stat()[0]
        mails = [b"\r\n".join(peer.retr(n)[1]) + b"\r\n" for n in range(1, count + 1)]
        for n in range(1, count + 1):
            peer.dele(n)
        self.assertTrue(peer.quit().startswith(b"+OK"))
        return mails

    def run_peer(self, *command, **more):
        done = subprocess.run(command, capture_output=True, timeout=DEADLINE, **more)
        self.assertEqual(done.returncode, 0, f"{command[0]}:\n{done.stdout.decode()}\n{done.stderr.decode()}")
        return done.stdout

    def netrc(self):
        file = self.sandbox.path / "netrc"
        file.write_text(f"machine localhost login acme password {PASSWORD}\n")
        file.chmod(0o600)
        return str(file)


class Smtplib(Peers):
    def test_auth_plain_submits_and_poplib_fetches_contrl_and_cusres(self):
        self.submit("PLAIN")
        self.sandbox.answers(2)
        contrl, cusres = self.fetch_all()
        self.assertIn(b"UCI+REF0001+8712345678906:14+DOUANE:ZZ+8'", payload_of(contrl))
        self.assertTrue(payload_of(contrl).startswith(b"UNA:+.? 'UNB+UNOC:3+DOUANE:ZZ+8712345678906:14+"))
        self.assertIn(b"BGM+962+LRN-2026-0001'RFF+ABO:ORDER77'RFF+ABE:LRN-2026-0001'RFF+MRN:", payload_of(cusres))
        for mail in (contrl, cusres):
            self.assertEqual(email.message_from_bytes(mail)["In-Reply-To"], "<one@acme.example>")
        self.assertEqual(self.pop().stat()[0], 0)

    def test_auth_login_and_cram_md5_submit(self):
        self.submit("LOGIN", "<login@acme.example>")
        self.submit("CRAM-MD5", "<cram@acme.example>")
        self.assertEqual([line["message_id"] for line in self.sandbox.ledger("received")],
                         ["login@acme.example", "cram@acme.example"])

    def test_another_sender_is_refused(self):
        with smtplib.SMTP(*self.sandbox.msa, timeout=DEADLINE) as peer:
            peer.starttls(context=self.tls)
            peer.login("acme", PASSWORD)
            self.assertEqual(peer.mail("other@mail.example")[0], 550)

    def test_no_login_without_tls(self):
        with smtplib.SMTP(*self.sandbox.msa, timeout=DEADLINE) as peer:
            peer.ehlo()
            self.assertFalse(peer.has_extn("auth"))


class Poplib(Peers):
    def test_uidl_is_the_same_after_a_restart(self):
        self.submit("PLAIN")
        self.sandbox.answers(2)
        peer = self.pop()
        before = peer.uidl()[1]
        peer.quit()
        self.assertEqual(self.sandbox.stop(), 0)
        self.sandbox.start()
        after = self.pop().uidl()[1]
        self.assertEqual(len(before), 2)
        self.assertEqual(before, after)

    def test_a_second_session_is_told_in_use(self):
        first = self.pop()
        with self.assertRaisesRegex(poplib.error_proto, "IN-USE"):
            self.pop()
        first.quit()

    def test_a_mail_whose_connection_drops_stays(self):
        self.submit("PLAIN")
        self.sandbox.answers(2)
        peer = self.pop()
        peer.dele(1)
        peer.close()

        def count():  # None while the server has not yet seen the end and keeps the lock
            try:
                return self.pop().stat()[0]
            except poplib.error_proto:
                return None

        self.assertEqual(eventually(count, "the maildrop is free again"), 2)


class Swaks(Peers):
    # In clear: Debian's swaks does TLS only with a Perl module that it merely recommends; the other peers cover TLS.
    options = ("--msa-tls", "none")

    def test_submits(self):
        mail = self.sandbox.path / "mail.eml"
        mail.write_bytes(declaration_mail().as_bytes())
        host, port = self.sandbox.msa
        options = self.sandbox.path / "swaksrc"
        options.write_text(f"--auth-password {PASSWORD}\n")
        options.chmod(0o600)
        self.run_peer("swaks", "--config", str(options), "--server", host, "--port", str(port), "--auth", "PLAIN",
                      "--auth-user", "acme", "--from", MAILBOX, "--to", TO, "--data", "@" + str(mail))
        (line,) = self.sandbox.ledger("received")
        self.assertEqual((line["account"], line["from"], line["to"], line["reference"], line["duplicate"]),
                         ("acme", MAILBOX, [TO], "REF0001", False))


class Curl(Peers):
    def curl(self, *more):
        return self.run_peer("curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(self.sandbox.ca),
                             "--netrc-file", self.netrc(), *more)

    def test_submits_and_fetches(self):
        mail = self.sandbox.path / "mail.eml"
        mail.write_bytes(declaration_mail().as_bytes())
        self.curl("--url", f"smtp://localhost:{self.sandbox.msa[1]}/client.example", "--mail-from", MAILBOX,
                  "--mail-rcpt", TO, "--upload-file", str(mail))
        self.sandbox.answers(2)
        self.assertEqual(len(self.curl("--url", f"pop3s://localhost:{self.sandbox.pop3[1]}/").splitlines()), 2)
        contrl = self.curl("--url", f"pop3s://localhost:{self.sandbox.pop3[1]}/1")
        self.assertIn(b"UCI+REF0001+", payload_of(contrl))


class Fetchmail(Peers):
    def test_retrieves_and_deletes(self):
        self.submit("PLAIN")
        self.sandbox.answers(2)
        out = self.sandbox.path / "fetched.bsmtp"
        rc = self.sandbox.path / "fetchmailrc"
        rc.write_text(
            f"poll localhost protocol pop3 port {self.sandbox.pop3[1]} user acme password {PASSWORD}\n"
            f"  ssl sslcertck sslcertfile {self.sandbox.ca} is acme here bsmtp {out}\n")
        rc.chmod(0o600)
        self.run_peer("fetchmail", "--fetchmailrc", str(rc), "--nosyslog", "--fetchall", "--pidfile",
                      str(self.sandbox.path / "pid"), "--idfile", str(self.sandbox.path / "ids"))
        self.assertEqual(out.read_bytes().count(b"In-Reply-To: <one@acme.example>"), 2)
        self.assertEqual([len(line["uidls"]) for line in self.sandbox.ledger("deleted")], [2])


class ImplicitTlsAndStls(Peers):
    options = ("--msa-tls", "implicit", "--pop3-tls", "stls")

    def test_smtps_and_stls(self):
        with smtplib.SMTP_SSL(*self.sandbox.msa, timeout=DEADLINE, context=self.tls) as peer:
            peer.login("acme", PASSWORD)
            self.assertEqual(peer.send_message(declaration_mail()), {})
        self.sandbox.answers(2)
        peer = poplib.POP3(*self.sandbox.pop3, timeout=DEADLINE)
        peer.stls(context=self.tls)
        peer.user("acme")
        peer.pass_(PASSWORD)
        self.assertEqual(peer.stat()[0], 2)
        peer.quit()


if __name__ == "__main__":
    unittest.main()
