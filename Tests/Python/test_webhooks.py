"""A receiver made of Python's own HTTP server, which checks what the broker sends with the Standard Webhooks library."""

import http.server
import json
import threading
import time
import unittest

from context import CONTEXT, agent_session, main, mint
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError


class Receiver(http.server.BaseHTTPRequestHandler):
    arrived = threading.Condition()
    messages = []
    # What is answered next, one after the other; then 204.
    answers = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.arrived:
            status = self.answers.pop(0) if self.answers else 204
            self.messages.append((self.path, dict(self.headers), body, status))
            self.arrived.notify_all()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def wait_for(count: int) -> list:
    with Receiver.arrived:
        end = time.monotonic() + 60
        while len(Receiver.messages) < count:
            if not Receiver.arrived.wait(end - time.monotonic()):
                raise AssertionError(f"{len(Receiver.messages)} of {count} messages came")
        return list(Receiver.messages)


class WebhookTests(unittest.TestCase):
    def test_each_entry_comes_signed_in_order_and_again_until_it_is_taken(self):
        with open(CONTEXT["hook_secret"], encoding="utf-8") as file:
            secret = file.read().strip()
        tokens = [mint(agent_session()) for _ in range(3)]
        # Neither an error nor a redirect counts as taken, and a redirect is not followed.
        Receiver.answers = [500, 302]
        server = http.server.ThreadingHTTPServer(("127.0.0.1", CONTEXT["hook"]), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        messages = wait_for(5)
        server.shutdown()
        self.assertEqual({path for path, *_ in messages}, {"/mayfly"})
        identities = [headers["webhook-id"] for _, headers, *_ in messages]
        self.assertEqual(len(set(identities)), 3)
        self.assertEqual(identities[0], identities[1])
        self.assertEqual(identities[0], identities[2])
        taken = [message for message in messages if message[3] == 204]
        for (_, headers, body, _), token in zip(taken, tokens):
            event = Webhook(secret).verify(body, headers)
            self.assertEqual(event["type"], "token.issued")
            self.assertEqual(event["data"]["agent"], CONTEXT["agent"])
            self.assertEqual(event["data"]["task"], token["task"])
            self.assertNotIn(token["access_token"].encode(), body)
            self.assertEqual(headers["Content-Type"], "application/json")
            # What was changed on the way is known by its signature, and so is what another secret signed.
            forged = json.dumps(dict(event, type="token.refused"))
            with self.assertRaises(WebhookVerificationError):
                Webhook(secret).verify(forged, headers)
            with self.assertRaises(WebhookVerificationError):
                Webhook("whsec_" + "A" * 44).verify(body, headers)


if __name__ == "__main__":
    main()
