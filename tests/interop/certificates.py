"""A certificate authority of the test's own, and a server certificate for localhost, made with the openssl program."""

import os
import subprocess

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    """One authority and one server certificate in `folder`; `name` tells two authorities apart."""

    def __init__(self, folder, name="ca"):
        os.makedirs(folder, exist_ok=True)
        at = lambda suffix: os.path.join(folder, f"{name}{suffix}")
        self.folder, self.name = folder, name
        self.ca, self.ca_key = at(".pem"), at(".key")
        self.certificate, self.key = at("-server.pem"), at("-server.key")
        _openssl("req", "-x509", *CURVE, "-keyout", self.ca_key, "-out", self.ca, "-days", "2", "-subj", f"/CN=Interop {name}",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self._issue(self.certificate, self.key, "localhost",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")

    def client(self, common_name):
        """A client's certificate and key, as two files."""
        certificate, key = (os.path.join(self.folder, f"{self.name}-{common_name}{suffix}") for suffix in (".pem", ".key"))
        self._issue(certificate, key, common_name, "extendedKeyUsage=clientAuth\n")
        return certificate, key

    def _issue(self, certificate, key, common_name, extensions):
        request, extension_file = certificate + ".csr", certificate + ".ext"
        _openssl("req", *CURVE, "-keyout", key, "-out", request, "-subj", f"/CN={common_name}")
        with open(extension_file, "w", encoding="ascii") as out:
            out.write("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n" + extensions)
        _openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.ca_key, "-CAcreateserial", "-out", certificate,
                 "-days", "2", "-extfile", extension_file)
        os.chmod(key, 0o600)


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
