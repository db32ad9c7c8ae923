"""The parameters that optimizers share: the same name, symbol, range and domain in each."""

from collections.abc import Mapping

from core.spec import NON_NEGATIVE, POSITIVE, Interval, Parameter

SHARE = Interval(low=0.0, high=1.0, low_closed=True)
"""From 0 up to but without 1: what is kept whole is never forgotten."""


def learning_rate(default: float, meaning: str, settings: Mapping[str, float]) -> Parameter:
    """Return η, the first parameter of every optimizer."""
    return Parameter(
        name="learning_rate",
        symbol=r"\eta",
        default=default,
        low=0.0,
        high=2.0,
        step=0.01,
        meaning=meaning,
        domain=NON_NEGATIVE,
        settings=settings,
    )


def share(
    name: str,
    symbol: str,
    default: float,
    meaning: str,
    settings: Mapping[str, float] | None = None,
) -> Parameter:
    """Return the share of a velocity or of a running mean that is kept from step to step."""
    return Parameter(
        name=name,
        symbol=symbol,
        default=default,
        low=0.0,
        high=0.99,
        step=0.01,
        meaning=meaning,
        domain=SHARE,
        settings=settings or {},
    )


GAMMA = share("gamma", r"\gamma", 0.9, "share of the velocity that is kept from step to step")
"""The momentum of the heavy ball and of Nesterov."""


def eps(default: float, meaning: str, settings: Mapping[str, float]) -> Parameter:
    """Return ε, which is added to what is divided by."""
    return Parameter(
        name="eps",
        symbol=r"\varepsilon",
        default=default,
        low=1e-10,
        high=0.1,
        step=0.001,
        meaning=meaning,
        domain=POSITIVE,
        settings=settings,
    )
