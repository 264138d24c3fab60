# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Importance weighting: who may count less, and who decides?
#
# *After this lesson you can say from one derivative why a learnt weight on the loss must sink to zero, when a weight on the
# logits does better, when it sinks as well, and why a weight that knows the loss is another thing than one that sees the
# face.*
#
# | | |
# |---|---|
# | **You will** | derive and train the first choice, weighted losses · and the second, weighted logits · test a sentence of the paper · bring the second to collapse, too · compare with alternating minimisation |
# | **You need** | lesson 04 (the baseline); the derivative of a softmax |
# | **Time** | 30 minutes to read, 4 minutes to run (`quick`, 2 CPU cores; runs of other lessons are found) |
# | **Data** | rendered faces, 30 % wrong labels |
# | **Paper** | SCN section 3.2, equations 1 and 2 |

# %% tags=["parameters"]
profile = "quick"  # smoke | quick | paper
seed = 0

# %%
from scnlib.course import start

ctx = start("05_importance_weighting", profile=profile, seed=seed)

# %% [markdown]
# ## A number for each face
#
# Some faces teach little: blurred, covered, ambiguous, or carrying a wrong label. It would be good if they counted less.
# SCN lets the network decide. Beside the classifier, a second linear layer looks at the features $x_i$ of a face (equation 1):
#
# $$\alpha_i = \sigma(w_a^\top x_i), \qquad 0 < \alpha_i < 1 .$$
#
# Here it is, on eight faces and before any training.

# %%
import torch

from scnlib.methods import make_method
from scnlib.models import make_backbone, normalize

faces = ctx.faces("train", noise_rate=0.3)
names, labels = faces.class_names, faces.labels[:256]
network = make_method("scn").build(make_backbone("small", faces.images.shape[-1], seed), len(names))
with torch.no_grad():
    z, alpha = network(normalize(faces.images[:8]))
alpha

# %% [markdown]
# No label enters `network(...)`: **α sees the image only.** Give a face another label and its α
# stays what it is; two faces that look alike have the same α, though one label may be right and the other wrong. Hold on to
# this. The paper hopes that α will sort out wrong labels, and all it has to go by is what a face looks like.
#
# What α *becomes* depends on the loss it is trained with. The paper names two choices.
#
# ## The first choice: multiply the loss
#
# With $\ell_i$ the cross-entropy of face $i$,
#
# $$L = \frac1N \sum_i \alpha_i\,\ell_i, \qquad \frac{\partial L}{\partial \alpha_i} = \frac{\ell_i}{N} \ge 0 .$$
#
# **Predict:** descent walks against the gradient. Which faces lose weight fastest? Which face can ever *gain* weight?

# %%
import pandas as pd
import torch.nn.functional as F

from scnlib import losses

z, alpha = (output.detach() for output in network(normalize(faces.images[:256])))
own = F.cross_entropy(z, labels, reduction="none")
weight = alpha.clone().requires_grad_()
losses.loss_weighted_cross_entropy(z, weight, labels).backward()
slope = len(labels) * weight.grad
pd.DataFrame({"label": [names[i] for i in labels[:6]], "loss": own[:6], "N × slope of L in α": slope[:6]}).round(4)

# %%
ctx.say("On {n} faces autograd and the formula differ by {error:.1g} at most. The smallest slope is {low:.2f}: **not "
        "one face of {n} asks for more weight**.", n=len(slope), error=float((slope - own).abs().max()),
        low=float(slope.min()), origin="measured here")

# %% [markdown]
# The hardest faces sink first, which sounds like what we want. But nothing ever rises, and where everyone has sunk to
# $\alpha = 0$ the loss is 0, the best there is: "they are doomed to be zeros as this tri[vi]al solution makes zero loss"
# (section 3.2).
#
# It is worse than doom face by face. The features behind the last pooling are never negative, so the gradient of the *shared*
# vector is a sum of non-negative terms,
#
# $$\frac{\partial L}{\partial w_a} = \frac1N \sum_i \ell_i\,\alpha_i (1-\alpha_i)\, x_i \;\ge\; 0 \quad\text{in every coordinate},$$
#
# and each step pushes all coordinates down, for faces never seen as well.

