"""What goes wrong in a training, and in a Self-Cure Network's in particular, read off the metrics of its epochs."""

import math
from collections.abc import Iterator, Mapping, Sequence

from scnlib.config import Config
from scnlib.losses import high_importance_count
from scnlib.methods import SCN

NEAR_ONE, NEAR_ZERO = 0.99, 0.01
SILENT = 1e-6  # a mean over batches of exact zeros, but for rounding


def symptoms(
    records: Sequence[Mapping[str, float]], config: Config, n_train: int, per_epoch: int | None = None
) -> list[str]:
    """Say what is wrong with a run, and which options help; nothing of a healthy one.

    Each symptom is told of the epoch in which it first appeared. So the symptoms after an epoch are those before it and
    perhaps new ones at the end, and a resumed run has the same as an undisturbed one.

    Args:
        records: a row of ``scnlib.run_folder.METRICS`` and ``test_answers``, how many classes the test faces were
            given, for each epoch so far, what is missing or NaN is unknown; without any, only the config is judged.
        config: of the run.
        n_train: training samples, each of which has its alpha; from them follows a sampling error.
        per_epoch: samples that an epoch shows, from which follow the sizes of batches: more than there are with
            oversampling. Default: each once.

    Returns:
        Sentences in the order in which they appeared.
    """
    per_epoch = n_train if per_epoch is None else per_epoch
    has_importance = isinstance(config.method, SCN) and config.method.has_importance
    empty_group = list(_empty_group(config, per_epoch)) if has_importance else []
    found = [*_single_step(config, per_epoch), *empty_group]
    seen: set[str] = set()
    for row in records:
        checks = {"one answer": _one_answer(row, config)}
        if has_importance:
            checks |= _of_importance(row, records, config.method, n_train, silent_by_construction=bool(empty_group))
        for name, message in checks.items():
            if message and name not in seen:
                seen.add(name)
                found.append(f"epoch {int(row['epoch'])}: {message}")
    return found


def _of_importance(
    row: Mapping[str, float],
    records: Sequence[Mapping[str, float]],
    method: SCN,
    n_train: int,
    *,
    silent_by_construction: bool,
) -> dict[str, str]:
    """What ails a learnt alpha."""
    return {
        "near one": _saturated_high(row, method),
        "near zero": _saturated_low(row, method),
        "rank loss": "" if silent_by_construction else _silent_rank_loss(row, method),
        "agreement": _fallen_agreement(row, _first_relabelling(records), method, n_train),
    }


def _single_step(config: Config, per_epoch: int) -> Iterator[str]:
    if per_epoch <= config.batch_size:
        yield (
            f"a batch of {config.batch_size:,} takes the whole training set of {per_epoch:,}: an epoch is one step, "
            f"the whole training {config.epochs:,}. A smaller batch_size makes more of them, and so do more epochs."
        )


def _one_answer(row: Mapping[str, float], config: Config) -> str:
    """Told of the last epoch alone: that the first ones answer so is nothing unusual."""
    if row["epoch"] < config.epochs or row.get("test_answers") != 1:
        return ""
    return (
        "every test face got the same answer: the accuracy is the share of that class and says nothing of the method. "
        "More steps (a smaller batch_size, more epochs) or another lr may get training off the ground."
    )


def _empty_group(config: Config, per_epoch: int) -> Iterator[str]:
    method = config.method
    if not method.ranking:
        return
    batches = math.ceil(per_epoch / config.batch_size)
    for size in sorted({per_epoch // batches, math.ceil(per_epoch / batches)}):
        high = high_importance_count(size, method.beta)
        if high in (0, size):
            which = "high" if high == 0 else "low"
            yield (
                f"in a batch of {size} beta = {method.beta:g} leaves the {which}-importance group empty, so the rank "
                "loss is 0 there. A larger batch_size, or a beta further from 0 and 1, fills both groups."
            )
            return


def _saturated_high(row: Mapping[str, float], method: SCN) -> str:
    lowest = row.get("alpha_min", math.nan)
    if not lowest > NEAR_ONE:
        return ""
    cure = "A larger margin_rank or gamma" if method.ranking else "ranking=true"
    return (
        f"alpha is above {NEAR_ONE} for every sample (lowest {lowest:.4f}), so it weighs nothing any more. {cure} "
        "holds the groups apart; a smaller lr may keep alpha from this corner."
    )


def _saturated_low(row: Mapping[str, float], method: SCN) -> str:
    highest = row.get("alpha_max", math.nan)
    if not highest < NEAR_ZERO:
        return ""
    seen = f"alpha is below {NEAR_ZERO} for every sample (highest {highest:.4f})"
    if method.weighting == "none":
        return f"{seen} and ranks nothing any more. A smaller lr may keep it from this corner."
    cure = "Start again with a smaller lr."
    if method.weighting == "loss":
        cure = "A loss multiplied by alpha always falls with alpha: choose weighting='logits'."
    return f"{seen}, so the classifier gets next to no gradient. {cure}"


def _silent_rank_loss(row: Mapping[str, float], method: SCN) -> str:
    margin = row.get("margin_rank", math.nan)
    margin = method.margin_rank if math.isnan(margin) else margin
    if not method.ranking or not row.get("rank_loss", math.nan) < SILENT:
        return ""
    idle = ""
    if method.loss == "trade_off" and method.gamma > 0:
        idle = f", while 1 - gamma still scales the other loss by {1 - method.gamma:g}"
    cure = "A larger margin_rank makes it act"
    if method.learnable_margin:
        cure = "margin_reward > 0 keeps a learnable margin from shrinking"
    return (
        f"the rank loss was 0 in every batch: the groups lie at least margin_rank = {margin:.3g} apart, so "
        f"it teaches alpha nothing{idle}. {cure}."
    )


def _first_relabelling(records: Sequence[Mapping[str, float]]) -> Mapping[str, float] | None:
    """The row of the epoch that made the first new labels. It trained on the given ones still."""
    return next((row for row in records if row.get("relabelled", 0) > 0), None)


def _fallen_agreement(row: Mapping[str, float], before: Mapping[str, float] | None, method: SCN, n_train: int) -> str:
    if before is None or row["epoch"] <= before["epoch"]:
        return ""
    first, now = (r.get("trusted_agreement", math.nan) for r in (before, row))
    trusted = high_importance_count(n_train, method.beta)
    if math.isnan(first) or math.isnan(now) or not trusted:
        return ""
    error = math.sqrt((first * (1 - first) + now * (1 - now)) / trusted)
    if not first - now > 1.96 * error:
        return ""
    return (
        f"predictions agree with the given labels of {now:.1%} of the {trusted:,} samples of high importance. In epoch "
        f"{int(before['epoch'])}, before new labels acted, it was {first:.1%}: a fall beyond the sampling error of "
        f"{1.96 * error:.1%}. Perhaps the new labels teach errors; try a later relabel_epoch, a larger margin_relabel, "
        "relabel_mode='eval' or relabelling=false."
    )
