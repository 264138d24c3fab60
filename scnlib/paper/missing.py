"""What nobody has measured yet: the runs that tables, claims and the leaderboard wait for, with command and cost."""

import shlex
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from scnlib.config import BY_HEART, Config, profile_config
from scnlib.methods import METHODS
from scnlib.paper import cost, measuring
from scnlib.paper.beside import CHANGES
from scnlib.paper.claims import CLAIMS
from scnlib.paper.claims_scn import AMBIGUOUS, POOR
from scnlib.paper.grid import GRIDS, Selector
from scnlib.paper.jobs import arguments
from scnlib.paper.published import TITLES
from scnlib.paper.verdicts import HEART, HELD, NOT_HELD, TUNED, Claim, Group, arm, noise_name
from scnlib.words import counted

HIGH = 0.3  # the noise at which claims about "whatever noise was run" and the leaderboard are measured
RATES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)  # ours: the learning rates among which a method finds its own
LATE = 5 / 6  # ours: the share of the epochs after which relabelling is late
BOARDS = {
    "leaderboard": arm("", HIGH),
    "leaderboard-clean": arm(""),
    "leaderboard-10": arm("", 0.1),
    "leaderboard-20": arm("", 0.2),
    "leaderboard-pair": arm("", HIGH, "pair"),
    "leaderboard-real": arm("", noise_kind="fer2013"),
}
OTHERS = (*BOARDS, "variants", "published")


@dataclass(frozen=True)
class Open:
    """A table, a claim or a comparison that is not finished.

    Attributes:
        name: what ``scn missing`` calls it: ``"scn-5"``, ``"S10"``, ``"leaderboard"``.
        what: in words.
        runs: those that the results lack; what starts from another run that is not there yet starts from ``0000...``.
        needs: what else it waits for, in words; ``""``: for these runs alone.
    """

    name: str
    what: str
    runs: tuple[Config, ...] = ()
    needs: str = ""

    def commands(self, dataset: str, profile: str, seeds: Sequence[int], root: Path | str | None = None) -> list[str]:
        """What to call: one command for a table, one for each run of anything else."""
        if self.name in GRIDS:
            words = ["table", self.name, "--dataset", dataset, "--profile", profile, "--seeds", len(seeds), "--run"]
            words += [] if root is None else ["--root", root]
            return [_line(map(str, words))] if self.runs else []
        return [_line(arguments(config, root)) for config in self.runs]


def _line(words: Iterable[str]) -> str:
    return shlex.join(["scn", *words])


def missing(
    dataset: str, profile: str, seeds: Sequence[int], results: pd.DataFrame, ledger: pd.DataFrame
) -> tuple[Open, ...]:
    """Everything that is not finished on a dataset, tables first; what is finished is left out.

    A claim is open until some seeds decide it; with all ``seeds`` there and no decision it waits for more of them.

    Args:
        seeds: from 0 on; how many every cell shall have.
        results: ``load_results()``, or ``measuring.everything()[0]``.
        ledger: ``claims_table`` of the same.

    Raises:
        ValueError: if the dataset or profile is unknown.
    """
    asked = dataset, profile, seeds
    every = [*_tables(*asked, results), *_claims(*asked, ledger), *_others(*asked)]
    wanted = {config.sha256(): config for one in every for config in one.runs}
    left = {config.sha256() for config in measuring.missing(list(wanted.values()), results)}
    found = [replace(one, runs=tuple(config for config in one.runs if config.sha256() in left)) for one in every]
    return tuple(replace(one, needs="" if one.runs else one.needs) for one in found if one.runs or one.needs)


def check_names(names: Iterable[str]) -> None:
    """That each is a table, a claim or another thing that may be open.

    Raises:
        ValueError: if one is none of them.
    """
    for name in names:
        if name not in (*GRIDS, *CLAIMS, *OTHERS):
            known = ", ".join([*GRIDS, *OTHERS])
            raise ValueError(f"nothing is called {name!r}; known: {known}, and the claims of `scn claims`")


def _tables(dataset: str, profile: str, seeds: Sequence[int], results: pd.DataFrame) -> Iterator[Open]:
    for table in GRIDS:
        runs = {config.sha256(): config for config in measuring.wanted(table, dataset, profile, seeds)}
        chains = measuring.chains(table, dataset, profile, seeds)
        for first, second in measuring.missing_chains(chains, results) if chains else ():
            started = f"{measuring.recipe_name(first)}:{16 * '0'}"  # of which run will be known when it is there
            for config in (first, replace(second, pretrained=started)):
                runs[config.sha256()] = config
        yield Open(table, TITLES[table], tuple(runs.values()))


def _claims(dataset: str, profile: str, seeds: Sequence[int], ledger: pd.DataFrame) -> Iterator[Open]:
    ledger = ledger[ledger["backbone"].isin(["", profile_config(profile, dataset=dataset).backbone])]
    for claim in CLAIMS.values():
        rows = ledger[(ledger["id"] == claim.id) & ledger["dataset"].isin([dataset, "any"])]
        if rows["verdict"].isin([HELD, NOT_HELD]).any():
            continue
        asked = asked_by(claim, dataset)
        able = all(one.method in METHODS and not one.pretrained for one in asked)
        fields, usual = (BY_HEART, "quick") if claim.on == HEART else ({}, profile)
        configs = [config for one in asked if able for config in _configs(one, dataset, usual, seeds, **fields)]
        if claim.on == TUNED:
            configs = [replace(config, lr=rate) for config in configs for rate in RATES]
        untested = rows["detail"].iloc[0].removeprefix("needs ") if len(rows) and not rows["n"].any() else ""
        needs = untested or (f"more than {counted(len(seeds), 'seed')}" if configs else "what no run gives")
        yield Open(claim.id, claim.text, tuple({config.sha256(): config for config in configs}.values()), needs)


