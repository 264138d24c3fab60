# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The Self-Cure Network, assembled and examined
#
# *After this lesson you can compute SCN's loss by hand, follow its importance weights through training, and audit its
# cures well enough to say when relabelling must fail.*
#
# | | |
# |---|---|
# | **You will** | compute one batch by hand · train SCN with and without relabelling beside the baseline · ask what alpha knows · audit the cures |
# | **You need** | lessons 03 and 04; 05 to 07 take the three modules one at a time |
# | **Time** | 20 minutes to read, 4 minutes to run (`quick`, 2 CPU cores; runs of earlier lessons are found) |
# | **Data** | rendered faces; measured FER+ results that come with the project |
# | **Paper** | SCN sections 3 and 4.2, figures 2, 3, 4 |

# %% tags=["parameters"]
profile = "quick"  # smoke | quick | paper
seed = 0

# %%
from scnlib.course import start

ctx = start("08_self_cure_network", profile=profile, seed=seed)

# %% [markdown]
# ## The whole in one picture

# %%
from scnlib import plots

faces = ctx.faces("train", noise_rate=0.3)
ctx.save(plots.scn_diagram(faces.images[:4]), "diagram", alt="Drawing of the Self-Cure Network: a batch of faces goes "
         "through a backbone; features give an importance alpha and class scores; alpha is ranked, multiplies the scores in "
         "the loss, and in the low group new labels are given that act from the next epoch on.")

# %% [markdown]
# Read it from the left. A backbone turns each face into features $x$. Two linear layers look at them: one gives class
# scores $z$, the other a single number, the **importance** $\alpha$. Then three modules act on the batch:
#
# 1. **weighting** multiplies the scores of a face by its $\alpha$ before the cross-entropy;
# 2. **ranking** sorts the batch by $\alpha$ and demands a margin between the mean of the upper 70 % and of the lower 30 %;
# 3. **relabelling** gives a face of the lower group a new label when the network is surer of another class by a margin.
#
# Notice what is *not* drawn: no arrow leads from the label to $\alpha$.
#
# ## One batch by hand
#
# Eight faces and a network that has learnt nothing yet.

# %%
import torch

from scnlib.methods import make_method
from scnlib.models import make_backbone, normalize

method = make_method("scn")
network = method.build(make_backbone("small", faces.images.shape[-1], seed), faces.num_classes)
with torch.no_grad():
    z, alpha = network(normalize(faces.images[:8]))
labels = faces.labels[:8]
alpha

# %% [markdown]
# The loss takes four lines. They are equations 2, 4, 3 and the sum of section 3.3, in this order.

# %%
weighted = -torch.log_softmax(alpha[:, None] * z, dim=1)[range(8), labels].mean()
high, low = alpha.sort(descending=True).values.split([5, 3])  # floor(0.7 * 8) = 5
rank = max(0.15 - (high.mean() - low.mean()), torch.tensor(0.0))
total = 0.5 * rank + 0.5 * weighted

# %% [markdown]
# **Predict:** a network that knows nothing gives each of eight classes 1/8. What is its cross-entropy? And the total, if the
# importances are still all alike?

# %%
from scnlib import losses

package = losses.total_loss(losses.logit_weighted_cross_entropy(z, alpha, labels), losses.rank_regularization(alpha))
ctx.say("Weighted cross-entropy {weighted:.3f} (ln 8 is {chance:.3f}), rank loss {rank:.3f}, total **{total:.3f}**; the "
        "package says {package:.3f}.", weighted=float(weighted), chance=float(torch.tensor(8.0).log()), rank=float(rank),
        total=float(total), package=float(package), origin="measured here")

# %% [markdown]
# Equation 5 on the same batch: only the three faces of the low group are asked, and a face changes its label if
# $P_{max} - P_{label} > 0.2$.

# %%
import numpy as np
import pandas as pd

from scnlib.relabel import low_importance, relabel

p = torch.softmax(alpha[:, None] * z, dim=1)
new, changed = relabel(p, labels, alpha)
names = faces.class_names
pd.DataFrame({"given": [names[i] for i in labels], "alpha": alpha.numpy(), "group": ["low" if g else "high" for g in low_importance(alpha)],
              "P(label)": p[range(8), labels].numpy(), "P(max)": p.max(1).values.numpy(),
              "new": [names[i] for i in new], "changed": changed.numpy()}).round(3)

