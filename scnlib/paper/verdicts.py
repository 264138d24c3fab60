"""How a claim is judged: differences paired by seed in, a verdict with its numbers out. ``judge`` has the rules."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from scnlib.paper import stats
from scnlib.paper.grid import METRICS, PUBLISHED_ONLY, Selector, weights_in_words
from scnlib.paper.results import COMPARABLE, arm_name, by_seed, newest, paired, unlike

HELD = "held"
UNDECIDED = "undecided"
NOT_HELD = "not held"
NOT_TESTED = "not tested"

RULE = (
    "Verdicts are computed from differences that are positive where the claim is true; of several conditions the one "
    "that decides is shown: the worst verdict, then the smallest effect. Held: the 95 % interval over seeds lies above "
    "the limit, 0 where none is named. Not held: below it, widened where there are several conditions; shown are the "
    "lower end of the one and the upper end of the other. Undecided: neither, or one seed. No interval is widened for "
    "the number of claims, and few seeds that agree by luck make a narrow one."
)
#: How the place of a claim begins that the papers do not make: one of theirs under another condition.
OURS = "ours"

OWN, TUNED, NETWORKS, HEART = "own recipe", "own best rates", "every network", "labels learnt by heart"
LABELS, WEIGHTS = "labels alone", "weights alone"


@dataclass(frozen=True)
class Verdict:
    """What the runs say about a claim.

    Attributes:
        verdict: ``"held"``, ``"undecided"``, ``"not held"`` or ``"not tested"``.
        effect: mean difference, positive in the claimed direction; of several conditions that of the one that decides.
        interval: the ends that decide: the lower of its 95 % interval, the upper of the one against the claim, which is
            wider where there are several conditions; NaN for fewer than two seeds.
        n: seeds behind the effect.
        dataset: where it was measured.
        unit: of the effect.
        detail: a sentence with every condition's numbers, or why nothing was tested.
        conditions: name and effect of each circumstance that was tested.
    """

    verdict: str
    effect: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    n: int = 0
    dataset: str = ""
    unit: str = "points"
    detail: str = ""
    conditions: tuple[tuple[str, float], ...] = ()


def judge(differences: Sequence[float], limit: float = 0.0, asked: int = 1) -> Verdict:
    """The verdict on differences, one for each seed, that a true claim lifts above a limit. All rules of the ledger:

        no difference                                                  -> not tested
        the 95 % t interval lies above the limit                       -> held
        the t interval of level 1 - .05 / k lies below the limit       -> not held
        neither, or n = 1, so no interval                              -> undecided

    A claim about k conditions is held only if it is in all of them, and one is enough to refute it. Among k in which
    nothing differs one lies below by luck k times as often, so against the claim each gets the wider interval
    (Bonferroni). With one condition, the same evidence is asked for and against. The seeds share their test faces, so
    whether other faces would say the same is not in the interval.

    Args:
        asked: k, how many conditions were asked at once.

    Raises:
        ValueError: if a difference is not finite.
    """
    values = [float(d) for d in differences]
    if not all(map(math.isfinite, values)):
        raise ValueError(f"differences must be finite, got {values}")
    if not values:
        return Verdict(NOT_TESTED)
    effect, low, _ = stats.interval(values)
    *_, high = stats.interval(values, 1 - 0.05 / asked)
    # Comparisons with NaN are False: one seed decides nothing.
    verdict = HELD if low > limit else NOT_HELD if high < limit else UNDECIDED
    return Verdict(verdict, effect, (low, high), len(values))


@dataclass(frozen=True)
class Condition:
    """One circumstance under which a claim must hold: paired differences, above ``limit`` where they speak for it.

    ``missing`` says what is needed where there are none.
    """

    name: str
    differences: tuple[float, ...]
    missing: str = ""
    remark: str = ""
    limit: float = 0.0


def conclude(conditions: Sequence[Condition], unit: str = "points", need_all: bool = True) -> Verdict:
    """One verdict over several conditions: the worst that there is, of its conditions that least above its limit.

    So the claim is held only if it is in every condition, and not held if one of them refutes it. A condition without
    runs makes the rest "not tested" unless it is refuted already; with ``need_all=False`` the claim is about whichever
    conditions there are.

    Args:
        conditions: at least one.
        unit: of the differences, for the sentence.
    """
    present = [c for c in conditions if c.differences]
    asked = len(conditions) if need_all else len(present)
    judged = [(c, judge(c.differences, c.limit, asked)) for c in present]
    absent = [c for c in conditions if not c.differences]
    detail = "; ".join(_sentence(c, v, unit) for c, v in judged)
    reasons = list(dict.fromkeys(c.missing or f"needs runs: {c.name}" for c in absent))
    missing = "; ".join(reasons[:2]) + (f"; and {len(reasons) - 2} more" if len(reasons) > 2 else "")
    if not judged:
        return Verdict(NOT_TESTED, unit=unit, detail=missing or "needs runs")
    worst = [NOT_HELD, UNDECIDED, HELD]
    _, deciding = min(judged, key=lambda pair: (worst.index(pair[1].verdict), pair[1].effect - pair[0].limit))
    if absent and need_all:
        detail = f"{detail}; {missing}"
        if deciding.verdict != NOT_HELD:
            return Verdict(NOT_TESTED, unit=unit, detail=f"{missing}; so far {detail[: -len(missing) - 2]}")
    return replace(deciding, unit=unit, detail=detail, conditions=tuple((c.name, v.effect) for c, v in judged))


def _sentence(condition: Condition, verdict: Verdict, unit: str) -> str:
    low, high = verdict.interval
    interval = "" if math.isnan(low) else f" [{_figures(low, unit)}, {_figures(high, unit)}]"
    remark = f", {condition.remark}" if condition.remark else ""
    return f"{condition.name}: {_figures(verdict.effect, unit)} {unit}{interval}, n = {verdict.n}{remark}"


def _figures(value: float, unit: str) -> str:
    """Points with two decimals; alpha, areas and correlations with three."""
    return f"{value:+.2f}" if unit.startswith("points") else f"{value:+.3f}"


@dataclass(frozen=True)
class Group:
    """Runs that may be compared: one dataset, one recipe (rows of ``prepare``, one a run).

    ``kind``: ``OWN``, trained as the profile says, all with one network, ``TUNED``, each arm at its own best learning
    rate, ``HEART``, trained so that labels are learnt by heart (``config.BY_HEART``), ``NETWORKS``, as the profile says
    with whatever network, whose arms name theirs, ``LABELS``, all runs there are, for a claim about labels, whatever
    was trained on them, or ``WEIGHTS``, no runs, for one about networks.
    ``transition``: counts of real label noise on this dataset, where there are some.
    """

    dataset: str
    recipe: str
    runs: pd.DataFrame
    kind: str = OWN
    transition: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        """The dataset, and the first digits of its images where others have the same name."""
        images = {text[:8] for text in self.runs["images"]} if "images" in self.runs else set()
        return " ".join([self.dataset, *sorted(images - {""})])

    @property
    def metric(self) -> str:
        """The papers' measure on this dataset."""
        return METRICS.get(self.dataset, "accuracy")

    @property
    def backbone(self) -> str:
        """The network that all runs have; "" where they have none or several, or may have."""
        names = set(self.runs["backbone"])
        return names.pop() if len(names) == 1 and self.kind != NETWORKS else ""

    def values(self, arm: Selector, column: str | None = None) -> dict[int, float]:
        """Seed -> value of a column (default: the papers' measure) for the runs of one arm."""
        return by_seed(self.rows(arm), column or self.metric)

    def rows(self, arm: Selector) -> pd.DataFrame:
        """The runs of one arm, of the newest version of the recipe that there is."""
        rows = self._arms.get(arm_name(arm, self.dataset), self.runs.iloc[:0])
        return newest(rows[rows["backbone"] == arm.backbone] if arm.backbone else rows)

    @cached_property
    def _arms(self) -> dict[str, pd.DataFrame]:
        """The runs of each arm; a ledger asks for them a few hundred times."""
        return dict(iter(self.runs.groupby("arm")))

    def differences(self, arm: Selector, other: Selector, column: str | None = None) -> dict[int, float]:
        """Seed -> arm - other, by ``results.paired``."""
        return paired(self.rows(arm), self.rows(other), column or self.metric)

    def noise(self, method: str) -> list[tuple[str, float]]:
        """Kinds and rates of label noise under which this method was run, weakest first; clean labels are none."""
        runs = self.runs[(self.runs["method"] == method) & (self.runs["noise"] != "none")]
        return sorted(
            set(zip(runs["noise"], runs["noise_rate"].astype(float), strict=True)), key=lambda n: (n[1], n[0])
        )


