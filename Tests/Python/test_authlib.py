"""Authlib as agent and as tool."""

import unittest

from authlib.integrations.base_client import OAuthError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from context import CONTEXT, ISSUER, agent_session, main, mint, tool_session


class AuthlibTests(unittest.TestCase):
    def introspect(self, token: str) -> dict:
        answer = tool_session().introspect_token(ISSUER + "/oauth2/introspect", token=token)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def test_a_token_is_granted_introspected_and_revoked(self):
        session = agent_session()
        token = mint(session, task="case-7")
        self.assertEqual(token["token_type"], "Bearer")
        self.assertEqual(token["scope"], CONTEXT["scope"])

        seen = self.introspect(token["access_token"])
        self.assertTrue(seen["active"])
        self.assertEqual(seen["client_id"], CONTEXT["agent"])
        self.assertEqual(seen["aud"], CONTEXT["identifier"])
        self.assertEqual(seen["iss"], ISSUER)

        answer = session.revoke_token(ISSUER + "/oauth2/revoke", token=token["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(self.introspect(token["access_token"]), {"active": False})

    def test_each_grant_is_a_token_of_its_own(self):
        session = agent_session()
        first, second = mint(session), mint(session)
        self.assertNotEqual(first["access_token"], second["access_token"])

    def test_an_assertion_for_the_endpoint_is_refused(self):
        session = agent_session()
        method = PrivateKeyJWT(ISSUER + "/oauth2/token", alg="ES256")
        session.register_client_auth_method(method)
        with self.assertRaises(OAuthError) as caught:
            mint(session)
        self.assertEqual(caught.exception.error, "invalid_client")

    def test_a_scope_that_nobody_gave_is_refused(self):
        with self.assertRaises(OAuthError) as caught:
            agent_session().fetch_token(
                ISSUER + "/oauth2/token",
                grant_type="client_credentials",
                resource=CONTEXT["resource"],
                scope="tickets:erase",
            )
        self.assertEqual(caught.exception.error, "invalid_scope")

    def test_a_wrong_secret_is_refused(self):
        session = tool_session()
        session.client_secret = "wrong"
        answer = session.introspect_token(ISSUER + "/oauth2/introspect", token="x")
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.json()["error"], "invalid_client")


if __name__ == "__main__":
    main()
