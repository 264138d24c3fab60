# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Synthetic noise: reading table 2 twice
#
# *After this lesson you can hold SCN's main table against measurements with error bars, and say what a table without them
# can and cannot show.*
#
# | | |
# |---|---|
# | **You will** | check a sentence against its own table · recompute a cell · ask what a single seed would have claimed · see which classes pay |
# | **You need** | lessons 03, 04 and 08 |
# | **Time** | 25 minutes to read, 1 minute to run (`quick`, 2 CPU cores; the runs of lessons 04 and 08 are found) |
# | **Data** | rendered faces; measured results that come with the project |
# | **Paper** | SCN section 4.2, table 2; LRN table 1 |

# %% tags=["parameters"]
profile = "quick"  # smoke | quick | paper
seed = 0

# %%
from scnlib.course import start

ctx = start("09_synthetic_noise", profile=profile, seed=seed)

# %% [markdown]
# ## The table
#
# Three data sets, three shares of wrong labels, two ways to begin. In brackets stands the gain over the baseline of the
# same column. The columns at the right are ours: mean ± standard deviation over n seeds, and the gain with its 95 %
# interval.

# %%
from scnlib import paper

results = paper.load_results()
paper.compact("scn-2", results).replace("none", "no gain to show")

# %% [markdown]
# The paper reads three sentences from it:
#
# - SCN "consistently improves the baseline by a large margin" (S10 from scratch, S11 pretrained);
# - "for both schemes, the benefit from SCN becomes more obvious as the noise ratio increases up" (S12);
# - CurriculumNet and MetaCleaner "improve the baseline largely but are still inferior" (S13).
#
# (Where the text of section 4.2 swaps FERPlus and AffectNet, we follow the table; lesson A1 shows the swap.)
#
# The second can be checked without a single training run.
#
# **Predict:** the table has six columns (three data sets, two schemes). In how many does the printed gain rise at *both*
# steps, from 10 to 20 and from 20 to 30 %?

# %%
from scnlib.course import confusions, luck, readings, wording

printed = readings.printed_gains("scn-2").query("method == 'scn'")
columns = printed.pivot(index=["pretrained", "dataset"], columns="noise_rate", values="gain")
columns

# %%
from scnlib import plots

drawn = printed.assign(value=100 * printed["noise_rate"], series=printed["dataset"], mean=printed["gain"])
drawn = drawn.assign(low=float("nan"), high=float("nan"), n=float("nan"))  # no number of runs is stated
panels = {"wrong labels, % (from scratch)": drawn[~drawn["pretrained"]],
          "wrong labels, % (pretrained)": drawn[drawn["pretrained"]]}
figure = plots.sweep(panels, title="The gains that table 2 prints", label="SCN over baseline, points",
                     note="published; one number a cell, no spread stated")
ctx.save(figure, "printed",
         alt="Printed gains of SCN over the baseline against the share of wrong labels, from scratch and pretrained, "
             "a line for each data set: not all lines rise.")

# %%
rises = columns.diff(axis=1).iloc[:, 1:].gt(0).all(axis=1)
ctx.say("**{rises} of {all}** printed columns rise at both steps; in {ends} the gain is larger at 30 % than at 10 %.",
        rises=int(rises.sum()), all=len(rises), ends=int((columns[0.3] > columns[0.1]).sum()), origin="published")

# %% [markdown]
# From end to end the sentence is right; step by step half of the columns contradict it. Is a gain that falls from 1.38 to
# 0.58 and climbs to 1.91 a trend, or noise around one? The table cannot say: it has **one number in each cell**. To decide,
# we must know how much such a number moves when nothing but the seed changes. That is what this lesson measures.
#
# LRN's table 1 quotes SCN's own pretrained numbers beside a baseline of its own. Quotations can be checked, too.

# %%
import pandas as pd

prints = {cell.row.removeprefix("pretrained, ") + f", {cell.column}": cell.value for cell in paper.TABLES["scn-2"]
          if cell.row.startswith("pretrained")}
copies = {f"{cell.row}, {cell.column}": cell.value for cell in paper.TABLES["lrn-1"] if cell.row.endswith("SCN")}
both = pd.DataFrame({"SCN prints": prints, "LRN copies": copies}).dropna()
both.assign(same=both["SCN prints"] == both["LRN copies"])