@dataclass(frozen=True)
class Claim:
    """Something a paper claims, in our words, and the function that holds it against results.

    ``test`` gets a ``Group`` of the kind ``on``; None where results alone cannot decide, and then ``needs`` says what
    can. ``place`` begins with ``OURS`` where the paper says it under another condition.
    """

    id: str
    text: str
    place: str
    test: Callable[[Group], Verdict] | None = None
    needs: str = ""
    on: str = OWN


def arm(
    method: str, noise_rate: float = 0.0, noise_kind: str = "symmetric", pretrained: bool = False, **options: object
) -> Selector:
    """The runs of one method with these options, on whatever dataset is looked at."""
    return Selector(method, "", noise_rate, noise_kind, pretrained, options)


def describe(selector: Selector) -> str:
    """An arm in words: ``scn {"ranking": false} at noise 10 %``."""
    options = f" {json.dumps(dict(selector.options))}" if selector.options else ""
    network = f" with {selector.backbone}" if selector.backbone else ""
    weights = f" from {weights_in_words(selector.weights)}" if selector.pretrained else ""
    return f"{selector.method}{options}{network}{weights} {noise_name(selector.noise_kind, selector.noise_rate)}"


def noise_name(kind: str, rate: float) -> str:
    """Noise in words: ``at noise 10 %``, ``on clean labels``, ``with fer2013 noise``."""
    if kind == "fer2013":
        return "on FER2013's own labels"
    if not rate:
        return "on clean labels"
    return f"at noise {100 * rate:g} %" if kind == "symmetric" else f"at {kind} noise {100 * rate:g} %"


