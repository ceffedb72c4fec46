"""A collector made of Python's own HTTP server, reading the spans that the broker sends."""

import http.server
import json
import threading
import time
import unittest

import requests
from context import CONTEXT, ISSUER, agent_session, main, mint

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class Collector(http.server.BaseHTTPRequestHandler):
    requests = []
    arrived = threading.Condition()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.arrived:
            self.requests.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.arrived.notify_all()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def spans() -> list:
    return [
        span
        for _, _, body in Collector.requests
        for resource in body["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def wait_for(wanted) -> dict:
    """The first span that `wanted` takes."""
    with Collector.arrived:
        end = time.monotonic() + 30
        while True:
            found = [span for span in spans() if wanted(span)]
            if found:
                return found[0]
            if not Collector.arrived.wait(end - time.monotonic()):
                raise AssertionError(f"no such span among {len(spans())}")


def attributes(span: dict) -> dict:
    return {attribute["key"]: attribute["value"] for attribute in span["attributes"]}


class TracingTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", CONTEXT["collector"]), Collector)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()

    def test_a_request_continues_its_callers_trace(self):
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=opaque"}
        sent = time.time_ns()
        answer = requests.get(ISSUER + "/api/v1/agents/agent:support?q=opensesame", headers=headers, timeout=10)
        self.assertEqual(answer.status_code, 401)
        span = wait_for(lambda span: span["traceId"] == TRACE)
        self.assertEqual(span["parentSpanId"], PARENT)
        self.assertEqual(span["traceState"], "vendor=opaque")
        self.assertRegex(span["spanId"], "^[0-9a-f]{16}$")
        self.assertNotIn(span["spanId"], (PARENT, "0" * 16))
        self.assertEqual(span["kind"], 2)
        self.assertEqual(span["name"], "GET /api/v1/agents/{id}")
        self.assertNotIn("status", span)
        self.assertEqual(
            attributes(span),
            {
                "http.request.method": {"stringValue": "GET"},
                "http.route": {"stringValue": "/api/v1/agents/{id}"},
                "url.path": {"stringValue": "/api/v1/agents/{id}"},
                "http.response.status_code": {"intValue": "401"},
                "url.scheme": {"stringValue": "http"},
            },
        )
        start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        self.assertIsInstance(span["startTimeUnixNano"], str)
        self.assertLess(start, end)
        # The wall clock may be set while the test runs, but not by minutes.
        self.assertLess(abs(start - sent), 60e9)
        for word in ("opensesame", "agent:support"):
            self.assertNotIn(word, json.dumps(span))

    def test_a_token_is_in_the_trace_of_its_request(self):
        trace = "a" * 31 + "b"
        session = agent_session()
        session.headers["traceparent"] = f"00-{trace}-{PARENT}-01"
        token = mint(session)
        self.assertEqual(token["trace"], trace)
        span = wait_for(lambda span: span["traceId"] == trace)
        self.assertEqual(span["name"], "POST /oauth2/token")
        self.assertEqual(span["parentSpanId"], PARENT)

    def test_a_caller_that_does_not_record_is_not_recorded(self):
        silent, loud = "c" * 32, "d" * 32
        for trace, flags in ((silent, "00"), (loud, "01")):
            requests.get(ISSUER + "/healthz", headers={"traceparent": f"00-{trace}-{PARENT}-{flags}"}, timeout=10)
        wait_for(lambda span: span["traceId"] == loud)
        self.assertFalse([span for span in spans() if span["traceId"] == silent])

    def test_an_invalid_parent_begins_a_new_trace(self):
        requests.get(
            ISSUER + "/.well-known/authzen-configuration",
            headers={"traceparent": f"00-{'0' * 32}-{PARENT}-01", "tracestate": "vendor=lost"},
            timeout=10,
        )
        span = wait_for(lambda span: span["name"] == "GET /.well-known/authzen-configuration")
        self.assertRegex(span["traceId"], "^[0-9a-f]{32}$")
        self.assertNotEqual(span["traceId"], "0" * 32)
        self.assertNotIn("parentSpanId", span)
        self.assertNotIn("traceState", span)

    def test_the_collector_gets_what_otlp_asks_for(self):
        requests.get(ISSUER + "/readyz", timeout=10)
        wait_for(lambda span: span["name"] == "GET /readyz")
        for path, kind, body in Collector.requests:
            self.assertEqual((path, kind), ("/v1/traces", "application/json"))
            for resource in body["resourceSpans"]:
                named = attributes(resource["resource"])
                self.assertEqual(named["service.name"], {"stringValue": "mayfly"})
                self.assertIn("service.version", named)


if __name__ == "__main__":
    main()
