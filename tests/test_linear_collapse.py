"""Stacks of linear layers, and the linear regions that an activation between them makes."""

import itertools
import math

import numpy as np
import pytest

from core.activations import ACTIVATIONS
from core.linear.collapse import (
    Affine,
    collapse,
    layer_by_layer,
    random_stack,
    relative_difference,
)
from core.linear.half_planes import box
from core.linear.regions import (
    MOST_REGIONS,
    broken,
    fewest_at_best,
    folding_stack,
    most_at_all,
    network,
    pieces_along,
    regions_in_plane,
    through,
)

SQUARE = box(-2.0, 2.0)
LINEAR = {
    "identity", "step", "hard_sigmoid", "hardtanh", "relu", "capped_relu", "leaky_relu", "prelu",
    "thresholded_relu", "softshrink", "hardshrink",
}  # fmt: skip
KINKED = sorted(LINEAR - {"identity"})


def unit(key, **parameters):
    found = broken(ACTIVATIONS[key], ACTIVATIONS[key].defaults | parameters)
    assert found is not None
    return found


# ---------------------------------------------------------------- the collapse


@pytest.mark.parametrize("depth", [1, 2, 10, 50])
@pytest.mark.parametrize("width", [1, 2, 8])
def test_a_stack_is_one_layer(depth, width):
    stack = random_stack([2, *[width] * (depth - 1), 2], 4, bias=0.3)
    assert len(stack) == depth
    x = np.random.default_rng(0).normal(size=(200, 2))
    one = collapse(stack)
    assert one.weights.shape == (2, 2)
    assert relative_difference(layer_by_layer([one], x), layer_by_layer(stack, x)) < 1e-13


def test_the_product_in_the_right_order():
    first, second = (
        Affine(np.array([[1.0, 2.0]]), np.array([3.0])),
        Affine(np.array([[10.0], [20.0]]), np.array([1.0, 2.0])),
    )
    found = collapse([first, second])
    assert found.weights.tolist() == [[10, 20], [20, 40]]
    assert found.bias.tolist() == [31, 62]


@pytest.mark.parametrize("narrowest", [1, 2, 3])
def test_the_narrowest_layer_limits_the_rank(narrowest):
    found = collapse(random_stack([5, 6, narrowest, 6, 5], 0))
    assert np.linalg.matrix_rank(found.weights) == narrowest


def test_a_deeper_stack_begins_as_a_shallower_one():
    short, long = random_stack([2, 3, 3], 7), random_stack([2, 3, 3, 3], 7)
    assert all((a.weights == b.weights).all() for a, b in zip(short, long, strict=False))
    assert (random_stack([2, 3], 8)[0].weights != short[0].weights).any()


def test_difference_is_relative():
    assert relative_difference(np.array([1.0, 4.0]), np.array([1.0, 2.0])) == 1.0
    assert relative_difference(np.zeros(2), np.zeros(2)) == 0.0


def test_a_stack_of_one_width_is_refused():
    with pytest.raises(ValueError, match="at least"):
        random_stack([2], 0)


# ---------------------------------------------------------------- pieces of an activation


def test_which_activations_are_made_of_lines():
    found = {k for k, a in ACTIVATIONS.items() if broken(a, a.defaults) is not None}
    assert found == LINEAR


@pytest.mark.parametrize("key", sorted(LINEAR))
def test_the_pieces_are_the_activation(key):
    found = unit(key)
    x = np.random.default_rng(0).uniform(-9, 9, 2000)
    piece = found.piece(x)
    expected = ACTIVATIONS[key](x)
    assert found.slope[piece] * x + found.intercept[piece] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("key", "parameters", "kinks"),
    [
        ("leaky_relu", {"negative_slope": 1.0}, []),
        ("elu", {"alpha": 0.0}, [0.0]),
        ("swish", {"beta": 0.0}, []),
        ("hardtanh", {"min_val": -2.0, "max_val": 0.5}, [-2.0, 0.5]),
        ("softshrink", {"lambd": 0.0}, []),
    ],
)
def test_pieces_depend_on_the_parameters(key, parameters, kinks):
    assert unit(key, **parameters).kinks.tolist() == kinks