# %%
unlike = both[both["SCN prints"] != both["LRN copies"]]
ctx.say("Of {n} copied cells {differ} {verb}: {names}. Numbers travel from table to table by hand.", n=len(both),
        differ=len(unlike), verb="differs" if len(unlike) == 1 else "differ", names=", ".join(unlike.index),
        origin="published")

# %% [markdown]
# ## How the noise is made
#
# "We randomly choose 10%, 20%, and 30% of training data **for each category** and randomly change their labels to others."
# That is an exact count in each class. The code that the authors released throws a coin for every face instead, without a
# seed.
#
# **Predict:** a coin that shows "wrong" in 30 % of throws: how far from 30 % do the classes end up?

# %%
import torch

from scnlib.datasets.noise import corrupt_labels

share_wrong, faces = 0.3, ctx.faces("train")
exact = corrupt_labels(faces.labels, faces.num_classes, share_wrong, seed=seed) != faces.labels
coin = torch.rand(len(faces), generator=torch.Generator().manual_seed(seed)) < share_wrong
names = {"exact, as the paper says": exact, "a coin, as the released code does": coin}
made = {name: {faces.class_names[c]: float(wrong[faces.labels == c].float().mean()) for c in range(faces.num_classes)}
        for name, wrong in names.items()}

# %%
figure = plots.class_counts(made, numbers=".1%", label="share of wrong labels",
                            title=f"Two ways to make {100 * share_wrong:.0f} % noise",
                            note=f"rendered training faces, n = {len(faces):,}, seed {seed}")
ctx.save(figure, "coin",
         alt="Bars: share of wrong labels in each class, the same in all classes with exact counts, scattered around "
             "it with a coin for each face.")
thrown = pd.Series(made["a coin, as the released code does"])
even = pd.Series(made["exact, as the paper says"])
ctx.say("Exact counts give {least:.1%} to {most:.1%}, apart by no more than whole faces make it; the coin gives "
        "{low:.1%} to {high:.1%}.", least=even.min(), most=even.max(), low=thrown.min(), high=thrown.max(),
        origin="measured here")

# %% [markdown]
# ## Recompute a cell
#
# Three methods on the same noisy faces. Change `rate` to 0.1 or 0.2 and run the cell again for another row of the table (a
# minute or two for each network).
#
# **Predict** the order of the three, and the sign of SCN's gain.

# %%
rate = 0.3
here = ctx.compare(["baseline", ("scn", {"relabelling": False}), "scn"], noise_rate=rate)
here.table()

# %%
against = here.against("baseline", of="SCN")
ctx.say("One seed, {n:,} test faces: SCN {verb} the baseline, {gain:+.1f} ± {interval:.1f} points. This interval "
        "knows the luck of the test faces and nothing of the luck of training.", **against, origin="measured here")

# %% [markdown]
# ## The whole table
#
# The same at four noise levels, measured before; how many seeds stand behind a number is said beside it. A seed decides the first weights, which labels are
# wrong, the order of the faces and how each is moved and mirrored; baseline and SCN of one seed share all of that. So gains
# are taken **seed by seed**, and only then averaged.

# %%
rates = (0.0, 0.1, 0.2, 0.3)
rows = pd.concat([readings.runs_of(results, readings.three(rate)).assign(noise_rate=rate) for rate in rates])
seeds = wording.seed_words(rows["seed"])
if len(rows):
    repeated = rows.duplicated(["label", "noise_rate"]).any()
    each = rows.groupby("noise_rate")["seed"].nunique()
    counted = f"up to {' / '.join(map(str, each))} seeds a bar" + ("; dots: single seeds, where a bar has several"
        if repeated else "")
    figure = plots.results_bars(rows.rename(columns={"label": "method", "value": "accuracy"}),
                                title="Rendered faces: three methods under noise",
                                note=f"measured at full scale, quick recipe; {counted}", low=0)
    ctx.save(figure, "bars",
             alt="Bars of test accuracy on rendered faces for baseline, SCN without relabelling and SCN at 0, 10, 20 "
                 "and 30 percent wrong labels; dots are single seeds where a bar has several.")

# %%
labels = {rate: f"{100 * rate:.0f} % wrong labels" for rate in rates}
gains = readings.seed_gains(results,
                            {labels[rate]: (paper.arm("scn", rate), paper.arm("baseline", rate)) for rate in rates})
