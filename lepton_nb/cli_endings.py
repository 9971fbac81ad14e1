"""How a command ends: whatever stops it becomes a sentence and an exit code, in characters that the terminal knows."""

from __future__ import annotations

import os
import signal
import unicodedata
from contextlib import contextmanager, suppress
from pathlib import Path

import typer


def counted(things, word: str) -> str:
    """``1 note``, ``2 notes``."""
    number = things if isinstance(things, int) else len(things)
    return f"{number} {word}{'s' * (number != 1)}"


class _Ended(BaseException):
    """The system told this process to end."""

    def __init__(self, number: int):
        self.number = number


@contextmanager
def sentences(console):
    """Whatever stops a command becomes a sentence and an exit code."""
    from filelock import Timeout

    from lepton_nb.client import ClientProblems

    before = _listen_for_the_end()
    try:
        yield
        return
    except ClientProblems as problem:
        print_problems(console, problem.problems)
        code = 2
    except (ValueError, FileNotFoundError, FileExistsError, NotADirectoryError) as problem:
        console.print(str(problem), style="red", markup=False)
        code = 2
    except Timeout as problem:
        console.print(f"Another run holds {short(Path(problem.lock_file))}. Wait for it.", style="red", markup=False)
        code = 2
    except BrokenPipeError:
        # Nobody listens: not even to a sentence.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
    except OSError as problem:
        console.print(_of_the_disk(problem), style="red", markup=False)
        code = 1
    except KeyboardInterrupt:
        console.print("Interrupted. Chapters that finished are kept; the same command goes on from there.")
        code = 130
    except _Ended as end:
        name = signal.Signals(end.number).name
        console.print(f"Ended by {name}. Chapters that finished are kept; the same command goes on from there.")
        code = 128 + end.number
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    raise typer.Exit(code)


def _listen_for_the_end() -> dict:
    """Let the system's wish to end this process pass through all that has to be cleaned up; the handlers before."""

    def end(number, frame):
        import logging

        logging.disable(logging.CRITICAL)  # what was cut short has nothing to say
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_IGN)  # once is enough: what is cleaned up must not be stopped again
        raise _Ended(number)

    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(ValueError, AttributeError):  # not in this thread; not on this system
            number = getattr(signal, name)
            before[number] = signal.signal(number, end)
    return before


def _of_the_disk(problem: OSError) -> str:
    """What the system says of a file or a disk, with what to do."""
    import errno

    remedy = {
        errno.ENOSPC: "The disk is full: lepton-nb clean says what can go.",
        errno.EDQUOT: "The share of the disk is used up: lepton-nb clean says what can go.",
        errno.EROFS: "Give another --out, or set LEPTON_STATE to a folder that can be written.",
        errno.EACCES: "Give another --out, or set LEPTON_STATE to a folder of your own.",
        errno.EPERM: "Give another --out, or set LEPTON_STATE to a folder of your own.",
    }.get(problem.errno, "")
    where = f"{problem.filename}: " if problem.filename else ""
    return f"{where}{problem.strerror or problem}. {remedy} A report that stood before stays.".replace(".  ", ". ")


def print_problems(console, problems) -> None:
    for problem in problems:
        console.print(problem.sentence, style="red", markup=False)
    console.print(f"{counted(problems, 'problem')}. Nothing was executed.", style="bold")


def short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


#: Characters of numbers and sentences, in the plain form that every terminal knows.
_PLAIN = {"\u202f": " ", "\u2009": " ", "\u00a0": " ", "−": "-", "–": "-", "→": "->", "×": "x", "…": "...", "·": "-"}


def plainly(problem: UnicodeError) -> tuple[str, int]:
    """Of characters that an encoding does not have, the nearest that each has."""
    text = problem.object[problem.start : problem.end]
    plain = (
        _PLAIN.get(sign) or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() for sign in text
    )
    return "".join(word or "?" for word in plain), problem.end