# %%
network.zero_grad()
losses.loss_weighted_cross_entropy(*network(normalize(faces.images[:256])), labels).backward()
pull = network.importance.weight.grad.squeeze()
ctx.say("{sign:.1%} of the {n} coordinates of $w_a$ have a gradient ≥ 0.", sign=float((pull >= 0).float().mean()),
        n=len(pull), origin="measured here")

# %% [markdown]
# ## Train it
#
# **Predict:** the mean α after training with weighted losses. And is the network worth anything, if its loss goes to zero by
# itself? For comparison the second choice, weighted *logits*, which we look at next. Both without ranking and relabelling. (A
# warning in between is part of the answer.)

# %%
bare = {"ranking": False, "relabelling": False}
sunk = ctx.run("scn", noise_rate=0.3, weighting="loss", **bare)
weighted = ctx.run("scn", noise_rate=0.3, **bare)

# %%
from scnlib import plots
from scnlib.course import importance, measures

noted = f"seed {seed}, 30 % wrong labels, no ranking, no relabelling"
note = (f"1 run each, {noted}; α and loss: n = {len(faces):,} training faces; accuracy: test n = "
        f"{sunk.manifest['n_test']:,}")
figure = plots.training_curves({"weighted loss": sunk.metrics, "weighted logits": weighted.metrics},
                               ("alpha_mean", "classification_loss", "test_accuracy"), note=note)
ctx.save(figure, "choices",
         alt="Mean alpha, classification loss and test accuracy over epochs for the loss-weighted and the "
             "logit-weighted network: with weighted losses alpha and the loss sink towards zero.")

# %%
last, other = sunk.metrics.iloc[-1], weighted.metrics.iloc[-1]
ctx.say("Weighted losses: after epoch 1 the mean α is {first:.2f}, at the end **{end}** (the largest of all faces "
        "{top}), and the loss {loss}. Test accuracy {accuracy:.2f} %, where a guess has {guess:.2f} %. Weighted "
        "logits: α {other:.2f}, loss {other_loss:.2f}, accuracy {other_accuracy:.2f} %.",
        first=sunk.metrics["alpha_mean"].iloc[0], end=importance.in_words(last["alpha_mean"]),
        top=importance.in_words(last["alpha_max"]), loss=importance.in_words(last["classification_loss"]),
        accuracy=100 * last["test_accuracy"], guess=100 / len(names), other=other["alpha_mean"],
        other_loss=other["classification_loss"], other_accuracy=100 * other["test_accuracy"], origin="measured here")

# %% [markdown]
# The smaller of the two losses belongs to the network that was let off its work. Its gradients are multiplied by the
# vanishing α as well, so whatever it did learn, it learnt before the weights were gone.
#
# **Predict:** would ranking save weighted losses? It demands a gap of 0.15 between a high and a low group (lesson 06), and where
# all weights are zero there is no gap. Five arms, trained before:

# %%
from scnlib.paper import arms, load_results
from scnlib.paper.verdicts import arm

weightings = {"baseline": arm("baseline", 0.3)}
for ranked in (False, True):
    for kind in ("loss", "logits"):
        name = f"weighted {kind}" + (", ranking" if ranked else "")
        weightings[name] = arm("scn", 0.3, weighting=kind, ranking=ranked, relabelling=False)
table = arms(load_results(), weightings, reference="baseline")
mean_alpha = arms(load_results(), weightings, column="alpha_mean").set_index("label")["mean"]

# %%
figure = plots.effects(table[1:].rename(columns={"gain": "effect"}), unit="points of test accuracy over the baseline",
                       title="Two ways to weigh, with and without ranking",
                       note=f"rendered faces, quick recipe, 30 % wrong labels; {importance.seeds_note(table[1:])}; "
                            "measured at full scale")
ctx.save(figure, "arms",
         alt="Differences in test accuracy to the baseline at 30 percent wrong labels for weighted losses and "
             "weighted logits, each with and without ranking.")

# %%
for row in table[table["n"] > 0].itertuples():
    ctx.say("**{label}**: {mean:.2f} % (n = {n}){alpha}.", label=row.label.capitalize(), mean=row.mean, n=row.n,
            alpha="" if pd.isna(mean_alpha[row.label]) else f", mean α {importance.in_words(mean_alpha[row.label])}",
            origin="measured at full scale")