# %% [markdown]
# Nothing changes in this batch: the fresh network is nowhere surer by 0.2. The paper lets relabelling begin in epoch 10 of
# 40 (it does not say why); a profile scales that with its length.
#
# ## The experiment
#
# 30 % of the labels are wrong. The baseline believes them all; SCN without relabelling weighs and ranks; SCN also relabels.
#
# **Predict** the order of the three on clean test faces.

# %%
bare = ("scn", {"relabelling": False})
runs = ctx.compare(["baseline", bare, "scn"], noise_rate=0.3)
runs.table()

# %%
for method_name in ("SCN without relabelling", "SCN"):
    ctx.say("{method} {verb} the baseline: {gain:+.1f} ± {interval:.1f} points (95 % over {n:,} test faces, one seed).",
            **runs.against("baseline", of=method_name), origin="measured here")

# %%
note = f"1 run each, seed {seed}, 30 % wrong labels; test n = {runs['SCN'].manifest['n_test']:,}"
figure = plots.training_curves({label: run.metrics for label, run in runs.runs.items()},
                               ("classification_loss", "train_accuracy_true", "test_accuracy"), note=note)
ctx.save(figure, "curves", alt="Classification loss, accuracy on true training labels and test accuracy over epochs for the "
         "baseline, SCN without relabelling and SCN.")

# %% [markdown]
# Look at the curves *before* relabelling begins. SCN starts more slowly, for two reasons that stand in the four lines above.
# The classification loss counts only half ($1-\gamma = 0.5$), so its gradient is half as large; and $\alpha < 1$ shrinks
# the scores and with them the gradient once more. SCN trains, in effect, at a smaller learning rate.
#
# **Predict:** if that is the reason, what does twice the learning rate do to SCN?

# %%
rate = runs["SCN"].config.lr
faster = ctx.run("scn", noise_rate=0.3, relabelling=False, lr=2 * rate)
halved = ctx.run("baseline", noise_rate=0.3, lr=rate / 2)
four = (runs["SCN without relabelling"], faster, runs["baseline"], halved)
slow, fast, plain, half = (100 * run.metrics["test_accuracy"].iloc[-1] for run in four)
ctx.say("Twice the learning rate takes SCN without relabelling from {slow:.1f} % to {fast:.1f} %. The control: half of it takes "
        "the baseline from {plain:.1f} % to {half:.1f} %. So at most about {share:.0%} of the gap of {gap:.1f} points is step "
        "size (one run each).", slow=slow, fast=fast, plain=plain, half=half, gap=plain - slow,
        share=min(1, max(0, plain - half, fast - slow) / max(plain - slow, 0.1)), origin="measured here")

# %% [markdown]
# The control matters: without it one would blame the step size for everything. A table that compares two methods at one
# learning rate compares their step sizes too; a fair one tunes each on noisy validation labels, which lesson 11 *(coming)*
# will do.
#
# ## What does alpha know?
#
# The paper's hope: wrongly labelled faces get low importance. Here is $\alpha$ through training, for faces whose label is
# right and for faces whose label was made wrong.
#
# **Predict:** how far apart will the two bands be?

# %%
without = runs["SCN without relabelling"]
wrong = without.samples["given"] != without.samples["true"]
figure = plots.alpha_over_epochs(without.metrics["epoch"], without.samples["alpha"], wrong, title="Importance through training",
                                 note="SCN without relabelling; " + note)
ctx.save(figure, "alpha_epochs", alt="Median and middle 80 percent of alpha over epochs for right and for wrong labels; "
         "the two bands lie on top of each other.")

# %%
figure = plots.alpha_histogram(without.samples["alpha"][-1], wrong, title="Importance in the last epoch",
                               note="SCN without relabelling; " + note)
ctx.save(figure, "alpha_histogram", alt="Histograms of alpha in the last epoch for right and for wrong labels; they have "
         "the same shape, and the AUROC in the title is close to one half.")

# %%
auroc = without.metrics["alpha_auroc"]
ctx.say("The probability that a wrongly labelled face has the lower importance is **{last:.3f}** in the last epoch and never "
        "left {low:.3f} to {high:.3f}. A coin has 0.5.", last=auroc.iloc[-1], low=auroc.min(), high=auroc.max(), origin="measured here")

