"""Networks: ``build_*(…) -> keras.Model``, all sizes in the signature. No data, no training, no globals."""

from lepton_nb.models.autoencoder import build_autoencoder, encoder_of
from lepton_nb.models.cifar10 import build_cifar10, build_cifar10_article, whitening_kernel
from lepton_nb.models.faces import (
    build_faces_article_discriminator,
    build_faces_article_generator,
    build_faces_autoencoder,
    build_faces_discriminator,
    build_faces_generator,
)
from lepton_nb.models.forecasting import build_forecaster, quantile_loss
from lepton_nb.models.fusion import build_senses
from lepton_nb.models.inspection import build_inspection
from lepton_nb.models.mnist import build_mnist, build_mnist_article
from lepton_nb.models.recommendation import ItemTower, build_two_tower
from lepton_nb.models.risk import build_risk, build_risk_article
from lepton_nb.models.speech import build_speech
from lepton_nb.models.text import build_text, build_text_article
from lepton_nb.models.transfer import build_tasks, trunk_of
from lepton_nb.models.translation import build_translation, build_translation_article
from lepton_nb.models.tuning import build_tuned

__all__ = [
    "ItemTower",
    "build_autoencoder",
    "build_cifar10",
    "build_cifar10_article",
    "build_faces_article_discriminator",
    "build_faces_article_generator",
    "build_faces_autoencoder",
    "build_faces_discriminator",
    "build_faces_generator",
    "build_forecaster",
    "build_inspection",
    "build_mnist",
    "build_mnist_article",
    "build_risk",
    "build_risk_article",
    "build_senses",
    "build_speech",
    "build_tasks",
    "build_text",
    "build_text_article",
    "build_translation",
    "build_translation_article",
    "build_tuned",
    "build_two_tower",
    "encoder_of",
    "quantile_loss",
    "trunk_of",
    "whitening_kernel",
]
