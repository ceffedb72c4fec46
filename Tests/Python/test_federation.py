"""A workload with an identity of its own, vouched for by a provider that speaks real HTTPS and may misbehave."""

import concurrent.futures
import json
import time
import unittest

import jwt
import requests
from context import CONTEXT, ISSUER, main
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from provider import Provider, certificate

TOKEN_URL = ISSUER + "/oauth2/token"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SPIFFE = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SUBJECT = "system:serviceaccount:pay:worker"
SVID_SUBJECT = "spiffe://prod.example/ns/pay/sa/worker"


def admin(method: str, path: str, body: dict | None = None, expected: int = 200) -> dict:
    answer = requests.request(
        method, ISSUER + path, json=body, headers={"Authorization": "Bearer " + CONTEXT["admin_token"]}, timeout=10
    )
    assert answer.status_code == expected, (answer.status_code, answer.text)
    return answer.json() if answer.content else {}


def ask(assertion: str, kind: str = BEARER, **more) -> requests.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": kind, "client_assertion": assertion, **more}
    return requests.post(TOKEN_URL, data=form, timeout=15)


class Federation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = CONTEXT["folder"]
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca = certificate("providers' CA", ca_key)
        with open(CONTEXT["provider_ca"], "wb") as file:
            file.write(ca.public_bytes(serialization.Encoding.PEM))
        cls.provider = Provider(CONTEXT["provider"], folder, (ca, ca_key))
        cls.svid_key = ec.generate_private_key(ec.SECP256R1())
        jwk = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(cls.svid_key.public_key()))
        bundle = {"keys": [{**jwk, "kid": "b1", "use": "jwt-svid"}], "spiffe_sequence": 1}
        bundle["keys"][0].pop("key_ops", None)
        agent = {"purpose": "tests", "owner": CONTEXT["owner"], "resources": ["tickets"], "scopes": ["tickets:read"]}
        cluster = {"/kubernetes.io/namespace": "pay", "/kubernetes.io/serviceaccount/name": {"pattern": "work*"}}
        admin(
            "POST",
            "/api/v1/apply",
            {
                "roles": [{"id": "role:person", "scopes": ["tickets:read"]}],
                "providers": [
                    {
                        "id": "provider:cluster",
                        "issuer": cls.provider.issuer,
                        "people": {
                            "audiences": ["chat"],
                            "rules": [{"claims": {"groups": "support"}, "roles": ["role:person"]}],
                        },
                    },
                    {"id": "provider:prod", "trust_domain": "prod.example", "reusable": True, "jwks": bundle},
                ],
                "agents": [
                    {
                        **agent,
                        "id": "agent:pod",
                        "trust": [{"provider": "provider:cluster", "subject": SUBJECT, "claims": cluster}],
                    },
                    {
                        **agent,
                        "id": "agent:svid",
                        "trust": [{"provider": "provider:prod", "subject": {"pattern": "spiffe://prod.example/ns/pay/sa/*"}}],
                    },
                ],
            },
        )

    def setUp(self):
        self.provider.misbehaviour = None

    def token(self, **claims) -> str:
        pod = {"namespace": "pay", "serviceaccount": {"name": "worker", "uid": "1"}}
        return self.provider.token(ISSUER, SUBJECT, **{"kubernetes.io": pod, **claims})

    def svid(self, **claims) -> str:
        payload = {"sub": SVID_SUBJECT, "aud": [ISSUER], "exp": int(time.time()) + 300, **claims}
        return jwt.encode(payload, self.svid_key, algorithm="ES256", headers={"kid": "b1"})

    def fetch_again(self) -> dict:
        return admin("POST", "/api/v1/providers/provider:cluster/fetch")["keys"]

    def test_a_pod_gets_its_agents_token(self):
        answer = ask(self.token(), scope="tickets:read")
        self.assertEqual(answer.status_code, 200, answer.text)
        claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
        self.assertEqual(claims["client_id"], "agent:pod")
        answer = requests.post(TOKEN_URL, data={"grant_type": GRANT, "assertion": self.token()}, timeout=10)
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_an_svid_gets_its_agents_token(self):
        answer = ask(self.svid(), SPIFFE)
        self.assertEqual(answer.status_code, 200, answer.text)
        claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
        self.assertEqual(claims["client_id"], "agent:svid")
        self.assertEqual(ask(self.svid(sub="spiffe://prod.example/ns/pay/sa/a/b"), SPIFFE).status_code, 401)

    def test_another_pod_gets_nothing(self):
        other = {"namespace": "pay", "serviceaccount": {"name": "other"}}
        for claims in [
            {"kubernetes.io": other},
            {"kubernetes.io": {"namespace": "dev", "serviceaccount": {"name": "worker"}}},
            {"kubernetes.io": None},
            {"sub": "system:serviceaccount:pay:worker2"},
            {"aud": "https://elsewhere.example"},
            {"aud": [ISSUER, "https://elsewhere.example"]},
            {"exp": int(time.time()) - 120},
        ]:
            answer = ask(self.token(**claims))
            self.assertEqual((answer.status_code, answer.json()["error"]), (401, "invalid_client"))

    def test_one_token_is_good_once_for_eight_who_send_it_at_once(self):
        token = self.token()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: ask(token).status_code, range(16)))
        self.assertEqual(sorted(statuses), [200] + [401] * 15)

    def test_an_agent_acts_for_a_person_until_they_leave(self):
        def exchange(**claims) -> requests.Response:
            person = self.provider.token("chat", "24400320", **{"groups": ["support"], **claims})
            return requests.post(
                TOKEN_URL,
                data={
                    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                    "client_assertion_type": BEARER,
                    "client_assertion": self.token(),
                    "subject_token": person,
                    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
                    "resource": "tickets",
                },
                timeout=10,
            )

        answer = exchange()
        self.assertEqual(answer.status_code, 200, answer.text)
        token = answer.json()["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        self.assertEqual(claims["sub"], "person:cluster:24400320")
        self.assertEqual(claims["act"], {"sub": "agent:pod"})
        self.assertEqual(claims["scope"], "tickets:read")
        self.assertEqual(exchange(groups=["sales"]).json()["error"], "invalid_request")
        self.assertTrue(self.introspect(token)["active"])
        admin("POST", "/api/v1/people/person:cluster:24400320/leave", {"reason": "left the company"})
        self.assertEqual(self.introspect(token), {"active": False})
        self.assertEqual(exchange().json()["error"], "invalid_request")
        admin("POST", "/api/v1/people/person:cluster:24400320/return", {"reason": "a mistake"})
        self.assertEqual(self.introspect(token), {"active": False})
        self.assertEqual(exchange().status_code, 200)

    def introspect(self, token: str) -> dict:
        answer = requests.post(
            ISSUER + "/oauth2/introspect",
            data={"token": token},
            auth=(CONTEXT["resource"], CONTEXT["secret"]),
            timeout=10,
        )
        return answer.json()

    def test_rotated_keys_are_fetched_and_old_ones_forgotten(self):
        old = self.token()
        self.provider.rotate("k2", "RS256")
        self.assertEqual(self.fetch_again(), {"count": 1, "age": 0})
        self.assertEqual(ask(self.token()).status_code, 200)
        self.assertEqual(ask(old).status_code, 401)

    def test_a_provider_that_misbehaves_is_named_and_its_known_keys_stay_good(self):
        self.assertEqual(self.fetch_again()["count"], 1)
        for misbehaviour, fault in [
            ("redirect", "redirected"),
            ("wrong issuer", "wrong_issuer"),
            ("error", "status"),
            ("huge", "too_large"),
            ("slow", "timed_out"),
        ]:
            self.provider.misbehaviour = misbehaviour
            begin = time.monotonic()
            keys = self.fetch_again()
            self.assertEqual((keys["fault"], keys["count"]), (fault, 1), misbehaviour)
            self.assertLess(time.monotonic() - begin, 12)
            self.assertEqual(ask(self.token()).status_code, 200)

    def test_made_up_keys_do_not_make_the_broker_ask(self):
        self.fetch_again()
        hits = len(self.provider.hits)
        for number in range(20):
            token = jwt.encode({"iss": self.provider.issuer, "sub": SUBJECT}, self.svid_key, "ES256", {"kid": f"x{number}"})
            self.assertEqual(ask(token).status_code, 401)
        self.assertEqual(len(self.provider.hits), hits)

    def test_an_unknown_certificate_and_a_local_name_are_refused(self):
        admin(
            "POST",
            "/api/v1/providers",
            {"id": "provider:plain", "issuer": f"http://127.0.0.1:{CONTEXT['provider']}"},
            expected=201,
        )
        keys = admin("POST", "/api/v1/providers/provider:plain/fetch")["keys"]
        # HTTP to a port that speaks TLS.
        self.assertIn(keys["fault"], ["unreachable", "status"])
        admin("POST", "/api/v1/providers", {"id": "provider:far", "issuer": "http://plain.example"}, expected=201)
        self.assertEqual(admin("POST", "/api/v1/providers/provider:far/fetch")["keys"]["fault"], "invalid_url")

    def test_a_report_says_what_fails(self):
        report = admin("POST", "/api/v1/trust/test", {"token": self.token(**{"kubernetes.io": {"namespace": "dev"}})})
        self.assertFalse(report["accepted"])
        failing = [item["name"] for item in report["conditions"][0]["items"] if not item["holds"]]
        self.assertEqual(failing, ["/kubernetes.io/namespace", "/kubernetes.io/serviceaccount/name"])


if __name__ == "__main__":
    main()