def compare(
    group: Group,
    name: str,
    better: Selector,
    worse: Selector,
    column: str | None = None,
    limit: float = 0.0,
    remark: str = "",
) -> Condition:
    """The condition that ``better - worse`` is above a limit, paired by seed."""
    differences = tuple(group.differences(better, worse, column).values())
    return Condition(name, differences, "" if differences else unpaired(group, better, worse, column), remark, limit)


def unpaired(group: Group, better: Selector, worse: Selector, column: str | None = None) -> str:
    """What two arms wait for that have no difference: runs, runs that are alike, or a seed."""
    if lacking := [arm for arm in (better, worse) if not group.values(arm, column)]:
        return lacks(lacking, column)
    return apart(group, better, worse) or "needs a seed that both have"


def apart(group: Group, *arms: Selector, names: Sequence[str] = COMPARABLE) -> str:
    """What arms have to be measured again for, where they are of several versions or images; "" where nothing is."""
    found = unlike(*(group.rows(one) for one in arms), names=names)
    return f"needs runs that are alike: these are of {found}" if found else ""


def lacks(arms: Sequence[Selector], column: str | None = None) -> str:
    """What runs of these arms wait for: a method, weights, or only somebody to run them."""
    from scnlib.methods import METHODS  # needs torch

    needs = [PUBLISHED_ONLY.get(arm.method, f"method {arm.method}") for arm in arms if arm.method not in METHODS]
    needs += [weights_in_words(arm.weights) for arm in arms if arm.pretrained]
    runs = [f"runs of {describe(arm)}" + (f" with {column}" if column else "") for arm in arms]
    return f"needs {' and '.join(dict.fromkeys(needs or runs))}"


def exceed(
    group: Group,
    name: str,
    runs: Selector,
    column: str,
    threshold: float = 0.0,
    remark: str = "",
    limit: float = 0.0,
) -> Condition:
    """The condition that a column of one arm minus a threshold is above a limit, a difference for each seed."""
    values = group.values(runs, column)
    missing = "" if values else lacks([runs], column)
    return Condition(name, tuple(v - threshold for v in values.values()), missing, remark, limit)