shown = gains if len(gains) else pd.DataFrame({"label": list(labels.values()), "seed": 0, "gain": float("nan")})
raf = printed[(printed["dataset"] == "RAF-DB") & ~printed["pretrained"]]
figure = plots.seed_gains(shown, dict(zip(raf["noise_rate"].map(labels), raf["gain"], strict=True)),
                          title="SCN over the baseline, seed by seed",
                          note=f"rendered faces, quick recipe, {seeds}; published: RAF-DB from scratch, SCN table 2")
ctx.save(figure, "gains",
         alt="Gain of SCN over the baseline on rendered faces at each share of wrong labels: a dot for each seed, the "
             "mean with its interval, and the published gain on RAF-DB as a diamond.")

# %%
measured = pd.concat([paper.arms(results, readings.three(rate), reference="baseline").assign(noise=labels[rate])
                      for rate in rates])
measured = measured.dropna(subset="gain")
for row in measured[measured["label"] == "SCN"].itertuples():
    interval = f"interval {row.low:+.1f} to {row.high:+.1f}" if row.low == row.low else "one seed, so no interval"
    ctx.say("{noise}: SCN **{gain:+.1f}** points ({interval}; n = {n}).", noise=row.noise, gain=row.gain,
            interval=interval, n=row.n, origin="measured at full scale")

# %% [markdown]
# ## Read the sign with care
#
# Whatever sign you read, it belongs to *this recipe*, in which both train at one learning rate. SCN's loss is a different
# one: half of it is the rank loss, and $\alpha < 1$ flattens the scores, so at the same nominal rate it takes smaller
# steps. One look at twice the rate says how much that matters; lesson 11 gives each its own rate.

# %%
few = results[results["seed"] < 3]  # the seeds of both rates
at = {lr: paper.arms(few, readings.three(0.3), lr=lr).set_index("label") for lr in (0.05, 0.1)}
wide = pd.DataFrame({f"rate {lr:g}": table["mean"] for lr, table in at.items()})
counts = [f"{a}, {b}" for a, b in zip(at[0.05]["n"], at[0.1]["n"], strict=True)]
wording.readable(wide, missing="not measured").assign(n=counts).rename_axis("30 % wrong labels")

# %%
if wide.notna().all(axis=None):
    gap = wide.loc["SCN"] - wide.loc["baseline"]
    ctx.say("Twice the rate changes the baseline by {base:+.1f} points and SCN by {scn:+.1f}: the gap between them "
            "goes from {before:+.1f} to **{after:+.1f}**.", base=wide.loc["baseline"].diff().iloc[1],
            scn=wide.loc["SCN"].diff().iloc[1], before=gap.iloc[0], after=gap.iloc[1], origin="measured at full scale")

# %% [markdown]
# ## Where labels are learnt by heart
#
# SCN is meant against networks that learn wrong labels by heart, and on moved and turned pictures twelve epochs are too
# few for that (lesson 04). So show the very same pictures again and again, in many small steps:
# `scn run --no-augmentation --epochs 14 --batch-size 64`. Now there is something to cure.
#
# **Predict:** how many wrong labels does the baseline know by heart in the end? Who knows fewer, and does that pay?

# %%
from scnlib import figures

ctx.full_scale(figures.rendered_by_heart)
ctx.full_scale(figures.ferplus_by_heart)

# %%
from scnlib.config import BY_HEART
from scnlib.paper.learnt import stopped_early

cures = readings.three(0.3) | {"ELR": paper.arm("elr", 0.3), "second opinion": paper.arm("second_opinion", 0.3)}
epochs = paper.load_epochs()
fallen_ill = {}
for dataset, faces in {"rendered": "rendered faces", "ferplus": "FER+"}.items():
    table = paper.arms(results, cures, dataset, "baseline", **BY_HEART).set_index("label")
    for column, title in {"memorised": "by heart, %", "alpha_auroc": "AUROC"}.items():
        table[title] = paper.arms(results, cures, dataset, column=column, **BY_HEART).set_index("label")["mean"]
    keys = {name: readings.keys_of(results, arm, dataset, **BY_HEART) for name, arm in cures.items()}
    table["stopped early, %"] = {name: 100 * stopped_early(epochs[epochs["key"].isin(own)]).mean()
                                 for name, own in keys.items()}
    fallen_ill[faces] = table[table["n"] > 0].rename(columns={"mean": "last epoch, %"})

