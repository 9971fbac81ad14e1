"""The environment of the kernels: the same on every machine, so that no setting of a user changes a number.

Of the user's own variables only those pass that say where things are. Settings of Keras, Matplotlib and IPython come
from an empty folder, not from the user's home; clock and language are fixed.
"""

from __future__ import annotations

import os
import site
from pathlib import Path

#: Where things are: programs, libraries, folders for temporary files. Nothing that changes a result.
PASSED = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE",
    "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "LD_PRELOAD",
    "TMPDIR", "TMP", "TEMP", "USER", "LOGNAME", "USERNAME", "SHELL", "TERM",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "PROGRAMDATA", "NUMBER_OF_PROCESSORS",
    "JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "TF_FORCE_GPU_ALLOW_GROWTH",
)  # fmt: skip
#: Which devices a machine lends: these pass and are part of a chapter's key.
DEVICES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
#: What every chapter gets, whatever the user has set.
FIXED = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a process with a thread of its own cannot be forked safely
    "KERAS_BACKEND": "tensorflow",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TZ": "UTC",
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


def said() -> dict[str, str]:
    """What of the environment is part of a chapter's key."""
    return FIXED | {name: os.environ[name] for name in DEVICES if name in os.environ}


def of_kernel(threads: int, home: Path, modules: Path, drawings: Path) -> dict[str, str]:
    """The environment of one kernel.

    home: an empty folder in place of the user's own. modules: where the package is imported from. drawings: where
    Matplotlib keeps its list of fonts from run to run.
    """
    passed = {name: os.environ[name] for name in (*PASSED, *DEVICES) if name in os.environ}
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "matplotlibrc"
    settings.touch()
    own = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "KERAS_HOME": str(home / "keras"),
        "MATPLOTLIBRC": str(settings),
        "MPLCONFIGDIR": str(drawings),
        # The home is another: packages that a user installed for himself are found all the same.
        "PYTHONUSERBASE": os.environ.get("PYTHONUSERBASE") or site.getuserbase(),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(modules), passed.get("PYTHONPATH")))),
    }
    return passed | FIXED | own | dict.fromkeys(THREADS, str(threads))
