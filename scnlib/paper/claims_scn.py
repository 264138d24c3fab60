"""The claims of the SCN paper. Every difference is written so that a true claim makes it positive."""

from scnlib.paper import stats
from scnlib.paper.scn import FIGURE_5_AXES, FIGURE_5_DEFAULTS
from scnlib.paper.verdicts import (
    NOT_TESTED,
    Claim,
    Condition,
    Group,
    Verdict,
    arm,
    compare,
    conclude,
    exceed,
    noise_name,
)

RATES = (0.1, 0.2, 0.3)
COLLAPSED = 0.05  # ours: mean alpha below which we call it collapsed
CLOSE = 1.0  # ours: points below the best that still count as close
FIGURE_5_NOISE = 0.1  # ours: the paper does not state the ratio


def memorised_grows(group: Group) -> Verdict:
    """S01: the share of wrong labels that the baseline fits, last epoch against first, in points."""
    if "memorised_first" not in group.runs:
        return Verdict(NOT_TESTED, detail="needs the curves: add_curves(results, load_epochs())")
    conditions = []
    for kind, rate in group.noise("baseline"):
        runs = arm("baseline", rate, kind)
        first, last = group.values(runs, "memorised_first"), group.values(runs, "memorised")
        pairs = [(first[seed], last[seed]) for seed in last if seed in first]
        remark = f"from {stats.mean([a for a, _ in pairs]):.1f} % to {stats.mean([b for _, b in pairs]):.1f} %"
        conditions.append(Condition(noise_name(kind, rate), tuple(b - a for a, b in pairs), remark=remark))
    if not conditions:
        return Verdict(NOT_TESTED, detail="no runs of the baseline with wrong labels")
    return conclude(conditions, need_all=False)


def logits_do_not_collapse(group: Group) -> Verdict:
    """S02, the half that results can answer: with weighted logits mean alpha stays above ``COLLAPSED``."""
    conditions = []
    for kind, rate in [("symmetric", 0.0), *group.noise("scn")]:
        for name, ranking in (("weighting", False), ("with ranking", True)):
            runs = arm("scn", rate, kind, ranking=ranking, relabelling=False)
            conditions.append(exceed(group, f"{name}, {noise_name(kind, rate)}", runs, "alpha_mean", COLLAPSED))
    return conclude(conditions, unit="above alpha = .05", need_all=False)


def flipped_labels_get_low_alpha(group: Group) -> Verdict:
    """S04 on wrong labels: the probability that a wrong one has the lower alpha, minus one half."""
    conditions = []
    for kind, rate in group.noise("scn"):
        runs = arm("scn", rate, kind, relabelling=False)
        conditions.append(exceed(group, noise_name(kind, rate), runs, "alpha_auroc", 0.5))
    if not conditions:
        return Verdict(NOT_TESTED, detail="no runs of scn with wrong labels")
    return conclude(conditions, unit="AUROC above .5", need_all=False)


def ranking_gives_alpha_meaning(group: Group) -> Verdict:
    """S05 on wrong labels: AUROC of alpha with the rank loss minus without."""
    conditions = []
    for kind, rate in group.noise("scn"):
        ranked = arm("scn", rate, kind, relabelling=False)
        plain = arm("scn", rate, kind, ranking=False, relabelling=False)
        conditions.append(compare(group, noise_name(kind, rate), ranked, plain, "alpha_auroc"))
    if not conditions:
        return Verdict(NOT_TESTED, detail="no runs of scn with wrong labels")
    return conclude(conditions, unit="AUROC", need_all=False)


def relabelled_samples_regain_alpha(group: Group) -> Verdict:
    """S07: mean change of alpha of the relabelled samples, from their relabelling to the last epoch."""
    if "alpha_regained" not in group.runs:
        return Verdict(
            NOT_TESTED, detail="needs alpha of the relabelled samples before and after (column alpha_regained)"
        )
    conditions = [
        exceed(group, noise_name(k, r), arm("scn", r, k), "alpha_regained", 0.0) for k, r in group.noise("scn")
    ]
    return conclude(conditions, unit="alpha", need_all=False)


