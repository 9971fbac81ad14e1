"""An MLflow server, read by its REST interface.

Only read, and without MLflow's own library: that one pins pyarrow, pandas and protobuf against the versions of the
chapters, and opens models by unpickling them. Six endpoints are enough, they are the same from MLflow 2 to 3, and what
comes back is bounded here in bytes and seconds. User, password and token are taken from the environment variables that
MLflow itself reads; they go into the header of a request and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from lepton_nb.client.files import MEGABYTE
from lepton_nb.client.words import printable, quoted

API = "/api/2.0/mlflow"
USER, PASSWORD, TOKEN = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"
SECONDS = (10, 60)  # to be answered at all; between two pieces of an answer
LARGEST_ANSWER = 50 * MEGABYTE
A_PAGE, MOST_PAGES = 200, 500
A_PIECE = 256 * 1024


class Unusable(ValueError):
    """A registry, or a thing in it, that cannot be read: a sentence without any secret."""


class Down(Unusable):
    """Nothing more can be asked: nobody answers, or a password is needed."""


class Missing(Unusable):
    """What was asked for is not there."""


class _Bearer(requests.auth.AuthBase):
    """A token in the header of each request; requests takes it out where another host is asked."""

    def __init__(self, token: str):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def address(uri: str) -> tuple[str, tuple[str, str] | None]:
    """The address of a server without what must not be shown, and user and password where it holds them.

    Raises Unusable for an address that is not one of a server.

    >>> address("http://ann:secret@127.0.0.1:5000/#/models")
    ('http://127.0.0.1:5000', ('ann', 'secret'))
    """
    try:
        parts = urlsplit(uri.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme in ("sqlite", "postgresql", "mysql", "mssql", "file", "databricks", "databricks-uc"):
        raise Unusable(
            f"The tracking URI is a {parts.scheme} store. It is read through a server: start one "
            "(mlflow server --backend-store-uri …) and give its address, such as http://127.0.0.1:5000."
        )
    if parts.scheme not in ("http", "https") or not host or parts.query:
        raise Unusable(
            "The tracking URI is not the address of a server. Give http:// or https://, a host and a port, such as "
            "http://127.0.0.1:5000, and nothing after a question mark."
        )
    host = f"[{host}]" if ":" in host else host
    plain = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username is not None else None
    return plain, login


class Registry:
    """One server. ``uri`` can be shown; methods give MLflow's own dicts and raise Unusable."""

    def __init__(self, uri: str, environment: Mapping[str, str]):
        self.uri, login = address(uri)
        self.session = requests.Session()
        self.session.headers["User-Agent"] = "lepton-nb"
        self.given = ""
        if login is not None:
            self.session.auth, self.given = login, "in the URI"
        elif environment.get(USER):
            self.session.auth = (environment[USER], environment.get(PASSWORD, ""))
            self.given = f"in {USER} and {PASSWORD}"
        elif environment.get(TOKEN):
            self.session.auth, self.given = _Bearer(environment[TOKEN]), f"in {TOKEN}"

    def registered_models(self) -> list[dict[str, Any]]:
        """Name, aliases, tags of every registered model."""
        return list(self._pages("/registered-models/search", "registered_models", {"max_results": A_PAGE}))

    def versions(self) -> list[dict[str, Any]]:
        """Every version of every registered model."""
        return list(self._pages("/model-versions/search", "model_versions", {"max_results": A_PAGE}))

    def experiment(self, name: str) -> str:
        """The id of an experiment. Raises Missing."""
        try:
            return str(
                self._json(f"{API}/experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
            )
        except Missing:
            raise Missing(f"{self.uri} has no experiment {quoted(name)}. Correct --experiment.") from None

    def run(self, run_id: str) -> dict[str, Any]:
        """Info and data of a run. Raises Missing."""
        return self._json(f"{API}/runs/get", run_id=run_id)["run"]

    def artifacts(self, run_id: str) -> dict[str, int]:
        """The files at the top of a run's artifacts, with their sizes in bytes."""
        files = self._pages("/artifacts/list", "files", {"run_id": run_id})
        return {item["path"]: int(item.get("file_size") or 0) for item in files if not item.get("is_dir")}

    def run_file(self, run_id: str, path: str, target: Path, most: int) -> None:
        """Write an artifact of a run to ``target``; at most ``most`` bytes. Raises Missing, Unusable."""
        self._write("/get-artifact", {"run_id": run_id, "path": path}, target, most)

    def model_file(self, name: str, version: int, path: str, target: Path, most: int) -> None:
        """Write a file of a registered model's version to ``target``; at most ``most`` bytes. Raises Missing, Unusable."""
        self._write("/model-versions/get-artifact", {"name": name, "version": version, "path": path}, target, most)

    # --- requests

    def _pages(self, path: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        token = ""
        for _ in range(MOST_PAGES):
            answer = self._json(API + path, **params, **({"page_token": token} if token else {}))
            yield from answer.get(key, ())
            token = answer.get("next_page_token", "")
            if not token:
                return
        raise Unusable(f"{self.uri} has more than {MOST_PAGES * A_PAGE} {key.replace('_', ' ')}: too many to be read.")

    def _json(self, path: str, **params: Any) -> dict[str, Any]:
        body = b"".join(self._pieces(path, params, LARGEST_ANSWER, "An answer"))
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._another()
        return found

    def _write(self, path: str, params: dict[str, Any], target: Path, most: int) -> None:
        what = f"The artifact {quoted(params['path'])}"
        with target.open("wb") as stream:
            for piece in self._pieces(path, params, most, what):
                stream.write(piece)

    def _pieces(self, path: str, params: dict[str, Any], most: int, what: str) -> Iterator[bytes]:
        """The body of an answer, piece by piece. Raises Unusable, in place of whatever requests raises."""
        read = 0
        try:
            with self.session.get(self.uri + path, params=params, timeout=SECONDS, stream=True) as answer:
                self._judge(answer)
                for piece in answer.iter_content(A_PIECE):
                    read += len(piece)
                    if read > most:
                        raise Unusable(f"{what} has more than {most // MEGABYTE} MB, the most that is read.")
                    yield piece
        except requests.exceptions.SSLError:
            raise Down(
                f"The certificate of {self.uri} is not trusted. Name that of your company in REQUESTS_CA_BUNDLE."
            ) from None
        except requests.exceptions.Timeout:
            raise Down(f"{self.uri} does not answer in time. Is the MLflow server running?") from None
        except requests.exceptions.TooManyRedirects:
            raise self._another() from None
        except requests.exceptions.RequestException:
            raise Down(
                f"Nobody answers at {self.uri}, or the connection broke off. Is the MLflow server running, and the "
                "address right?"
            ) from None

    def _judge(self, answer: requests.Response) -> None:
        code = answer.status_code
        if code == 200:
            return
        if code in (401, 403):
            raise Down(self._locked(code))
        reason = self._reason(answer)
        if code == 404 and reason == "RESOURCE_DOES_NOT_EXIST":
            raise Missing(f"{self.uri}: not there.")
        if code >= 500:
            about = f" ({reason})" if reason else ""
            raise Unusable(
                f"The server at {self.uri} failed with {code}{about}. Its own log says why; try again later."
            )
        raise Unusable(f"{self.uri} refused a question with {code} ({reason}).") if reason else self._another()

    def _locked(self, code: int) -> str:
        if self.given and code == 401:
            return f"{self.uri} does not accept what was given {self.given}. Correct it."
        if self.given:
            return f"{self.uri} does not let this user read (given {self.given}). Ask for the permission to read."
        return (
            f"{self.uri} asks for a user and a password. Set {USER} and {PASSWORD}, or {TOKEN}, in the environment; they "
            "are sent to the server and written nowhere."
        )

    @staticmethod
    def _reason(answer: requests.Response) -> str:
        """MLflow's own word for an error; empty: the answer is not MLflow's."""
        try:
            body = next(answer.iter_content(A_PIECE), b"")
            return printable(str(json.loads(body)["error_code"]), 60)
        except (ValueError, KeyError, TypeError):
            return ""

    def _another(self) -> Unusable:
        return Unusable(
            f"{self.uri} answers, but not as an MLflow server. Is the path complete, and is there a page for logging in "
            "before it?"
        )
