"""PyJWT verifying offline, with the keys that the broker publishes."""

import unittest

import jwt
import requests
from context import CONTEXT, ISSUER, agent_session, main, mint


class PyJWTTests(unittest.TestCase):
    def setUp(self):
        metadata = requests.get(ISSUER + "/.well-known/oauth-authorization-server", timeout=10).json()
        self.assertEqual(metadata["issuer"], ISSUER)
        self.keys = jwt.PyJWKClient(metadata["jwks_uri"])
        self.token = mint(agent_session())["access_token"]

    def decode(self, token: str, **changes) -> dict:
        wanted = {"audience": CONTEXT["identifier"], "issuer": ISSUER, "algorithms": ["ES256"]} | changes
        key = self.keys.get_signing_key_from_jwt(token)
        return jwt.decode(
            token, key.key, options={"require": ["exp", "iat", "iss", "sub", "aud", "jti", "client_id"]}, **wanted
        )

    def test_a_token_verifies_for_its_audience(self):
        header = jwt.get_unverified_header(self.token)
        self.assertEqual(header["typ"], "at+jwt")
        claims = self.decode(self.token)
        self.assertEqual(claims["client_id"], CONTEXT["agent"])
        self.assertEqual(claims["scope"], CONTEXT["scope"])
        self.assertLessEqual(claims["exp"] - claims["iat"], 300)

    def test_it_verifies_for_no_other(self):
        with self.assertRaises(jwt.InvalidAudienceError):
            self.decode(self.token, audience="https://other.example.com")
        with self.assertRaises(jwt.InvalidIssuerError):
            self.decode(self.token, issuer="https://other.example.com")

    def test_a_changed_token_does_not_verify(self):
        head, body, signature = self.token.split(".")
        changed = "A" if signature[10] != "A" else "B"
        with self.assertRaises(jwt.InvalidSignatureError):
            self.decode(f"{head}.{body}.{signature[:10]}{changed}{signature[11:]}")

    def test_a_public_key_tells_nothing_private(self):
        keys = requests.get(ISSUER + "/.well-known/jwks.json", timeout=10).json()["keys"]
        self.assertTrue(keys)
        for key in keys:
            self.assertFalse({"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys())


if __name__ == "__main__":
    main()
