"""Kernels forked from one process that has the libraries imported, instead of a fresh interpreter for each chapter.

A server imports what chapters import and computes nothing. Asked through a socket, it forks: the child takes the
chapter's environment, folder and a random state of its own, and is a kernel from then on. Memory of the libraries is
shared. A second server has Keras and TensorFlow as well; it is a fork of the first.

Forking is safe from a process of one thread only, so a server that has more than one refuses. Whatever refuses, fails
or is not there (another system, a killed server, another environment) means a plain start.

The socket stays open while the kernel lives: a kernel whose worker has ended reads its end and goes, and a server goes
with the run that started it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

#: What a server has imported before it forks. No module of these starts a thread.
LIGHT = (
    "numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.special", "scipy.interpolate", "sklearn.datasets",
    "sklearn.linear_model", "sklearn.model_selection", "sklearn.ensemble", "threadpoolctl", "yaml", "pydantic",
    "matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg",
    "matplotlib.font_manager", "matplotlib.pyplot", "ipykernel.kernelapp", "ipykernel.ipkernel",
    "ipykernel.zmqshell", "lepton_nb.client", "lepton_nb.page", "lepton_nb.results",
    "lepton_nb.valuation", "lepton_nb.value_model",
)  # fmt: skip
HEAVY = ("keras", "tensorflow")
#: Seconds that a server may take to answer; it may still be importing.
PATIENCE = 60.0
#: Variables in which a kernel may differ from its server: folders of its own, which no import has read.
OWN = {
    "HOME", "USERPROFILE", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "KERAS_HOME", "MATPLOTLIBRC",
    "JPY_PARENT_PID", "JPY_SESSION_NAME",
}  # fmt: skip
#: ``plain``: each kernel is an interpreter of its own, everywhere.
CHOICE = "LEPTON_KERNELS"


def possible() -> bool:
    """Whether kernels may be forked on this system at all."""
    asked = os.environ.get(CHOICE, "forked")
    return asked != "plain" and sys.platform == "linux" and hasattr(os, "pidfd_open")


@contextlib.contextmanager
def servers(folder: Path, kernel: Mapping[str, str], heavy: bool) -> Iterator[Path | None]:
    """The folder of the servers' sockets while a run lasts, or None where they cannot be had.

    folder: an empty one of the run. kernel: the environment of its kernels. heavy: one with Keras and TensorFlow too.
    """
    if not possible():
        yield None
        return
    command = [sys.executable, "-Xfrozen_modules=off", "-m", "lepton_nb.report.forking"]
    with contextlib.ExitStack() as here:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            names = ("light", "heavy") if heavy else ("light",)
            # Who asks while the libraries are still imported waits, and is not refused.
            listeners = [here.enter_context(_listener(folder / name)) for name in names]
            said = here.enter_context((folder / "said.txt").open("wb"))
            numbers = [listener.fileno() for listener in listeners]
            server = subprocess.Popen(
                [*command, *map(str, numbers)],
                env=dict(kernel),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                pass_fds=numbers,
                start_new_session=True,  # an interrupt from the keyboard is the engine's to pass on
            )
        except OSError:
            server = None
    if server is None:
        yield None
        return
    try:
        yield folder
    finally:
        server.stdin.close()  # what it waits for
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


# ------------------------------------------------------------------------------------ the side that asks for kernels


class Forked:
    """A forked kernel's process, with what jupyter_client asks of a Popen."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, line: socket.socket):
        self.pid, self.line = pid, line
        self.handle = os.pidfd_open(pid)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self.handle], [], [], 0)[0]:
            self._over()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self.handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("kernel", timeout)
            self._over()
        return self.returncode

    def _over(self) -> None:
        self.returncode = 1  # how it ended only its server knows, and nobody asks
        os.close(self.handle)
        self.line.close()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def kernels_in(kernel: Mapping[str, str], server: Path | None = None) -> type:
    """A kernel manager whose kernels live in this environment and nothing else.

    server: the socket of the server to fork them from; where that fails, and without one, they are started plainly.
    The manager's ``processes`` are those of the kernels that it has started, ``forked`` says which way.
    """
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning import LocalProvisioner

    class Provisioner(LocalProvisioner):
        async def launch_kernel(self, cmd, **options):
            self.process = server and ask(server, cmd, options.get("env") or {}, str(options.get("cwd") or os.getcwd()))
            if self.process:
                self.pid = self.pgid = self.process.pid  # it leads a group of its own
                self.cwd = options.get("cwd")
                answer = self.connection_info
            else:
                answer = await super().launch_kernel(cmd, **options)
            Kernels.processes.append(self.pid)
            Kernels.forked.append(isinstance(self.process, Forked))
            return answer

    class Kernels(AsyncKernelManager):
        processes: list[int] = []  # noqa: RUF012  one for the class, which serves one chapter
        forked: list[bool] = []  # noqa: RUF012

        async def start_kernel(self, **options) -> None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            self.provisioner = Provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            if os.name == "posix":  # a free port may be taken before the kernel binds it, a file in a new folder not
                lines = tempfile.mkdtemp(prefix="lepton-")
                weakref.finalize(self, shutil.rmtree, lines, ignore_errors=True)
                self.transport, self.ip = "ipc", str(Path(lines) / "kernel")
            await AsyncKernelManager.start_kernel(self, **(options | {"env": dict(kernel)}))

    return Kernels


