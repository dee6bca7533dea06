"""What training runs forward: photos and captions in, the loss out, the encoder along or not."""

from torch import Tensor, nn

from showtell.data.batches.dataset import Batch
from showtell.models.decoders import Decoder
from showtell.models.recogniser import Recogniser
from showtell.training.loss import Objective


def not_trained(decoder: Decoder, features: Tensor, batch: Batch) -> tuple[Tensor, int]:
    """The objective of a model that only predicts."""
    raise AssertionError("this model has nothing to minimise")


class CaptionModel(nn.Module):
    """A decoder, and the encoder where it is to learn too."""

    def __init__(
        self,
        decoder: Decoder,
        objective: Objective,
        *,
        encoder: nn.Module | None = None,
        recogniser: Recogniser | None = None,
        kind: str = "pooled",
        frozen: float = 0.0,
    ) -> None:
        """Join the networks; the encoder stays as it is until `let_encoder_learn`.

        Args:
            encoder: photos (N, 3, size, size) to the grid (N, L, D) and the pooled (N, 1, D).
            recogniser: of the encoder's pooled features; it stays as it is.
            kind: which of the two the decoder reads, `"grid"` or `"pooled"`.
            frozen: the share of the encoder's weight tensors, from the photo on, that never learn.
        """
        super().__init__()
        self.decoder = decoder
        self.encoder = encoder
        self.recogniser = recogniser.requires_grad_(False) if recogniser else None
        self._objective, self._kind, self._frozen = objective, kind, frozen

    def forward(self, batch: Batch) -> tuple[Tensor, int]:
        """The loss of a batch, a mean over its tokens, and how many these are."""
        return self._objective(self.decoder, self.look(batch.photos), batch)

    def look(self, photos: Tensor) -> Tensor:
        """Features (N, L, D) of pixels (N, 3, size, size), or of features themselves."""
        if photos.ndim == 3:
            return photos
        assert self.encoder is not None
        grid, pooled = self.encoder(photos)
        return grid if self._kind == "grid" else pooled

    def let_encoder_learn(self, learns: bool) -> None:
        """Give the encoder gradients, or take them away; its first layers never have any."""
        if self.encoder is None:
            return
        self.encoder.requires_grad_(False)
        weights = list(self.encoder.parameters())  # from the photo on
        for weight in weights[int(self._frozen * len(weights)) :] if learns else ():
            weight.requires_grad_(True)

    def train(self, mode: bool = True) -> "CaptionModel":
        """Training mode for the decoder; BatchNorm keeps the statistics of ImageNet."""
        super().train(mode)
        if self.encoder is not None:
            self.encoder.eval()
        return self
