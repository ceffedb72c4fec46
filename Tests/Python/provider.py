"""An OpenID provider over real HTTPS, with its own CA and rotating keys, that can be told to misbehave."""

import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time
import uuid

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def pem(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate(name: str, key, issuer=None, issuer_key=None) -> x509.Certificate:
    """A CA certificate without `issuer`, else a server's certificate for 127.0.0.1."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256())


class Provider:
    """Listens on `port`; `folder` gets the CA file, which is written before anybody needs it."""

    def __init__(self, port: int, folder: str, ca: tuple):
        self.issuer = f"https://127.0.0.1:{port}"
        self.keys = {}
        self.hits = []
        self.misbehaviour = None
        ca_certificate, ca_key = ca
        key = ec.generate_private_key(ec.SECP256R1())
        own = certificate("provider", key, ca_certificate, ca_key)
        path = f"{folder}/provider.pem"
        with open(path, "wb") as file:
            file.write(own.public_bytes(serialization.Encoding.PEM) + pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.hits.append(self.path)
                provider.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.rotate("k1")

    def rotate(self, kid: str, alg: str = "ES256") -> None:
        """Publishes a new key in place of all others."""
        private = (
            ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else rsa.generate_private_key(65537, 2048)
        )
        self.keys = {kid: (alg, private)}

    def jwks(self) -> dict:
        keys = []
        for kid, (alg, private) in self.keys.items():
            jwk = json.loads(jwt.get_algorithm_by_name(alg).to_jwk(private.public_key()))
            jwk.pop("key_ops", None)
            keys.append({**jwk, "kid": kid, "use": "sig", "alg": alg})
        return {"keys": keys}

    def answer(self, request) -> None:
        documents = {
            "/.well-known/openid-configuration": {"issuer": self.issuer, "jwks_uri": self.issuer + "/keys"},
            "/keys": self.jwks(),
        }
        document = documents.get(request.path)
        what = self.misbehaviour
        if what == "redirect":
            request.send_response(302)
            request.send_header("Location", self.issuer + "/keys")
            request.end_headers()
            return
        if what == "wrong issuer" and document and "issuer" in document:
            document = {**document, "issuer": "https://elsewhere.example"}
        if what == "error" or document is None:
            request.send_error(500)
            return
        body = json.dumps(document).encode()
        if what == "huge":
            body += b" " * 1_000_000
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            if what == "slow":
                for byte in body:
                    request.wfile.write(bytes([byte]))
                    request.wfile.flush()
                    time.sleep(0.5)
            else:
                request.wfile.write(body)
        except OSError:
            # The broker had enough.
            pass

    def token(self, audience: str, subject: str, kid: str | None = None, **claims) -> str:
        kid = kid or next(iter(self.keys))
        alg, private = self.keys[kid]
        now = int(time.time())
        payload = {
            "iss": self.issuer,
            "sub": subject,
            "aud": audience,
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            **claims,
        }
        return jwt.encode(payload, private, algorithm=alg, headers={"kid": kid})
