"""Networks: ``build_*(…) -> keras.Model``, all sizes in the signature. No data, no training, no globals."""

from lepton_nb.models.mnist import build_mnist, build_mnist_article

__all__ = ["build_mnist", "build_mnist_article"]
