"""The five sets of inspection pictures: what stands in for them, and the real files where they are."""

from __future__ import annotations

import os

import numpy as np
import pytest

from lepton_nb import datasets
from lepton_nb.datasets import magnetic_tiles, malaria_cells, pcb_tiles, pneumonia, steel_surface
from lepton_nb.datasets._drawn import disc, grey, random_line, texture

NAMES = ("magnetic_tiles", "malaria_cells", "pcb_tiles", "pneumonia", "steel_surface")
REAL_DATA = os.environ.get("LEPTON_DATA", "")
READERS = {
    "magnetic_tiles": magnetic_tiles.read_tiles,
    "malaria_cells": malaria_cells.read_cells,
    "pcb_tiles": pcb_tiles.read_pcb,
    "pneumonia": pneumonia.read_pneumonia,
    "steel_surface": steel_surface.read_steel,
}
every_set = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)


def real(name: str):
    if not REAL_DATA or datasets.locate(name, REAL_DATA) is None:
        pytest.skip(f"{datasets.entry(name).file} is not in LEPTON_DATA")
    return datasets.load(name, REAL_DATA).arrays


@every_set
def test_the_stand_in_has_the_arrays_of_the_real_file(name):
    data, entry = datasets.load(name), datasets.entry(name)
    assert data.stand_in and data.sha256 == f"stand-in:{name}:1"
    assert set(data.arrays) == set(entry.arrays)
    for array, (dtype, shape) in entry.arrays.items():
        found = data.arrays[array]
        assert found.dtype == dtype and found.ndim == len(shape), array
        assert len(found) == len(data.arrays["images"]), "the items are in the first axis"
    assert data.arrays["images"].shape[3] == entry.arrays["images"][1][3]


@every_set
def test_the_stand_in_repeats_and_a_caller_cannot_spoil_it(name):
    first = datasets.load(name).arrays
    kept = {array: values.copy() for array, values in first.items()}
    for values in first.values():
        values[:] = 0
    second = datasets.load(name).arrays
    assert all(np.array_equal(kept[array], second[array]) for array in kept)


@every_set
def test_every_class_of_a_stand_in_has_thirty_images_and_no_two_images_are_equal(name):
    arrays = datasets.load(name).arrays
    assert np.bincount(arrays["label"]).min() >= 30
    images = arrays["images"]
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


@every_set
def test_a_file_with_an_array_missing_is_refused_by_name(name, tmp_path):
    path = tmp_path / datasets.entry(name).file
    np.savez(path, other=np.zeros(3))
    with pytest.raises(datasets.DataProblem, match=rf"{path.name}: no array '\w+'. Found: other"):
        READERS[name](path)


def test_a_broken_picture_is_refused_with_its_number(tmp_path):
    path = tmp_path / "steel_surface_defects.npz"
    np.savez(path, jpeg=np.zeros(10, np.uint8), offsets=np.array([0, 10]), type=np.zeros(1), number=np.zeros(1))
    with pytest.raises(datasets.DataProblem, match="picture 0 cannot be decoded"):
        steel_surface.read_steel(path)


# ------------------------------------------------------------------ what is in the stand-ins


def test_masks_of_plates_lie_on_defects_alone_and_are_darker_than_what_surrounds_them():
    arrays = datasets.load("magnetic_tiles").arrays
    drawn = arrays["mask"].any(axis=(1, 2))
    assert np.array_equal(drawn, arrays["label"] == 1) and np.array_equal(drawn, arrays["type"] > 0)
    images, masks = arrays["images"][drawn, ..., 0].astype(float), arrays["mask"][drawn] > 0
    inside = np.array([image[mask].mean() for image, mask in zip(images, masks, strict=True)])
    outside = np.array([image[~mask].mean() for image, mask in zip(images, masks, strict=True)])
    assert np.mean(inside < outside) > 0.9


def test_one_part_is_photographed_several_times_with_one_label_and_one_mask():
    arrays = datasets.load("magnetic_tiles").arrays
    for part in np.unique(arrays["group"]):
        rows = arrays["group"] == part
        assert rows.sum() == magnetic_tiles.DRAWN_PHOTOGRAPHS
        assert len(np.unique(arrays["label"][rows])) == 1
        assert (arrays["mask"][rows] == arrays["mask"][rows][0]).all()


def test_boards_differ_from_their_template_inside_the_box_of_the_defect():
    arrays = datasets.load("pcb_tiles").arrays
    assert not (set(arrays["group"][arrays["test"] == 1]) & set(arrays["group"][arrays["test"] == 0]))
    assert (arrays["box"][arrays["label"] == 0] == -1).all()
    apart = arrays["images"][..., 0] != arrays["images"][..., 1]
    for row in np.flatnonzero(arrays["label"]):
        left, top, right, bottom = arrays["box"][row]
        assert apart[row, max(top, 0) : bottom, max(left, 0) : right].any()
    assert set(np.unique(arrays["images"])) == {0, 255}