def _others(dataset: str, profile: str, seeds: Sequence[int]) -> Iterator[Open]:
    for name, noise in BOARDS.items():
        if noise.noise_kind == "fer2013" and dataset != "ferplus":
            continue
        chosen = [replace(noise, method=method) for method in METHODS]
        configs = [config for runs in chosen for config in _configs(runs, dataset, profile, seeds)]
        yield Open(name, f"every method {noise_name(noise.noise_kind, noise.noise_rate)}", tuple(configs))
    late = round(LATE * profile_config(profile, dataset=dataset).epochs)
    variants = [arm("scn", HIGH, variant="released_code"), arm("scn", HIGH, relabel_epoch=late)]
    if dataset == "ferplus":
        variants.append(arm("scn", noise_kind="fer2013", relabel_epoch=late))
    configs = [config for runs in variants for config in _configs(runs, dataset, profile, seeds)]
    yield Open("variants", "SCN as the released code has it, and relabelling late", tuple(configs))
    if dataset == "ferplus":
        changed = [
            config
            for fields in CHANGES.values()
            for method in ("baseline", "scn")
            for config in _configs(arm(method), dataset, profile, seeds, **fields)
        ]
        yield Open("published", "our recipe, one step closer to the paper's at a time", tuple(changed))


def _configs(runs: Selector, dataset: str, profile: str, seeds: Sequence[int], **fields: object) -> Iterable[Config]:
    return [measuring.config_of(runs, dataset, profile, seed, **fields) for seed in seeds]


def asked_by(claim: Claim, dataset: str) -> list[Selector]:
    """The arms that a claim compares on a dataset, each once.

    A claim about whatever noise was run is asked about ``HIGH`` symmetric noise and, on FER+, real noise.
    """
    if claim.test is None:
        return []
    group = _Asked(dataset, "", _EVERY_COLUMN)
    claim.test(group)
    return [one for place, one in enumerate(group.asked) if one not in group.asked[:place]]


@dataclass(frozen=True)
class _Asked(Group):
    """A group without a single run, which notes what it is asked for."""

    asked: list[Selector] = field(default_factory=list)

    def rows(self, arm: Selector) -> pd.DataFrame:
        self.asked.append(arm)
        return pd.DataFrame()

    def noise(self, method: str) -> list[tuple[str, float]]:
        return [("symmetric", HIGH)] + ([("fer2013", 0.0)] if self.dataset == "ferplus" else [])


#: What claims look for before they ask for runs.
_EVERY_COLUMN = pd.DataFrame({f"knows {quantity}": [1.0] for quantity in AMBIGUOUS + POOR})


# ----------------------------------------------------------------------------------------------------- for reading


def costs(found: Sequence[Open], known: Sequence[cost.Rate], device: str) -> pd.DataFrame:
    """What is missing, and how long one device would need: columns name, what, runs, time (words), needs.

    The last row, ``"all"``, counts each run once.

    Args:
        known: of ``cost.rates``.
        device: as there.
    """
    runs = [cost.work_of(config, one.name) for one in found for config in one.runs]
    table = cost.costs(runs, known, [(device, 1)], by=("table",))
    times = {row["table"]: (row["runs"], cost.hours(row, (device, 1))) for row in table.to_dict("records")}
    rows = [(one.name, one.what, *times.get(one.name, (0, "-")), one.needs) for one in found]
    rows.append(("all", "each run once", *times["all"], ""))
    return pd.DataFrame(rows, columns=["name", "what", "runs", "time", "needs"])


def to_text(table: pd.DataFrame, dataset: str, profile: str, seeds: Sequence[int], device: str) -> str:
    """``costs`` for a terminal, with the commands that measure what is missing."""
    runs, rest = table[(table["runs"] > 0) | (table["name"] == "all")], table[table["needs"] != ""]
    lines = [f"Not measured on {dataset}, {profile} recipe, {counted(len(seeds), 'seed')}; time on {device}", ""]
    lines.append(f"{'name':18}{'runs':>5}  {'time':28}what")
    lines += [f"{row.name:18}{row.runs:>5}  {row.time:28}{row.what}" for row in runs.itertuples(index=False)]
    if len(rest):
        lines += ["", "Waits for something else:"]
    for needed, rows in rest.groupby("needs", sort=False):
        if len(rows) > 1:
            lines += textwrap.wrap(f"{', '.join(rows['name'])}: needs {needed}.", 120, subsequent_indent=4 * " ")
        else:
            lines += [f"{row.name:18}{row.what} Needs {row.needs}." for row in rows.itertuples(False)]
    options = f"--dataset {dataset} --profile {profile} --seeds {len(seeds)}"
    lines += [
        "",
        f"A table:                    scn table NAME {options} --run",
        f"The commands of one of them: scn missing NAME {options} --commands",
    ]
    return "\n".join(lines) + "\n"
