"""From a training run to a bundle."""

from dataclasses import dataclass
from typing import Any

from showtell import __version__
from showtell.bundle import ENCODER, START, STEP, VOCABULARY, EncoderInfo, Manifest
from showtell.errors import BundleError
from showtell.export.onnx import export_decoder, export_encoder
from showtell.export.parity import Parity, measure_parity
from showtell.export.precision import store_float16
from showtell.models.encoders import build_encoder
from showtell.training.run import TrainedRun

LOG_PROB_TOLERANCE = 1e-4  # nats


@dataclass(frozen=True)
class Exported:
    """A bundle in the making."""

    manifest: Manifest
    files: dict[str, bytes]
    parity: Parity  # of the decoder's float32 graphs with PyTorch


def export_run(run: TrainedRun, *, precision: str, command: str = "") -> Exported:
    """Export a run's best epoch, and check that the graphs agree with PyTorch.

    Args:
        precision: how weights are stored, `"float16"` or `"float32"`.
        command: how the run was trained, for the record.

    Raises:
        BundleError: the exported decoder differs from PyTorch by more than 1e-4 nats.
    """
    encoder = build_encoder(run.config.encoder)
    shape = encoder.feature_shape(run.config.encoder.features)
    start, step = export_decoder(run.decoder, feature_shape=shape)
    parity = measure_parity(
        run.decoder, start, step, feature_shape=shape, config=run.config.decoding
    )
    if parity.max_log_prob_error > LOG_PROB_TOLERANCE:
        raise BundleError(
            f"the exported decoder differs from PyTorch by {parity.max_log_prob_error:.1e} nats, "
            f"more than {LOG_PROB_TOLERANCE:.0e}"
        )
    graphs = {ENCODER: export_encoder(encoder), START: start, STEP: step}
    if precision == "float16":
        graphs = {name: store_float16(graph) for name, graph in graphs.items()}
    manifest = Manifest(
        name=run.config.name,
        version=__version__,
        architecture=run.config.decoder.architecture,
        encoder=EncoderInfo(
            name=run.config.encoder.name,
            features=run.config.encoder.features,
            weights_sha256=encoder.sha256,
        ),
        preprocessing=encoder.preprocessing,
        decoding=run.config.decoding,
        precision=precision,
        training=_training_record(run, command),
        scores={"measured_on": "the PyTorch checkpoint", **run.scores},
    )
    files = {VOCABULARY: run.vocabulary.to_text().encode(), **graphs}
    return Exported(manifest, files, parity)


def _training_record(run: TrainedRun, command: str) -> dict[str, Any]:
    return {
        "command": command,
        "seed": run.config.seed,
        "config": run.config.to_dict(),
        **run.provenance,
    }
