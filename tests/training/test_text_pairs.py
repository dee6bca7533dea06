"""Photos drawn for sentences: by what the recogniser says of them."""

import numpy as np
from numpy.typing import NDArray

from showtell.concepts import Concepts
from showtell.training import text_pairs
from showtell.training.text_pairs import pair_sentences

CONCEPTS = Concepts((("zebra", "pizza"), ("grass", "table")))
ZEBRAS, PIZZAS = range(20), range(20, 40)  # photos; ten of the zebras stand in grass
OTHERS = range(40, 100)
SAID = {
    "zebra": "three zebras look away",
    "zebra in grass": "a zebra in the grass",
    "pizza": "a pizza on a table",
    "nothing": "somebody smiles at us",
}


def photos() -> NDArray[np.float32]:
    shown = np.full((100, 4), 0.002, dtype=np.float32)
    shown[ZEBRAS, 0] = 0.9
    shown[:10, 2] = 0.8
    shown[PIZZAS, 1] = 0.9
    shown[PIZZAS, 3] = 0.6
    return shown


def draw(
    what: str, *, times: int = 200, temperature: float = 1.0, draws: int = 4, seed: int = 1
) -> NDArray[np.int32]:
    return pair_sentences(
        [SAID[what].split()] * times,
        CONCEPTS,
        photos(),
        temperature=temperature,
        draws=draws,
        seed=seed,
    )


def share(drawn: NDArray[np.int32], of: range) -> float:
    return float(np.isin(drawn, list(of)).mean())


def test_sentences_get_photos_that_show_what_they_say() -> None:
    assert share(draw("zebra"), ZEBRAS) > 0.8
    assert share(draw("pizza"), PIZZAS) > 0.95
    assert share(draw("zebra"), PIZZAS) < 0.1


def test_several_concepts_speak_together() -> None:
    assert share(draw("zebra in grass"), range(10)) > 0.9
    assert 0.3 < share(draw("zebra"), range(10)) < 0.7  # where nothing is said of grass


def test_no_photo_is_ruled_out() -> None:
    assert share(draw("zebra", times=2000), OTHERS) > 0.005


def test_a_sentence_that_mentions_nothing_gets_any_photo_and_so_do_all_at_temperature_0() -> None:
    for drawn in (draw("nothing", times=2000), draw("zebra", times=2000, temperature=0)):
        counts = np.bincount(drawn.ravel(), minlength=100)  # 80 expected, sd 9
        assert 40 < counts.min() <= counts.max() < 120


def test_the_temperature_says_how_far_concepts_are_believed() -> None:
    shares = [share(draw("zebra", temperature=t), ZEBRAS) for t in (0, 0.5, 1, 2)]
    assert shares == sorted(shares)
    assert shares[0] < 0.3 < 0.95 < shares[-1]


def test_no_sentence_gets_a_photo_twice() -> None:
    drawn = draw("pizza", draws=15)
    assert drawn.shape == (200, 15)
    assert all(len(set(row)) == 15 for row in drawn.tolist())


def test_no_more_photos_are_drawn_than_there_are() -> None:
    drawn = draw("pizza", times=2, draws=1000)
    assert [sorted(row) for row in drawn.tolist()] == [list(range(100))] * 2


def test_the_seed_decides() -> None:
    assert np.array_equal(draw("zebra"), draw("zebra"))
    assert not np.array_equal(draw("zebra"), draw("zebra", seed=2))


def test_all_of_many_sentences_get_photos_and_progress_is_told(monkeypatch) -> None:
    monkeypatch.setattr(text_pairs, "SENTENCES_AT_ONCE", 3)
    told: list[tuple[int, int]] = []
    drawn = pair_sentences(
        [SAID["zebra"].split(), SAID["pizza"].split()] * 4,
        CONCEPTS,
        photos(),
        temperature=2,
        draws=8,
        seed=1,
        progress=lambda *done: told.append(done),
    )
    assert told == [(3, 8), (6, 8), (8, 8)]
    assert share(drawn[::2], ZEBRAS) > 0.9
    assert share(drawn[1::2], PIZZAS) > 0.9
