"""A certificate authority of the test's own, and a server certificate for localhost, made with the openssl program."""

import os
import subprocess


class Authority:
    """One authority and one server certificate in `folder`; `name` tells two authorities apart."""

    def __init__(self, folder, name="ca"):
        os.makedirs(folder, exist_ok=True)
        at = lambda suffix: os.path.join(folder, f"{name}{suffix}")
        self.ca, ca_key = at(".pem"), at(".key")
        self.certificate, self.key = at("-server.pem"), at("-server.key")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        _openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", self.ca, "-days", "2", "-subj", f"/CN=Interop {name}",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        request, extensions = at("-server.csr"), at("-server.ext")
        _openssl("req", *curve, "-keyout", self.key, "-out", request, "-subj", "/CN=localhost")
        with open(extensions, "w", encoding="ascii") as out:
            out.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
                      "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-out", self.certificate,
                 "-days", "2", "-extfile", extensions)
        os.chmod(self.key, 0o600)


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
