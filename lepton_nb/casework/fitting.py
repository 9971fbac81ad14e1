"""Models that are trained here: logistic regression, gradient boosting and a small network, on tables and on images; on
texts, two lines over what words they hold.

Each maker takes training and validation rows and gives a function from rows to scores. A budget is a number of passes,
never of seconds, so that a training repeats exactly.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from lepton_nb.casework import hearing
from lepton_nb.casework.forms import Part

KINDS = {
    "logistic": "logistic regression", "boosting": "gradient boosting", "network": "small neural network",
    "tf-idf": "tf-idf and a line", "ratios": "NB-SVM", "isolation": "isolation forest, no labels",
} | hearing.KINDS  # fmt: skip
#: Kinds that take minutes, and are not trained again and again.
NETWORKS = ("network", "speech", "varied")
#: Kinds that read texts, by the weights of their words (``text.WordLine``); the others read tables and images.
TEXT_KINDS = ("tf-idf", "ratios")
#: Trees of an isolation forest.
CUTS = 300
#: Trees of a boosting, and passes of a network over its training rows, at most: the budget.
TREES, PASSES = 300, 30
PIXELS = 16  # side of the picture that logistic regression and boosting see
PATIENCE = 4  # passes without a better validation loss before a network stops

Score = Callable[[Any], np.ndarray]


def make(
    kind: str, train: Part, validation: Part, seed: int = 0, passes: int = PASSES, trees: int = TREES
) -> tuple[Score, Any]:
    """A fitted model as a function from x of a Part to scores (n,), and the model itself. kind: of KINDS."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: {kind}")
    if kind == "isolation":
        return _isolation(train, seed)
    if len(np.unique(train.y)) < 2:
        raise ValueError("The training rows are of one class: nothing can be learnt. Give rows of both classes.")
    if (kind in TEXT_KINDS) != is_texts(train.x):
        raise ValueError(f"Texts are read by {' and '.join(TEXT_KINDS)}, and nothing else is. Received: {kind}")
    if kind in TEXT_KINDS:
        return _words(kind, train, validation)
    if kind in hearing.KINDS:
        return hearing.make(kind, train, validation, seed, passes)
    if kind == "network":
        return _network(train, validation, seed, passes)
    pictures = not hasattr(train.x, "columns")
    if kind == "logistic":
        from sklearn.linear_model import LogisticRegression

        model = _pipeline(None if pictures else train.x, LogisticRegression(max_iter=2000, C=1.0), scaled=True)
    else:
        from sklearn.ensemble import HistGradientBoostingClassifier

        boosting = HistGradientBoostingClassifier(
            max_iter=trees, learning_rate=0.06, max_leaf_nodes=15, l2_regularization=1.0, early_stopping=False,
            random_state=seed,
        )  # fmt: skip
        return _boosted(train, validation, boosting)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a search that has not ended is seen in its validation figures
        model.fit(_seen(train.x), train.y)
    return lambda x: model.predict_proba(_seen(x))[:, 1], model


def is_texts(x: Any) -> bool:
    """Whether the rows are texts: an array of strings of any length."""
    return getattr(getattr(x, "dtype", None), "kind", "") == "T"


def kinds_of(x: Any) -> tuple[str, ...]:
    """The kinds that can read such rows."""
    others = (*TEXT_KINDS, *hearing.KINDS, "isolation")
    return TEXT_KINDS if is_texts(x) else tuple(kind for kind in KINDS if kind not in others)


def _words(kind: str, train: Part, validation: Part) -> tuple[Score, Any]:
    """A line over the words and pairs of words of each text; the validation rows choose its penalty."""
    from lepton_nb import text

    inside, outside = ([text.words_of(one) for one in part.x] for part in (train, validation))
    line = text.WordLine(kind).fit(inside, train.y, (outside, validation.y))
    return lambda x: line.predict_proba([text.words_of(one) for one in x])[:, 1], line


def default_name(x: Any) -> str:
    """What :func:`default_model` is for such rows."""
    return f"{'tf-idf with a logistic regression' if is_texts(x) else 'gradient boosting'} with default settings"


def default_model(train: Part, seed: int = 0) -> tuple[Score, Any]:
    """What a model must beat: scikit-learn's gradient boosting as it comes; of texts, its tf-idf and logistic regression."""
    if is_texts(train.x):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(train.x.tolist(), train.y)
        return lambda x: model.predict_proba(x.tolist())[:, 1], model
    from sklearn.ensemble import HistGradientBoostingClassifier

    pictures = not hasattr(train.x, "columns")
    model = _pipeline(None if pictures else train.x, HistGradientBoostingClassifier(random_state=seed), scaled=False)
    model.fit(_seen(train.x), train.y)
    return lambda x: model.predict_proba(_seen(x))[:, 1], model


def _isolation(train: Part, seed: int) -> tuple[Score, Any]:
    """How odd a row is among the training rows, 0..1, whatever their classes say.

    Reference: Liu, Ting and Zhou, Isolation Forest, ICDM 2008, equation 2 (the score).
    """
    from sklearn.ensemble import IsolationForest

    model = _pipeline(
        train.x if hasattr(train.x, "columns") else None,
        IsolationForest(n_estimators=CUTS, random_state=seed),
        scaled=True,
    )
    model.fit(_seen(train.x))
    return lambda x: -model.score_samples(_seen(x)), model