def relabelling_finds_clean_samples(group: Group) -> Verdict:
    """S08: the share of right labels at the end, with SCN against the labels that the baseline keeps, in points."""
    conditions = []
    others = [n for n in group.noise("scn") if n[0] != "symmetric" and n in group.noise("baseline")]
    for kind, rate in [*(("symmetric", r) for r in RATES), *others]:
        scn, baseline = arm("scn", rate, kind), arm("baseline", rate, kind)
        precision = [*group.values(scn, "relabel_precision").values()]
        remark = f"precision of the changes {stats.mean(precision):.1f} %" if precision else ""
        name = noise_name(kind, rate)
        conditions.append(compare(group, name, scn, baseline, "label_accuracy", remark=remark))
    return conclude(conditions)


def _beats_the_baseline(group: Group, pretrained: bool) -> Verdict:
    return conclude(
        [
            compare(
                group,
                noise_name("symmetric", rate),
                arm("scn", rate, pretrained=pretrained),
                arm("baseline", rate, pretrained=pretrained),
            )
            for rate in RATES
        ]
    )


def beats_the_baseline(group: Group) -> Verdict:
    """S10: accuracy at each noise ratio, from scratch."""
    return _beats_the_baseline(group, pretrained=False)


def beats_the_baseline_pretrained(group: Group) -> Verdict:
    """S11: the same from a face-pretrained network."""
    return _beats_the_baseline(group, pretrained=True)


def trend(group: Group, method: str) -> Verdict:
    """Slope of the gain over the baseline against the noise, points for each 10 % of noise, one for each seed.

    Least squares over 10, 20 and 30 %, for the seeds that have all three. At equal steps the middle drops out:
    slope = (gain at 30 % - gain at 10 %) / 2.
    """
    gains = [group.differences(arm(method, rate), arm("baseline", rate)) for rate in RATES]
    absent = [noise_name("symmetric", rate) for rate, gain in zip(RATES, gains, strict=True) if not gain]
    if absent:
        return Verdict(NOT_TESTED, detail=f"no paired runs of {method} and baseline {', '.join(absent)}")
    seeds = [seed for seed in gains[0] if all(seed in gain for gain in gains)]
    at_rates = " / ".join(f"{stats.mean([*gain.values()]):+.2f}" for gain in gains)
    slopes = tuple((gains[-1][seed] - gains[0][seed]) / 2 for seed in seeds)
    condition = Condition(
        "slope of the gain", slopes, "no seed at all three ratios", f"gains {at_rates} at 10 / 20 / 30 %"
    )
    return conclude([condition], unit="points for each 10 % of noise")


def gain_grows_with_noise(group: Group) -> Verdict:
    """S12: the slope of SCN's gain."""
    return trend(group, "scn")


def rivals_stand_between(group: Group) -> Verdict:
    """S13: CurriculumNet and MetaCleaner above the baseline and below SCN, at each ratio."""
    conditions = []
    for rate in RATES:
        noise = noise_name("symmetric", rate)
        for rival in ("curriculumnet", "metacleaner"):
            conditions.append(compare(group, f"{rival} over baseline {noise}", arm(rival, rate), arm("baseline", rate)))
            conditions.append(compare(group, f"scn over {rival} {noise}", arm("scn", rate), arm(rival, rate)))
    return conclude(conditions)


def helps_inconsistent_labels_most(group: Group) -> Verdict:
    """S14: SCN's gain on FER2013's own labels minus its gain on the FER+ majority labels of the same images."""
    own = group.differences(arm("scn", noise_kind="fer2013"), arm("baseline", noise_kind="fer2013"))
    voted = group.differences(arm("scn"), arm("baseline"))
    differences = tuple(own[seed] - voted[seed] for seed in own if seed in voted)
    remark = f"gains {stats.mean([*own.values()]):+.2f} and {stats.mean([*voted.values()]):+.2f}"
    missing = "no paired runs of scn and baseline on both label sets"
    return conclude([Condition("FER2013's labels against FER+ labels", differences, missing, remark)])


