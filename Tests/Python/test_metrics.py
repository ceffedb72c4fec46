"""prometheus-client reading what the broker says of itself."""

import unittest

import requests
from context import CONTEXT, ISSUER, agent_session, main, mint, tool_session
from prometheus_client.parser import text_string_to_metric_families


def scrape() -> dict:
    """Every sample, by name and sorted labels."""
    answer = requests.get(ISSUER + "/metrics", timeout=10)
    answer.raise_for_status()
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), family
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


def value(samples: dict, name: str, **labels) -> float:
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


class MetricsTests(unittest.TestCase):
    def test_counts_move_with_what_happens(self):
        before = scrape()
        token = mint(agent_session())["access_token"]
        answer = tool_session().introspect_token(ISSUER + "/oauth2/introspect", token=token)
        self.assertTrue(answer.json()["active"])
        after = scrape()

        def moved(name, **labels):
            return value(after, name, **labels) - value(before, name, **labels)

        self.assertEqual(moved("mayfly_tokens_issued_total", kind="task"), 1)
        self.assertEqual(moved("mayfly_verifications_total", outcome="active", surface="introspection"), 1)
        self.assertEqual(moved("mayfly_known_tokens_total", result="hit"), 1)
        self.assertEqual(moved("mayfly_ledger_entries"), 1)
        self.assertGreaterEqual(moved("mayfly_commit_batch_size_count"), 1)
        self.assertEqual(
            moved(
                "http_server_request_duration_seconds_count",
                http_route="/oauth2/token",
                http_request_method="POST",
                http_response_status_code="200",
            ),
            1,
        )
        self.assertGreater(moved("process_cpu_seconds_total"), 0)

    def test_a_request_that_the_server_refuses_itself_is_counted(self):
        labels = {"http_route": "none", "http_request_method": "POST", "http_response_status_code": "413"}
        name = "http_server_request_duration_seconds_count"
        before = value(scrape(), name, **labels)
        answer = requests.post(ISSUER + "/oauth2/token", data=b"x" * 100_000, timeout=10)
        self.assertEqual(answer.status_code, 413)
        self.assertEqual(value(scrape(), name, **labels), before + 1)

    def test_each_histogram_grows_from_bound_to_bound_and_ends_at_its_count(self):
        series = {}
        samples = scrape()
        for (name, labels), count in samples.items():
            if name.endswith("_bucket"):
                rest = tuple(label for label in labels if label[0] != "le")
                series.setdefault((name.removesuffix("_bucket"), rest), []).append((float(dict(labels)["le"]), count))
        self.assertGreaterEqual(len(series), 3)
        for (name, labels), buckets in series.items():
            buckets.sort()
            counts = [count for _, count in buckets]
            self.assertEqual(counts, sorted(counts), name)
            self.assertEqual(buckets[-1][0], float("inf"), name)
            self.assertEqual(counts[-1], samples[(name + "_count", labels)], name)

    def test_the_process_is_told_as_prometheus_names_it(self):
        samples = scrape()
        for name in (
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_start_time_seconds",
            "process_cpu_seconds_total",
        ):
            self.assertGreater(value(samples, name), 0, name)

    def test_no_label_names_anybody(self):
        for name, labels in scrape():
            for label, text in labels:
                for identity in (CONTEXT["agent"], CONTEXT["resource"], CONTEXT["identifier"]):
                    self.assertNotIn(identity, text, (name, label))


if __name__ == "__main__":
    main()