# %% [markdown]
# This is no accident of a short run. $\alpha = \sigma(w_a^\top x)$ is a function of the **image**. Noise was put on at
# random, so an image does not know whether its label was flipped: faces with right and with wrong labels are drawn from
# the same pictures. The only way in for the label is *memory*: the network must have learnt this very picture by heart,
# together with the contradiction.
#
# So let us give it the chance, with lesson 04's recipe for memorising.
#
# **Predict:** does the AUROC rise when the wrong labels are being memorised?

# %%
memory = ctx.run("scn", noise_rate=0.3, relabelling=False, **ctx.long_run)
figure = plots.training_curves({"SCN without relabelling, long": memory.metrics}, ("memorised", "alpha_auroc", "alpha_mean"),
                               note=f"1 run, seed {seed}; {memory.config.epochs} epochs, batches of {memory.config.batch_size}, no augmentation")
ctx.save(figure, "alpha_memory", alt="Three panels over epochs: wrong labels are memorised, the AUROC of alpha for wrong "
         "labels, and the mean of alpha.")

# %%
peak = memory.metrics["alpha_auroc"].idxmax()
ctx.say("While the memorised share goes from {start:.0%} to {end:.0%}, the AUROC reaches **{auroc:.3f}** at most (epoch {epoch}).",
        start=memory.metrics["memorised"].iloc[0], end=memory.metrics["memorised"].iloc[-1],
        auroc=memory.metrics["alpha_auroc"][peak], epoch=int(memory.metrics["epoch"][peak]), origin="measured here")

# %% [markdown]
# ## What alpha does see
#
# If not wrong labels, then what? The paper's figure 4 shows the faces with the lowest importance after training on
# *original* labels, and says: low quality and occlusion. Rendered faces let us count instead of look.

# %%
original = ctx.run("scn", noise_rate=0.0, relabelling=False)
lowest = original.samples["alpha_eval"].astype("float32")
figure = plots.lowest_alpha_faces(faces.images, lowest, [names[i] for i in original.samples["given"]], count=9,
                                  title="The extremes of α, original labels", note=f"SCN without relabelling, 1 run, seed {seed}, no wrong labels; α of the last epoch's network")
ctx.save(figure, "lowest_alpha", alt="Nine rendered faces with the lowest and nine with the highest importance after "
         "training on original labels, with label and alpha below each.")

# %%
from scnlib.course.measures import causes_of_extremes

causes = causes_of_extremes(faces.latents or {}, faces.true_labels, lowest, names)
causes

# %% [markdown]
# Compare the columns. Where "lowest 5 %" is well above "all", alpha sees that cause; where they agree, it does not. The
# column at the right guards against a trap: a cause that is common at *both* ends is not what alpha measures.

# %%
for cause, row in causes.iterrows():
    everyone, low, high, margin = row
    if abs(low - everyone) > margin:
        ctx.say("**{cause}**: {all:.1f} % of all faces, {low:.1f} % of the twentieth with the lowest α, {high:.1f} % of that with "
                "the highest (chance alone: ± {margin:.1f}).", cause=cause.capitalize(), all=everyone, low=low, high=high,
                margin=margin, origin="measured here")
silent = [cause for cause, row in causes.iterrows() if abs(row.iloc[1] - row.iloc[0]) <= row.iloc[3]]
ctx.say("Not to be told from chance: {silent}.", silent=", ".join(silent) or "none", origin="measured here")

# %% [markdown]
# The sentences are those rows whose gap is larger than chance. Mind the rows that name a *class*: alpha may rank whole
# expressions low because the network finds them hard, and a covered or faint face follows only in second place. Compare
# with the paper's figure 4, which shows ten faces and names quality and occlusion.
#
# Mind dark skin, too. Skin and expression were drawn independently, so a gap in either direction would mean that alpha
# weighs how people *look*. Whoever weighs samples by what a network finds easy should look at such a table first.
#
# ## The audit of the cures
#
# Each changed label is one of three things: **cured** (wrong, now right), **harmed** (right,
# now wrong), or wrong before and after.
#
# **Predict:** which bars are longer, those above or those below zero?

# %%
from scnlib.course.measures import label_history, relabel_flow

flow = relabel_flow(runs["SCN"])
figure = plots.relabel_flow(flow, note="SCN; " + note)
ctx.save(figure, "flow", alt="Left: per epoch, cured labels upwards and harmed labels downwards. Right: among the changed "
         "labels, how often the new and how often the given label is right, and the share of wrong labels cured.")

