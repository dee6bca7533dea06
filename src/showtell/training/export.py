"""From a training run to a bundle."""

from dataclasses import dataclass
from typing import Any

from showtell import __version__
from showtell.bundle import ENCODER, START, STEP, VOCABULARY, EncoderInfo, Manifest
from showtell.errors import BundleError
from showtell.export.onnx import export_decoder, export_encoder
from showtell.export.parity import Parity, measure_encoder_parity, measure_parity
from showtell.export.precision import store_float16
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


@dataclass(frozen=True)
class Exported:
    """A bundle in the making."""

    manifest: Manifest
    files: dict[str, bytes]
    parity: Parity  # of the decoder's graphs, as stored, with PyTorch


def export_run(run: TrainedRun, *, precision: str) -> Exported:
    """Export a run's best epoch, and check that the graphs agree with PyTorch.

    Args:
        precision: how weights are stored, `"float16"` or `"float32"`.

    Raises:
        BundleError: the graphs differ from PyTorch by more than rounding explains.
        CheckpointError: the encoder gives features of another width than the run was trained on.
    """
    encoder = run.build_encoder()
    shape = encoder.feature_shape(run.config.encoder.features)
    start, step = export_decoder(run.decoder, feature_shape=shape)
    graphs = {ENCODER: export_encoder(encoder), START: start, STEP: step}
    parity = _check(run, encoder, graphs, "float32")
    if precision == "float16":
        graphs = {name: store_float16(graph) for name, graph in graphs.items()}
        parity = _check(run, encoder, graphs, precision)
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


def _training_record(run: TrainedRun) -> dict[str, Any]:
    return {
        "seed": run.config.seed,
        "config": run.config.to_dict(),
        **run.provenance,
    }