# %% [markdown]
# The pull of ranking, like any other, reaches $w_a$ through the sigmoid, whose slope is $\alpha(1-\alpha)$. Close to zero hardly a thing
# arrives of it: what has sunk far enough is hardly reached, whoever pulls. Look at the mean α of "weighted loss, ranking" above: it says whether the
# rank loss came in time.
#
# Mind one more thing when you compare a row *with* ranking to one without: ranking halves the weight of the classification loss
# ($1-\gamma = 0.5$), and with it the step. Lesson 06 takes that apart.
#
# ## The second choice: multiply the logits
#
# SCN takes the other way (equation 2): α multiplies the class scores $z_i$ of a face *inside* the softmax,
#
# $$\ell_i(\alpha_i) = -\log \frac{e^{\alpha_i z_{iy}}}{\sum_c e^{\alpha_i z_{ic}}}, \qquad
# \frac{\partial \ell_i}{\partial \alpha_i} = \underbrace{\sum_c p_{ic}\, z_{ic}}_{\text{the expected logit}} - \underbrace{z_{iy}}_{\text{the label's}} ,$$
#
# where $p_i$ is the softmax of $\alpha_i z_i$. An average is never above the largest of what it averages. **So if the label has
# the largest logit, the slope is never positive**: such a face gains weight. A face whose label has a logit *below* the average
# loses weight. Now both directions exist.
#
# **Predict:** faces that the network gets wrong, do *all* of them lose weight?

# %%
count = min(2000, len(faces))
z, alpha = measures.opinion(weighted, faces.images[:count])
labels, agrees = faces.labels[:count], z.argmax(1) == faces.labels[:count]
plain = F.cross_entropy(z, labels, reduction="none")
slope = importance.logit_slope(z, alpha, labels)

# %%
panels = {"weighted loss: slope = loss": (plain, plain, agrees),
          "weighted logits: slope = E[z] − z_label": (plain, slope, agrees)}
few = {name: tuple(values[:400] for values in panel) for name, panel in panels.items()}
figure = plots.slope_against_loss(few,
                                  note=f"{min(400, count)} of n = {len(faces):,} training faces, last network of the "
                                       f"run with weighted logits, 1 run, seed {seed}")
ctx.save(figure, "slopes",
         alt="Slope of each face's weighted loss in its alpha against its cross-entropy: with weighted losses all "
             "slopes are positive; with weighted logits they are negative where the prediction is the label and "
             "mostly positive elsewhere.")

# %%
down = ~agrees & (slope > 0)
ctx.say("Of {n:,} faces, {right:,} are predicted as labelled; {none:.0%} of these have a positive slope. Of the "
        "{wrong:,} others **{share:.0%}** lose weight. The remaining {rest:.0%} gain some: their label is not the "
        "favourite, but above the average.", n=count, right=int(agrees.sum()),
        none=float((slope[agrees] > 1e-6).float().mean()), wrong=int((~agrees).sum()),
        share=float(down.sum() / (~agrees).sum()), rest=1 - float(down.sum() / (~agrees).sum()),
        origin="measured here")

# %% [markdown]
# The second derivative tells the rest of the story. It is the variance of the logits under $p$, never negative, so
# $\ell_i(\alpha)$ is **convex**, and every curve begins at the same point: at $\alpha = 0$ all classes are alike and the loss is
# $\ln C$. So each face has one best α. Four faces are enough to see what can happen.

# %%
import numpy as np

alphas = np.linspace(0, 1, 101)
over = torch.from_numpy(importance.loss_over_alpha(z, labels, alphas))
best = torch.from_numpy(alphas)[over.argmin(1)]
chosen = importance.four_faces(z, labels, over)

# %%
picked = list(chosen.values())
figure = plots.loss_over_alpha(alphas, over[picked], list(chosen), now=alpha[picked].tolist(),
                               chance=float(np.log(len(names))), title="What α does to the loss of four faces",
                               note=f"four of n = {len(faces):,} training faces, last network of the run with "
                                    f"weighted logits, 1 run, {noted}")
ctx.save(figure, "curves",
         alt="Loss against alpha for four faces. All curves begin at the logarithm of the number of classes; those of "
             "right predictions fall, that of a sure wrong one rises, one in between has its lowest point inside.")

