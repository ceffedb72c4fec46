"""A broker's certificate changes while Python's own TLS keeps a connection open; see MutualTLSTests."""

import http.client
import json
import os
import shutil
import signal
import ssl
import unittest

with open(os.environ["MAYFLY_TEST_CONTEXT"], encoding="utf-8") as file:
    CONTEXT = json.load(file)

FORM = "grant_type=client_credentials&client_id=agent:orchestrator&resource=tickets&scope=tickets:read"
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def connect(port: str = "port") -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=CONTEXT["authority"])
    context.load_cert_chain(CONTEXT["certificate"], CONTEXT["key"])
    connection = http.client.HTTPSConnection("127.0.0.1", CONTEXT[port], timeout=60, context=context)
    connection.connect()
    # Closed by the broker, it stays closed.
    connection.auto_open = 0
    return connection


def shown(connection: http.client.HTTPSConnection) -> bytes:
    return connection.sock.getpeercert(binary_form=True)


def der(path: str) -> bytes:
    with open(CONTEXT[path], encoding="ascii") as certificate:
        return ssl.PEM_cert_to_DER_cert(certificate.read())


class Reload(unittest.TestCase):
    def token(self, connection: http.client.HTTPSConnection) -> str:
        connection.request("POST", "/oauth2/token", FORM, HEADERS)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        self.assertEqual(answer.status, 200, body)
        return body["access_token"]

    def test_certificates(self):
        old = connect()
        main = connect("main_port")
        self.assertEqual(shown(old), der("first"))
        first = self.token(old)
        # Twice on one connection: the certificate of the client counts for all of it.
        self.assertNotEqual(first, self.token(old))
        shutil.copyfile(CONTEXT["second_key"], CONTEXT["installed_key"])
        shutil.copyfile(CONTEXT["second"], CONTEXT["installed"])
        os.kill(CONTEXT["process"], signal.SIGHUP)
        new = connect()
        while shown(new) != der("second"):
            self.assertEqual(shown(new), der("first"))
            self.token(old)
            new.close()
            new = connect()
        self.token(new)
        self.token(old)
        self.assertEqual(shown(old), der("first"))
        self.assertEqual(shown(connect("main_port")), der("second"))
        main.request("GET", "/healthz")
        self.assertEqual(main.getresponse().read(), b"ok\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