# %%
figure = plots.label_accuracy_curves({"SCN": (flow["epoch"], flow["label_accuracy"])}, given=1 - wrong.mean(),
                                     title="How many labels are right?", note=note)
ctx.save(figure, "label_accuracy", alt="Share of right labels over epochs while SCN relabels, beside the flat line of the "
         "labels as given.")

# %%
final = flow.iloc[-1]
total_changed = final["cured"] + final["harmed"] + final["other"]
ctx.say("{changed:,.0f} labels differ from the given ones at the end; **{precision:.0%}** of the new labels are right, "
        "**{given:.0%}** of the labels they replaced were. Right labels went from {before:.2%} to {after:.2%}.", changed=total_changed,
        precision=final["precision"], given=final["given_right"], before=1 - wrong.mean(), after=final["label_accuracy"], origin="measured here")

# %% [markdown]
# Here is the arithmetic that decides it. If $n$ of $N$ labels are changed, of which a share $q$ was right before and a share
# $p$ is right after, then
#
# $$\text{right labels after} = \text{right labels before} + \frac{n}{N}\,(p - q).$$
#
# **A doctor that is right on $p$ % cannot cure labels of which $q \geq p$ % are right.** The group that is asked decides
# $q$: if it were full of wrong labels, $q$ would be small and a mediocre doctor would do. But the group is chosen by
# alpha, and alpha does not know. Then only the margin is left to find wrong labels: the network must contradict a label
# strongly, which it does rightly where it has *learnt* and wrongly where it has not. How sure it must be is thus a choice
# between few good cures and many bad ones.

# %%
n_changed, n_all = total_changed, len(wrong)
predicted = (1 - wrong.mean()) + n_changed / n_all * ((final["precision"] or 0) - (final["given_right"] or 0)) if n_changed else 1 - wrong.mean()
doctor = runs["SCN"].metrics["train_accuracy_true"].iloc[-1]
points = 100 * (final["cured"] - final["harmed"]) / n_all
chance = 196 * (final["cured"] + final["harmed"]) ** 0.5 / n_all
verdict = "cannot be told from none" if abs(points) <= chance else "paid" if points > 0 else "harmed"
ctx.say("By the formula {predicted:.2%} of the labels are right now; counted, {counted:.2%}: a change of {points:+.2f} ± "
        "{chance:.2f} points, so this cure **{verdict}**. It touched {changed:,.0f} of {n:,} labels. The same network is right on "
        "{doctor:.0%} of *all* training faces: had it relabelled everybody, it would have {everybody}.", predicted=predicted,
        counted=final["label_accuracy"], points=points, chance=chance, verdict=verdict, changed=total_changed, n=n_all,
        everybody="harmed" if doctor < 1 - wrong.mean() else "cured", doctor=doctor, origin="measured here")

# %% [markdown]
# ## Figure 3, redrawn
#
# The paper shows the same faces three times, at 10 % noise: trained on original labels, on corrupted labels without
# relabelling, and after relabelling. Their importance falls and rises again. We show, at this lesson's noise, the *first*
# faces of the training set that trained under a new label, whatever they say, with the importance in the last epoch.

# %%
cured = runs["SCN"]
s = cured.samples
changes = s["current"] != s["given"]  # (epochs, faces): who trained under a new label, and when
ever = changes.any(0)
moved = ever.nonzero()[0][:7] if ever.any() else np.arange(7)
newest = s["current"][len(changes) - 1 - changes[::-1].argmax(0), range(n_all)]  # the last label that differed, if any did
first, second, third = ([names[label] for label in column[moved]] for column in (s["true"], s["given"], newest))
marks = ["right" if newest[i] == s["true"][i] else "wrong" for i in moved]
figure = plots.alpha_rows(faces.images[moved], [
    ("original labels", first, original.samples["alpha_eval"][moved], [""] * len(first)),
    ("corrupted labels", second, without.samples["alpha_eval"][moved], ["wrong" if a != b else "" for a, b in zip(second, first, strict=True)]),
    ("after relabelling", third, s["alpha_eval"][moved], marks)], note="the first faces that trained under a new label; bar and number: α; " + note)
ctx.save(figure, "figure3", alt="The same rendered faces in three rows: original labels, corrupted labels, labels after "
         "relabelling; above each face a bar for its importance.")

