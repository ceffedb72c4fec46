"""What the Swift test hands over: a running broker, an agent with its key, a tool with its secret, an admin token."""

import json
import os
import time
import unittest

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

with open(os.environ["MAYFLY_TEST_CONTEXT"], encoding="utf-8") as file:
    CONTEXT = json.load(file)

ISSUER = CONTEXT["issuer"]


class MayflyPrivateKeyJWT(PrivateKeyJWT):
    """Authlib's private_key_jwt, made to fit three rules of the broker.

    The audience is the issuer, not the endpoint (draft-ietf-oauth-rfc7523bis §4); an assertion lives five minutes at
    most, where Authlib says an hour; and each is used once, where Authlib keeps the `jti` of the first in a claims
    object that it shares between calls.
    """

    def __init__(self):
        super().__init__(token_endpoint=ISSUER, alg="ES256")

    def sign(self, auth, token_endpoint):
        self.claims = {"exp": int(time.time()) + 60}
        self.headers = {"typ": "client-authentication+jwt"}
        return super().sign(auth, token_endpoint)


def agent_session() -> OAuth2Session:
    """A session of the agent, which signs in with its key."""
    with open(CONTEXT["agent_key"], encoding="utf-8") as file:
        key = ECKey.import_key(file.read())
    session = OAuth2Session(
        CONTEXT["agent"],
        key,
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
    )
    session.register_client_auth_method(MayflyPrivateKeyJWT())
    return session


def tool_session() -> OAuth2Session:
    """A session of the tool, which has a secret for introspection."""
    return OAuth2Session(CONTEXT["resource"], CONTEXT["secret"], token_endpoint_auth_method="client_secret_basic")


def mint(session: OAuth2Session, **fields) -> dict:
    return session.fetch_token(
        ISSUER + "/oauth2/token",
        grant_type="client_credentials",
        resource=CONTEXT["resource"],
        scope=CONTEXT["scope"],
        **fields,
    )


def main() -> None:
    unittest.main(verbosity=2)
