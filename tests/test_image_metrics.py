"""Measures of made images: closed forms, known faults that each must see or miss, and refusals."""

import numpy as np
import pytest
from scipy import stats

from lepton_nb import image_metrics as measures


@pytest.fixture(scope="module")
def generator():
    return np.random.default_rng(0)


def pictures(seed: int, count: int = 60, side: int = 32) -> np.ndarray:
    """Smooth random images with a sharp disc in each: enough structure for patches to differ from noise."""
    random = np.random.default_rng(seed)
    line = np.arange(side)
    x, y = random.uniform(8, side - 8, (2, count, 1, 1))
    disc = (line[None, :, None] - y) ** 2 + (line[None, None, :] - x) ** 2 < 36
    shade = random.uniform(40, 120, (count, 1, 1, 3)) + random.uniform(-1, 1, (count, 1, 1, 3)) * line[:, None, None]
    return shade + 90 * disc[..., None]


# ---------------------------------------------------------------- patches


def test_pyramid_adds_up_to_the_image():
    images = pictures(1, 3, 64).astype("float32")
    levels = measures.laplacian_pyramid(images)
    assert [level.shape[1] for level in levels] == [64, 32, 16]
    back = levels[-1]
    for level in reversed(levels[:-1]):
        back = level + measures._enlarge(back)
    assert np.allclose(back, images, atol=1e-3)


def test_a_flat_image_has_nothing_but_its_last_level():
    *fine, coarse = measures.laplacian_pyramid(np.full((2, 32, 32, 3), 77.0))
    assert np.allclose(fine[0], 0, atol=1e-4)
    assert np.allclose(coarse, 77)


def test_sliced_wasserstein_of_the_same_images_is_small_and_grows_with_blur():
    first, second = pictures(2, 100), pictures(3, 100)
    same, *_ = measures.sliced_wasserstein(first, first, patches=32, directions=16)
    other, *_ = measures.sliced_wasserstein(first, second, patches=32, directions=16)
    soft, *_ = measures.sliced_wasserstein(first, measures.blur(second, 0.7), patches=32, directions=16)
    softer, *_ = measures.sliced_wasserstein(first, measures.blur(second, 2.0), patches=32, directions=16)
    assert same.side == 32 and same.n == 100
    assert same.value < other.value * 1.5
    assert 2 * other.value < soft.value < softer.value
    assert same.low <= same.value <= same.high


def test_sliced_wasserstein_of_normal_noise_against_uniform_noise():
    # Projections of many independent values are nearly normal in both: only the shape of single values is left.
    # With 1×1 patches a direction mixes three values; of one value alone the distance is that of the two laws.
    random = np.random.default_rng(4)
    normal = random.standard_normal((40, 16, 16, 3))
    uniform = random.uniform(-1, 1, (40, 16, 16, 3))
    levels = measures.sliced_wasserstein(normal, uniform, patch=7, patches=64, directions=32)
    share = np.linspace(0.0005, 0.9995, 1000)
    one_value = 1000 * np.mean(np.abs(stats.norm.ppf(share) - np.sqrt(3) * (2 * share - 1)))
    single = measures.sliced_wasserstein(normal, uniform, patch=1, patches=200, directions=200)[0].value
    assert levels[0].value < single < 1.1 * one_value


def test_sliced_wasserstein_forgets_brightness_and_contrast():
    images = pictures(5)
    first, *_ = measures.sliced_wasserstein(images, 2.5 * images + 10, patches=32, directions=16)
    second, *_ = measures.sliced_wasserstein(images, images, patches=32, directions=16)
    assert first.value == pytest.approx(second.value, rel=0.01)


def test_sliced_wasserstein_refuses_sets_that_do_not_match():
    with pytest.raises(ValueError, match="as many images of the same size"):
        measures.sliced_wasserstein(pictures(1, 4), pictures(1, 5))
    with pytest.raises(ValueError, match="patch within"):
        measures.sliced_wasserstein(pictures(1, 4), pictures(1, 4), patch=17)
    with pytest.raises(ValueError, match="square"):
        measures.laplacian_pyramid(np.zeros((2, 32, 16, 3)))
    with pytest.raises(ValueError, match=r"\(n, height, width, 3\)"):
        measures.laplacian_pyramid(np.zeros((2, 32, 32)))


# ---------------------------------------------------------------- features


