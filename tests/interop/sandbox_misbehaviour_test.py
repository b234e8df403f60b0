"""sluis-sandbox misbehaves exactly as asked, and its ledger tells the truth about it, seen by smtplib and poplib."""
import poplib
import smtplib
import ssl
import unittest

from sandbox import ACCOUNTS, DEADLINE, DECLARATION, Sandbox, eventually

PASSWORD, MAILBOX = ACCOUNTS["acme"]
TO = "uitvoer@douane.example"
CLOSED = (smtplib.SMTPServerDisconnected, OSError)


def mail(message_id):
    head = (f"From: {MAILBOX}\r\nTo: {TO}\r\nDate: Thu, 01 Jan 2026 12:00:00 +0000\r\nMessage-ID: <{message_id}>\r\n"
            "Content-Type: application/EDIFACT\r\n\r\n")
    return head.encode() + DECLARATION + b"\r\n"


class Misbehaviour(unittest.TestCase):
    options = ()

    def setUp(self):
        self.sandbox = Sandbox(*self.options)
        self.addCleanup(self.sandbox.close)
        self.tls = ssl.create_default_context(cafile=str(self.sandbox.ca))

    def misbehave(self, spec):
        self.assertEqual(self.sandbox.control("misbehave " + spec), "ok")

    def submit(self, message_id="one@acme.example"):
        with smtplib.SMTP(*self.sandbox.msa, timeout=DEADLINE) as peer:
            peer.starttls(context=self.tls)
            peer.ehlo()
            peer.user, peer.password = "acme", PASSWORD
            peer.auth("PLAIN", peer.auth_plain)  # login() would try one mechanism after the other
            peer.sendmail(MAILBOX, [TO], mail(message_id))

    def pop(self):
        peer = poplib.POP3_SSL(*self.sandbox.pop3, timeout=DEADLINE, context=self.tls)
        self.addCleanup(peer.close)
        peer.user("acme")
        peer.pass_(PASSWORD)
        return peer

    def free_pop(self):
        """A session, as soon as the lock of the one before is gone."""
        def attempt():
            try:
                return self.pop()
            except poplib.error_proto as error:
                if b"IN-USE" in error.args[0]:
                    return None
                raise
        return eventually(attempt, "the maildrop is free")

    def test_codes_are_answered_where_they_were_asked_for(self):
        for point, kind, code in (("greeting", smtplib.SMTPConnectError, 554),
                                  ("auth", smtplib.SMTPAuthenticationError, 535),
                                  ("mail", smtplib.SMTPSenderRefused, 451),
                                  ("data", smtplib.SMTPDataError, 452), ("dot", smtplib.SMTPDataError, 451)):
            with self.subTest(point):
                self.misbehave(f"msa:{point}:{code}*1")
                with self.assertRaises(kind) as caught:
                    self.submit()
                self.assertEqual(caught.exception.smtp_code, code)
        self.misbehave("msa:rcpt:550*1")
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.submit()
        self.assertEqual(self.sandbox.ledger("received"), [])
        self.submit()
        self.assertEqual(len(self.sandbox.ledger("received")), 1)

    def test_a_connection_closed_before_the_dot_leaves_nothing(self):
        for point in ("greeting", "auth", "mail", "rcpt", "data", "dot"):
            with self.subTest(point):
                self.misbehave(f"msa:{point}:close*1")
                with self.assertRaises(CLOSED):
                    self.submit()
        self.assertEqual(self.sandbox.ledger("received"), [])

    def test_a_lost_250_keeps_the_mail_and_the_second_copy_is_a_duplicate(self):
        self.misbehave("msa:dot:lost250*1")
        with self.assertRaises(CLOSED):
            self.submit()
        self.submit()
        self.assertEqual([line["duplicate"] for line in self.sandbox.ledger("received")], [False, True])
        self.sandbox.answers(2)

    def test_a_duplicate_is_known_after_kill_9(self):
        self.submit()
        self.sandbox.kill()
        self.sandbox.start()
        self.submit()
        self.assertEqual([line["duplicate"] for line in self.sandbox.ledger("received")], [False, True])
        self.sandbox.answers(2)

    def test_the_connection_ends_at_any_octet(self):
        for octet in (1, 40, 200, 700):
            with self.subTest(octet):
                self.misbehave(f"msa:close-at-byte:{octet}*1")
                with self.assertRaises(CLOSED):
                    self.submit()
        self.assertEqual(self.sandbox.ledger("received"), [])
        for octet in (1, 60, 300):
            with self.subTest(octet):
                self.misbehave(f"pop3:close-at-byte:{octet}*1")
                with self.assertRaises((poplib.error_proto, OSError)):
                    peer = self.free_pop()
                    while True:
                        peer.noop()
        self.free_pop().quit()

    def test_a_slow_server_takes_its_time_and_gets_there(self):
        self.misbehave("msa:slow:4000*1")
        self.submit()
        self.assertEqual(len(self.sandbox.ledger("received")), 1)

    def test_no_starttls_is_not_offered_and_nothing_is_taken_in_clear(self):
        self.misbehave("msa:no-starttls*1")
        with smtplib.SMTP(*self.sandbox.msa, timeout=DEADLINE) as peer:
            peer.ehlo()
            self.assertFalse(peer.has_extn("starttls"))
            self.assertEqual(peer.mail(MAILBOX)[0], 530)

    def test_a_refused_declaration_gets_one_contrl_with_action_four(self):
        self.misbehave("answer:refuse*1")
        self.submit()
        self.sandbox.answers(1)
        peer = self.pop()
        self.assertEqual(peer.stat()[0], 1)
        self.assertEqual([line["answer"] for line in self.sandbox.ledger("answered")], ["CONTRL"])

    def test_no_answer_is_no_answer_also_after_a_restart(self):
        self.misbehave("answer:none*1")
        self.submit()
        self.assertEqual(self.sandbox.stop(), 0)
        self.sandbox.start()
        self.assertEqual(self.sandbox.ledger("answered"), [])
        self.assertEqual(len(self.sandbox.ledger("unanswered")), 1)

    def test_an_early_answer_is_there_before_the_250(self):
        self.misbehave("answer:early")
        self.misbehave("msa:dot:lost250*1")
        with self.assertRaises(CLOSED):
            self.submit()
        self.assertEqual(self.pop().stat()[0], 2)

    def test_a_refused_quit_deletes_nothing(self):
        self.submit()
        self.sandbox.answers(2)
        for action in ("err", "close"):
            with self.subTest(action):
                self.misbehave(f"pop3:quit:{action}*1")
                peer = self.free_pop()
                peer.dele(1)
                with self.assertRaises((poplib.error_proto, OSError)):
                    peer.quit()
        self.assertEqual(self.free_pop().stat()[0], 2)
        self.assertEqual(self.sandbox.ledger("deleted"), [])

    def test_a_lost_ok_to_quit_has_deleted(self):
        self.submit()
        self.sandbox.answers(2)
        self.misbehave("pop3:quit:lost*1")
        peer = self.pop()
        peer.dele(1)
        with self.assertRaises((poplib.error_proto, OSError)):
            peer.quit()
        self.assertEqual(self.free_pop().stat()[0], 1)

    def test_a_mail_breaks_off_in_the_middle(self):
        self.submit()
        self.sandbox.answers(2)
        self.misbehave("pop3:retr:close*1")
        with self.assertRaises((poplib.error_proto, OSError)):
            self.pop().retr(1)
        self.assertEqual(self.free_pop().stat()[0], 2)

    def test_login_is_refused_on_request(self):
        self.misbehave("pop3:auth:err*1")
        with self.assertRaises(poplib.error_proto):
            self.pop()
        self.free_pop().quit()

    def test_what_a_crash_left_unanswered_is_answered_after_it(self):
        self.sandbox.stop()
        self.sandbox.start(answer_after="1h")
        self.submit()
        self.sandbox.answers(1)
        self.sandbox.kill()
        self.sandbox.start()
        self.sandbox.answers(2)
        self.assertEqual([line["answer"] for line in self.sandbox.ledger("answered")], ["CONTRL", "CUSRES"])

    def test_sigterm_ends_open_sessions(self):
        self.submit()
        self.sandbox.answers(2)
        self.misbehave("pop3:slow:50*1")
        idle = smtplib.SMTP(*self.sandbox.msa, timeout=DEADLINE)
        self.addCleanup(idle.close)
        slow = poplib.POP3_SSL(*self.sandbox.pop3, timeout=DEADLINE, context=self.tls)
        slow.sock.sendall(b"CAPA\r\n")
        self.assertEqual(self.sandbox.stop(), 0)
        slow.close()

    def test_control_refuses_what_it_does_not_know(self):
        self.assertTrue(self.sandbox.control("misbehave msa:nothing").startswith("error "))
        self.assertTrue(self.sandbox.control("dance").startswith("error "))
        self.assertIn('"received":0', self.sandbox.control("mails"))


class SharedMailbox(Misbehaviour):
    options = ("--shared-mailbox", "other")

    def test_all_answers_go_to_the_shared_mailbox(self):
        self.submit()
        self.sandbox.answers(2)
        self.assertEqual({line["mailbox"] for line in self.sandbox.ledger("answered")}, {ACCOUNTS["other"][1]})


def load_tests(loader, tests, pattern):
    """SharedMailbox borrows the tools of Misbehaviour, not its tests."""
    suite = loader.loadTestsFromTestCase(Misbehaviour)
    suite.addTest(SharedMailbox("test_all_answers_go_to_the_shared_mailbox"))
    return suite


if __name__ == "__main__":
    unittest.main()
