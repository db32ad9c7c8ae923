"""What the Landscapes and the Optimizers page can show: one query a view.

Every section is among them, with every surface or data set, what is drawn of it, and as few
and as many losses or optimizers as it takes.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from core.datasets import LANDSCAPE_SETS
from core.descent.surfaces import SURFACES
from core.optimizers import OPTIMIZERS
from pages.ui.landscapes import controls as landscapes
from pages.ui.landscapes import networks, regularisation
from pages.ui.optimizers import controls as optimizers
from pages.ui.optimizers import maps
from pages.ui.optimizers.view import FORMS, LEDGER, MAPS, RACE

Query = Mapping[str, str | list[str]]

FOUR_LOSSES = ["squared_error", "huber", "absolute_error", "log_cosh"]
FOLLOWED = (["huber"], ["huber", "smooth_l1"], ["quantile", "pseudo_huber"], ["general_robust"])
OF_CLASSES = (["hinge"], ["logistic", "hinge", "squared_error"], FOUR_LOSSES)
BEHIND_A_SIGMOID = (["focal"], ["brier", "binary_cross_entropy"])


def views() -> Iterator[tuple[str, Query]]:
    """Give every view: the page's path, and what its link says."""
    yield from (("optimizers", query) for query in _optimizers())
    yield from (("landscapes", query) for query in _landscapes())


def _optimizers() -> Iterator[Query]:
    everybody = {optimizers.OPTIMIZER: list(OPTIMIZERS)}
    surfaces = [one.name for one in SURFACES.values()]
    for surface, tab in product(surfaces, optimizers.TABS):
        yield _race(surface, tab)
    for surface, tab in product(("Bowl", "Rastrigin"), optimizers.TABS):
        yield _race(surface, tab) | everybody
    for length in optimizers.LENGTHS:
        yield _race("Bowl", optimizers.RATES) | {optimizers.LENGTH: length}
    yield _race("Bowl", optimizers.RATES) | everybody | {optimizers.FAIR: "true"}
    for section, surface in product((LEDGER, MAPS, FORMS), surfaces):
        yield {optimizers.SECTION: section, optimizers.SURFACE: surface}
    for name in optimizers.NAMES:
        yield {optimizers.SECTION: LEDGER, optimizers.ONE: name}
    for surface in surfaces:
        settings = {optimizers.SURFACE: surface, optimizers.MAP: maps.KINDS[1]}
        yield {optimizers.SECTION: MAPS, **settings}


def _race(surface: str, tab: str) -> dict[str, str | list[str]]:
    return {optimizers.SECTION: RACE, optimizers.SURFACE: surface, optimizers.TAB: tab}


def _landscapes() -> Iterator[Query]:
    names = {key: one.name for key, one in LANDSCAPE_SETS.items()}
    for name, count in product(names.values(), range(1, 5)):
        yield {landscapes.DATA: name, "loss": FOUR_LOSSES[:count]}
    for losses, view in product(FOLLOWED, (landscapes.FLAT, landscapes.SOLID)):
        yield {landscapes.PARAMETERS: "true", landscapes.VIEW: view, "loss": losses}
    drawn = {landscapes.PATH: "true", landscapes.ARROWS: "true", landscapes.LEVELS: landscapes.LOG}
    for count in (1, 4):
        yield {**drawn, landscapes.SCALE: landscapes.SHARED, "loss": FOUR_LOSSES[:count]}
    for losses in OF_CLASSES:
        yield {landscapes.DATA: names["separable"], "loss": losses}
    for losses in BEHIND_A_SIGMOID:
        behind = {landscapes.OUTPUT: "sigmoid", landscapes.PARAMETERS: "true"}
        yield {landscapes.DATA: names["overlapping"], "loss": losses, **behind}
    for output in ("relu", "elu", "tanh", "step"):
        yield {landscapes.OUTPUT: output, landscapes.PARAMETERS: "true", "loss": FOUR_LOSSES[:2]}
    for kind, pair in product(
        (regularisation.RIDGE, regularisation.LASSO, regularisation.NET), regularisation.PAIRS
    ):
        settings = {regularisation.PENALTY: kind, regularisation.PAIR: pair}
        yield {landscapes.SECTION: landscapes.REGULARISATION, **settings}
    for compared in networks.COMPARED:
        yield {landscapes.SECTION: landscapes.NETWORKS, networks.COMPARE: compared}