def test_frechet_distance_of_gaussians(generator):
    # means 1 apart in each of 4 directions, variances 1 and 4: 4 + Σ (1 + 4 − 2·2)
    first = generator.standard_normal((200_000, 4))
    second = 2 * generator.standard_normal((200_000, 4)) + 1
    assert measures.frechet_distance(first, second) == pytest.approx(8, rel=0.02)
    assert measures.frechet_distance(first, first) == pytest.approx(0, abs=1e-9)
    assert measures.frechet_distance(first, second) == pytest.approx(measures.frechet_distance(second, first))


def test_frechet_distance_when_covariances_do_not_commute():
    random = np.random.default_rng(7)
    first = random.standard_normal((500, 3)) @ random.standard_normal((3, 3))
    second = random.standard_normal((500, 3)) @ random.standard_normal((3, 3))
    from scipy import linalg

    a, b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    expected = np.sum((first.mean(0) - second.mean(0)) ** 2) + np.trace(a + b - 2 * np.real(linalg.sqrtm(a @ b)))
    assert measures.frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_is_blind_to_what_a_gaussian_cannot_show():
    ring = np.random.default_rng(8).uniform(0, 2 * np.pi, 40_000)
    ring = np.column_stack([np.cos(ring), np.sin(ring)])
    blob = np.random.default_rng(9).standard_normal((40_000, 2)) * np.sqrt(0.5)
    assert measures.frechet_distance(ring, blob) < 0.001
    assert measures.density_coverage(ring[:500], blob[:500]).coverage.value < 0.8


def test_density_and_coverage_by_hand():
    line = np.array([[0.0], [1.0], [3.0], [6.0]])  # distance to the nearest: 1, 1, 2, 3
    found = measures.density_coverage(line, np.array([[0.5], [5.0]]), k=1)
    # 0.5 lies in the balls of 0 and 1 (5 of the open balls is at the rim of 3's, not inside); 5 lies in that of 6
    assert found.density == pytest.approx((2 + 1) / 2)
    assert found.coverage.value == pytest.approx(3 / 4)


def test_coverage_of_two_samples_of_one_law(generator):
    first, second = generator.standard_normal((2, 400, 3))
    found = measures.density_coverage(first, second, k=5)
    assert found.density == pytest.approx(1, abs=0.15)
    assert found.coverage.low < 1 - 2**-5 < found.coverage.high + 0.02


def test_density_rewards_collapse_and_coverage_sees_it(generator):
    real = generator.standard_normal((500, 8))
    same = np.tile(real.mean(axis=0), (500, 1))  # one and the same typical image, again and again
    found = measures.density_coverage(real, same)
    assert found.density > 2
    assert found.coverage.value == pytest.approx(found.density * 5 / 500)
    assert found.coverage.value < 0.5


def test_two_sample_test(generator):
    first, second = generator.standard_normal((2, 500, 5))
    blind = measures.two_sample_test(first, second)
    assert blind.low < 0.5 < blind.high and blind.n == 1000
    assert measures.two_sample_test(first, second + 3).value > 0.99
    # sets of different size must not be told apart by their size
    assert measures.two_sample_test(first, second[:100]).value < 0.65


def test_bins_find_a_dropped_mode(generator):
    centres = np.repeat([[0, 0], [9, 0], [0, 9], [9, 9]], 250, axis=0)
    training, reference, good = (centres + generator.standard_normal((1000, 2)) for _ in range(3))
    fair = measures.bin_test(training, reference, good, bins=4)
    assert fair.missing == 0 and fair.different.value <= 0.25
    dropped = good[250:]
    found = measures.bin_test(training, reference, dropped, bins=4)
    assert found.missing == 1 and found.different.value >= 0.25


