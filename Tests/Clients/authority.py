"""Certificates for the host names of a test."""
from harness import run


class Authority:
    """A certificate authority of the test, apart from the gateway's own, that issues certificates of one host."""

    def __init__(self, directory, host):
        self.directory, self.host = directory, host
        directory.mkdir()
        self.certificate = directory / "ca.pem"
        self.make("ca", f"/CN={self.host} test CA", [])

    def make(self, name, subject, more, days=90):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
            str(days), "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", subject, *more, cwd=self.directory)

    def issue(self, number, days=90, names=None):
        """The files of the certificate with this serial number, of the host or of these alternative names."""
        name = f"host-{number}"
        self.make(name, f"/CN={self.host}", [
            "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", str(number),
            "-addext", f"subjectAltName={names or f'DNS:{self.host}'}", "-addext", "basicConstraints=critical,CA:FALSE"], days)
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"