# ---------------------------------------------------------------- regions


def patterns(stack, one, x):
    """Return the piece that every hidden unit is on, for points (N, 2), by going through."""
    found = []
    h = x
    for weights, bias in stack[:-1]:
        z = h @ weights.T + bias
        piece = one.piece(z)
        found.append(piece)
        h = one.slope[piece] * z + one.intercept[piece]
    return np.concatenate(found, axis=-1)


@pytest.mark.parametrize("key", KINKED)
@pytest.mark.parametrize(("width", "depth"), [(3, 1), (4, 2), (5, 3)])
def test_pieces_along_a_line_against_brute_force(key, width, depth):
    one, stack = unit(key), network(width, depth, 2)
    start, way = np.array([-2.0, -0.7]), np.array([4.0, 1.3])
    found = pieces_along(stack, one, start, way, (0.0, 1.0))
    t = np.linspace(0, 1, 50_001)[:-1] + 1e-7
    seen = patterns(stack, one, start + t[:, None] * way)
    changes = np.nonzero((np.diff(seen, axis=0) != 0).any(1))[0]
    assert len(found.ends) - 2 == len(changes)
    assert found.ends[1:-1] == pytest.approx(t[changes], abs=4e-5)
    # On each piece the line is the network.
    middle = (found.ends[1:] + found.ends[:-1]) / 2
    y = through(stack, ACTIVATIONS[key], start + middle[:, None] * way)[:, 0]
    assert found.value + found.slope * middle == pytest.approx(y, abs=1e-9)
    steps = np.abs(np.diff(found.slope)) + np.abs(np.diff(found.value)) > 1e-7
    assert (found.bends == found.ends[1:-1][steps]).all()


@pytest.mark.parametrize("key", KINKED)
@pytest.mark.parametrize(("width", "depth"), [(4, 1), (3, 3)])
def test_regions_of_the_plane_against_brute_force(key, width, depth):
    """Every pattern that a fine grid meets has its region, and no region is met twice."""
    one, stack = unit(key), network(width, depth, 1)
    found = regions_in_plane(stack, one, SQUARE)
    assert found.complete
    grid = np.linspace(-2, 2, 401)[:-1] + 1e-3
    x = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    # A pattern as one number: no unit has more than three pieces.
    digits = 3 ** np.arange(width * depth)
    seen = set((patterns(stack, one, x) @ digits).tolist())
    middles = found.polygons.mean(axis=1)
    at_middles = patterns(stack, one, middles)
    named = (at_middles @ digits).tolist()
    # A unit is affine only inside a region of the layers before it, so that a region is
    # convex and has a pattern of its own; the grid may miss a small one.
    assert len(set(named)) == len(named)
    assert seen <= set(named)
    sizes = area(found.polygons)
    assert sizes.sum() == pytest.approx(16)
    missed = [s for s, name in zip(sizes, named, strict=True) if name not in seen]
    assert max(missed, default=0) < 4e-3
    y = through(stack, ACTIVATIONS[key], middles)[:, 0]
    assert (found.gradients * middles).sum(-1) + found.offsets == pytest.approx(y, abs=1e-9)
    assert at_middles.sum(axis=1).tolist() == found.states.tolist()


def area(polygons):
    x, y = polygons[..., 0], polygons[..., 1]
    return 0.5 * (x * np.roll(y, -1, -1) - np.roll(x, -1, -1) * y).sum(-1)


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_lines_in_general_position_make_as_many_cells_as_zaslavsky_says(n):
    """Tangents of a circle: each two cross, within a wide enough square."""
    angles = np.pi * np.arange(n) / n
    across = np.column_stack([np.cos(angles), np.sin(angles)])
    stack = [Affine(across, -np.ones(n)), Affine(np.ones((1, n)), np.zeros(1))]
    found = regions_in_plane(stack, unit("relu"), box(-50.0, 50.0))
    assert len(found.polygons) == 1 + n + math.comb(n, 2) == fewest_at_best(2, [n])


