"""HAProxy in front of a listener, in a folder and on ports of its own."""

import os
import subprocess

from waiting import accepts, free_ports, until

# The lines of `server` say how the client is passed on.
CONFIGURATION = """\
global
  log stdout format raw local0
  maxconn 50
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend in
  bind 127.0.0.1:{port} {bind}
  default_backend out
backend out
  server peer 127.0.0.1:{behind} {server}
"""


class HaProxy:
    def __init__(self, folder, behind, server, bind=""):
        os.makedirs(folder)
        [self.port] = free_ports(1)
        self.log_name = os.path.join(folder, "log")
        configuration = os.path.join(folder, "haproxy.cfg")
        with open(configuration, "w", encoding="ascii") as out:
            out.write(CONFIGURATION.format(port=self.port, behind=behind, server=server, bind=bind))
        with open(self.log_name, "wb") as log:
            self.process = subprocess.Popen(["haproxy", "-db", "-f", configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until(self._listens, lambda: f"HAProxy: {self.log()}")
        except BaseException:
            self.stop()
            raise

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"HAProxy ended with {self.process.returncode}: {self.log()}")
        return accepts(self.port)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        with open(self.log_name, encoding="utf-8", errors="replace") as log:
            return log.read()
