"""From a training run to a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from showtell import __version__
from showtell.bundle import ENCODER, START, STEP, VOCABULARY, EncoderInfo, Manifest
from showtell.data.records import Record
from showtell.errors import BundleError, ConfigError
from showtell.export.onnx import export_decoder, export_encoder
from showtell.export.parity import (
    Parity,
    compare_grids,
    measure_encoder_parity,
    measure_parity,
)
from showtell.export.precision import store_float16
from showtell.export.quantise import quantise_encoder
from showtell.images import prepare
from showtell.models.encoders import Encoder
from showtell.training.run import TrainedRun


@dataclass(frozen=True)
class Tolerance:
    """How far exported graphs may be from PyTorch."""

    log_prob: float  # nats, of any token
    features: float  # of the largest feature
    same_captions: float  # at least this share of probes


TOLERANCES = {
    "float32": Tolerance(log_prob=1e-4, features=1e-3, same_captions=1.0),
    "float16": Tolerance(log_prob=0.05, features=0.05, same_captions=0.9),  # rounded weights
}


# Of the grid's length. Photos have 0.25, flat drawings up to 0.6; what that costs, scores tell.
QUANTISED_ERROR = 0.75
CALIBRATION_PHOTOS = 32


@dataclass(frozen=True)
class Exported:
    """A bundle in the making."""

    manifest: Manifest
    files: dict[str, bytes]
    parity: Parity  # of the decoder's graphs, as stored, with PyTorch


def export_run(run: TrainedRun, *, precision: str, calibration: Sequence[Record] = ()) -> Exported:
    """Export a run's best epoch, and check that the graphs agree with PyTorch.

    Args:
        precision: how weights are stored, `"float16"` or `"float32"`; or `"int8"`: the encoder
            in eight bits, its arithmetic too, and the decoder in float16.
        calibration: images of train, of which some show the quantiser what activations to expect.

    Raises:
        BundleError: the graphs differ from PyTorch by more than rounding explains.
        ConfigError: int8 without images to calibrate on.
        CheckpointError: the encoder gives features of another width than the run was trained on.
    """
    encoder = run.build_encoder()
    shape = encoder.feature_shape(run.config.encoder.features)
    start, step = export_decoder(run.decoder, feature_shape=shape)
    graphs = {ENCODER: export_encoder(encoder), START: start, STEP: step}
    parity = _check(run, encoder, graphs, "float32")
    exact = graphs[ENCODER]
    if precision != "float32":
        graphs = {name: store_float16(graph) for name, graph in graphs.items()}
        parity = _check(run, encoder, graphs, "float16")
    if precision == "int8":
        graphs[ENCODER] = _quantise(encoder, exact, calibration)
    manifest = Manifest(
        name=run.config.name,
        version=__version__,
        architecture=run.config.decoder.architecture,
        encoder=EncoderInfo(
            name=encoder.name,
            features=run.config.encoder.features,
            weights_sha256=encoder.sha256,
        ),
        preprocessing=encoder.preprocessing,
        decoding=run.config.decoding,
        precision=precision,
        training=_training_record(run),
        scores={"measured_on": "the PyTorch checkpoint", **run.scores},
    )
    files = {VOCABULARY: run.vocabulary.to_text().encode(), **graphs}
    return Exported(manifest, files, parity)


def _check(run: TrainedRun, encoder: Encoder, graphs: dict[str, bytes], precision: str) -> Parity:
    allowed = TOLERANCES[precision]
    features = measure_encoder_parity(encoder, graphs[ENCODER])
    parity = measure_parity(
        run.decoder,
        graphs[START],
        graphs[STEP],
        feature_shape=encoder.feature_shape(run.config.encoder.features),
        config=run.config.decoding,
    )
    agree = (
        features <= allowed.features
        and parity.max_log_prob_error <= allowed.log_prob
        and parity.same_captions >= allowed.same_captions
    )
    if not agree:  # nor where a number is NaN
        raise BundleError(
            f"the exported {precision} model differs from PyTorch: features by {features:.1e} of "
            f"the largest, log-probabilities by {parity.max_log_prob_error:.1e} nats, "
            f"{parity.same_captions:.0%} of captions equal; try --precision float32"
        )
    return parity


def _quantise(encoder: Encoder, graph: bytes, records: Sequence[Record]) -> bytes:
    if not records:
        raise ConfigError("int8 needs photos of train to calibrate on: --data")
    chosen = records[:: max(1, len(records) // CALIBRATION_PHOTOS)][:CALIBRATION_PHOTOS]
    pixels = [
        prepare(r.image.read_bytes(), encoder.preprocessing, name=str(r.image)).pixels
        for r in chosen
    ]
    photos = np.stack(pixels)
    quantised = quantise_encoder(graph, photos)
    error = compare_grids(graph, quantised, photos)
    if not error <= QUANTISED_ERROR:
        raise BundleError(
            f"the encoder in int8 differs from the exact one by {error:.0%}; export float16"
        )
    return quantised


def _training_record(run: TrainedRun) -> dict[str, Any]:
    return {
        "seed": run.config.seed,
        "config": run.config.to_dict(),
        **run.provenance,
    }
