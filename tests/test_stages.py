"""Reports that look alike share a build folder, and nothing of one is in another's site."""

from __future__ import annotations

import re
import shutil

import pytest

from lepton_nb.report import planning, run, stages

SHOWS = (
    "from lepton_nb import client\nfrom IPython.display import Image, display\nimport base64, io, numpy as np\n"
    "from PIL import Image as Picture\n"
    "company = client.load(client_folder)\nrate = company.tax.rate\n"
    "file = io.BytesIO()\n"
    "Picture.fromarray(np.full((8, 8, 3), int(rate * 255), dtype='uint8')).save(file, 'png')\n"
    "display(Image(file.getvalue()))\n"
    "print('Own words of', company.client.name.split()[0], round(rate, 3))"
)


def report(project, name, rate, state, monkeypatch):
    """A report of a client of this name; its folder, and that of its build."""
    folder = project.folder / "clients" / name
    if not folder.exists():
        shutil.copytree(project.client, folder)
        settings = folder / "client.yml"
        text = settings.read_text(encoding="utf-8").replace("tax: {rate: 0.30", f"tax: {{rate: {rate}")
        text = re.sub(r'(client: \{name: )"[^"]*"', rf'\1"{name} & \\"Sons\\" <{name}>"', text)
        assert f"{name} &" in text
        settings.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LEPTON_STATE", str(state))
    plan = planning.plan(folder, project.folder / state.name / name)
    made = run.report(plan, 1)
    assert made["pages_changed"], made
    return plan.out, made


def pages(site):
    """Every file of a site, but for the checksums that Sphinx writes behind the names of style sheets."""
    files = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    times = re.compile(rb"\?v=[0-9a-f]+|\d{4}-\d\d-\d\d(T| )\d\d:\d\d[^<\"]*|\d+\.\d+(?=[^<]{0,3} s<|</td>)")
    return {name: times.sub(b"", text) if name.endswith((".html", ".js")) else text for name, text in files.items()}


def test_the_second_client_of_a_build_folder_gets_the_site_that_a_folder_of_its_own_gives(project, monkeypatch):
    project.chapter("01_shows.ipynb", SHOWS, reads=["tax", "client"])
    shared, fresh = project.folder / "shared", project.folder / "fresh"
    first, _ = report(project, "Aurora", "0.21", shared, monkeypatch)
    second, _ = report(project, "Borealis", "0.61", shared, monkeypatch)
    alone, _ = report(project, "Borealis", "0.61", fresh, monkeypatch)
    (look,) = (shared / "pages").iterdir()
    assert [path.name for path in look.iterdir() if path.is_dir()] == ["0"], "one folder for both"

    one, two, other = pages(first / "site"), pages(second / "site"), pages(alone / "site")
    for name, content in two.items():
        assert b"Aurora" not in content and b"aurora" not in content, name
        assert b"lepton0" not in content, name
        assert not name.startswith(("book", "notebooks")) or b"0.21" not in content, name
    assert b"Borealis" not in b"".join(one.values())
    shown = two["notebooks/01_shows.html"]
    assert b"Own words of Borealis 0.61" in shown
    assert b"Borealis &amp; &quot;Sons&quot; &lt;Borealis&gt;" in shown
    assert two.keys() == other.keys()
    pictures = [name for name in two if name.startswith("_images/")]
    assert len(pictures) == 1 and two[pictures[0]] != one[next(name for name in one if name.startswith("_images/"))]
    differ = [name for name in two if two[name] != other[name] and name != "book/this_run.html"]
    assert differ == []


def test_two_reports_at_once_use_two_folders_and_each_comes_back_to_its_own(tmp_path):
    told = {
        "chapters": [{"chapter": "value", "title": "Value"}],
        "code": "folded",
        "client": {"name": "A", "synthetic": True},
    }
    with (
        stages.borrowed(tmp_path, told, tmp_path / "a") as first,
        stages.borrowed(tmp_path, told, tmp_path / "b") as second,
    ):
        assert first != second
    for out, folder in (("b", second), ("a", first), ("b", second)):
        with stages.borrowed(tmp_path, told, tmp_path / out) as again:
            assert again == folder
    with stages.borrowed(tmp_path, told | {"client": {"name": "B", "synthetic": True}}, tmp_path / "c") as shared:
        assert shared in (first, second)


@pytest.mark.parametrize(
    "changed", [{"code": "shown"}, {"client": {"name": "A", "synthetic": False}}, {"chapters": []}]
)
def test_reports_that_look_different_share_no_folder(tmp_path, changed):
    told = {
        "chapters": [{"chapter": "value", "title": "Value"}],
        "code": "folded",
        "client": {"name": "A", "synthetic": True},
    }
    assert stages.look(told) != stages.look(told | changed)