# %%
ctx.say("If each of the {n:,} faces could choose its own α between 0 and 1, {one:.0%} would take 1, **{zero:.0%}** "
        "would take 0, and {inside:.0%} something between.", n=count, one=float((best == 1).float().mean()),
        zero=float((best == 0).float().mean()), inside=float(((best > 0) & (best < 1)).float().mean()),
        origin="measured here")

# %% [markdown]
# A right prediction wants $\alpha = 1$, to be as sure as it can. A wrong one whose label lies below the *plain* mean of its
# logits wants $\alpha = 0$, to be a guess. Between them lie faces with a best α of their own. **This is what weighted logits do: they let a
# face say "I do not know"**, at the price of a guess, $\ln C$.
#
# And α cannot see which of the two a face is, since it does not see the label. It can only learn which *looks* are mostly
# predicted as labelled: easy looks rise, hard looks sink, and a face with a wrong label rises or sinks with its look.
#
# ## A sentence under test
#
# "The L_WCE has a positive correlation with the α" (section 3.2, which cites an earlier work for it; L_WCE is the loss with weighted
# logits). By the derivative this can hold for wrong predictions only: where the prediction is right, more α means *less* loss. Or does the paper
# mean the correlation over faces? We measure it, once for this network and once for SCN's with ranking, whose α spreads wider.
#
# **Predict** the sign for right predictions, for wrong ones, for all together.

# %%
from scnlib.evaluation import spearman

ranked = ctx.run("scn", noise_rate=0.3, relabelling=False)
correlations = {}
for name, run in {"weighted logits": weighted, "weighted logits, ranking": ranked}.items():
    z, alpha = measures.opinion(run, faces.images[:count])
    agrees = z.argmax(1) == labels
    loss = F.cross_entropy(alpha[:, None] * z, labels, reduction="none")
    groups = {"prediction = label": agrees, "prediction ≠ label": ~agrees, "all": agrees | True}
    correlations[name] = {group: float(spearman(alpha[rows], loss[rows])) for group, rows in groups.items()}
rho = pd.DataFrame(correlations).T.round(2)
rho

# %%
figure = plots.loss_by_alpha(alpha, loss, agrees, title="Weighted loss against α, face by face",
                             note=f"{count:,} of n = {len(faces):,} training faces, last network of the run with "
                                  f"ranking, 30 % wrong labels, 1 run, seed {seed}; median and middle 80 % in bins of "
                                  "equally many faces; ρ: Spearman's rank correlation")
ctx.save(figure, "correlation",
         alt="Logit-weighted loss against alpha in bins: for predictions that are the label the loss falls with "
             "alpha, for other predictions it rises.")

# %%
signs = {group: ("positive" if low > 0 else "negative" if high < 0 else "of either sign") for group, low, high in
         zip(rho.columns, rho.min(), rho.max(), strict=True)}
fits = "does not hold" if signs["all"] != "positive" else "holds over all faces"
ctx.say("Over both networks the rank correlation of loss and α is **{right}** where the prediction is the label "
        "({a:+.2f}, {b:+.2f}), **{wrong}** where it is not ({c:+.2f}, {d:+.2f}) and {all} over all faces ({e:+.2f}, "
        "{f:+.2f}). As a statement about all samples the sentence **{fits}** here; by the derivative only predictions "
        "that are not the label can bear it out.", right=signs["prediction = label"], wrong=signs["prediction ≠ label"],
        all=signs["all"], fits=fits, **dict(zip("abcdef", rho.to_numpy().T.ravel(), strict=True)),
        origin="measured here")

# %% [markdown]
# Nothing in SCN depends on the sentence being true for all. What the method needs is the other half: that hard faces can
# lower their loss by giving up weight.

# %% [markdown]
# ## When weighted logits collapse, too
#
# Now shrink *all* weights of a batch by one factor $s$. The mean loss $f(s)$ is convex, and $f(0) = \ln C$. So whenever the
# batch is at present *worse than a guess*, $f(1) > \ln C$, the slope at $s = 1$ is positive:
#
# > **While the classifier is worse than guessing, shrinking every α lowers the loss.**
#
# And $\alpha = 0$ is a trap: the gradient of the classifier carries the factor $\alpha$, that of $w_a$ the factor $\alpha(1-\alpha)$.
# Who is exactly there, neither learns nor leaves; who is near it, hardly. Weighted logits have a trivial solution of their own; its loss is not 0 but $\ln C$.
#
# When is a network worse than guessing? At the start, after a step that was too large. The paper begins at a rate of 0.1 and
# says nothing of a warm-up. Does it happen on rendered faces, to the small network? We search for it: the first
# steps at four constant rates, in small batches, on few faces, without ranking.
#
# **Predict:** at which rate does α collapse?

