"""`showtell evaluate` on files of captions: every line that it says, and what it refuses."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from showtell.cli.main import run
from showtell.metrics import Meteor, score

REFERENCES = {
    "dog.jpg": ["A dog runs through tall grass .", "The dog is running fast in a field ."],
    "cat.jpg": ["A black cat sleeps on a chair .", "A cat is asleep on a red chair ."],
    "boy.jpg": ["A boy jumps into a blue pool .", "The boy is jumping in the water ."],
}
GOOD = {
    "dog.jpg": "A dog runs through grass.",
    "cat.jpg": "A cat sleeps on a chair.",
    "boy.jpg": "A boy is jumping into a pool.",
}
BAD = dict.fromkeys(REFERENCES, "A man in a red shirt.")

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in: references in one file, captions of two systems in two formats."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"image_id": image, "caption": text}
        for image, texts in REFERENCES.items()
        for text in texts
    ]
    Path("refs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("good.json").write_text(
        json.dumps([{"image_id": image, "caption": text} for image, text in GOOD.items()])
    )
    Path("bad.txt").write_text("".join(f"{image}\t{text}\n" for image, text in BAD.items()))
    return tmp_path


REFS = ["--references", "refs.jsonl"]


def test_captions_in_a_file_are_scored_as_from_python(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "good.json", *REFS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = score(GOOD, REFERENCES)
    assert found["scores"] == expected.to_dict()["scores"]
    assert found["signatures"] == expected.to_dict()["signatures"]
    assert found["system"] == "good.json"
    assert found["captions"]["distinct"] == 3
    assert found["captions"]["copied"] is None
    for name, value in found["scores"].items():
        low, high = found["intervals"][name]
        assert low <= value + 1e-4
        assert value <= high + 1e-4
        assert found["constant_caption"][name] <= value
        assert name in found["one_human"]


def test_people_get_a_table_with_floor_ceiling_and_signatures(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "good.json", *REFS]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.split("  +", lines[0].strip()) == [
        "score",
        "95 % interval",
        "one sentence for all",
        "one human",
    ]
    assert [line.split()[0] for line in lines[1:7]] == [
        "BLEU-1",
        "BLEU-2",
        "BLEU-3",
        "BLEU-4",
        "ROUGE-L",
        "CIDEr",
    ]
    assert lines[8].startswith("3 captions, 3 distinct; 14 words used, ")
    assert [line.split("|")[0] for line in lines[9:]] == [
        "signature: bleu-4",
        "signature: rouge-l",
        "signature: cider",
    ]


def test_the_metrics_asked_for_are_the_ones_shown(files: Path, capsys: Capture) -> None:
    chosen = ["--metric", "cider-d", "--metric", "rouge-l"]
    assert run(["evaluate", "good.json", *REFS, *chosen, "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["scores"]) == ["CIDEr-D", "ROUGE-L"]


def test_captions_come_from_stdin_too(
    files: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(Path("bad.txt").read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert run(["evaluate", "-", *REFS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["captions"]["distinct"] == 1


def test_two_systems_are_compared_image_by_image(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "--compare", "bad.txt", "good.json", *REFS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [system["system"] for system in found["systems"]] == ["bad.txt", "good.json"]
    first, second = (system["scores"]["CIDEr"] for system in found["systems"])
    cider = found["differences"]["CIDEr"]
    assert cider["difference"] == pytest.approx(second - first, abs=1e-3)
    assert cider["significant"]
    assert run(["evaluate", "--compare", "bad.txt", "good.json", *REFS]) == 0
    out = capsys.readouterr().out
    assert "B - A" in out
    assert "A: bad.txt: 3 captions, 1 distinct" in out


def test_a_difference_that_may_be_chance_is_said_to_be(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "--compare", "good.json", "good.json", *REFS]) == 0
    assert capsys.readouterr().out.count("may be chance") == 6


def test_every_images_scores_are_written_as_csv(files: Path) -> None:
    assert run(["evaluate", "good.json", *REFS, "--per-image", "scores.csv"]) == 0
    rows = list(csv.DictReader(Path("scores.csv").read_text().splitlines()))
    expected = score(GOOD, REFERENCES).per_image
    assert [row["image"] for row in rows] == sorted(REFERENCES)
    assert float(rows[0]["CIDEr"]) == pytest.approx(expected["boy.jpg"]["CIDEr"], abs=1e-4)
    assert rows[0]["caption"] == GOOD["boy.jpg"]


def test_document_frequencies_may_come_from_other_captions(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "good.json", *REFS, "--df", "bad.txt", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "|df:corpus-3-" in found["signatures"]["CIDEr"]
    assert (
        found["scores"]
        == score(GOOD, REFERENCES, corpus={image: [text] for image, text in BAD.items()}).to_dict()[
            "scores"
        ]
    )


def test_copies_of_training_captions_are_counted(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "bad.txt", *REFS, "--training", "bad.txt"]) == 0
    assert "100.0 % of them copies from training" in capsys.readouterr().out


def test_a_file_is_scored_against_a_dataset_without_looking_at_pictures(
    flickr8k: Path, tmp_path: Path, capsys: Capture
) -> None:
    from showtell.data.sources import load_dataset

    records = load_dataset(flickr8k).require("val")
    out = tmp_path / "captions.txt"
    out.write_text("".join(f"{r.image_id}\t{r.captions[0]}\n" for r in records))
    assert run(["evaluate", str(out), "--data", str(flickr8k), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scores"]["BLEU-1"] == pytest.approx(100)
    assert "|split:val|" in found["signatures"]["CIDEr"]
    assert found["captions"]["copied"] is not None  # the train split is there to look at


def test_the_original_meteor_gives_what_ours_gives(files: Path, capsys: Capture) -> None:
    pytest.importorskip("pycocoevalcap")
    if shutil.which("java") is None:
        pytest.skip("the jar needs Java")
    both = ["--metric", "meteor", "--metric", "meteor-java"]
    assert run(["evaluate", "good.json", *REFS, *both, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scores"]["METEOR"] == pytest.approx(found["scores"]["METEOR-java"], abs=1e-4)
    assert list(found["one_human"]) == ["METEOR"]  # the jar is not started for it again


def test_a_missing_extra_is_told_before_any_work(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("showtell.extras.find_spec", lambda name: None)
    monkeypatch.setattr("showtell.metrics.scoring._CHECKS", {"meteor": Meteor.load})
    assert run(["evaluate", "gone.json", *REFS, "--metric", "meteor"]) == 3
    assert "pip install 'showtell[meteor]'" in capsys.readouterr().err


# What is missing, and what is refused: one line, no score


def test_missing_captions_are_an_error_unless_allowed(files: Path, capsys: Capture) -> None:
    Path("some.txt").write_text(f"dog.jpg\t{GOOD['dog.jpg']}\ncat.jpg\t{GOOD['cat.jpg']}\n")
    assert run(["evaluate", "some.txt", *REFS]) == 2
    assert "1 images without a caption: boy.jpg; allow_missing leaves" in capsys.readouterr().err
    assert run(["evaluate", "some.txt", *REFS, "--allow-missing", "--json"]) == 0
    assert "|images:2|missing:1|" in json.loads(capsys.readouterr().out)["signatures"]["CIDEr"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"dog.jpg\tA dog.\ndog.jpg\tA dog.\n", "two captions of the image dog.jpg"),
        (
            b"dog.jpg\tA dog.\nemu.jpg\tAn emu.\n",
            "1 captions of images without references: emu.jpg",
        ),
        (b"dog.jpg\t\xff\n", "captions is not UTF-8 text"),
        (b"dog.jpg A dog.\n", "captions, line 1: expected image<TAB>caption"),
        (b"dog.jpg:x:A dog.\n", "got 'dog.jpg:x:A dog.'"),  # not a cross, as Rich would have it
        (b'[{"image_id": "dog.jpg", "caption": 7}]', "record 1: a caption must be text, got '7'"),
        (b"", "captions holds no captions"),
    ],
)
def test_bad_captions_are_one_line_and_no_score(
    files: Path, content: bytes, message: str, capsys: Capture
) -> None:
    Path("captions").write_bytes(content)
    assert run(["evaluate", "captions", *REFS]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"image_id": "dog.jpg", "captions": []}\n{"image_id": "cat.jpg"}', "record 2: expected"),
        (
            b'[{"image_id": "dog.jpg", "captions": []}, {"image_id": "cat.jpg", "captions": ["x"]},'
            b' {"image_id": "boy.jpg", "captions": ["y"]}]',
            "1 images with no reference at all: dog.jpg",
        ),
    ],
)
def test_references_with_an_image_without_any_are_refused(
    files: Path, content: bytes, message: str, capsys: Capture
) -> None:
    Path("refs.jsonl").write_bytes(content)
    assert run(["evaluate", "good.json", *REFS]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one thing to score, or --compare A B"),
        (["good.json", "--compare", "good.json", "bad.txt", *REFS], "give one thing to score"),
        (["good.json"], "give --references FILE, or --data DIR"),
        (["good.json", *REFS, "--metric", "cidr"], "no metric 'cidr'. Did you mean 'cider'?"),
        (["gone.json", *REFS], "no captions at gone.json; to let a model write them, give --data"),
        (["good.json", "--references", "gone.json"], "cannot read gone.json: No such file"),
        (["good.json", *REFS, "--split", "val"], "refs.jsonl has no split 'val'; it has none"),
        (["good.json", *REFS, "--beam-size", "5"], "there is nothing to search"),
        (["--compare", "good.json", "bad.txt", *REFS, "--out", "x"], "of one system, not of two"),
    ],
)
def test_wrong_usage_says_what_to_do(
    files: Path, arguments: list[str], message: str, capsys: Capture
) -> None:
    assert run(["evaluate", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
