"""A Postfix that relays everything to one port of the loopback interface: its own configuration and queue, in clear text."""

import os
import pathlib
import pwd
import subprocess

from harness import kernel
from harness.gateway import accepts, free_port, until

MASTER = "/usr/lib/postfix/sbin/master"

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
relayhost = [127.0.0.1]:{next_port}
smtp_tls_security_level = none
smtp_dns_support_level = disabled
default_destination_concurrency_limit = {sessions}
initial_destination_concurrency = {sessions}
default_process_limit = {processes}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
"""

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def why_not():
    """Why there can be no Postfix here; empty when there can."""
    if os.geteuid() != 0:
        return "only root can start it"
    return "" if os.access(MASTER, os.X_OK) else "it is not installed (deploy/install-packages test)"


class Postfix:
    """Started by the constructor. `traced`: a file for the trace of its syncs."""

    def __init__(self, folder, next_port, sessions, traced=None):
        self.folder, self.port = pathlib.Path(folder), free_port()
        for name in ("queue", "data"):
            (self.folder / name).mkdir()
        for above in (self.folder, *self.folder.parents):
            if not above.stat().st_mode & 1:
                raise RuntimeError(f"Postfix's own users cannot enter {above}: give bench/run a --folder that everybody may enter")
        os.chown(self.folder / "data", pwd.getpwnam("postfix").pw_uid, -1)
        values = {"folder": self.folder, "port": self.port, "next_port": next_port, "sessions": sessions, "processes": 4 * sessions + 50}
        (self.folder / "main.cf").write_text(MAIN_CF.format(**values), encoding="ascii")
        (self.folder / "master.cf").write_text(MASTER_CF.format(**values), encoding="ascii")
        subprocess.run(["/usr/sbin/postfix", "-c", str(self.folder), "check"], capture_output=True, check=True)
        command = [MASTER, "-c", str(self.folder), "-s"]   # in the foreground: ours to stop
        if traced is not None:
            command = kernel.under_strace(command, traced)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.traced = traced is not None
        try:
            until(lambda: accepts(self.port), "Postfix")
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return kernel.first_child(self.process.pid) if self.traced else self.process.pid

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.pid, 15)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