# %%
words = wording.NO_NUMBER | {"AUROC": "no trust"}
wording.readable(pd.concat(fallen_ill).drop(columns=["seeds", "recipe", "shared"]), 2, words).rename_axis(
    ["30 % flips, never augmented", "method"])

# %%
for faces, table in fallen_ill.items():
    for row in table.dropna(subset="gain").itertuples():
        ctx.say("{faces}, {name}: **{gain}** points against the baseline (n = {n}).", faces=faces, name=row.Index,
                n=row.shared, gain=wording.gain(row.gain, row.low, row.high), origin="measured at full scale")

# %% [markdown]
# Where there is something to cure, SCN is no longer behind. Its relabelling keeps a part of the wrong labels from being learnt, though its
# $\alpha$ hardly knows them. Who asks the network's memory does more: ELR and second opinion hold it to what it believed *before* it knew
# the labels by heart. The sections above tested SCN on networks that had hardly fallen ill.
#
# The last column is what stopping at the best epoch on *noisy validation* labels would have brought, without any cure. On
# FER+ the test accuracy has a peak before the labels are known by heart, and who stops there has more than SCN keeps.
#
# One set-up, with one rate for all, and not a recipe that anybody would choose: in the usual one (moved and turned pictures, larger
# batches) the baseline stands higher.
#
# ## What one seed would have said
#
# The paper does not state how many runs stand behind a cell. Suppose it is one, and take each of our seeds as if it were the
# paper.
#
# **Predict:** how far apart do single-seed gains at the same noise lie: a tenth of a point, one point, three?

# %%
relabelling = {}
for rate in rates:
    pair = paper.arm("scn", rate), paper.arm("scn", rate, relabelling=False)
    relabelling[f"relabelling over none, {labels[rate]}"] = pair
over_baseline = gains.assign(label="SCN over baseline, " + gains["label"])
effects = pd.concat([over_baseline, readings.seed_gains(results, relabelling)])
by_label = effects.groupby("label", sort=False)["gain"]
alone = by_label.agg(seeds="count", lowest="min", highest="max", mean="mean", std="std")
alone["one seed has the wrong sign, %"] = [100 * luck.wrong_sign(row.mean, row.std) for row in alone.itertuples()]
shown = wording.readable(alone, missing="needs two seeds")
shown.replace({"one seed has the wrong sign, %": {0.0: "under 0.1"}})

# %% [markdown]
# The last column takes the measured mean and spread for the true ones and seeds for normal. Look for effects about as small
# as their spread: there one seed is a coin.

# %%
spread = luck.pooled_std(group["gain"].tolist() for _, group in gains.groupby("label"))
if spread == spread:
    pairs = gains.groupby("label")["seed"].count()
    ctx.say("From seed to seed SCN's gain moves by {spread:.1f} points (standard deviation, pooled over the noise "
            "levels with several seeds: {pairs} pairs of runs). With such a spread a single pair of runs must differ "
            "by more than **{needed:.1f}** points before luck is unlikely. Of the {all} gains of SCN that table 2 "
            "prints, {small} are smaller.", spread=spread, pairs=int(pairs[pairs > 1].sum()), needed=1.96 * spread,
            all=len(printed), small=int((printed["gain"] < 1.96 * spread).sum()), origin="measured at full scale")
else:
    ctx.say("> Two seeds of one cell are needed to say how much a gain moves; there is one so far.")

# %% [markdown]
# The spread is ours, of a small network and rendered faces; theirs may be smaller (longer training, pretrained weights) or
# larger (rarer classes, other data). Nobody printed it, which is the point: **without it neither
# "improves" nor "does not" can be read off half a point.** The 8 to 14 points on RAF-DB from scratch are another matter: a
# spread of a point or two does not make those.
#
# ## The best epoch flatters
#
# The released code tests after every epoch and keeps what is good on the *test* set. What would the best one add here, and to whom?

# %%
bonus = results.assign(bonus=results["best_accuracy"] - results["accuracy"])
extra = pd.concat([readings.runs_of(bonus, readings.three(rate), column="bonus").assign(noise=labels[rate])
                   for rate in rates])
flattery = extra.pivot_table(index="noise", columns="label", values="value", sort=False)
wording.readable(flattery, 2, "not measured").rename_axis("best test epoch minus last, points")

