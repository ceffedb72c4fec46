#!/usr/bin/env python3
"""Writes vectors.json beside this file: PKCS#8 forms of published keys, and RSA-PSS signatures with unusual salts.

Standard library only and without randomness, so every run gives the same bytes; it shares no code with Mayfly or
OpenSSL.
"""
import base64
import hashlib
import json
import pathlib

here = pathlib.Path(__file__).parent


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def tlv(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def sequence(*parts):
    return tlv(0x30, b"".join(parts))


def oid(hex_content):
    return tlv(6, bytes.fromhex(hex_content))


RSA = oid("2a864886f70d010101")
EC = oid("2a8648ce3d0201")
CURVES = {"P-256": oid("2a8648ce3d030107"), "P-521": oid("2b81040023")}
ED25519, ED448 = oid("2b6570"), oid("2b6571")
NULL = b"\x05\x00"


def pem(label, der):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def pkcs8(algorithm, key):
    return sequence(integer(0), algorithm, tlv(4, key))


def rsa_key(n, e, d, p, q):
    return sequence(*map(integer, [0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]))


def ec_key(jwk, size, named=False):
    point = b"\x04" + number(jwk["x"]).to_bytes(size, "big") + number(jwk["y"]).to_bytes(size, "big")
    parts = [integer(1), tlv(4, number(jwk["d"]).to_bytes(size, "big"))]
    if named:
        parts.append(tlv(0xA0, CURVES[jwk["crv"]]))
    return sequence(*parts, tlv(0xA1, tlv(3, b"\x00" + point)))


def is_prime(n):
    if any(n % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23)):
        return False
    return all(pow(base, n - 1, n) == 1 for base in (2, 3, 5, 7, 11, 13))


def prime(seed, bits):
    stream = b"".join(hashlib.sha256(f"{seed} {i}".encode()).digest() for i in range(bits // 256 + 1))
    candidate = int.from_bytes(stream[:bits // 8], "big") | 3 << (bits - 2) | 1
    while not (is_prime(candidate) and (candidate - 1) % 65537):
        candidate += 2
    return candidate


def small_rsa(bits, e=65537):
    p, q = prime(f"p{bits}", bits // 2), prime(f"q{bits}", bits // 2)
    return p * q, e, pow(e, -1, (p - 1) * (q - 1)), p, q


def mgf1(method, seed, length):
    output = b""
    for counter in range((length + 31) // 20 + 1):
        output += method(seed + counter.to_bytes(4, "big")).digest()
    return output[:length]


def pss(message, key, salt, mgf_hash=hashlib.sha256):
    """RSASSA-PSS-SIGN with SHA-256, RFC 8017 section 8.1.1."""
    n, d = key
    length = (n.bit_length() - 1 + 7) // 8
    digest = hashlib.sha256(b"\x00" * 8 + hashlib.sha256(message).digest() + salt).digest()
    block = b"\x00" * (length - len(salt) - 34) + b"\x01" + salt
    masked = bytearray(a ^ b for a, b in zip(block, mgf1(mgf_hash, digest, len(block))))
    masked[0] &= 0xFF >> (8 * length - (n.bit_length() - 1))
    encoded = int.from_bytes(bytes(masked) + digest + b"\xbc", "big")
    return pow(encoded, d, n).to_bytes((n.bit_length() + 7) // 8, "big")


def load(name):
    return json.loads((here.parent / name).read_text())


rsa_jwk = load("jose-cookbook/jwk/3_4.rsa_private_key.json")
n, e, d, p, q = (number(rsa_jwk[name]) for name in ("n", "e", "d", "p", "q"))
ec_jwk = {
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}
mismatched = dict(ec_jwk, d=b64((number(ec_jwk["d"]) + 1).to_bytes(32, "big")))
p521_jwk = load("jose-cookbook/jwk/3_2.ec_private_key.json")
ed_raw = number(load("rfc-jose/vectors.json")["ed25519_private"]["d"]).to_bytes(32, "big")
p256 = sequence(EC, CURVES["P-256"])
plain_rsa = pkcs8(sequence(RSA, NULL), rsa_key(n, e, d, p, q))
weak = small_rsa(1024)

keys = {
    "rfc7520-rsa": pem("PRIVATE KEY", plain_rsa),
    "rfc7515-a3-ec": pem("PRIVATE KEY", pkcs8(p256, ec_key(ec_jwk, 32))),
    "rfc8037-a1-ed25519": pem("PRIVATE KEY", pkcs8(sequence(ED25519), tlv(4, ed_raw))),
}
refused = {
    "PKCS#1": pem("RSA PRIVATE KEY", rsa_key(n, e, d, p, q)),
    "SEC 1": pem("EC PRIVATE KEY", ec_key(ec_jwk, 32, named=True)),
    "bytes after the DER value": pem("PRIVATE KEY", plain_rsa + b"\x00"),
    "two keys": keys["rfc7520-rsa"] + keys["rfc7515-a3-ec"],
    "text before": "x\n" + keys["rfc7515-a3-ec"],
    "text after": keys["rfc7515-a3-ec"] + "x\n",
    "cut short": keys["rfc7515-a3-ec"][:-10],
    "old encryption header": keys["rfc7515-a3-ec"].replace(
        "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n", 1),
    "encrypted PKCS#8": pem("ENCRYPTED PRIVATE KEY", sequence(sequence(RSA, NULL), tlv(4, b"\x00" * 32))),
    "public halves of another key": pem("PRIVATE KEY", pkcs8(p256, ec_key(mismatched, 32))),
    "P-521": pem("PRIVATE KEY", pkcs8(sequence(EC, CURVES["P-521"]), ec_key(p521_jwk, 66))),
    "Ed448": pem("PRIVATE KEY", pkcs8(sequence(ED448), tlv(4, b"\x01" * 57))),
    "RSA of 1024 bits": pem("PRIVATE KEY", pkcs8(sequence(RSA, NULL), rsa_key(*weak))),
    "empty": "",
}

message = b"eyJhbGciOiJQUzI1NiJ9.e30"
pss_cases = [
    ("salt of 32 bytes", pss(message, (n, d), bytes(range(32))), True),
    ("empty salt", pss(message, (n, d), b""), False),
    ("salt of 31 bytes", pss(message, (n, d), bytes(range(31))), False),
    ("longest salt", pss(message, (n, d), bytes(222)), False),
    ("MGF1 with SHA-1", pss(message, (n, d), bytes(range(32)), hashlib.sha1), False),
]

output = {
    "keys": keys,
    "refused_keys": [{"name": name, "pem": text} for name, text in refused.items()],
    "rsa_1024": {"kty": "RSA", "n": b64(weak[0].to_bytes(128, "big")), "e": "AQAB"},
    "pss": {
        "message": message.decode(),
        "cases": [{"name": name, "signature": b64(value), "valid": valid} for name, value, valid in pss_cases],
    },
}
(here / "vectors.json").write_text(json.dumps(output, indent=2) + "\n")
