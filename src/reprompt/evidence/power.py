"""How many draws it would take: what an open comparison needs to be decided, if things are as they look now."""

import math

from scipy.stats import nct
from scipy.stats import t as student_t

from reprompt.evidence.statistics import Interval

POWER = 0.8
MOST = 1000  # draws beyond which nobody would go


def draws_needed(effect: Interval, level: float = 0.05) -> float:
    """Draws at which a two-sided test of "it is 0" has 80 % power at the present estimate and spread.

    With n draws for now s, the variance of the estimate falls to s / n of it, and the degrees of freedom grow with
    n - 1. inf where MOST are too few, NaN where there is no interval to go by or no spread.
    """
    if effect.seeds < 2 or math.isnan(effect.low) or effect.freedom == math.inf:
        return math.nan
    if _power(effect, MOST, level) < POWER:
        return math.inf
    too_few, enough = 1, MOST
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if _power(effect, middle, level) >= POWER else (middle, enough)
    return float(enough)


def _power(effect: Interval, draws: int, level: float) -> float:
    freedom = effect.freedom * (draws - 1) / (effect.seeds - 1)
    apart = abs(effect.estimate) / effect.error * math.sqrt(draws / effect.seeds)
    beyond = float(student_t.isf(level / 2, freedom))
    power = float(nct.sf(beyond, freedom, apart))
    return float(apart > beyond) if math.isnan(power) else power
