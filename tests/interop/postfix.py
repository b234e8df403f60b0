"""A real Postfix as the submission server: its own configuration, queue and mailboxes in one temporary folder.

STARTTLS on one port and TLS from the first octet on another, both with AUTH against a sasldb of their own; bare line feeds are
refused. Recipients are virtual mailboxes (Maildir). Postfix's master must be started by root.
"""

import base64
import email
import email.policy
import os
import pwd
import re
import shutil
import subprocess

from waiting import accepts, free_ports, until

MASTER = "/usr/lib/postfix/sbin/master"
NOBODY = pwd.getpwnam("nobody")
REALM = "interop.example"

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = msa.interop.example
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
default_transport = error:nothing leaves this test
virtual_mailbox_domains = texthash:{folder}/domains
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {folder}/sasl
smtpd_sasl_local_domain = {realm}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_forbid_bare_newline = reject
smtpd_forbid_bare_newline_exclusions =
smtpd_error_sleep_time = 0
"""

MASTER_CF = """\
127.0.0.1:{starttls} inet n - n - - smtpd -v
127.0.0.1:{implicit} inet n - n - - smtpd -v -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Started by the constructor, stopped by stop(). `users` are names with passwords, `recipients` addresses with mailboxes."""

    def __init__(self, folder, authority, users, recipients, mechanisms="PLAIN LOGIN"):
        for program in (MASTER, "/usr/sbin/postfix", "/usr/sbin/saslpasswd2"):
            if not os.access(program, os.X_OK):
                raise RuntimeError(f"{program} is not there: install postfix and sasl2-bin (deploy/install-packages test)")
        if os.geteuid() != 0:
            raise RuntimeError("Postfix can only be started by root: run this test as root")
        self.folder = folder
        self.starttls, self.implicit = free_ports(2)
        self._configure(authority, users, recipients, mechanisms)
        checked = subprocess.run(["/usr/sbin/postfix", "-c", folder, "check"], capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            raise RuntimeError(f"postfix check: {checked.stdout}{checked.stderr}{self.log()}")
        # -s: in the foreground, so that it is our child and ours to stop.
        self.process = subprocess.Popen([MASTER, "-c", folder, "-s"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        try:
            until(lambda: self._alive() and accepts(self.starttls) and accepts(self.implicit), lambda: f"Postfix: {self.log()}")
        except BaseException:
            self.stop()
            raise

    def _configure(self, authority, users, recipients, mechanisms):
        owner = pwd.getpwnam("postfix")
        for name in ("queue", "data", "mail", "sasl"):
            os.makedirs(os.path.join(self.folder, name))
        os.chmod(self.folder, 0o755)
        os.chown(self._at("data"), owner.pw_uid, -1)
        os.chown(self._at("mail"), NOBODY.pw_uid, NOBODY.pw_gid)
        key = self._at("server.key")
        shutil.copyfile(authority.key, key)
        os.chmod(key, 0o600)
        values = {"folder": self.folder, "uid": NOBODY.pw_uid, "gid": NOBODY.pw_gid, "certificate": authority.certificate, "key": key,
                  "realm": REALM, "starttls": self.starttls, "implicit": self.implicit}
        self._write("main.cf", MAIN_CF.format(**values))
        self._write("master.cf", MASTER_CF.format(**values))
        self._write("domains", "".join(f"{domain} x\n" for domain in {address.split("@")[1] for address in recipients}))
        self._write("mailboxes", "".join(f"{address} {address}/\n" for address in recipients))
        database = self._at("sasl/sasldb2")
        self._write("sasl/smtpd.conf", f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {database}\nmech_list: {mechanisms}\n")
        for name, password in users.items():
            subprocess.run(["/usr/sbin/saslpasswd2", "-f", database, "-p", "-c", "-u", REALM, name], input=password.encode(), check=True)
        os.chown(database, owner.pw_uid, -1)

    def _at(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(self._at(name), "w", encoding="utf-8") as out:
            out.write(text)

    def _alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"Postfix ended with {self.process.returncode}: {self.log()}")
        return True

    def log(self):
        try:
            with open(self._at("maillog"), encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def said(self, pattern):
        """Every match of a regular expression in what clients said and what the log says of it."""
        return re.findall(pattern, self.log())

    def mails(self, address):
        """The mails delivered to an address, as octets, in the order of arrival."""
        folder = os.path.join(self.folder, "mail", address, "new")
        out = []
        for name in sorted(os.listdir(folder), key=lambda one: os.stat(os.path.join(folder, one)).st_mtime_ns) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), "rb") as mail:
                out.append(mail.read())
        return out

    def queued(self):
        """Names of the files in Postfix's queue: empty when all it accepted was delivered."""
        return [name for queue in ("maildrop", "incoming", "active", "deferred", "hold")
                for _, _, names in os.walk(os.path.join(self.folder, "queue", queue)) for name in names]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def payload_of(mail):
    """The octets of a mail's one body, taken out by Python's own MIME reader, and the parsed mail."""
    parsed = email.message_from_bytes(mail, policy=email.policy.default)
    return parsed.get_payload(decode=True), parsed


def encoded(text):
    return base64.b64encode(text.encode()).decode()
