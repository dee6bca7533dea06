"""`showtell evaluate` on files of captions: every line that it says, and what it refuses."""

import csv
import io
import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from showtell.cli.main import run
from showtell.metrics import score
from showtell.metrics.meteor import load_meteor

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
    assert found["diversity"]["distinct"] == 3
    assert found["diversity"]["copied"] is None
    for name, value in found["scores"].items():
        low, high = found["intervals"][name]
        assert low <= value + 1e-4
        assert value <= high + 1e-4
        assert found["constant_caption"][name] <= value
        assert name in found["leave_one_out"]["system"]
        assert name in found["leave_one_out"]["human"]
    assert found["bootstrap"] == {"resamples": 1000, "seed": 0}


def test_people_get_a_table_with_baselines_and_signatures(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "good.json", *REFS]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.split("  +", lines[0].strip()) == [
        "score",
        "95 % interval",
        "constant caption",
        "leave-one-out",
        "human",
    ]
    assert [line.split()[0] for line in lines[1:7]] == [
        "BLEU-1",
        "BLEU-2",
        "BLEU-3",
        "BLEU-4",
        "ROUGE-L",
        "CIDEr",
    ]
    assert lines[7].startswith("leave-one-out, human: against all references of an image but one")
    assert lines[17].startswith("3 captions, 3 distinct; 14 words used, ")
    assert [line.split("|")[0] for line in lines[18:]] == [
        "signature: bleu-4",
        "signature: rouge-l",
        "signature: cider",
    ]


def test_what_captions_claim_stands_beside_what_people_do(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "--compare", "good.json", "bad.txt", *REFS]) == 0
    lines = capsys.readouterr().out.splitlines()
    (start,) = (number for number, line in enumerate(lines) if line.startswith("claims  "))
    assert [line.split() for line in lines[start : start + 3]] == [
        ["claims", "captions", "A", "A", "%", "captions", "B", "B", "%", "people", "%"],
        ["gender", "contradicted", "1", "0.0", "3", "0.0", "0.0"],
        ["gender", "unsupported", "1", "0.0", "3", "66.7", "0.0"],
    ]


def test_claims_are_in_the_json(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "bad.txt", *REFS, "--no-baselines", "--json"]) == 0
    claims = json.loads(capsys.readouterr().out)["claims"]
    assert claims["system"]["count"] == {"captions": 0, "percent": None}
    assert claims["system"]["colour"] == {"captions": 3, "percent": 66.6667}
    assert claims["human"] == {}


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
    assert json.loads(capsys.readouterr().out)["diversity"]["distinct"] == 1