# %%
some = faces.select(torch.arange(min(1500, len(faces))))


def first_steps(epochs=1, **changed):
    """The first epochs of SCN without relabelling, step by step."""
    fields = {"schedule": "steps", "batch_size": 64, "ranking": False, **changed}
    config = ctx.config("scn", noise_rate=0.3, relabelling=False, **fields)
    return importance.first_steps(config, some, min(epochs, config.epochs))


searched = {f"rate {lr:g}": first_steps(lr=lr) for lr in (0.05, 0.1, 0.5, 1.0)}

# %%
chance, steps = float(np.log(len(names))), len(searched["rate 1"])
note = (f"weighted logits, no ranking; {len(some):,} faces in batches of {64}, constant rate, seed {seed}; right: the "
        "same logits without α")
figure = plots.alpha_by_step(searched, chance=chance, note=note)
ctx.save(figure, "search",
         alt="Left: mean alpha of each batch over the first steps at four learning rates, with the range from "
             "smallest to largest. Right: the cross-entropy of the same logits without alpha, beside the loss of a "
             "guess.")

# %%
ends = {name: table.iloc[-1] for name, table in searched.items()}
gone = [name for name, end in ends.items() if end["alpha_max"] < 0.01]
worse = [name for name, table in searched.items() if table["plain_loss"].max() > chance]
ctx.say("After {steps} steps the mean α is {ends}. All α of the batch are below 0.01 at: **{gone}**. On the way the "
        "logits were worse than a guess at {worse}; their cross-entropy rose to {worst}.", steps=steps,
        gone=", ".join(gone) or "no rate", worse=", ".join(worse) or "no rate",
        ends=", ".join(f"{importance.in_words(end['alpha_mean'], 3)} at {name}" for name, end in ends.items()),
        worst=", ".join(f"{table['plain_loss'].max():.1f}" for table in searched.values()), origin="measured here")

# %% [markdown]
# Read the two pictures together. The first steps throw the logits off, their loss at $\alpha = 1$ rises above the dotted line, and α
# takes the quick way down: silence is cheaper than learning. (The sentence above is about the loss at the *present* α, which sinks with it; at
# $\alpha = 1$ one sees what the logits themselves are worth.) How far above and how quickly depends on the rate. Where a little
# α is left, the network can still learn, and then α may return; where it is all but gone, the classification loss hardly brings it back.
#
# ## What prevents it
#
# **Predict:** which of these keeps α alive at the *largest* rate: the rank loss, or a warm-up that reaches that rate only after
# some epochs? Each for three times as many steps.

# %%
fast = {"lr": 1.0, "epochs": 3}
helped = {"rate 1": first_steps(**fast), "rate 1, ranking": first_steps(ranking=True, **fast)}
helped["rate 1, warming up"] = first_steps(schedule="one_cycle", **fast)
helped["rate 0.05, warming up"] = first_steps(schedule="one_cycle", lr=0.05, epochs=3)

# %%
long_note = (f"weighted logits, {len(some):,} faces in batches of 64, seed {seed}; without ranking where nothing is "
             "said; right: the same logits without α")
figure = plots.alpha_by_step(helped, chance=chance, note=long_note)
ctx.save(figure, "prevented",
         alt="Mean alpha and the cross-entropy without alpha over the first steps: the largest rate alone, with "
             "ranking, during a warm-up to it, and during a warm-up to a small rate.")

# %%
for name, table in helped.items():
    low, end = table.loc[table["alpha_mean"].idxmin()], table.iloc[-1]
    under = table.loc[table["alpha_mean"] < 0.01, "step"]
    fate = "never falls below 0.01" if under.empty else f"falls below 0.01 in step {under.iloc[0]}"
    ctx.say("**{name}**: the mean α {fate}, is {low} at its lowest and **{end}** after {steps} steps; the "
            "cross-entropy at α = 1 reaches {worst:.1f}.", name=name.capitalize(), fate=fate, steps=len(table),
            worst=table["plain_loss"].max(), origin="measured here", low=importance.in_words(low["alpha_mean"], 3),
            end=importance.in_words(end["alpha_mean"], 3))

