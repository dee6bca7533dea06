import numpy as np
import pytest

from showtell.errors import ConfigError, DataError
from showtell.metrics import compare, confidence_intervals, score
from showtell.metrics.report import Report
from showtell.metrics.result import mean_of

WORDS = ["a", "dog", "runs", "through", "the", "tall", "green", "grass", "near", "water"]
REFERENCES = {
    f"{i}.jpg": [" ".join(WORDS[i % 5 :]), " ".join(WORDS[: 5 + i % 5])] for i in range(40)
}
SHORT = {image: " ".join(refs[0].split()[:3]) for image, refs in REFERENCES.items()}
LONG = {image: " ".join(refs[0].split()[:6]) for image, refs in REFERENCES.items()}


def report_of(values):
    """Make a report of a score that is the mean of these values."""
    ids = tuple(map(str, range(len(values))))
    return Report(ids, (mean_of("X", np.array(values) / 100),), {}, {})


def test_an_interval_holds_the_score():
    report = score(LONG, REFERENCES)
    for name, interval in confidence_intervals(report).items():
        assert interval.low <= report.scores[name] <= interval.high


def test_the_interval_of_a_mean_is_that_of_statistics_books():
    values = np.random.default_rng(5).normal(50, 10, size=400)
    interval = confidence_intervals(report_of(values), resamples=4000)["X"]
    half_width = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.low == pytest.approx(values.mean() - half_width, abs=0.1)
    assert interval.high == pytest.approx(values.mean() + half_width, abs=0.1)


def test_images_that_are_all_alike_leave_no_doubt():
    interval = confidence_intervals(report_of([7.0] * 10))["X"]
    assert (interval.low, interval.high) == pytest.approx((7, 7))


def test_the_same_seed_gives_the_same_interval_and_another_another():
    report = score(LONG, REFERENCES)
    assert confidence_intervals(report, seed=3) == confidence_intervals(report, seed=3)
    assert confidence_intervals(report, seed=3) != confidence_intervals(report, seed=4)


def test_a_resample_of_bleu_is_scored_as_a_corpus():
    report = score(LONG, REFERENCES, ("bleu",))
    (result,) = report.results
    weights = np.zeros((1, 40))
    weights[0, [0, 7]] = 20  # two images only, twenty times each
    twice = {f"{n}.jpg": LONG[f"{n}.jpg"] for n in (0, 7)}
    alone = score(twice, {image: REFERENCES[image] for image in twice}, ("bleu",))
    assert 100 * result.resampled(weights)[0] == pytest.approx(list(alone.scores.values()))


def test_the_interval_of_bleu_is_of_corpora_drawn_image_by_image():
    report = score(LONG, REFERENCES, ("bleu",))
    chance = np.random.default_rng(0)
    values = []
    for _ in range(100):
        drawn = [report.image_ids[n] for n in chance.integers(40, size=40)]
        images = {f"{k}": image for k, image in enumerate(drawn)}
        captions = {k: LONG[image] for k, image in images.items()}
        again = score(captions, {k: REFERENCES[i] for k, i in images.items()}, ("bleu",))
        values.append(again.scores["BLEU-2"])
    interval = confidence_intervals(report, resamples=100, seed=0)["BLEU-2"]
    assert (interval.low, interval.high) == pytest.approx(np.quantile(values, [0.025, 0.975]))


@pytest.mark.parametrize("resamples", [0, 1, 99])
def test_too_few_resamples_are_refused(resamples):
    with pytest.raises(ConfigError, match=f"resamples must be at least 100, got {resamples}"):
        confidence_intervals(report_of([1.0]), resamples=resamples)


# Two systems


def test_a_system_differs_from_itself_by_nothing():
    report = score(LONG, REFERENCES)
    for difference in compare(report, report).values():
        assert (difference.interval.low, difference.interval.high) == (0, 0)
        assert not difference.significant


def test_a_better_system_is_found_better():
    difference = compare(score(SHORT, REFERENCES), score(LONG, REFERENCES))["BLEU-4"]
    assert difference.second > difference.first
    assert difference.interval.low > 0
    assert difference.significant


def test_systems_are_compared_image_by_image():
    # Images differ by far more than systems do: only pairs show the difference.
    hard = np.random.default_rng(1).uniform(0, 100, size=50)
    first, second = report_of(hard), report_of(hard + 1)
    alone = [confidence_intervals(report)["X"] for report in (first, second)]
    assert alone[0].high > alone[1].low
    difference = compare(first, second)["X"]
    assert (difference.interval.low, difference.interval.high) == pytest.approx((1, 1))
    assert difference.significant


def test_what_differs_by_rounding_alone_may_be_chance():
    values = np.full(20, 10.0)
    assert not compare(report_of(values), report_of(values + 1e-9))["X"].significant


def test_scores_on_other_images_refuse_to_be_compared():
    fewer = {image: caption for image, caption in LONG.items() if image != "3.jpg"}
    other = score(fewer, REFERENCES, allow_missing=True)
    with pytest.raises(DataError, match=r"cannot be compared.*images:40.*images:39\|missing:1"):
        compare(score(SHORT, REFERENCES), other)


def test_scores_against_other_references_refuse_to_be_compared():
    reworded = {**REFERENCES, "3.jpg": ["a dog", "a cat"]}
    with pytest.raises(DataError, match="cannot be compared"):
        compare(score(LONG, REFERENCES), score(LONG, reworded))


def test_images_that_go_by_other_names_refuse_to_be_compared():
    renamed = {f"x{image}": caption for image, caption in LONG.items()}
    other = score(renamed, {f"x{image}": refs for image, refs in REFERENCES.items()})
    with pytest.raises(DataError, match="they call the images by different names"):
        compare(score(LONG, REFERENCES), other)


def test_a_negative_seed_is_refused():
    with pytest.raises(ConfigError, match="seed must not be negative, got -1"):
        confidence_intervals(report_of([1.0]), seed=-1)


def test_scores_on_other_splits_refuse_to_be_compared():
    with pytest.raises(DataError, match=r"split:val.*split:test"):
        compare(score(LONG, REFERENCES, split="val"), score(LONG, REFERENCES, split="test"))


def test_different_metrics_refuse_to_be_compared():
    with pytest.raises(DataError, match=r"CIDEr of the two cannot be compared.*none and cider\|"):
        compare(score(LONG, REFERENCES, ("bleu",)), score(LONG, REFERENCES, ("bleu", "cider")))


def test_another_search_is_another_system_and_may_be_compared():
    first, second = (score(LONG, REFERENCES, decoding={"beam": beam}) for beam in "13")
    assert first.signature("CIDEr") != second.signature("CIDEr")
    assert not compare(first, second)["CIDEr"].significant
