"""Proofs of possession (RFC 9449) made with PyJWT, which knows nothing of Mayfly."""

import base64
import hashlib
import json
import time
import unittest
import uuid

import jwt
import requests
from context import CONTEXT, ISSUER, main
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

TOKEN_URL = ISSUER + "/oauth2/token"
TOOL_URL = CONTEXT["identifier"] + "/tickets/T-1042"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A key of its own for each algorithm that the broker names."""

    def __init__(self, alg: str):
        self.alg = alg
        if alg == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif alg == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, 2048)
        self.jwk = json.loads(jwt.get_algorithm_by_name(alg).to_jwk(self.private.public_key()))
        self.jwk.pop("key_ops", None)

    @property
    def thumbprint(self) -> str:
        names = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
        members = {name: self.jwk[name] for name in names[self.jwk["kty"]]}
        return b64(hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())

    def proof(self, method: str, url: str, token: str | None = None, nonce: str | None = None) -> str:
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
        if token:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        if nonce:
            claims["nonce"] = nonce
        return jwt.encode(claims, self.private, self.alg, headers={"typ": "dpop+jwt", "jwk": self.jwk})


def assertion() -> str:
    now = int(time.time())
    claims = {
        "iss": CONTEXT["agent"],
        "sub": CONTEXT["agent"],
        "aud": ISSUER,
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
    }
    with open(CONTEXT["agent_key"], encoding="utf-8") as file:
        return jwt.encode(claims, file.read(), "ES256", headers={"typ": "client-authentication+jwt"})


def ask(proof: str | None) -> requests.Response:
    return requests.post(
        TOKEN_URL,
        data={
            "grant_type": "client_credentials",
            "resource": CONTEXT["resource"],
            "scope": CONTEXT["scope"],
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion(),
        },
        headers={"DPoP": proof} if proof else {},
        timeout=10,
    )


def bound(key: Key) -> str:
    asked = ask(key.proof("POST", TOKEN_URL))
    assert (asked.status_code, asked.json()["error"]) == (400, "use_dpop_nonce"), asked.text
    answer = ask(key.proof("POST", TOKEN_URL, nonce=asked.headers["DPoP-Nonce"]))
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP", answer.text
    return answer.json()["access_token"]


def verify(token: str, scheme: str, proof: str | None) -> requests.Response:
    credential = base64.b64encode(f"{CONTEXT['resource']}:{CONTEXT['secret']}".encode()).decode()
    headers = {
        "X-Mayfly-Resource": f"Basic {credential}",
        "X-Original-Method": "GET",
        "X-Original-URI": "/tickets/T-1042",
        "Authorization": f"{scheme} {token}",
    }
    return requests.get(ISSUER + "/verify", headers=headers | ({"DPoP": proof} if proof else {}), timeout=10)


class DPoPTests(unittest.TestCase):
    def test_the_broker_names_its_algorithms_and_takes_each(self):
        metadata = requests.get(ISSUER + "/.well-known/oauth-authorization-server", timeout=10).json()
        algorithms = metadata["dpop_signing_alg_values_supported"]
        self.assertEqual(algorithms, ["ES256", "RS256", "PS256", "EdDSA"])
        for alg in algorithms:
            with self.subTest(alg):
                key = Key(alg)
                token = bound(key)
                claims = jwt.decode(token, options={"verify_signature": False})
                self.assertEqual(claims["cnf"], {"jkt": key.thumbprint})
                self.assertEqual(verify(token, "DPoP", key.proof("GET", TOOL_URL, token)).status_code, 200)

    def test_the_token_is_worth_nothing_without_its_key(self):
        key, thief = Key("ES256"), Key("ES256")
        token = bound(key)
        self.assertEqual(verify(token, "Bearer", None).status_code, 401)
        self.assertEqual(verify(token, "DPoP", None).status_code, 401)
        self.assertEqual(verify(token, "DPoP", thief.proof("GET", TOOL_URL, token)).status_code, 401)
        proof = key.proof("GET", TOOL_URL, token)
        self.assertEqual(verify(token, "DPoP", proof).status_code, 200)
        replayed = verify(token, "DPoP", proof)
        self.assertEqual(replayed.status_code, 401)
        self.assertIn('error="invalid_dpop_proof"', replayed.headers["WWW-Authenticate"])

    def test_a_tool_passes_the_proof_on_in_its_question(self):
        key = Key("EdDSA")
        token = bound(key)

        def decide(proof: str | None) -> dict:
            subject = {"type": "access_token", "id": token}
            if proof:
                subject["properties"] = {"dpop": {"proof": proof, "method": "GET", "uri": TOOL_URL}}
            answer = requests.post(
                ISSUER + "/access/v1/evaluation",
                json={
                    "subject": subject,
                    "action": {"name": "tickets:read"},
                    "resource": {"type": "thing", "id": "1"},
                },
                auth=(CONTEXT["resource"], CONTEXT["secret"]),
                timeout=10,
            )
            self.assertEqual(answer.status_code, 200, answer.text)
            return answer.json()

        self.assertEqual(decide(None)["context"]["reason"], "proof_required")
        self.assertNotIn(decide(key.proof("GET", TOOL_URL, token))["context"]["reason"], ["proof_required", "proof_invalid"])
        self.assertEqual(decide(key.proof("PUT", TOOL_URL, token))["context"]["about"], "htm")


if __name__ == "__main__":
    main()
