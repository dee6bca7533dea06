"""From a training run to a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell import __version__
from showtell.bundle import CONCEPTS, ENCODER, START, STEP, VOCABULARY, EncoderInfo, Manifest
from showtell.data.records import Record
from showtell.errors import BundleError, ConfigError
from showtell.exporting.onnx import export_decoder, export_encoder
from showtell.exporting.parity import (
    Parity,
    compare_encoders,
    measure_encoder_parity,
    measure_parity,
)
from showtell.exporting.precision import store_float16, store_int8
from showtell.exporting.quantise import quantise_encoder
from showtell.images import prepare
from showtell.models.decoders import Decoder
from showtell.models.encoders import Encoder
from showtell.training.run import TrainedRun


@dataclass(frozen=True)
class Tolerance:
    """How far exported graphs may be from PyTorch."""

    log_prob: float  # nats, of any token
    features: float  # of the largest feature, or concept
    same_captions: float  # at least this share of probes


TOLERANCES = {
    "float32": Tolerance(log_prob=1e-4, features=1e-3, same_captions=1.0),
    # Rounded weights. What that costs, scores tell.
    "float16": Tolerance(log_prob=0.05, features=0.05, same_captions=0.9),
    "int8": Tolerance(log_prob=0.5, features=0.75, same_captions=0.5),
}


CALIBRATION_PHOTOS = 32


@dataclass(frozen=True)
class Exported:
    """A bundle in the making, and how far it is from PyTorch."""

    manifest: Manifest
    files: dict[str, bytes]
    parity: Parity  # of the decoder's graphs
    features_error: float  # of the encoder's: a share, see `showtell.exporting.parity`


def export_run(run: TrainedRun, *, precision: str, calibration: Sequence[Record] = ()) -> Exported:
    """Export a run's best epoch, and check that the graphs agree with PyTorch.

    Args:
        precision: how weights are stored, `"float32"`, `"float16"` or `"int8"`. The arithmetic is
            float32 but for the encoder in `"int8"`, which computes in eight bits.
        calibration: images of train, of which some show the quantiser what activations to expect.

    Raises:
        BundleError: the graphs differ from PyTorch by more than rounding explains.
        ConfigError: int8 without images to calibrate on.
        CheckpointError: the encoder gives features of another width than the run was trained on,
            or the run has no decoder.
    """
    decoder, vocabulary = run.writer()
    encoder = run.build_encoder()
    shape = encoder.feature_shape(run.config.encoder.features)
    start, step = export_decoder(decoder, feature_shape=shape)
    graphs = {ENCODER: export_encoder(encoder), START: start, STEP: step}
    exact = graphs[ENCODER]
    features_error = measure_encoder_parity(encoder, exact)
    parity = _check(run, decoder, graphs, shape, features_error, "float32")
    if precision == "float16":
        graphs = {name: store_float16(graph) for name, graph in graphs.items()}
        features_error = measure_encoder_parity(encoder, graphs[ENCODER])
    elif precision == "int8":
        seen, unseen = _photos(encoder, calibration)
        graphs = {
            ENCODER: quantise_encoder(exact, seen),
            START: store_int8(start),
            STEP: store_int8(step),
        }
        features_error = compare_encoders(exact, graphs[ENCODER], unseen)
    if precision != "float32":
        parity = _check(run, decoder, graphs, shape, features_error, precision)
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
    files = {VOCABULARY: vocabulary.to_text().encode(), **graphs}
    if encoder.recogniser:
        files[CONCEPTS] = encoder.recogniser.concepts.to_text().encode()
    return Exported(manifest, files, parity, features_error)


def _check(
    run: TrainedRun,
    decoder: Decoder,
    graphs: dict[str, bytes],
    feature_shape: tuple[int, int],
    features: float,
    precision: str,
) -> Parity:
    """Refuse graphs that say something else; `features` is the encoder's error, a share."""
    allowed = TOLERANCES[precision]
    parity = measure_parity(
        decoder,
        graphs[START],
        graphs[STEP],
        feature_shape=feature_shape,
        config=run.config.decoding,
    )
    agree = (
        features <= allowed.features
        and parity.max_log_prob_error <= allowed.log_prob
        and parity.same_captions >= allowed.same_captions
    )
    if not agree:  # nor where a number is NaN
        raise BundleError(
            f"the exported {precision} model differs from PyTorch: features by {features:.1e}, "
            f"log-probabilities by {parity.max_log_prob_error:.1e} nats, "
            f"{parity.same_captions:.0%} of captions equal; try --precision float32"
        )
    return parity


def _photos(
    encoder: Encoder, records: Sequence[Record]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Choose photos to calibrate on, and others to see what came of it: pixels of each."""
    if len(records) < 2:
        raise ConfigError("int8 needs photos of train to calibrate on: --data")
    chosen = records[:: max(1, len(records) // (2 * CALIBRATION_PHOTOS))][: 2 * CALIBRATION_PHOTOS]
    pixels = np.stack(
        [
            prepare(r.image.read_bytes(), encoder.preprocessing, name=str(r.image)).pixels
            for r in chosen
        ]
    )
    return pixels[::2], pixels[1::2]


def _training_record(run: TrainedRun) -> dict[str, Any]:
    return {
        "seed": run.config.seed,
        "config": run.config.to_dict(),
        **run.provenance,
    }
