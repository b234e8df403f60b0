"""A real Dovecot as the POP3 server: its own configuration and mailboxes in one temporary folder.

STLS on one port and TLS from the first octet on another; no login without TLS. The UIDL of a mail is its number in the
mailbox alone, so that two mailboxes have mails of the same UIDL.
"""

import getpass
import grp
import os
import pwd
import shutil
import subprocess

from waiting import accepts, free_ports, until

DOVECOT = "/usr/sbin/dovecot"

CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = pop3
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain
login_log_format_elements = user=<%u> method=%m %c port=%a
mail_location = maildir:~/Maildir
first_valid_uid = 1
mail_max_userip_connections = 50
pop3_uidl_format = %08Xu
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {stls}
  }}
  inet_listener pop3s {{
    port = {implicit}
    ssl = yes
  }}
}}
"""


class Dovecot:
    """Started by the constructor, stopped by stop(). `users` are names with passwords; each has a mailbox."""

    def __init__(self, folder, authority, users):
        if not os.access(DOVECOT, os.X_OK) or not os.path.exists("/usr/lib/dovecot/pop3"):
            raise RuntimeError("Dovecot is not there: install dovecot-core and dovecot-pop3d (deploy/install-packages test)")
        self.folder = folder
        self.stls, self.implicit = free_ports(2)
        self._configure(authority, users)
        # -F: in the foreground, so that it is our child and ours to stop.
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", os.path.join(folder, "dovecot.conf")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: self._alive() and accepts(self.stls) and accepts(self.implicit), lambda: f"Dovecot: {self.log()}")
        except BaseException:
            self.stop()
            raise

    def _configure(self, authority, users):
        root = os.geteuid() == 0
        # An ordinary user runs all of Dovecot as itself.
        self.owner = pwd.getpwnam("nobody" if root else getpass.getuser())
        os.chmod(self.folder, 0o755)
        for name in ("run", "state", "mail"):
            os.makedirs(os.path.join(self.folder, name))
        os.chown(os.path.join(self.folder, "mail"), self.owner.pw_uid, self.owner.pw_gid)
        for user in users:
            for part in ("", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
                path = os.path.join(self.folder, "mail", user, part)
                os.makedirs(path)
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        key = os.path.join(self.folder, "server.key")
        shutil.copyfile(authority.key, key)
        os.chmod(key, 0o600)
        internal = "dovecot" if root else self.owner.pw_name
        group = "dovecot" if root else grp.getgrgid(self.owner.pw_gid).gr_name
        with open(os.path.join(self.folder, "users"), "w", encoding="utf-8") as out:
            out.writelines(f"{name}:{{PLAIN}}{password}::::::\n" for name, password in users.items())
        with open(os.path.join(self.folder, "dovecot.conf"), "w", encoding="utf-8") as out:
            out.write(CONFIGURATION.format(folder=self.folder, internal=internal, internal_group=group,
                                           login="dovenull" if root else self.owner.pw_name, certificate=authority.certificate, key=key,
                                           uid=self.owner.pw_uid, gid=self.owner.pw_gid, stls=self.stls, implicit=self.implicit))

    def _alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"Dovecot ended with {self.process.returncode}: {self.log()}")
        return True

    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def put(self, user, name, mail):
        """Puts a mail in a mailbox, complete at once: written beside it and renamed."""
        maildir = os.path.join(self.folder, "mail", user, "Maildir")
        path = os.path.join(maildir, "tmp", name)
        with open(path, "wb") as out:
            out.write(mail)
        os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        os.rename(path, os.path.join(maildir, "new", name))

    def mails(self, user):
        """Names of the mails in a mailbox."""
        maildir = os.path.join(self.folder, "mail", user, "Maildir")
        return [name for part in ("new", "cur") for name in os.listdir(os.path.join(maildir, part))]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