# %%
small, full = helped["rate 0.05, warming up"]["alpha_mean"], weighted.metrics["alpha_mean"]
ended = ("is then still at its lowest" if small.iloc[-1] < small.min() + 0.01
         else f"ends above its lowest, {small.min():.3f}")
ctx.say("Warming up to the small rate, in batches of 64, the mean α goes from {start:.3f} to {end:.3f} in {steps} "
        "steps and {ended}. The full run with the same weighting, in batches of {size} and at our rate of {lr:g} "
        "after a warm-up, had its lowest mean α in epoch {epoch}, {low:.2f}, and ended at **{last:.2f}**.",
        start=small.iloc[0], end=small.iloc[-1], steps=len(small), ended=ended, size=weighted.config.batch_size,
        lr=weighted.config.lr, epoch=int(full.idxmin()) + 1, low=full.min(), last=full.iloc[-1],
        origin="measured here")

# %% [markdown]
# A warm-up on the way to a rate that is too large buys time, in which the classifier must learn enough to be better than a guess; it
# is no protection by itself. The rank loss does not keep α from falling either, but it goes on pulling the groups apart where the
# classification loss has fallen silent, and so can bring α back. Warming up to a *small* rate does not prevent the fall in small batches,
# it slows it down. The full run, with the same warm-up in larger batches, dipped and recovered. All of this is one seed, and we did not separate
# what does it: larger batches, more faces, or more steps. Whoever repeats a recipe and finds all α at
# zero should look at its first fifty steps.
#
# The opposite end is less dramatic and as uninformative. Once most slopes are negative, which needs no majority of right predictions, α climbs
# towards 1 for everybody, as users of the released code report. A weight that is the same for all weighs nothing.
#
# ## The third arm: weights that are computed, not learnt
#
# "MentorNet and other self-paced learning methods solve this problem by alternating minimization" (section 3.2): with the network
# fixed, the best weights; with the weights fixed, a step of the network. A reward $\lambda$ keeps the weights from zero:
#
# $$\min_{0 \le v_i \le 1}\; \sum_i v_i\,\ell_i - \lambda \sum_i v_i \quad\Rightarrow\quad v_i = 1 \text{ if } \ell_i < \lambda, \text{ else } 0 .$$
#
# No gradient flows into $v$, so nothing can collapse. And notice what $v$ is a function of: the loss, hence the **label**.
#
# **Predict:** take the baseline of lesson 04 and give its 30 % largest losses the weight 0. How many of the wrong labels does
# that hit? How many would α's lowest 30 % hit? Beside both we print the AUROC: how often a wrong label has the lower weight than a right one;
# 0.5 is a coin.

# %%
from scnlib.evaluation import auroc
from scnlib.methods.self_paced import smallest

plain_run = ctx.run("baseline", noise_rate=0.3)
z, _ = measures.opinion(plain_run, faces.images)
loss, wrong = F.cross_entropy(z, faces.labels, reduction="none"), faces.labels != faces.true_labels
v = smallest(loss, 0.7)

# %%
figure = plots.loss_histogram(loss, wrong, float(loss[v == 1].max()), title="What the loss knows",
                              note=f"the baseline's last network on its n = {len(faces):,} training faces, 30 % wrong "
                                   f"labels, 1 run, seed {seed}")
ctx.save(figure, "losses",
         alt="Histograms of the baseline's cross-entropy for right and for wrong labels with the threshold that "
             "leaves out the largest thirty percent: wrong labels have the larger losses.")

# %%
hit = {"the loss": (float(v[wrong].eq(0).float().mean()), float(v[~wrong].eq(0).float().mean()),
                    float(auroc(loss, wrong)))}
for name, run in {"α of weighted logits": weighted, "α with ranking": ranked}.items():
    seen = torch.from_numpy(run.samples["alpha_eval"].astype("float32"))
    low = smallest(-seen, 0.7).eq(0)
    hit[name] = (float(low[wrong].float().mean()), float(low[~wrong].float().mean()), float(auroc(-seen, wrong)))
