"""Puts the chapters, the book and the sample clients into the wheel: as ``lepton_nb/project``, beside the modules.

Everything else that setuptools needs stands in pyproject.toml. An editable installation reads them where they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PARTS = ("_toc.yml", "_config.yml", "notebooks", "book", "clients")
NOT_TAKEN = (".part", ".pyc", ".tmp")


def project_files() -> Iterator[Path]:
    """The files of the project that a report is made from, relative to its folder."""
    for part in PARTS:
        path = ROOT / part
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            name = file.relative_to(ROOT)
            hidden = any(word.startswith((".", "~")) or word == "__pycache__" for word in name.parts)
            if file.is_file() and not hidden and file.suffix not in NOT_TAKEN:
                yield name


class WithProject(build_py):
    """The modules, and the project that their reports are made from."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name in project_files():
                target = self._target(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                self.copy_file(str(ROOT / name), str(target), preserve_mode=False)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        own = [] if self.editable_mode else [str(self._target(name)) for name in project_files()]
        return super().get_outputs(include_bytecode) + own

    def _target(self, name: Path) -> Path:
        return Path(self.build_lib, "lepton_nb", "project", name)


setup(cmdclass={"build_py": WithProject})