# %%
if len(extra):
    ctx.say("Choosing on the test set would add {low:.2f} to {high:.2f} points to these cells. Here the learning rate "
            "ends near zero, so the last epochs hardly differ; a recipe whose curve wobbles to the end has more to "
            "pick from.", low=flattery.min(axis=None), high=flattery.max(axis=None), origin="measured at full scale")
falling = paper.arm("scn", 0.3, weighting="none", ranking=False, relabel_epoch=8, relabel_mode="eval")
lost = readings.runs_of(bonus, {"falling": falling}, column="bonus")["value"]
if len(lost):
    ctx.say("Where a curve rises and then falls, the choice hides the fall: to the baseline with relabelling from "
            "epoch 8 on, in evaluation mode and under 30 % wrong labels, it would add **{lost:.0f}** points (n = {n}).",
            lost=lost.mean(), n=len(lost), origin="measured at full scale")

# %% [markdown]
# ## Which classes pay
#
# The noise is spread evenly over the classes. **Predict:** is the damage?

# %%
confusion = ctx.results("rendered_confusion")
compared = {"baseline, clean labels": paper.arm("baseline"), "baseline, 30 % wrong": paper.arm("baseline", 0.3),
            "SCN, 30 % wrong": paper.arm("scn", 0.3)}
recalls = ({name: confusions.class_recall(confusion, readings.keys_of(results, arm)) for name, arm in compared.items()}
           if len(confusion) else {})
recalls = {name: recall for name, recall in recalls.items() if recall}
if recalls:
    figure = plots.class_counts(recalls, numbers=".0%", label="share of the class that is recognised",
                                title="Even noise, uneven damage",
                                note=f"rendered test faces, measured at full scale, quick recipe, {seeds}")
    ctx.save(figure, "classes",
             alt="Bars: share of each expression that is recognised on the test faces, by the baseline on clean "
                 "labels, the baseline on 30 percent wrong labels, and SCN on 30 percent wrong labels.")

# %%
if len(recalls) == len(compared):
    clean, noisy, cured = (100 * pd.Series(recall) for recall in recalls.values())
    lost = clean - noisy
    ctx.say("The noise costs {most} **{high:.0f}** points and {least} **{low:.0f}**. Against the noisy baseline SCN "
            "is ahead on {ahead} of {all} classes.", most=lost.idxmax(), high=lost.max(), least=lost.idxmin(),
            low=lost.min(), ahead=int((cured > noisy).sum()), all=len(cured), origin="measured at full scale")

# %% [markdown]
# Plausibly classes pay whose look-alikes stand near: a boundary between two close neighbours moves first. (`data/results`
# holds the whole confusion; look where the lost faces went.) A mean over classes belongs beside every accuracy.
#
# ## On real faces
#
# FER+, the small network from scratch, measured before. The published FERPlus numbers (ResNet-18, another resolution, more
# than three times as many epochs) stand beside ours as diamonds.

# %%
ctx.full_scale(figures.accuracy)

# %%
for network in ("small", "resnet18"):
    real = paper.arms(results, readings.three(0.3), "ferplus", reference="baseline", backbone=network)
    for row in real.dropna(subset="gain").itertuples():
        ctx.say("FER+ at 30 %, network {network}: {label} {gain:+.1f} points against the baseline (n = {n}).",
                network=network, label=row.label, gain=row.gain, n=row.n, origin="measured at full scale")

# %% [markdown]
# An accuracy over all faces can hide *who* pays. FER+ is uneven: neutral and happiness are more than half of it, disgust and contempt
# hardly there. A network that changes labels changes them to what it predicts.
#
# **Predict:** whose recall grows under SCN, and whose falls to less than half of the baseline's?

# %%
arms = {"baseline, clean": paper.arm("baseline"), "baseline, 30 %": paper.arm("baseline", 0.3),
        "no relabelling, 30 %": paper.arm("scn", 0.3, relabelling=False), "SCN, 30 %": paper.arm("scn", 0.3)}
tested = ctx.results("ferplus_confusion")
kept = ({name: confusions.class_recall(tested, readings.keys_of(results, arm, "ferplus")) for name, arm in arms.items()}
        if len(tested) else {})
if kept and all(kept.values()):
    figure = plots.class_counts(kept, numbers=".0%", label="share of the class that is recognised",
                                title="Labels drift to the commonest class",
                                note="FER+ test faces, small network, quick recipe, all seeds together, measured at "
                                     "full scale")
    ctx.save(figure, "drift",
             alt="Bars: share of each expression that is recognised on FER+'s test faces by the baseline on clean "
                 "labels and, with 30 percent wrong labels, by the baseline, by SCN without relabelling and by SCN.")