def test_the_chests_come_in_three_parts_and_a_third_of_the_smears_is_healthy():
    chests = datasets.load("pneumonia").arrays
    assert np.bincount(chests["part"]).tolist() == list(pneumonia.DRAWN)
    cells = datasets.load("malaria_cells").arrays
    ill = [cells["label"][cells["group"] == smear].any() for smear in np.unique(cells["group"])]
    assert len(ill) == malaria_cells.DRAWN_SMEARS and ill.count(False) == 17


# ------------------------------------------------------------------ the simple rule


def test_the_darkest_spot_is_measured_in_standard_deviations_and_light_and_contrast_do_not_change_it():
    generator = np.random.default_rng(0)
    plain = generator.normal(120, 5, (1, 40, 40, 1)).astype("float32")
    spotted = plain.copy()
    spotted[0, 20:23, 20:23] -= 60
    one, other = magnetic_tiles.darkest_spot(np.concatenate([plain, spotted]))
    assert other > 2 * one
    again = magnetic_tiles.darkest_spot(0.5 * spotted + 40)
    assert again[0] == pytest.approx(other, rel=1e-4)
    at_the_rim = plain.copy()
    at_the_rim[0, 1:3, 1:3] -= 60
    assert magnetic_tiles.darkest_spot(at_the_rim)[0] == pytest.approx(one, rel=0.25)
    assert magnetic_tiles.darkest_spot(np.full((1, 40, 40, 1), 9, np.uint8))[0] == 0


def test_the_manual_flag_is_the_rule_and_finds_more_among_defects_than_among_whole_tiles():
    for arrays in (datasets.load("magnetic_tiles").arrays,) + ((real("magnetic_tiles"),) if REAL_DATA else ()):
        flag = arrays["manual_flag"]
        assert np.array_equal(flag, magnetic_tiles.darkest_spot(arrays["images"]) >= magnetic_tiles.FLAGGED_FROM)
        assert flag[arrays["label"] == 1].mean() > flag[arrays["label"] == 0].mean() + 0.1


# ------------------------------------------------------------------ drawing


def test_drawn_forms_have_the_pixels_that_they_should():
    assert disc(9, 4, 4, 0).sum() == 1 and disc(9, 4, 4, 1).sum() == 5
    assert np.pi * 100 == pytest.approx(disc(40, 20, 20, 10).sum(), rel=0.03)
    line = random_line(np.random.default_rng(0), 30, 12)
    assert 12 < line.sum() < 80
    assert grey(np.array([-5.0, 0.4, 99.6, 400.0])).tolist() == [0, 0, 100, 255]
    surface = texture(np.random.default_rng(0), 64)
    assert surface.mean() == pytest.approx(0, abs=1e-9) and surface.std() == pytest.approx(1)
    along, across = np.abs(np.diff(surface, axis=1)).mean(), np.abs(np.diff(surface, axis=0)).mean()
    assert across > 2 * along  # brushed from left to right


# ------------------------------------------------------------------ the real files


def test_real_tiles():
    arrays = real("magnetic_tiles")
    assert np.bincount(arrays["type"]).tolist() == [952, 115, 85, 57, 32, 103]
    assert len(np.unique(arrays["group"])) == 250
    assert not arrays["mask"][arrays["label"] == 0].any()
    assert (~arrays["mask"][arrays["label"] == 1].any(axis=(1, 2))).sum() == 5
    assert 0.2 < arrays["manual_flag"].mean() < 0.4


def test_real_boards():
    arrays = real("pcb_tiles")
    assert np.bincount(arrays["type"]).tolist() == [10013, 1942, 1506, 1965, 1625, 1474, 1501]
    pairs = [set(arrays["group"][arrays["test"] == part]) for part in (0, 1)]
    assert [len(found) for found in pairs] == [1000, 500] and not pairs[0] & pairs[1]


def test_real_steel_chests_and_cells():
    assert np.bincount(real("steel_surface")["label"]).tolist() == [300] * 6
    chests = real("pneumonia")
    assert np.bincount(chests["part"]).tolist() == [4708, 524, 624]
    assert np.bincount(chests["label"][chests["part"] == 2]).tolist() == [234, 390]
    cells = real("malaria_cells")
    assert len(np.unique(cells["group"])) == 200 and np.bincount(cells["label"]).tolist() == [2500, 2500]