def test_captions_may_come_through_a_pipe(files: Path, capsys: Capture) -> None:
    os.mkfifo("pipe")
    with ThreadPoolExecutor() as pool:
        pool.submit(Path("pipe").write_bytes, Path("good.json").read_bytes())
        assert run(["evaluate", "pipe", *REFS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["diversity"]["captions"] == 3


def test_captions_of_a_dataset_may_come_through_a_pipe_and_name_files_without_suffix(
    flickr8k: Path, tmp_path: Path, capsys: Capture
) -> None:
    from showtell.data.sources import load_dataset

    records = load_dataset(flickr8k).require("val")
    lines = [f"{Path(r.image_id).stem}\t{r.captions[0]}\n" for r in records]
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        pool.submit((tmp_path / "pipe").write_text, "".join(lines))
        arguments = [str(tmp_path / "pipe"), "--data", str(flickr8k), "--no-baselines", "--json"]
        assert run(["evaluate", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["BLEU-1"] == pytest.approx(100)


def test_the_training_captions_asked_for_come_before_those_of_the_dataset(
    files: Path, flickr8k: Path, tiny_bundle: Path, capsys: Capture
) -> None:
    data = [str(tiny_bundle), "--data", str(flickr8k), "--no-baselines", "--json"]
    copied = []
    for training in ([], ["--training", "bad.txt"]):
        assert run(["evaluate", *data, *training]) == 0
        copied.append(json.loads(capsys.readouterr().out)["diversity"]["copied"])
    assert copied[0] > copied[1] == 0


def test_a_bundle_without_pictures_is_refused(
    files: Path, tiny_bundle: Path, capsys: Capture
) -> None:
    assert run(["evaluate", str(tiny_bundle), *REFS]) == 2
    assert "is a zip; if it is a model, give --data DATA" in capsys.readouterr().err


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


def test_each_systems_decoding_stands_beside_its_name_not_in_the_common_signature(
    flickr8k: Path, tiny_run: Path, tiny_bundle: Path, capsys: Capture
) -> None:
    cache = ["--cache-dir", str(tiny_run.parent / "cache"), "--data", str(flickr8k)]
    both = ["--compare", str(tiny_run), str(tiny_bundle)]
    assert run(["evaluate", *both, *cache, "--metric", "cider"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"A: {tiny_run}, beam 2, alpha 0.7, max 12: 4 captions" in lines[-3]
    assert lines[-1].startswith("signature of both: cider|tok:ptb|")
    assert "beam" not in lines[-1]


def test_systems_that_name_images_differently_are_compared(files: Path, capsys: Capture) -> None:
    images = [{"id": n, "file_name": image} for n, image in enumerate(REFERENCES)]
    captions = [
        {"image_id": n, "caption": text}
        for n, texts in enumerate(REFERENCES.values())
        for text in texts
    ]
    Path("coco.json").write_text(json.dumps({"images": images, "annotations": captions}))
    by_number = [{"image_id": n, "caption": GOOD[image]} for n, image in enumerate(REFERENCES)]
    Path("numbers.json").write_text(json.dumps(by_number))
    both = ["--compare", "good.json", "numbers.json", "--references", "coco.json", "--json"]
    assert run(["evaluate", *both]) == 0
    found = json.loads(capsys.readouterr().out)["differences"]["CIDEr"]
    assert found == {"difference": 0.0, "interval": [0.0, 0.0], "significant": False}


def test_systems_are_compared_on_the_images_that_both_described_if_missing_ones_are_allowed(
    files: Path, capsys: Capture
) -> None:
    for name, left_out in (("one.txt", "dog.jpg"), ("two.txt", "cat.jpg")):
        lines = [f"{image}\t{text}\n" for image, text in GOOD.items() if image != left_out]
        Path(name).write_text("".join(lines))
    both = ["--compare", "one.txt", "two.txt", *REFS, "--metric", "bleu"]
    assert run(["evaluate", *both]) == 2
    assert "one.txt: 1 image without a caption: dog.jpg" in capsys.readouterr().err
    assert run(["evaluate", *both, "--allow-missing"]) == 0
    assert "|images:1|missing:2|" in capsys.readouterr().out
    with Path("two.txt").open("a") as file:
        file.write("emu.jpg\tAn emu.\n")  # no more welcome than in a file scored alone
    assert run(["evaluate", *both, "--allow-missing"]) == 2
    assert "two.txt: 1 image that no reference describes: emu.jpg" in capsys.readouterr().err
    Path("two.txt").write_text(f"dog.jpg\t{GOOD['dog.jpg']}\n")
    assert run(["evaluate", *both, "--allow-missing"]) == 2
    assert "one.txt and two.txt describe no image in common" in capsys.readouterr().err


def test_baselines_may_be_left_out(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "good.json", *REFS, "--no-baselines", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["constant_caption"], found["leave_one_out"]) == ({}, None)
    assert run(["evaluate", "good.json", *REFS, "--no-baselines"]) == 0
    out = capsys.readouterr().out
    assert "constant" not in out
    assert "leave-one-out" not in out


def test_a_single_reference_leaves_people_out(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "good.json", "--references", "bad.txt"]) == 0
    assert "not measured; that takes two references or more" in capsys.readouterr().out


def test_marks_left_in_captions_are_pointed_out(files: Path, capsys: Capture) -> None:
    lines = [f"{image}\tstartseq {text} endseq\n" for image, text in GOOD.items()]
    Path("marked.txt").write_text("".join(lines))
    assert run(["evaluate", "marked.txt", *REFS]) == 0
    assert "3 captions hold marks that count as words, as in 'startseq" in capsys.readouterr().err


def test_a_single_image_is_told_why_its_cider_is_nothing(files: Path, capsys: Capture) -> None:
    Path("one.txt").write_text(f"dog.jpg\t{GOOD['dog.jpg']}\n")
    assert run(["evaluate", "one.txt", *REFS, "--allow-missing"]) == 0
    assert "CIDEr of a single image is always 0; --df" in capsys.readouterr().err


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


def test_of_a_file_with_splits_the_training_captions_are_looked_at(
    files: Path, capsys: Capture
) -> None:
    sentences = {"train": GOOD["dog.jpg"], "val": GOOD["cat.jpg"]}
    images = [
        {"filename": f"{split}.jpg", "split": split, "sentences": [{"raw": text}]}
        for split, text in sentences.items()
    ]
    Path("karpathy.json").write_text(json.dumps({"images": images}))
    assert run(["evaluate", "good.json", *REFS, "--training", "karpathy.json"]) == 0
    assert "33.3 % of them copies" in capsys.readouterr().out


def test_copies_of_training_captions_are_counted(files: Path, capsys: Capture) -> None:
    assert run(["evaluate", "bad.txt", *REFS, "--training", "bad.txt"]) == 0
    assert "100.0 % of them copies of training captions" in capsys.readouterr().out


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
    assert found["diversity"]["copied"] is not None  # the train split is there to look at


def test_the_original_meteor_gives_what_ours_gives(files: Path, capsys: Capture) -> None:
    pytest.importorskip("pycocoevalcap")
    if shutil.which("java") is None:
        pytest.skip("the jar needs Java")
    both = ["--metric", "METEOR", "--metric", "Meteor-Java"]
    assert run(["evaluate", "good.json", *REFS, *both, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scores"]["METEOR"] == pytest.approx(found["scores"]["METEOR-java"], abs=1e-4)
    assert list(found["constant_caption"]) == ["METEOR"]  # the jar is not started for it again
    assert run(["evaluate", "good.json", *REFS, "--metric", "meteor-java"]) == 0
    assert "METEOR-java" in capsys.readouterr().out


def test_a_missing_extra_is_told_before_any_work(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("showtell.extras.find_spec", lambda name: None)
    load_meteor.cache_clear()
    assert run(["evaluate", "gone.json", *REFS, "--metric", "meteor"]) == 3
    assert "pip install 'showtell[meteor]'" in capsys.readouterr().err


# What is missing, and what is refused: one line, no score


def test_missing_captions_are_an_error_unless_allowed(files: Path, capsys: Capture) -> None:
    Path("some.txt").write_text(f"dog.jpg\t{GOOD['dog.jpg']}\ncat.jpg\t{GOOD['cat.jpg']}\n")
    assert run(["evaluate", "some.txt", *REFS]) == 2
    assert (
        "some.txt: 1 image without a caption: boy.jpg; allow_missing (--allow-missing)"
        in capsys.readouterr().err
    )
    assert run(["evaluate", "some.txt", *REFS, "--allow-missing", "--json"]) == 0
    assert "|images:2|missing:1|" in json.loads(capsys.readouterr().out)["signatures"]["CIDEr"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"dog.jpg\tA dog.\ndog.jpg\tA dog.\n", "two captions of the image dog.jpg"),
        (
            b"dog.jpg\tA dog.\nemu.jpg\tAn emu.\n",
            "1 image that no reference describes: emu.jpg; there are references of dog.jpg",
        ),
        (b"dog.jpg\t\xff\n", "captions is not UTF-8 text"),
        (b"dog.jpg A dog.\n", "captions, line 1: expected image<TAB>caption"),
        (b"dog.jpg:x:A dog.\n", "got 'dog.jpg:x:A dog.'"),  # not a cross, as Rich would have it
        (b'[{"image_id": "dog.jpg", "caption": 7}]', "record 1: a caption must be text, got 7"),
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
            "1 image with no reference at all: dog.jpg",
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
        (["good.json"], "give either --references FILE or --data DATA"),
        (["good.json", *REFS, "--metric", "cidr"], "no metric 'cidr'. Did you mean 'cider'?"),
        (["gone.json", *REFS], "no captions at gone.json; to let a model write them, give --data"),
        (["good.json", "--references", "gone.json"], "cannot read gone.json: No such file"),
        (["good.json", *REFS, "--split", "val"], "refs.jsonl has no split 'val'; it has none"),
        (["good.json", *REFS, "--beam-size", "5"], "there is nothing to search"),
        (["--compare", "good.json", "bad.txt", *REFS, "--out", "x"], "of one system, not of two"),
        (["good.json", *REFS, "--data", "."], "give either --references FILE or --data DATA"),
        (["refs.jsonl", "--references", "good.json"], "captions and references swapped?"),
        ([".", *REFS], ". is a folder; if it is a model, give --data DATA"),
        (["good.json", *REFS, "--out", "good.json"], "good.json would be overwritten"),
        (["good.json", *REFS, "--per-image", "refs.jsonl"], "--per-image writes a CSV"),
        (["good.json", *REFS, "--out", "x", "--per-image", "x"], "x would be overwritten"),
        (["good.json", *REFS, "--seed", "-1"], "-1 is not in the range"),
        (["good.json", *REFS, "--resamples", "5"], "5 is not in the range"),
    ],
)
def test_wrong_usage_says_what_to_do(
    files: Path, arguments: list[str], message: str, capsys: Capture
) -> None:
    assert run(["evaluate", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