def test_spread():
    assert measures.spread(np.zeros((4, 2, 2, 3))) == 0
    assert measures.spread(np.concatenate([np.zeros((3, 2, 2, 3)), np.full((3, 2, 2, 3), 8)])) == pytest.approx(8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measures.frechet_distance(np.zeros((3, 2)), np.zeros((3, 3))), "same number of features"),
        (lambda: measures.frechet_distance(np.zeros((1, 2)), np.zeros((3, 2))), "n of at least 2"),
        (lambda: measures.frechet_distance(np.full((3, 2), np.nan), np.zeros((3, 2))), "finite"),
        (lambda: measures.density_coverage(np.zeros((3, 2)), np.zeros((3, 2)), k=3), "k must be"),
        (lambda: measures.two_sample_test(np.zeros((3, 2)), np.zeros((3, 2)), folds=4), "folds"),
        (lambda: measures.bin_test(np.zeros((3, 2)), np.zeros((3, 2)), np.zeros((3, 2)), bins=9), "bins"),
        (lambda: measures.spread(np.zeros((1, 2, 2, 3))), "at least 2"),
        (lambda: measures.blur(np.zeros((1, 2, 2, 3)), 0), "sigma"),
        (lambda: measures.Components(np.zeros((5, 2, 2, 3)), 5), "components"),
        (lambda: measures.nearest(np.zeros((1, 2, 2, 3)), np.zeros((1, 4, 4, 3))), "one size"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---------------------------------------------------------------- makers and copies


def test_blur_keeps_the_mean_and_takes_detail():
    images = pictures(10, 5)
    soft = measures.blur(images, 2)
    assert soft.mean() == pytest.approx(images.mean(), rel=1e-3)
    assert np.abs(np.diff(soft, axis=1)).max() < 0.5 * np.abs(np.diff(images, axis=1)).max()


def test_the_gaussian_has_the_components_of_the_images():
    images = pictures(11, 400) / 4 + 90  # far from the ends of the scale, where clipping would bite
    fitted = measures.Components(images, 12)
    made = fitted.sample(4000, seed=1)
    assert made.shape == (4000, 32, 32, 3)
    assert np.array_equal(made[:5], fitted.sample(4000, seed=1)[:5])
    assert 0.5 < fitted.share <= 1
    real, drawn = fitted.features(images), fitted.features(made)
    assert np.allclose(real.std(axis=0, ddof=1), drawn.std(axis=0), rtol=0.06)
    assert np.abs(drawn.mean(axis=0)).max() < 0.1 * drawn[:, 0].std()
    assert fitted.features(images, 3).shape == (400, 3)


def test_nearest_finds_the_image_and_its_distance():
    stored = pictures(12, 50)
    queries = stored[[7, 3]] + np.array([2.0, -5.0])[:, None, None, None]
    distances, positions = measures.nearest(queries, stored, block=1)
    assert positions.tolist() == [7, 3]
    assert distances == pytest.approx([2, 5], rel=1e-3)


def test_copies_are_found_and_strangers_acquitted():
    training, held_out, strangers = pictures(13, 150), pictures(14, 150), pictures(15, 100)
    copied = training[:100] + np.random.default_rng(1).normal(0, 1, (100, 32, 32, 3))
    caught = measures.copy_test(training, held_out, copied, draws=50)
    assert caught.nearer.value == 1
    assert caught.closer > 0.99 and caught.closer_low > 0.95
    assert caught.below.value > 0.9
    assert caught.positions.tolist() == list(range(100))
    free = measures.copy_test(training, held_out, strangers, draws=50)
    assert free.nearer.low < 0.5 < free.nearer.high
    assert free.closer_low < 0.5 < free.closer_high
    assert free.below.low < 0.05


def test_blur_alone_is_not_taken_for_copying_by_the_first_question():
    training, held_out = pictures(16, 200), pictures(17, 200)
    smooth = measures.blur(pictures(18, 150), 3)
    found = measures.copy_test(training, held_out, smooth, draws=0)
    assert found.nearer.low < 0.5 < found.nearer.high
    assert found.closer > 0.5  # the second question is the one that blur deceives


def test_a_side_with_more_persons_is_not_taken_for_copied():
    """200 persons once each, against 20 persons ten times each: the first side has more to offer."""
    few = np.repeat(pictures(19, 20), 10, axis=0) + np.random.default_rng(2).normal(0, 2, (200, 32, 32, 3))
    training, strangers = pictures(20, 200), pictures(21, 150)
    unfair = measures.copy_test(training, few, strangers, draws=0)
    assert unfair.nearer.low > 0.5
    persons = np.arange(200), np.repeat(np.arange(20), 10)
    fair = measures.copy_test(training, few, strangers, groups=persons, draws=0)
    assert fair.nearer.low < 0.5 < fair.nearer.high
    with pytest.raises(ValueError, match="each held_out image"):
        measures.copy_test(training, few, strangers, groups=(np.arange(200), np.arange(20)))
