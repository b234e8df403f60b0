"""Tinyproxy: an HTTP proxy that opens tunnels to one port, for those who log in, in a folder and on a port of its own."""

import os
import subprocess

from waiting import accepts, free_ports, until

CONFIGURATION = """\
Port {port}
Listen 127.0.0.1
Timeout 60
LogFile "{log}"
LogLevel Connect
MaxClients 20
{ports}
BasicAuth {username} {password}
"""


class TinyProxy:
    def __init__(self, folder, ports, username, password):
        os.makedirs(folder)
        [self.port] = free_ports(1)
        self.log_name = os.path.join(folder, "log")
        configuration = os.path.join(folder, "tinyproxy.conf")
        with open(configuration, "w", encoding="ascii") as out:
            out.write(CONFIGURATION.format(port=self.port, log=self.log_name, username=username, password=password,
                                           ports="\n".join(f"ConnectPort {port}" for port in ports)))
        self.process = subprocess.Popen(["tinyproxy", "-d", "-c", configuration], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(self._listens, lambda: f"Tinyproxy: {self.log()}")
        except BaseException:
            self.stop()
            raise

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Tinyproxy ended with {self.process.returncode}: {self.log()}")
        return accepts(self.port)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        if not os.path.exists(self.log_name):
            return ""
        with open(self.log_name, encoding="utf-8", errors="replace") as log:
            return log.read()
