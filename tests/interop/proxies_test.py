"""Proxies that others have written: HAProxy in front of our listeners, Tinyproxy on our way out.

A proxy that is not installed is a failure: what is not tested would look tested.
"""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import unittest

from certificates import Authority
from gateway import Gateway, declaration
from haproxy import HaProxy
from sandbox import ACCOUNTS, Sandbox
from tinyproxy import TinyProxy
from waiting import until

PASSWORD, _ = ACCOUNTS["acme"]
PROXY_PASSWORD = "geheim-van-de-proxy"
EDI = "8712345678906"


class ProxiedPeer:
    """A listener of the house that believes these proxies."""

    def __init__(self, *networks):
        self.process = subprocess.Popen([os.environ["SLUIS_PROXIED_PEER"], *networks], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def counts(self):
        """How many connections were accepted, and how many refused."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [int(word) for word in self.process.stdout.readline().split()]

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(timeout=30)


class InFront(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="sluis-interop-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.authority = Authority(os.path.join(cls.temporary.name, "tls"))

    def setUp(self):
        self.peer = ProxiedPeer("127.0.0.1")
        self.addCleanup(lambda: self.assertEqual(self.peer.stop(), 0))

    def haproxy(self, server, bind=""):
        proxy = HaProxy(tempfile.mkdtemp(dir=self.temporary.name) + "/haproxy", self.peer.port, server, bind)
        self.addCleanup(proxy.stop)
        return proxy

    def ask(self, proxy, tls=None, source="127.0.0.5"):
        """What the listener knows of a client that comes from `source`, and that client's own address."""
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=20, source_address=(source, 0)) as plain:
            ours = "{}:{}".format(*plain.getsockname())
            with tls.wrap_socket(plain, server_hostname="localhost") if tls else plain as connection:
                connection.sendall(b"hello\n")
                with connection.makefile("rb") as answer:
                    line = answer.readline()
        self.assertTrue(line, proxy.log())
        return json.loads(line), ours

    def test_a_header_of_version_1_names_the_client(self):
        proxy = self.haproxy("send-proxy")
        known, ours = self.ask(proxy)
        self.assertEqual(known["version"], 1)
        self.assertEqual(known["client"], ours)
        self.assertTrue(known["peer"].startswith("127.0.0.1:"))
        self.assertEqual(known["destination"], f"127.0.0.1:{proxy.port}")
        self.assertEqual(known["heard"], "hello\n")

    def test_a_header_of_version_2_names_the_client(self):
        known, ours = self.ask(self.haproxy("send-proxy-v2 proxy-v2-options crc32c,unique-id"))
        self.assertEqual(known["version"], 2)
        self.assertEqual(known["client"], ours)
        self.assertEqual(known["heard"], "hello\n")

    def tls_proxy(self):
        with open(os.path.join(self.temporary.name, "server.pem"), "w", encoding="ascii") as out:
            for part in (self.authority.certificate, self.authority.key):
                with open(part, encoding="ascii") as source:
                    out.write(source.read())
        return self.haproxy("send-proxy-v2-ssl-cn proxy-v2-options crc32c,authority",
                            f"ssl crt {out.name} ca-file {self.authority.ca} verify optional")

    def test_a_header_of_version_2_tells_of_the_clients_certificate(self):
        tls = ssl.create_default_context(cafile=self.authority.ca)
        tls.load_cert_chain(*self.authority.client("acme"))
        known, ours = self.ask(self.tls_proxy(), tls)
        self.assertEqual(known["client"], ours)
        self.assertEqual(known["authority"], "localhost")
        self.assertEqual(known["tls"], {"version": "TLSv1.3", "common-name": "acme", "certificate": True, "verified": True})

    def test_a_header_of_version_2_tells_that_there_was_no_certificate(self):
        known, _ = self.ask(self.tls_proxy(), ssl.create_default_context(cafile=self.authority.ca))
        self.assertEqual(known["tls"], {"version": "TLSv1.3", "common-name": "", "certificate": False, "verified": False})

    def test_a_proxy_that_is_not_named_is_not_believed(self):
        known, ours = self.ask(self.haproxy("source 127.0.0.3 send-proxy"))
        self.assertNotIn("version", known)
        self.assertTrue(known["client"].startswith("127.0.0.3:"))
        self.assertTrue(known["heard"].startswith(f"PROXY TCP4 {ours.split(':')[0]} 127.0.0.1 "), known)

    def test_a_named_proxy_that_sends_no_header_is_refused(self):
        proxy = self.haproxy("")
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as connection:
            connection.sendall(b"hello\n")
            self.assertEqual(connection.recv(1), b"")
        # One more: the look whether HAProxy listens went through it as well, and ended without a word.
        until(lambda: self.peer.counts()[1] >= 1, "refused connection")
        self.assertEqual(self.peer.counts()[0], 0)

    def test_a_proxys_own_checks_are_accepted(self):
        self.haproxy("send-proxy-v2 check inter 100ms")
        before = self.peer.counts()
        until(lambda: self.peer.counts()[0] >= before[0] + 2, "two checks")
        self.assertEqual(self.peer.counts()[1], before[1])


