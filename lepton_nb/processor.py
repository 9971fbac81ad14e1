"""What the machine's processor is and can do, read from the system and never measured with a clock."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

#: Words of Linux's list for units that multiply pairs of bfloat16 numbers, the strongest first.
BFLOAT16_UNITS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16"}


@cache
def _described() -> str:
    """The system's own description, one block a core; empty where there is none."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def name() -> str:
    """Maker and model."""
    lines = _described().splitlines()
    found = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return found or platform.processor() or platform.machine()


def bfloat16_unit() -> str:
    """The unit that computes with bfloat16 numbers: ``AMX``, ``AVX-512 BF16``, or empty.

    Empty also where the system does not tell (other than Linux): 32-bit numbers run everywhere.
    """
    flags = next((line.split(":", 1)[1].split() for line in _described().splitlines() if line.startswith("flags")), [])
    return next((unit for flag, unit in BFLOAT16_UNITS.items() if flag in flags), "")