def ask(server: Path, command: list[str], kernel: Mapping[str, str], folder: str) -> Forked | None:
    """A kernel forked by the server that listens there, or None where there is none to be had."""
    if "-m" not in command or command[command.index("-m") + 1] != "ipykernel_launcher":
        return None
    order = {"program": command[0], "arguments": command[command.index("-m") + 2 :], "env": dict(kernel), "cwd": folder}
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(PATIENCE)
        with _within_reach(server) as address:
            line.connect(address)
        _send(line, order)
        answer = _receive(line)
        if "pid" in answer and _receive(line):  # the second word is the kernel's own: it listens
            return Forked(answer["pid"], line)
    except (OSError, ValueError):
        pass  # a kernel that it may have forked ends with the line
    line.close()
    return None


@contextlib.contextmanager
def _within_reach(file: Path) -> Iterator[str]:
    """An address of a socket that is short enough, however long the path of its folder is."""
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)


def _send(line: socket.socket, content: Any) -> None:
    text = json.dumps(content).encode()
    line.sendall(struct.pack("!I", len(text)) + text)


def _receive(line: socket.socket) -> Any:
    """Raises ValueError where the other side has gone."""
    (length,) = struct.unpack("!I", _read(line, 4))
    return json.loads(_read(line, length))


def _read(line: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = line.recv(length - len(found))
        if not part:
            raise ValueError("the other side has gone")
        found += part
    return found


# ------------------------------------------------------------------------------------------------------- the server


def main(numbers: list[int]) -> None:
    """Import, then fork a kernel for each that asks, until the run that started this has ended.

    numbers: the open files of the sockets to listen on; the second one is that of the server with TensorFlow.
    """
    started_in = dict(os.environ)  # libraries set variables while they are imported
    listeners = [socket.socket(fileno=number) for number in numbers]
    _import(LIGHT)
    if len(listeners) > 1 and os.fork() == 0:
        listeners.pop(0).close()
        _import(HEAVY)
    for other in listeners[1:]:
        other.close()
    _serve(listeners[0], started_in)


def _import(names: tuple[str, ...]) -> None:
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _listener(file: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # nobody else may ask
    try:
        with _within_reach(file) as address:
            listener.bind(address)
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


def _serve(listener: socket.socket, started_in: Mapping[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    generators = [thing for thing in gc.get_objects() if isinstance(thing, random.Random)]
    gc.collect()
    gc.freeze()  # a collection in a child must not copy the pages that all of them share
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [], 1.0)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if sys.stdin in ready:
            return  # nothing is ever written there: the run is over
        if listener not in ready:
            continue
        line, _ = listener.accept()
        with contextlib.suppress(OSError, ValueError), line:
            line.settimeout(5)
            order = _receive(line)
            if no := _difference(order, started_in) or ("threads" if threads() > 1 else ""):
                _send(line, {"refused": no})
                continue
            child = os.fork()
            if child == 0:
                try:
                    listener.close()
                    _become(order, line, generators)
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(1)
            _send(line, {"pid": child})


def threads() -> int:
    """Threads of this process, those of libraries included."""
    return len(os.listdir("/proc/self/task"))


def _difference(order: Mapping[str, Any], mine: Mapping[str, str]) -> str:
    """In what the environment asked for is not the one in which this server has imported; empty: in nothing."""
    if os.path.realpath(order["program"]) != os.path.realpath(sys.executable):
        return "another Python"
    asked = order["env"]
    names = (mine.keys() | asked.keys()) - OWN
    return ", ".join(sorted(name for name in names if mine.get(name) != asked.get(name)))


def _become(order: Mapping[str, Any], line: socket.socket, generators: list[random.Random]) -> None:
    """The child: a kernel in the environment, folder and with the arguments asked for."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    for name in OWN - order["env"].keys():
        os.environ.pop(name, None)
    os.environ.update(order["env"])
    time.tzset()
    os.chdir(order["cwd"])
    for generator in generators:
        generator.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    line.settimeout(None)
    import ipykernel_launcher
    from ipykernel import kernelapp

    sys.argv = [ipykernel_launcher.__file__, *order["arguments"]]
    kernel = kernelapp.IPKernelApp.instance()
    kernel.initialize(sys.argv[1:])
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    _send(line, {"ready": True})
    kernel.start()
    os._exit(0)


def _end_with(line: socket.socket) -> None:
    """Wait until the other side has gone: this process's work is over."""
    with contextlib.suppress(OSError):
        line.recv(1)
    os._exit(1)


if __name__ == "__main__":
    # As the launcher of kernels does: the folder that this was started in is no place to import from.
    if sys.path[0] == "" or Path(sys.path[0]) == Path.cwd():
        del sys.path[0]
    main([int(number) for number in sys.argv[1:]])
