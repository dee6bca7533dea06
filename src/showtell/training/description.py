"""What a run's config.json says of it: settings, data, beginning, software.

A run goes on, or is counted as a study's, only where nothing of it differs.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from showtell.config import Config, changed_settings, from_dict
from showtell.data.records import Record
from showtell.errors import CheckpointError
from showtell.files import sha256_hex


def describe_data(
    name: str, splits: Mapping[str, Sequence[Record]], picture_hashes: Mapping[str, str]
) -> dict[str, Any]:
    """Name a dataset and hash each split: ids, pictures (sha256 by id) and captions, in order."""
    hashes = {}
    for split, records in splits.items():
        digest = hashlib.sha256()
        for record in records:
            picture = picture_hashes[record.image_id]
            digest.update(json.dumps([record.image_id, picture, *record.captions]).encode())
        hashes[split] = {"images": len(records), "sha256": digest.hexdigest()}
    return {"dataset": name, "splits": hashes}


def describe_photos(picture_hashes: Iterable[str]) -> dict[str, Any]:
    """Count photos and hash their contents, whatever their names and order."""
    hashes = sorted(set(picture_hashes))
    return {"images": len(hashes), "sha256": sha256_hex("".join(hashes).encode())}


def describe_software(command: str, device: str) -> dict[str, Any]:
    """Note the command, the device and the versions that numbers may depend on."""
    packages = ("showtell", "torch", "onnxruntime", "numpy")
    return {
        "command": command,
        "device": device,
        "versions": {name: version(name) for name in packages},
    }


def describe_run(
    config: Config,
    data: dict[str, Any],
    made_by: dict[str, Any] | None = None,
    *,
    encoder_sha256: str = "",
    init: dict[str, str] | None = None,
    teachers: Sequence[dict[str, str]] = (),
    photos: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Put together what config.json holds.

    Args:
        data: as `describe_data` gives it.
        made_by: as `describe_software` gives it.
        encoder_sha256: of the weights that the encoder begins with.
        init: the run whose weights this one begins with, as `TrainedRun.describe` names it.
        teachers: the runs it learns from, likewise.
        photos: without captions, as `describe_photos` gives them.
    """
    return {
        "config": config.to_dict(),
        "data": data,
        "encoder_sha256": encoder_sha256,
        "init": init,
        "teachers": list(teachers),
        "photos": photos,
        "made_by": made_by or {},
    }


def read_description(path: Path) -> dict[str, Any]:
    """Read what `describe_run` gave from a run's config.json.

    Raises:
        CheckpointError: the folder holds no run, or its config.json is damaged.
    """
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        _ = described["config"], described["data"]["splits"], described["made_by"]
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path.parent} is not a training run: it has no {path.name}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} does not describe a training run ({error!r})") from error
    result: dict[str, Any] = described
    return result


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Name all that tells the description of a run on disk from that of the one wanted.

    A dataset may have moved: its name does not count. An older showtell did not note the encoder.
    """
    differ = changed_settings(found["config"], from_dict(Config, wanted["config"]))
    if found["data"]["splits"] != wanted["data"]["splits"]:
        differ.append("its data")
    for name, what in (("text", "its text"), ("pseudo_captions", "its pseudo-captions")):
        if _sha256(found["data"].get(name)) != _sha256(wanted["data"].get(name)):
            differ.append(what)
    if found.get("encoder_sha256", wanted["encoder_sha256"]) != wanted["encoder_sha256"]:
        differ.append("the weights of its encoder")
    if _weights(found.get("init")) != _weights(wanted["init"]):
        differ.append("the weights it began with")
    if list(map(_weights, found.get("teachers", []))) != list(map(_weights, wanted["teachers"])):
        differ.append("its teachers")
    if found.get("photos") != wanted["photos"]:
        differ.append("its photos without captions")
    return differ


def _sha256(named: dict[str, Any] | None) -> str:
    return named["sha256"] if named else ""


def _weights(run: dict[str, str] | None) -> str:
    """What a run is known by: its folder may have another name by now."""
    return run["weights_sha256"] if run else ""