# %%
if kept and all(kept.values()):
    means = paper.arms(results, {"baseline": arms["baseline, 30 %"], "SCN": arms["SCN, 30 %"]}, "ferplus", "baseline",
                       column="mean_class_accuracy").iloc[1]
    grown = [name for name, value in kept["SCN, 30 %"].items() if value > kept["no relabelling, 30 %"][name]]
    halved = confusions.halved(kept["SCN, 30 %"], kept["baseline, 30 %"])
    ctx.say("Relabelling lets recall grow for {grown} and for no other. SCN as a whole recognises less than half as "
            "often as the baseline: {halved}; its mean over classes is **{gain}** points against the baseline's "
            "(n = {n}).", grown=" and ".join(grown) or "no class", halved=" and ".join(halved) or "none",
            gain=wording.gain(means["gain"], means["low"], means["high"]), n=means["n"],
            origin="measured at full scale")

# %% [markdown]
# ## Would other faces say so?
#
# Seeds are one kind of luck. Which faces were photographed is another, and all seeds share it: an interval over seeds says what
# *these very* 3,137 faces would give. So the predictions for each of FER+'s test faces are kept, and the gaps where labels were learnt by
# heart can be asked twice: over seeds alone, and over seeds and faces together (a two-way model; `paper/stats.py` has the formula).
#
# They can also be asked of faces of one kind. At least 291 test faces have a near twin among the training faces (lesson 02). And
# *ambiguous* are faces on whose label at most six of ten annotators agreed, *clear* the others.
#
# **Predict:** without the faces that have a twin, is SCN further ahead of a baseline that learnt labels by heart, or less?

# %%
from scnlib.paper import per_face

faces = per_face.load_faces()
right, baseline = per_face.load_right(faces), paper.arm("baseline", 0.3)
cures = {"SCN": paper.arm("scn", 0.3), "second opinion": paper.arm("second_opinion", 0.3)}
on_kinds = per_face.gains(results, right, faces, cures, baseline, **BY_HEART)
if on_kinds["n"].any():
    counts = on_kinds["label"] + [f" ({n:,})" for n in on_kinds["faces"]]
    figure = plots.effects(on_kinds.assign(label=counts), title="Ahead of a baseline that learnt labels by heart",
                           unit="points; 95 % intervals over seeds and faces",
                           note="FER+ test faces, small network, 30 % flips, never augmented; measured at full scale")
    ctx.save(figure, "kinds",
             alt="Gains of SCN and of second opinion over the baseline with intervals, on all test faces of FER+, on "
                 "those without and with a near twin in the training set, on clear and on ambiguous ones.")

# %%
for method, own in on_kinds[on_kinds["n"] > 1].set_index("label").groupby("group", sort=False):
    every, twins, rest = (own.loc[kind] for kind in ("all", "with a twin", "without a twin"))
    ctx.say("{method}: {alone} over seeds alone, **{both}** over seeds and faces (n = {n}). On faces with a twin "
            "{twins}, on the others **{rest}**.", method=method, n=every["n"],
            alone=wording.gain(every["effect"], every["seeds_low"], every["seeds_high"]),
            **{name: wording.gain(*row[["effect", "low", "high"]])
               for name, row in {"both": every, "twins": twins, "rest": rest}.items()}, origin="measured at full scale")

# %% [markdown]
# Without the faces that have a twin next to nothing changes. Do not read the two kinds against each other: four in ten faces with a twin
# are surprised, one in ten of the others. Against others of like class, twins do not favour the baseline:

# %%
if on_kinds["n"].any():
    ahead = {name: per_face.twin_advantage(results, right, faces, runs, **BY_HEART)["ahead"]
             for name, runs in {"baseline": baseline, "scn": cures["SCN"]}.items()}
    ctx.say("On faces with a twin the baseline is {baseline:.1f} points better than on others of like class, SCN "
            "{scn:.1f}.", origin="measured at full scale", **ahead)

# %% [markdown]
# The second interval has more to cover and can still be the narrower one. Its standard error is larger. But three seeds alone leave two
# degrees of freedom, and so 4.3 standard errors to each side; faces, thousands of them, carry a part of the second variance, which leaves
# a few more degrees and fewer standard errors. These degrees are estimated from three seeds, too: do not take it for better knowledge.
#
# In the usual recipe SCN is behind. SCN's authors expect its gain where annotators disagree. **Predict:** is its gap smaller on ambiguous
# faces?