class OnTheWayOut(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="sluis-interop-")
        self.addCleanup(temporary.cleanup)
        self.place = temporary.name
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        ports = [self.sandbox.msa[1], self.sandbox.pop3[1]]
        self.proxy = TinyProxy(os.path.join(self.place, "tinyproxy"), ports, "gateway", PROXY_PASSWORD)
        self.addCleanup(self.proxy.stop)

    def gateway(self, password):
        gateway = Gateway(os.path.join(self.place, "gateway"))
        gateway.write("secrets/proxy", password)
        os.chmod(os.path.join(gateway.folder, "config/secrets/proxy"), 0o600)
        way = ('source-address: 127.0.0.2, proxy: { address: "127.0.0.1:%d", username: gateway, password: "${file:secrets/proxy}" }'
               % self.proxy.port)
        section = lambda peer, more: f"{{ host: localhost, port: {peer[1]}, ca: {self.sandbox.ca}, {more}, {way} }}"
        gateway.channel(section(self.sandbox.msa, "tls: starttls"), section(self.sandbox.pop3, "tls: implicit, every: 200ms"))
        gateway.customer("acme", PASSWORD, EDI)
        self.addCleanup(lambda: self.assertIn(gateway.stop(), (0, None), "SIGTERM ends the gateway cleanly"))
        return gateway.start()

    def test_a_declaration_and_its_answer_go_through_the_proxy(self):
        gateway = self.gateway(PROXY_PASSWORD)
        gateway.drop("acme", "export.edi", declaration(EDI, "REF0001", "26NL0001"))
        until(lambda: any(one["state"] == "delivered" for one in gateway.submissions()),
              lambda: f"delivery: {gateway.submissions()}\n{gateway.log()}\n{self.proxy.log()}")
        until(lambda: gateway.answers("acme"), lambda: f"answer: {gateway.log()}\n{self.proxy.log()}")
        for peer in (self.sandbox.msa, self.sandbox.pop3):
            until(lambda: f"CONNECT localhost:{peer[1]}" in self.proxy.log(), lambda: f"the proxy's log: {self.proxy.log()}")
        self.assertRegex(self.proxy.log(), r"Connect \(file descriptor \d+\): 127\.0\.0\.2\n")

    def test_a_login_that_the_proxy_refuses_is_told_and_nothing_is_lost(self):
        gateway = self.gateway("een ander geheim")
        gateway.drop("acme", "export.edi", declaration(EDI, "REF0001", "26NL0001"))
        # Tinyproxy says 401 where RFC 9110 has 407.
        until(lambda: "401: the proxy does not open the tunnel" in gateway.log(), lambda: f"refusal: {gateway.log()}")
        self.assertEqual([one["state"] for one in gateway.submissions()], ["queued"])
        self.assertNotIn("een ander geheim", gateway.log())


if __name__ == "__main__":
    unittest.main()