# %%
kept = changes[-1] & ever
ctx.say("{ever:,} faces trained at least one epoch under a new label; in the last epoch **{kept:,}** of them still did.",
        ever=int(ever.sum()), kept=int(kept.sum()), origin="measured here")

# %% [markdown]
# Why do cures not last? Equation 5 keeps the new label only as long as the face stays in the **low** group; else it falls back
# to the original label $l_{org}$. Taken at its word, *a cured face that regains importance, as the paper hopes, gets its
# wrong label back.* (Which softmax decides, in training or evaluation mode, the paper does not say; that is our choice.
# `fallback="current"`, the released code's way, makes changes permanent.)
#
# To ask whether relabelled faces rise, we must not pick them by the group they end in. So: faces that trained under a new
# label in some epoch, and their importance in the *next* one, against all faces in the same epochs.

# %%
alpha_s = s["alpha"].astype("float32")
rise = alpha_s[1:] - alpha_s[:-1]
started = changes[1:] & ~changes[:-1]  # the first epoch under a new label
everyone = np.repeat(rise.mean(1)[:, None], n_all, axis=1)[started]
extra = rise[started] - everyone
ctx.say("In the first epoch under its new label a face's α changes by {mean:+.3f} ± {interval:.3f} more than everybody's "
        "(n = {n:,}). They were chosen for a *low* α, so part of any rise is the way back to the mean.",
        mean=extra.mean() if len(extra) else 0.0, interval=1.96 * extra.std() / max(len(extra), 1) ** 0.5, n=len(extra), origin="measured here")

# %% [markdown]
# ## On real faces
#
# The same three methods on FER+: the quick recipe (48 px, 12 epochs) with ResNet-18, one run each, trained before.

# %%
from scnlib import figures

for draw in (figures.accuracy, figures.label_accuracy, figures.alpha):
    ctx.full_scale(draw)

# %%
from scnlib.course.measures import means_at_highest_noise, one_recipe

means_at_highest_noise(one_recipe(ctx.results("ferplus")))

# %% [markdown]
# ## Recap
#
# You computed SCN's loss **by hand**. You trained it **beside the baseline**, with and without relabelling, and saw that its
# loss also changes the size of its steps. You asked **what alpha knows** and found that it sees the image and not the label.
# And you **audited the cures**: relabelling pays only where, among the changed labels, the new one is right more often than
# the old one, and equation 5 takes back what it cured.
#
# ## What would change our mind
#
# - An AUROC clearly above 0.5 *before* the wrong labels are memorised, on any data with random flips, would refute the
#   argument of this lesson.
# - A recipe in which SCN's changed labels are right more often than the labels they replace, over several seeds, would turn
#   the verdict on relabelling. Pretrained features are the likeliest place: a better doctor from the first epoch on.
# - Real mistakes are not random. Where a *look* makes annotators err, alpha may know after all; lesson 10 asks.
#
# ## Exercises
#
# 1. The total loss of a network that gives up ($\alpha = 0$ for all) is $0.5 \ln 8 + 0.5 \cdot 0.15$. Derive it. When is that
#    *less* than the loss of a network that is confidently wrong?
# 2. Relabel only when the network is surer by 0.5 instead of 0.2 (`margin_relabel=0.5`). Predict what happens to precision
#    and to recall, then run it.
# 3. Give `ctx.run` the option `gamma=0.2`. Does SCN come closer to the baseline early on? What does that say about the
#    comparison above?
# 4. Suppose the low group held *all* wrong labels (30 % of the batch). Which $q$ would it have, and how good must the doctor be?
#
# ## References
#
# - Wang, Peng, Yang, Lu, Qiao: *Suppressing Uncertainties for Large-Scale Facial Expression Recognition* (SCN), CVPR 2020.

# %% tags=["remove-cell"]
torch.testing.assert_close(total, package)
assert not changed.any(), "a fresh network should relabel nothing"
assert (label_history(cured)[-1] == s["final"]).all()
if profile == "quick":
    assert abs(auroc - 0.5).max() < 0.05, "alpha should not know random flips before they are memorised"
    against = runs.against("baseline", of="SCN")
    assert against["gain"] + against["interval"] < 0, "SCN does not lose clearly here: rewrite the lesson's story"
    assert total_changed < 0.1 * n_all and abs(points) < 1, "relabelling does much: rewrite the lesson's story"
    assert kept.sum() < ever.sum(), "cures last: rewrite the lesson's story"