def helps_original_labels(group: Group) -> Verdict:
    """S15: accuracy on the original labels."""
    return conclude([compare(group, "on clean labels", arm("scn"), arm("baseline"))])


NONE = arm("baseline")
RELABEL = arm("scn", weighting="none", ranking=False)
RANK = arm("scn", weighting="none", relabelling=False)
WEIGHT = arm("scn", ranking=False, relabelling=False)
WEIGHT_RANK = arm("scn", relabelling=False)
ALL = arm("scn")


def relabelling_alone_harms(group: Group) -> Verdict:
    """S17: the plain baseline minus the baseline with relabelling."""
    return conclude([compare(group, "baseline over relabelling alone", NONE, RELABEL)])


def every_module_adds(group: Group) -> Verdict:
    """S18: table 5's last rows, each over the one before."""
    steps = (
        ("weighting over baseline", WEIGHT, NONE),
        ("ranking on top", WEIGHT_RANK, WEIGHT),
        ("relabelling on top", ALL, WEIGHT_RANK),
    )
    return conclude([compare(group, *step) for step in steps])


def weighting_adds_most(group: Group) -> Verdict:
    """S19: weighting alone over each other module alone."""
    singles = (("weighting over ranking", RANK), ("weighting over relabelling", RELABEL))
    return conclude([compare(group, name, WEIGHT, other) for name, other in singles])


def _default_is_best(group: Group, option: str, others: tuple[float, ...], rates: tuple[float, ...]) -> Verdict:
    conditions = []
    for rate in rates:
        for value in others:
            name = f"default over {option} = {value:g} {noise_name('symmetric', rate)}"
            conditions.append(compare(group, name, arm("scn", rate), arm("scn", rate, **{option: value})))
    return conclude(conditions)


def _others(axis: str) -> tuple[float, ...]:
    return tuple(value for value in FIGURE_5_AXES[axis] if value != FIGURE_5_DEFAULTS[axis])


def gamma_half_is_best(group: Group) -> Verdict:
    """S20: gamma = .5 over each other value of table 6."""
    return _default_is_best(group, "gamma", (0.2, 0.3, 0.6, 0.8), (0.0,))


def default_delta_1_is_best(group: Group) -> Verdict:
    """S21: delta 1 = .15 over the others from 0 to .30, clean and noisy."""
    return _default_is_best(group, "margin_rank", _others("delta 1"), (0.0, FIGURE_5_NOISE))


def learnable_delta_1_is_close(group: Group) -> Verdict:
    """S22: the learnable margin is less than ``CLOSE`` points below the default, clean and noisy."""
    conditions = []
    for rate in (0.0, FIGURE_5_NOISE):
        learnable, fixed = arm("scn", rate, learnable_margin=True), arm("scn", rate)
        name = f"learnable minus default plus {CLOSE:g} {noise_name('symmetric', rate)}"
        conditions.append(compare(group, name, learnable, fixed, offset=CLOSE))
    return conclude(conditions)


def default_delta_2_is_best(group: Group) -> Verdict:
    """S23: delta 2 = .2 over the others from 0 to .5, on the original labels."""
    return _default_is_best(group, "margin_relabel", _others("delta 2"), (0.0,))


def default_beta_is_best(group: Group) -> Verdict:
    """S24: beta = .7 over the others from .9 to .5, clean and noisy."""
    return _default_is_best(group, "beta", _others("beta"), (0.0, FIGURE_5_NOISE))


def metacleaner_helps_original_labels(group: Group) -> Verdict:
    """S32: MetaCleaner over the baseline on the original labels."""
    return conclude([compare(group, "on clean labels", arm("metacleaner"), NONE)])


