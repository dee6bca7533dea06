"""How sure to be of a caption: evidence, domain, storage."""

import numpy as np
import pytest

from showtell.decoding import Hypothesis
from showtell.errors import BundleError
from showtell.runtime.confidence import Confidence, Domain, Evidence, Logistic, evidence_of

RANDOM = np.random.default_rng(0)


def hypothesis(words: tuple[int, ...], log_prob: float) -> Hypothesis:
    return Hypothesis(words, log_prob, log_prob, finished=True)


@pytest.fixture
def confidence() -> Confidence:
    axes = np.linalg.qr(RANDOM.normal(size=(8, 3)))[0].T
    return Confidence(
        good=Logistic(np.array([0.5, -0.1, 2.0, 0.2]), 0.3),
        known=Logistic(np.array([-1.0, -2.0, 0.0, 0.0, 0.0]), 4.0),
        domain=Domain(RANDOM.normal(size=8), axes, np.array([3.0, 2.0, 1.0])),
    )


def test_evidence_is_of_the_chosen_caption() -> None:
    found = [hypothesis((5, 6, 7), -4.0), hypothesis((5, 6, 8), -3.5), hypothesis((9,), -8.0)]
    evidence = evidence_of(found)
    assert evidence.log_prob == pytest.approx(-1.0)  # three words and the end
    assert evidence.words == 3
    assert evidence.margin == pytest.approx(-0.5)  # another one is likelier
    assert 0 < evidence.agreement < 1


def test_a_caption_alone_agrees_with_itself_and_has_no_rival() -> None:
    evidence = evidence_of([hypothesis((5, 6, 7, 8), -4.0)])
    assert evidence.agreement == pytest.approx(1.0)
    assert evidence.margin == 0


def test_captions_that_agree_are_more_agreed_on() -> None:
    alike = [hypothesis((5, 6, 7, 8), -4.0), hypothesis((5, 6, 7, 8, 9), -4.5)]
    apart = [hypothesis((5, 6, 7, 8), -4.0), hypothesis((10, 11, 12, 13), -4.5)]
    assert evidence_of(alike).agreement > evidence_of(apart).agreement


def test_distances_are_mahalanobis_along_the_axes_and_euclid_off_them() -> None:
    domain = Domain(np.zeros(4), np.eye(4)[:2], np.array([2.0, 4.0]))
    along, off, total, length, largest = domain.measure(np.array([[2.0, 4.0, 3.0, -4.0]]))[0]
    assert along == pytest.approx(0)  # one standard deviation along each
    assert off == pytest.approx(np.log(5))
    assert np.exp([total, length, largest]) == pytest.approx([13, 45**0.5, 4])


def test_what_is_far_from_the_train_photos_is_not_sure(confidence: Confidence) -> None:
    evidence = [Evidence(-1.0, 8.0, 0.5, 0.1)] * 2
    near = confidence.domain.mean
    far = near + 100 * RANDOM.normal(size=8)
    sure, unsure = confidence.probability(evidence, np.stack([near, far]))
    assert sure > 0.5
    assert unsure < 0.01


def test_no_caption_has_no_confidence(confidence: Confidence) -> None:
    assert confidence.probability([], np.empty((0, 8))).shape == (0,)


def test_it_is_read_as_it_was_written_but_for_rounded_axes(confidence: Confidence) -> None:
    read = Confidence.from_bytes(confidence.to_bytes())
    evidence = [Evidence(-1.0, 8.0, 0.5, 0.1)] * 5
    pooled = confidence.domain.mean + RANDOM.normal(size=(5, 8))
    np.testing.assert_allclose(
        read.probability(evidence, pooled), confidence.probability(evidence, pooled), atol=1e-2
    )
    assert read.to_bytes() == confidence.to_bytes()


@pytest.mark.parametrize("data", [b"", b"PK nothing", b"\x93NUMPY"])
def test_what_is_no_calibration_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError, match="calibration cannot be read"):
        Confidence.from_bytes(data)