knows = pd.DataFrame(hit, index=["wrong labels hit", "right labels hit", "AUROC for wrong labels"]).T.round(2)
knows

# %%
ctx.say("The largest 30 % of the losses hold **{hit:.0%}** of the wrong labels and {lost:.0%} of the right ones "
        "(AUROC {auroc:.2f}). α's lowest 30 % hold {blind:.0%} of the wrong ones, about as many as drawing lots would "
        "(AUROC {coin:.2f}).", hit=hit["the loss"][0], lost=hit["the loss"][1], auroc=hit["the loss"][2],
        blind=hit["α with ranking"][0], coin=hit["α with ranking"][2], origin="measured here")

# %% [markdown]
# That is the difference between knowing the loss and seeing the face. α was trained *by* the losses, of the very same faces, and
# still cannot tell which of them were wrong: two faces with the same look have the same α, whichever of them was flipped at random.
#
# Does it help to train with such weights? Computed in each batch from its own losses, the smallest 70 % count. (Below the figure, in
# brackets: the 95 % interval of the difference, over seeds.)

# %%
from scnlib.course.confusions import class_recall
from scnlib.course.readings import keys_of
from scnlib.paper.results import load_epochs

arms_of = {"self-paced": arm("self_paced", 0.3), "weighted logits": weightings["weighted logits"],
           "weighted logits, ranking": weightings["weighted logits, ranking"]}
epochs, curves = load_epochs(), {}
for name, selector in arms_of.items():
    rows = epochs[epochs["key"].isin(keys_of(load_results(), selector))] if len(epochs) else epochs
    if len(rows):
        curves[f"{name} (n = {rows['key'].nunique()})"] = rows.groupby("epoch", as_index=False)[["alpha_auroc",
            "test_accuracy"]].mean()

# %%
if curves:
    averaged = "1 run each" if all("(n = 1)" in name for name in curves) else "means over n seeds"
    sizes = load_results().query("dataset == 'rendered' and profile == 'quick'").iloc[0]
    counted = f"AUROC: n = {sizes['n_train']:,} training faces, accuracy: test n = {sizes['n_test']:,}"
    words = (f"rendered faces, quick recipe, 30 % wrong labels; {averaged}; {counted}; self-paced: of the weight v, "
             "not α; measured at full scale")
    figure = plots.training_curves(curves, ("alpha_auroc", "test_accuracy"), note=words, outside=True)
    ctx.save(figure, "third_arm",
             alt="AUROC of the weights for wrong labels and test accuracy over epochs for self-paced weights and for "
                 "learnt weights on the logits, with and without ranking.")

# %%
third = arms(load_results(), {"baseline": weightings["baseline"], **arms_of}, reference="baseline")
for row in third[third["n"] > 0].itertuples():
    interval = "" if pd.isna(row.low) else f" [{row.low:+.2f}, {row.high:+.2f}]"
    ctx.say("**{label}**: {mean:.2f} %{gain} (n = {n}).", label=row.label.capitalize(), mean=row.mean, n=row.n,
            origin="measured at full scale", gain="" if row.label == "baseline"
            else f", {row.gain:+.2f}{interval} points against the baseline's same seeds")

# %% [markdown]
# The AUROC of self-paced weights is above a coin's; yet compare it with that of the baseline's losses in hindsight. The same rule, but
# now the network *lives* with what the rule leaves out. Whom does it leave out?
#
# **Predict:** wrong labels, hard faces, or something else? Here is how often the test faces of each class are recognised.

# %%
from scnlib import results as committed

counts, recall, own = committed.load("rendered", "_confusion"), {}, ()
for name in ("baseline", "self-paced"):
    own = keys_of(load_results(), weightings["baseline"] if name == "baseline" else arms_of[name])
    rows = counts[counts["key"].isin(own)]
    if len(rows):
        recall[f"{name} (n = {rows['key'].nunique()}), recognised %"] = 100 * pd.Series(class_recall(rows, rows["key"]))
pd.DataFrame(recall).round(1)