def test_neighbours_have_different_parity():
    stack, one = network(6, 2, 0), unit("hardtanh")
    found = regions_in_plane(stack, one, SQUARE)
    rng = np.random.default_rng(0)
    ends = rng.uniform(-2, 2, (20, 2, 2))
    for start, end in ends:
        pieces = pieces_along(stack, one, start, end - start, (0.0, 1.0))
        middle = (pieces.ends[1:] + pieces.ends[:-1])[:, None] / 2
        states = patterns(stack, one, start + middle * (end - start)).sum(1)
        assert (np.abs(np.diff(states)) % 2 == 1).all()
    assert len(found.polygons) > 50


@pytest.mark.parametrize("activation", ["identity", "leaky_relu"])
def test_without_a_kink_there_is_one_region(activation):
    slope = {"negative_slope": 1.0} if activation == "leaky_relu" else {}
    one, stack = unit(activation, **slope), network(8, 4, 0)
    found = regions_in_plane(stack, one, SQUARE)
    assert (len(found.polygons), found.functions) == (1, 1)
    whole = collapse(stack)
    assert found.gradients[0] == pytest.approx(whole.weights[0])
    assert pieces_along(stack, one, [-2.0, 0.0], [4.0, 0.0], (0.0, 1.0)).bends.size == 0


@pytest.mark.parametrize(
    ("width", "depth"), [(2, 1), (2, 3), (3, 2), (4, 1), (4, 2), (4, 3), (5, 3), (6, 2), (8, 2)]
)
def test_folding_reaches_the_bound_exactly(width, depth):
    stack, one = folding_stack(width, depth, -2.0, 2.0), unit("relu")
    found = regions_in_plane(stack, one, SQUARE)
    assert len(found.polygons) == fewest_at_best(2, [width] * depth)
    if width > 3:  # with two units a layer the cell with both off cannot be avoided
        assert found.functions == len(found.polygons)
    assert len(found.polygons) <= most_at_all(2, [width] * depth)


def test_folding_takes_two_units():
    with pytest.raises(ValueError, match="two units"):
        folding_stack(1, 2, -2.0, 2.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("key", "kinks"), [("relu", 1), ("hardtanh", 2), ("step", 1)])
def test_no_network_exceeds_the_upper_bound(seed, key, kinks):
    for width, depth in itertools.product((1, 2, 3), (1, 2, 3)):
        widths = [width] * depth
        stack, one = network(width, depth, seed), unit(key)
        found = regions_in_plane(stack, one, box(-100.0, 100.0))
        assert len(found.polygons) <= most_at_all(2, widths, kinks)
        pieces = pieces_along(stack, one, [-100.0, 3.0], [200.0, 1.0], (0.0, 1.0))
        assert len(pieces.ends) - 1 <= most_at_all(1, widths, kinks)


@pytest.mark.parametrize(
    ("inputs", "widths", "fewest", "most"),
    [
        (2, [4], 11, 11),
        (2, [4, 4], 44, 121),
        (2, [4, 4, 4], 176, 1331),
        (1, [3, 3], 12, 16),
        (2, [1, 4], 0, 10),
    ],
)
def test_bounds_by_hand(inputs, widths, fewest, most):
    assert fewest_at_best(inputs, widths) == fewest
    assert most_at_all(inputs, widths) == most


def test_too_many_regions_are_given_up():
    found = regions_in_plane(folding_stack(8, 3, -2.0, 2.0), unit("relu"), SQUARE)
    assert not found.complete
    assert MOST_REGIONS < len(found.polygons) <= 2 * MOST_REGIONS