# %%
usual = {name: arm for name, arm in readings.three(0.3).items() if name != "baseline"} | {"LRN": paper.arm("lrn", 0.3)}
table = per_face.gains(results, right, faces, usual, baseline)
table = table.assign(gain=[wording.gain(*row) for row in table[["effect", "low", "high"]].to_numpy()])
wide = table[table["n"] > 0].pivot(index="group", columns="label", values="gain")
wide = wide.reindex(index=list(usual), columns=["all", *per_face.KINDS])
wording.readable(wide, missing="not kept").rename_axis(index="30 % flips, points against the baseline", columns=None)

# %% [markdown]
# SCN is less far behind on ambiguous faces than on clear ones, but the intervals overlap widely; that its gain lies there is not shown.
#
# ## The verdicts
#
# The ledger of the course judges each claim by one rule: *held* if the 95 % interval of the paired differences lies on the
# claimed side under **every** condition that the claim names; *not held* if it lies on the other side under one of them (widened, for k
# conditions have k chances); else *undecided*: luck is not ruled out, or there is one seed. Claims whose methods, weights or data are not there are *not tested*.

# %%
ctx.verdicts()

# %% [markdown]
# ## Recap
#
# You **checked a sentence against its own table** and found that half of the printed columns do not rise step by step. You
# **recomputed a cell** and read the others with their number of seeds. You asked **what a single seed would have claimed**,
# and how large a gain must be before one pair of runs means anything. You **made the illness** that SCN is meant for and saw
# what it, and two other cures, do about it. And you looked at **which classes pay** for evenly spread noise.
#
# ## What would change our mind
#
# - SCN ahead of a baseline that stops early, where labels are learnt by heart: then its cure is worth more than a look at the clock.
# - A recipe, chosen without looking at test labels, in which SCN beats an equally tuned baseline at all three ratios with
#   intervals clear of zero. Lesson 11 looks for one.
# - A spread over seeds on RAF-DB or FER+ far below ours would make the small printed gains mean something.
# - Pretrained features: half of table 2 starts from MS-Celeb-1M weights, and nothing here does. A better doctor from the
#   first epoch on is the likeliest place for SCN to win.
#
# ## Exercises
#
# [Exercises that check themselves, and a quiz](exercises/09_synthetic_noise.ipynb) go with this lesson. Further questions, which nobody
# checks but you:
#
# 1. Change `rate` in "Recompute a cell" to 0.2, and the seed in the parameters cell to 3. Does your gain lie inside the
#    interval above? Must it?
#
# ## References
#
# - Wang, Peng, Yang, Lu, Qiao: *Suppressing Uncertainties for Large-Scale Facial Expression Recognition* (SCN), CVPR 2020,
#   section 4.2, table 2.
# - Yan et al.: *Mitigating Label-Noise for Facial Expression Recognition in the Wild* (LRN), 2022, table 1.
# - Bouthillier et al.: *Accounting for Variance in Machine Learning Benchmarks*, MLSys 2021.

# %% tags=["remove-cell"]
assert len(columns) == 6 and int(rises.sum()) == 3, "the printed table has changed: rewrite the lesson's story"
assert len(unlike) == 1
if profile == "quick":
    shares = made["exact, as the paper says"].values()
    assert max(shares) - min(shares) < 0.005
    assert against["gain"] + against["interval"] < 0, "SCN does not lose at the nominal rate: rewrite the lesson's story"
    assert not (measured["gain"] >= 2).any(), "SCN gains clearly somewhere: rewrite the lesson's story"
if on_kinds["n"].any():
    assert ahead["scn"] > ahead["baseline"], "twins favour the baseline: rewrite the lesson's story"
    scn = {name: rows.set_index("label") for name, rows in (("heart", on_kinds.query("group == 'SCN'")),
                                                            ("usual", table.query("group == 'SCN'")))}
    assert abs(scn["heart"].loc["all", "effect"] - scn["heart"].loc["without a twin", "effect"]) < 0.5
    assert scn["usual"].loc["clear", "effect"] < scn["usual"].loc["ambiguous", "effect"] < scn["usual"].loc["clear", "high"]