def small_pictures(x: np.ndarray, side: int = PIXELS) -> np.ndarray:
    """Means over the tiles of a grid of side × side: (n, side² × channels), 0..1.

    >>> small_pictures(np.full((2, 64, 64), 255, np.uint8)).shape
    (2, 256)
    """
    values = np.asarray(x)
    values = values[..., None] if values.ndim == 3 else values
    rows = np.linspace(0, values.shape[1], min(side, values.shape[1]) + 1).astype(int)[:-1]
    columns = np.linspace(0, values.shape[2], min(side, values.shape[2]) + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(values.astype(np.float32), rows, axis=1), columns, axis=2)
    heights = np.diff(np.append(rows, values.shape[1]))
    widths = np.diff(np.append(columns, values.shape[2]))
    means = sums / (heights[:, None] * widths)[None, :, :, None]
    return (means / (255 if values.dtype == np.uint8 else 1)).reshape(len(values), -1)


def _seen(x: Any) -> Any:
    return x if hasattr(x, "columns") else small_pictures(x)


def columns_of(frame: Any) -> tuple[list[str], list[str]]:
    """Columns of numbers, and of texts."""
    numbers = [name for name in frame.columns if frame[name].to_numpy().dtype.kind in "biuf"]
    return numbers, [name for name in frame.columns if name not in numbers]


def preprocessing(frame: Any, scaled: bool = True) -> Any:
    """scikit-learn's ColumnTransformer: numbers filled and scaled, texts as one column a value.

    scaled False: for trees, which take numbers and gaps as they are, and texts as numbers of categories.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    numbers, texts = columns_of(frame)
    if scaled:
        steps = [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
        ]
    else:
        coder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        steps = [("texts", coder, texts), ("numbers", "passthrough", numbers)]
    return ColumnTransformer([step for step in steps if step[2]])


def _pipeline(frame: Any, model: Any, scaled: bool) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if frame is not None:
        return make_pipeline(preprocessing(frame, scaled), model)
    return make_pipeline(StandardScaler(), model) if scaled else make_pipeline(model)


def _boosted(train: Part, validation: Part, boosting: Any) -> tuple[Score, Any]:
    """As many trees as the validation rows are scored best with (cross-entropy)."""
    pictures = not hasattr(train.x, "columns")
    before = None if pictures else preprocessing(train.x, scaled=False).fit(train.x)

    def seen(x: Any) -> np.ndarray:
        return small_pictures(x) if before is None else before.transform(x)

    boosting.fit(seen(train.x), train.y)
    best, least = 1, np.inf
    for trees, chances in enumerate(boosting.staged_predict_proba(seen(validation.x)), start=1):
        loss = log_loss(validation.y, chances[:, 1])
        if loss < least - 1e-9:
            best, least = trees, loss
    boosting.set_params(max_iter=best)
    boosting.fit(seen(train.x), train.y)
    return lambda x: boosting.predict_proba(seen(x))[:, 1], boosting


def log_loss(y: np.ndarray, scores: np.ndarray) -> float:
    r"""Cross-entropy $-\frac1n \sum y \ln p + (1-y) \ln(1-p)$ in nats; scores kept 1e-7 away from 0 and 1.

    >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    chance = np.clip(np.asarray(scores, dtype=np.float64), 1e-7, 1 - 1e-7)
    return float(-np.mean(np.where(np.asarray(y) == 1, np.log(chance), np.log1p(-chance))))


def _network(train: Part, validation: Part, seed: int, passes: int) -> tuple[Score, Any]:
    from lepton_nb import training

    training.set_seed(seed)
    if hasattr(train.x, "columns"):
        before = preprocessing(train.x).fit(train.x)

        def seen(x: Any) -> np.ndarray:
            return np.asarray(before.transform(x), dtype=np.float32)

        model = _dense(seen(train.x).shape[1])
    else:
        model = _convolutions(train.x.shape[1:])

        def seen(x: Any) -> np.ndarray:
            return as_floats(x)

    _descend(model, seen(train.x), train.y, seen(validation.x), validation.y, passes)

    def score(x: Any) -> np.ndarray:
        return np.asarray(training.predict(model, seen(x)), dtype=np.float64)[:, 0]

    return score, model


def as_floats(x: np.ndarray) -> np.ndarray:
    """Images as (n, height, width, channels), float32, 0..1 where they are bytes."""
    values = np.asarray(x)
    values = values[..., None] if values.ndim == 3 else values
    return values.astype(np.float32) / (255 if values.dtype == np.uint8 else 1)


def _dense(width: int) -> Any:
    import keras

    return keras.Sequential(
        [
            keras.Input((width,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def _convolutions(shape: tuple[int, ...]) -> Any:
    import keras

    layers: list[Any] = [keras.Input(shape if len(shape) == 3 else (*shape, 1))]
    for filters in (16, 32, 64):
        layers += [
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2, padding="same"),
        ]
    layers += [
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
    return keras.Sequential(layers)


def _descend(model: Any, x: np.ndarray, y: np.ndarray, x_seen: np.ndarray, y_seen: np.ndarray, passes: int) -> None:
    import keras

    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=PATIENCE, restore_best_weights=True)
    model.fit(
        x, y.astype(np.float32), validation_data=(x_seen, y_seen.astype(np.float32)), epochs=passes, batch_size=128,
        callbacks=[stop], verbose=0,
    )  # fmt: skip