CLAIMS = (
    Claim("S01", "A network trained on noisy labels comes to fit the wrong ones.", "SCN 1", memorised_grows),
    Claim("S02", "A loss multiplied by alpha ends at alpha = 0.", "SCN 3.2", needs="runs that weight the loss itself"),
    Claim("S02-logits", "Multiplying the logits by alpha avoids alpha = 0.", "SCN 3.2", logits_do_not_collapse),
    Claim("S03", "The logit-weighted loss rises with alpha.", "SCN 3.2", needs="loss and alpha of each sample"),
    Claim("S04-flipped", "Samples with a wrong label get low alpha.", "SCN 1, 3.2, 4.2", flipped_labels_get_low_alpha),
    Claim("S04", "Uncertain faces get low alpha.", "SCN 1, 3.2", needs="votes or latents beside alpha of each sample"),
    Claim("S05", "The rank loss gives alpha its meaning.", "SCN 3.3", ranking_gives_alpha_meaning),
    Claim(
        "S06", "Poor and occluded images rank lowest.", "SCN 4.3, figure 4", needs="latents beside alpha of each sample"
    ),
    Claim("S07", "Relabelled samples regain high alpha.", "SCN 3.4, figure 3", relabelled_samples_regain_alpha),
    Claim("S08", "Relabelling turns wrong labels into right ones.", "SCN 3.1, 3.4", relabelling_finds_clean_samples),
    Claim(
        "S09",
        "SCN corrects about half of the wrong labels when two datasets are trained together.",
        "the authors' repository",
        needs="two datasets trained together",
    ),
    Claim("S10", "SCN beats the baseline at every noise ratio, from scratch.", "SCN table 2", beats_the_baseline),
    Claim(
        "S11", "SCN beats the baseline at every noise ratio, pretrained.", "SCN table 2", beats_the_baseline_pretrained
    ),
    Claim("S12", "SCN's benefit grows with the noise.", "SCN 4.2", gain_grows_with_noise),
    Claim(
        "S13", "CurriculumNet and MetaCleaner stand between the baseline and SCN.", "SCN table 2", rivals_stand_between
    ),
    Claim("S14", "SCN helps most where annotators agree least.", "SCN 4.2", helps_inconsistent_labels_most),
    Claim("S15", "SCN helps on the original labels too.", "SCN table 4", helps_original_labels),
    Claim(
        "S16",
        "Pretraining on massively noisy web faces helps, and more with SCN.",
        "SCN table 3",
        needs="WebEmotion or a stand-in for pretraining",
    ),
    Claim("S17", "Relabelling alone harms the plain baseline.", "SCN table 5, row 2", relabelling_alone_harms),
    Claim("S18", "Weighting, ranking and relabelling each add to the last.", "SCN table 5", every_module_adds),
    Claim("S19", "Of the single modules, weighting adds most.", "SCN table 5", weighting_adds_most),
    Claim("S20", "gamma = .5 is best.", "SCN table 6", gamma_half_is_best),
    Claim("S21", "delta 1 = .15 is best.", "SCN figure 5, left", default_delta_1_is_best),
    Claim("S22", "A learnable delta 1 comes close to the best.", "SCN 4.4", learnable_delta_1_is_close),
    Claim("S23", "delta 2 = .2 is best.", "SCN figure 5, middle", default_delta_2_is_best),
    Claim("S24", "beta = .7 is best, clean and noisy.", "SCN figure 5, right", default_beta_is_best),
    Claim("S25", "SCN costs nothing at inference.", "SCN 4.5", needs="times and parameters of the networks"),
    Claim("S26", "SCN fits any convolutional backbone.", "SCN 3.1", needs="results on at least three backbones"),
    Claim(
        "S27",
        "Many wrong labels keep a network from converging early.",
        "SCN 1",
        needs="early training curves by noise",
    ),
    Claim("S28", "A new label may be wrong and yet reasonable.", "SCN 4.2", needs="votes beside the changed labels"),
    Claim("S29", "Uncertain samples harm the learnt features.", "SCN 1", needs="linear probes of the features"),
    Claim("S30", "SCN is above every rival of table 7.", "SCN table 7", needs="the rivals, RAF-DB and AffectNet"),
    Claim(
        "S31",
        "Fine-tuning with SCN adds 1 to 2 points after web pretraining.",
        "SCN 4.3",
        needs="WebEmotion or a stand-in",
    ),
    Claim("S32", "MetaCleaner helps on the original labels too.", "SCN 4.3", metacleaner_helps_original_labels),
)
