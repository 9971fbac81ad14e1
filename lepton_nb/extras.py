"""Extras: packages that few need, under the name by which pip installs them (``pip install 'lepton-nb[serve]'``)."""

from __future__ import annotations

from importlib.util import find_spec

#: Extra → the modules of its packages, as pyproject.toml lists them. A chapter names its extra in its metadata.
MODULES = {
    "serve": ("fastapi", "uvicorn", "prometheus_client", "aiohttp", "tf2onnx", "onnx_ir"),
    "privacy": ("dp_accounting", "cryptography"),
    "tuning": ("optuna", "tensorboard"),
}


def lacking(extra: str, only: tuple[str, ...] = ()) -> str:
    """What is missing of an extra and what to do, as a sentence's end; empty where all is there.

    extra: a key of :data:`MODULES`, or empty. only: these of its modules are asked for; empty: all of them.
    """
    missing = [name for name in (only or MODULES[extra] if extra else ()) if find_spec(name) is None]
    if not missing:
        return ""
    return f"needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: pip install 'lepton-nb[{extra}]'"
