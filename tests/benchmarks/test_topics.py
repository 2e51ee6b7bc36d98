"""The benchmark of topics: its law, its embeddings, and that it measures."""

import json

import numpy as np
import pytest

from reprompt.benchmarks import topics as bench_topics
from reprompt.benchmarks.topics import Growth, TopicsCost, generated, laws, measure, printed


def test_a_power_law_is_found_exactly():
    law = Growth.of([10, 100, 1000], [3 * n**1.5 for n in (10, 100, 1000)])
    assert (law.exponent, law.factor) == (pytest.approx(1.5), pytest.approx(3))
    assert law.at(10_000) == pytest.approx(3e6)


def test_each_way_has_a_law_of_its_own():
    costs = [TopicsCost("fit", n, 2.0 * n, 10 * n) for n in (10, 100)] + [
        TopicsCost("assign", n, 1.0 * n, 500) for n in (10, 100)
    ]
    assert laws(costs, "fit")["peak_bytes"].exponent == pytest.approx(1)
    assert laws(costs, "assign")["peak_bytes"].exponent == pytest.approx(0)
    assert laws(costs, "assign")["seconds"].at(1000) == pytest.approx(1000)
    assert printed(costs, 20, "a machine").row_count == 2 * (2 + 2)


def test_generated_embeddings_are_of_length_1_and_other_ones_for_every_purpose(clustering):
    (captions, first), (_, again), (_, other) = (
        generated(clustering.topics, 50, purpose) for purpose in ("a", "a", "b")
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.linalg.norm(first, axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    same = np.equal.outer(captions, captions)
    assert (first @ first.T)[same].min() > (first @ first.T)[~same].max()


@pytest.mark.parametrize("way", bench_topics.WAYS)
def test_both_ways_are_measured(clustering, monkeypatch, way):
    monkeypatch.setattr(bench_topics, "WARM_UP", 300)
    cost = measure(way, 320, clustering.topics, 100)
    assert (cost.way, cost.embeddings) == (way, 320)
    assert cost.seconds > 0
    assert cost.peak_bytes >= 0


def test_sizes_are_measured_in_processes_of_their_own(clustering, monkeypatch, tmp_path):
    def in_own_process(module, way, size, settings, _):
        assert module == "reprompt.benchmarks.topics"
        assert json.loads(settings) == clustering.topics.model_dump(mode="json")
        return {"way": way, "embeddings": int(size), "seconds": 2.0 * int(size), "peak_bytes": 5}

    monkeypatch.setattr(bench_topics, "in_own_process", in_own_process)
    bench_topics.bench_topics(clustering.topics, 5, (10, 100), tmp_path / "costs.json")
    written = json.loads((tmp_path / "costs.json").read_text())
    assert [(cost["way"], cost["embeddings"]) for cost in written["costs"]] == [
        (way, size) for way in bench_topics.WAYS for size in (10, 100)
    ]
    assert written["growth"]["fit"]["seconds"]["exponent"] == pytest.approx(1)