# %%
for key in own:
    hits = class_recall(counts, [key])
    lost = [name for name, share in hits.items() if share < 0.1]
    ctx.say("Self-paced run {key}: {count} of {all} classes are recognised in less than 10 % of their faces: "
            "**{lost}**.", key=key[:6], count=len(lost), all=len(hits), lost=", ".join(lost) or "none",
            origin="measured at full scale")

# %% [markdown]
# Plausibly like this: a class that is learnt a little later has the larger losses; it is left out; so it is not learnt; so its losses grow. Compare
# the runs: partly it is the same class each time, one that the baseline, too, knows least, and partly chance. **Alternating
# minimisation has no trivial solution, but it has its own way to deceive itself**: it keeps what it already believes, and what it gives up may be a
# whole class instead of the wrong labels. The published curricula let the share that counts grow to 1, and begin only after a while; both are
# meant against this.
#
# Two more cautions. The share that is kept, 70 %, is the share of right labels: who knows it, knows something about the data that SCN, too, is
# told by $\beta = 0.7$. And a large loss marks *disagreement*, not uncertainty.
#
# ## The verdicts
#
# The paper's three sentences about $\alpha$ in the loss and $\alpha$ in the logits:

# %%
ctx.verdicts()

# %% [markdown]
# ## Recap
#
# You **derived and trained the first choice**: its slope in α is the sample's own loss, so α only sinks. You **derived and trained
# the second**: expected logit minus the label's, so α rises where the prediction is the label. You **tested a sentence of the paper**
# and saw that the correlation of loss and α depends on whether the prediction is right. You **brought the second choice to collapse**: while
# a classifier is worse than a guess, silence is cheaper. And **alternating minimisation** gave weights that know the label, because
# they are made of the loss, and that believe what they already believe.
#
# ## What would change our mind
#
# - A learnt α that tells wrong labels (an AUROC clearly above 0.5) before the network has learnt them by heart would mean that
#   the image does betray its label: with random flips impossible, with real mistakes not.
# - A collapse at small rates in large batches, after a warm-up, would mean that our account of it (large first steps) is not the whole.
# - If weighted losses kept their α in another architecture (features with both signs, say), the argument from the shared vector
#   would matter more than the slope.
#
# ## Exercises
#
# [Exercises that check themselves, and a quiz](exercises/05_importance_weighting.ipynb) go with this lesson. Further questions, which nobody
# checks but you:
#
# 1. Show that $\ell_i(\alpha)$ has its minimum inside $(0, 1)$ only if the label's logit lies between the average of all logits and
#    the average under the softmax at $\alpha = 1$.
# 2. With a bias, $\alpha = \sigma(w_a^\top x + b)$ (`bias=True`), does the loss-weighted α sink faster or slower? Predict from the
#    gradient of $b$, then run `first_steps(weighting="loss", bias=True)`.
# 3. A collapsed α stays near 0 by the gradient, but weight decay goes on pulling $w_a$ to 0. Towards which α is that? How many steps
#    would it take at a rate of 1 and a decay of 0.0005 to halve $w_a$?
#
# ## References
#
# - Wang, Peng, Yang, Lu, Qiao: *Suppressing Uncertainties for Large-Scale Facial Expression Recognition* (SCN), CVPR 2020, section 3.2.
# - Hu et al.: *Noise-Tolerant Paradigm for Training Face Recognition CNNs*, CVPR 2019: weighted logits.
# - Kumar, Packer, Koller: *Self-Paced Learning for Latent Variable Models*, NeurIPS 2010.
# - Jiang et al.: *MentorNet*, ICML 2018.

# %% tags=["remove-cell"]
assert (importance.logit_slope(z[:64], torch.ones(64), z[:64].argmax(1)) <= 1e-6).all()
assert 0 <= rho.abs().to_numpy().max() <= 1
if profile == "quick":
    assert last["alpha_mean"] < 0.01, "weighted losses do not collapse: rewrite the lesson"
    assert last["test_accuracy"] < other["test_accuracy"]
    assert rho["prediction = label"].max() < 0 < rho["prediction ≠ label"].min(), "the signs of the correlation changed"
    assert "rate 1" in gone and "rate 0.05" not in gone, "the collapse moved to other rates"
    assert weighted.metrics["alpha_mean"].iloc[-1] > 0.5
    assert hit["the loss"][2] > 0.7 and abs(hit["α with ranking"][2] - 0.5) < 0.05
