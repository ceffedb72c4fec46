"""The OpenAPI document is one, and every operation that it lists is there."""

import re
import unittest

import requests
from context import CONTEXT, ISSUER, main
from openapi_spec_validator import OpenAPIV31SpecValidator

NAMES = {
    "owners": "owner:support-lead",
    "roles": "role:reader",
    "resources": "tickets",
    "agents": "agent:support",
    "policies": "0",
    "providers": "provider:example",
    "people": "person:example:24400320",
}
# Its keys are written down: nobody is asked for them.
PROVIDER = {
    "id": "provider:example",
    "issuer": "https://provider.example",
    "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]},
}


class OpenAPITests(unittest.TestCase):
    def setUp(self):
        self.document = requests.get(ISSUER + "/openapi.json", timeout=10).json()

    def test_the_document_is_valid(self):
        self.assertEqual([str(error) for error in OpenAPIV31SpecValidator(self.document).iter_errors()], [])

    def test_it_names_the_server_and_tells_operations_apart(self):
        self.assertEqual(self.document["servers"], [{"url": ISSUER}])
        names = [item["operationId"] for path in self.document["paths"].values() for item in path.values()]
        self.assertEqual(len(names), len(set(names)))

    def test_every_operation_answers(self):
        headers = {"Authorization": "Bearer " + CONTEXT["admin_token"]}
        created = requests.post(ISSUER + "/api/v1/providers", json=PROVIDER, headers=headers, timeout=10)
        self.assertEqual(created.status_code, 201, created.text)
        for template, path in self.document["paths"].items():
            # A key or a request that is not there is a 404 of the endpoint itself.
            if "{kid}" in template or "/approvals/{" in template or "/supervisions/{" in template:
                continue
            collection = (template.split("/") + [""] * 4)[3]
            target = re.sub(r"\{[^}]+\}", NAMES.get(collection, "none"), template)
            for method in path:
                with self.subTest(method=method, target=target):
                    answer = requests.request(method, ISSUER + target, headers=headers, timeout=10)
                    self.assertNotIn(answer.status_code, (404, 405), answer.text)
                    self.assertLess(answer.status_code, 500, answer.text)


if __name__ == "__main__":
    main()
