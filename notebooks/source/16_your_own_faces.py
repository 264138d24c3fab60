# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Your own faces: from a photograph to a prediction, and what it is worth
#
# *After this lesson you can take a photograph to a network step by step, look at what its answer is made of, say in numbers
# why you should not believe it, and write that down where users will find it.*
#
# | | |
# |---|---|
# | **You will** | find, align and classify a face of your own · ask what alpha adds · see where a score comes from · do a folder · list the labels that a run doubts · export the network · measure it on real faces and group by group · write its model card |
# | **You need** | lessons 01, 04 and 08 |
# | **Time** | 25 minutes to read, 1 minute to run (`quick`, 2 CPU cores; every run of it is an earlier lesson's) |
# | **Data** | your photograph, which stays on your machine, or one that comes with scikit-image; rendered faces; measured results that come with the project |
# | **Paper** | none: this is what happens to a method once it has left the paper |

# %% tags=["parameters"]
profile = "quick"  # smoke | quick | paper
seed = 0
photo = ""  # path of a picture; "" asks you for one in JupyterLab, and takes the astronaut where nobody answers

# %%
from scnlib.course import start

ctx = start("16_your_own_faces", profile=profile, seed=seed)

# %% [markdown]
# ## Two networks that you know
#
# The baseline of lesson 04 and SCN without relabelling of lesson 08, both trained on clean labels. (Where no label is wrong
# there is nothing to relabel.)

# %%
baseline = ctx.run("baseline")
scn = ctx.run("scn", relabelling=False)

# %% [markdown]
# ## A photograph
#
# In a live JupyterLab a button appears below. Choose a picture with a face, then go on with the next cell. (After *Run All* the
# astronaut is already there: choose, click into the next cell, and say *Run Selected Cell and All Below*.) The picture is read by
# your own kernel, and nothing is sent anywhere. The figures below show it, though, and they stay: in this notebook once it is saved,
# and under `out`. Clear the outputs before you pass it on. Use a picture of yourself, or of somebody who agrees.

# %%
from scnlib.course import own_photo

button = own_photo.ask(photo)

# %%
picture, name = own_photo.chosen(button, photo)
ctx.say("*{name}*: {width} × {height} pixels.", name=name, width=picture.shape[2], height=picture.shape[1])

# %% [markdown]
# ## Detect
#
# As in lesson 01: MTCNN gives boxes and five points each. Where it finds nothing, we draw out the picture's edge and look
# once more, which helps where a picture shows nothing but a face.

# %%
from scnlib import plots, predict
from scnlib.datasets.face_detection import Detector

detector = Detector()
found = predict.find_faces(picture, detector)
figure = plots.found_faces([picture], found.boxes[None], found.points[None], columns=1, width=4.2,
                           title=f"{len(found)} found", note=name)
ctx.save(figure, "found", alt="The photograph with a box and five crosses for each face that was found.")

# %% [markdown]
# ## Align: to where the training faces have their eyes
#
# A network knows faces from *its* data set's frame: where the eyes are and how far apart. The next cell cuts your face as the
# training faces are, and as `scn align` cuts by default.
#
# **Predict:** does the difference matter to a network whose training faces were moved and enlarged at random?

# %%
import torch

from scnlib.datasets.align import Settings, align_images

if not len(found):
    raise ValueError(f"MTCNN finds no face in {name}; choose another photograph")
networks = {"baseline": predict.Predictor(baseline), "SCN": predict.Predictor(scn)}
own = networks["SCN"]
customary = align_images(picture[None], detector, Settings(own.size))[0]
crops = torch.cat([predict.cut_out(picture, found.points[:1], own.frame, own.size).expand(-1, 3, -1, -1),
                   customary.crops])

# %%
from scnlib.datasets.face_geometry import template

(left, right, *_), (usual_left, usual_right, *_) = torch.tensor(own.frame.points), template(1, Settings().margin)
how = scn.config.augmentation
ctx.say("Training faces have their eyes at {eyes:.0%} of the height and {apart:.0%} of the side apart, `scn align` "
        "puts them at {usual_eyes:.0%} and {usual_apart:.0%}. In training, faces were moved by up to {shift:.0%} and "
        "zoomed by up to {zoom:.0%}.", eyes=(left + right)[1] / 2, apart=(right - left).norm(), shift=how.shift,
        zoom=how.scale, usual_eyes=(usual_left + usual_right)[1] / 2, usual_apart=(usual_right - usual_left).norm())
few = ctx.faces("test").images[:4].expand(-1, 3, -1, -1)
figure = plots.face_grid(torch.cat([crops, few]), ["you, its frame", "you, customary", *["a test face"] * 4], columns=6,
                         title="What the network is shown", note=f"{own.size} x {own.size} px")
ctx.save(figure, "aligned",
         alt="The face in two crops, one aligned as the training faces and one with the customary template, beside "
             "four test faces.")

# %% [markdown]
# ## Ask
#
# **Predict:** which expression would *you* name? Which one will the network, and how sure will it be?

# %%
with torch.inference_mode():
    answers = {label: network(crops[:1]) for label, network in networks.items()}
shares = {label: dict(zip(own.class_names, answer[0][0].tolist(), strict=True)) for label, answer in answers.items()}
figure = plots.class_counts(shares, label="probability", numbers=".0%", title="What they say",
                            note=f"{name}; one run each, seed {seed}")
ctx.save(figure, "answers",
         alt="Bars of the probability of each expression as the baseline and as SCN see the photograph.")

# %%
likeliest = {label: max(values, key=values.get) for label, values in shares.items()}
with torch.inference_mode():
    other = dict(zip(own.class_names, own(crops[1:2])[0][0].tolist(), strict=True))
ctx.say("The baseline says **{a}** ({pa:.0%}), SCN **{b}** ({pb:.0%}). Cut with the customary template, SCN says "
        "**{c}** ({pc:.0%}).", a=likeliest["baseline"], pa=max(shares["baseline"].values()), b=likeliest["SCN"],
        pb=max(shares["SCN"].values()), c=max(other, key=other.get), pc=max(other.values()), origin="measured here")

# %% [markdown]
# Before you look for a reason, look at how often such an answer is right.
#
# ## What is that worth?
#
# The two networks have seen rendered faces and nothing else. We showed them the test faces of FER+, real photographs with
# eight classes: as they come, and *aligned*, that is cut as above where MTCNN finds the face, and as they come where it does not.
#
# **Predict:** the baseline is right on most *rendered* test faces. On photographs?

# %%
from scnlib import transfer

measured = transfer.load()
measured = measured[measured["method"].isin(["baseline", "SCN without relabelling"])]
columns = {"run_seed": "count", "accuracy": ["mean", "min", "max"], "mean_class_accuracy": "mean"}
measured.groupby(["method", "shown"], sort=False).agg(columns).round(1)

# %%
aligned = measured[measured["shown"] == transfer.ALIGNED]
for label, rows in aligned.groupby("method", sort=False):
    ctx.say("*{label}*: right in **{low:.1f} to {high:.1f} %** of {n:,} photographs ({seeds} seeds; {found:.0f} % of "
            "them were found and cut). Guessing among eight classes gives 12.5 %, always saying *{common}* {share:.1f} "
            "%.", label=label, low=rows["accuracy"].min(), high=rows["accuracy"].max(), n=rows["n"].iloc[0],
            seeds=len(rows), found=rows["found"].iloc[0], common=rows["commonest"].iloc[0],
            share=rows["commonest_share"].iloc[0], origin="measured at full scale")

# %%
standing = transfer.standing(scn)
ctx.say("This very network: {words}", words=standing.words(),
        origin="own test measured here, photographs at full scale")

# %% [markdown]
# That sentence stands beside every prediction of `scn predict`, because a confident bar chart is more convincing than it
# deserves. Which classes does it fail on? The recall of each class, on its own faces and on photographs:

# %%
import numpy as np

names = own.class_names
labels, said = scn.samples["test_labels"], scn.samples["test_prediction"]
real, members = standing.real or {}, {c: int((labels == i).sum()) for i, c in enumerate(names)}
rows = {c: f"{c}\nn = {n:,}" + (f" and {real[f'n_{c}']:,}" if f"n_{c}" in real else "") for c, n in members.items()}
recall = {"own test faces": {rows[c]: float(np.mean(said[labels == i] == i)) for i, c in enumerate(names)
                             if members[c]}}
if real:
    recall["photographs (FER+)"] = {rows[c]: real[f"recall_{c}"] / 100 for c in names if f"recall_{c}" in real}
note = (f"SCN without relabelling, 1 run, seed {seed}; {len(labels):,} own test faces, measured here; photographs: "
        "measured at full scale")
figure = plots.class_counts(recall, label="recall", numbers=".0%", title="Of each class, how much is recognised",
                            note=note)
ctx.save(figure, "recall", alt="Bars of recall of each expression on the network's own test faces and on photographs.")

# %% [markdown]
# ## "How sure would SCN be?"
#
# SCN gives every face an $\alpha$, and its paper reads that as certainty. **Predict:** is it low for a photograph, the
# strangest face that this network has ever been shown?

# %%
alpha, usual = float(answers["SCN"][1]), scn.samples["test_alpha"].astype("float32")
right = said == labels
ctx.say("α of your face: **{alpha:.2f}**. Of its own test faces {below:.0%} have a lower one; their median is "
        "{median:.2f}, {r:.2f} where SCN is right and {w:.2f} where it is wrong.", alpha=alpha,
        below=float(np.mean(usual < alpha)), median=np.median(usual), r=np.median(usual[right]),
        w=np.median(usual[~right]) if (~right).any() else np.nan, origin="measured here")

# %% [markdown]
# One face proves nothing. Over all of FER+'s test faces, and several seeds: is $\alpha$ lower there than on the network's own
# test faces, and does it tell wrong answers from right ones? AUROC: how likely a wrong answer has the lower value; a coin has
# 0.5. Beside it stands the rival that every classifier has for nothing, the probability of its answer.

# %%
import pandas as pd

signals = aligned[aligned["method"] == "SCN without relabelling"].set_index("run_seed")
kinds = {("median α", "own test"): "own_alpha_median", ("median α", "photographs"): "alpha_median",
         ("AUROC of α", "own test"): "own_alpha_auroc", ("AUROC of α", "photographs"): "alpha_auroc",
         ("AUROC of the probability", "own test"): "own_confidence_auroc",
         ("AUROC of the probability", "photographs"): "confidence_auroc"}
shown = signals[list(kinds.values())].round(2)
shown.set_axis(pd.MultiIndex.from_tuples(kinds), axis="columns")

# %%
lower = int((signals["alpha_median"] < signals["own_alpha_median"]).sum())
lists = {column: " / ".join(f"{value:.2f}" for value in signals[column]) for column in kinds.values()}
ctx.say("The median α is lower on photographs in **{lower} of {n}** runs. AUROC of α for wrong answers: "
        "{own_alpha_auroc} on own test faces and **{alpha_auroc}** on photographs; of the probability "
        "{own_confidence_auroc} and {confidence_auroc}.", lower=lower, n=len(signals), **lists,
        origin="measured at full scale")

# %% [markdown]
# These are two questions: whether a signal *falls* on pictures of another kind, and whether it tells *which* answers are wrong
# there. Whoever throws away what has a low $\alpha$ needs the second. Lessons 08 and 15 asked what $\alpha$ knows: it sees the
# image and not the label, so labels flipped at random stay hidden from it. Nothing in its training rewards it for noticing a
# picture *of another kind*, and nothing rewards the probability for it: a softmax divides one hundred percent among the classes it has,
# and none of them is called "I have never seen anything like it".
#
# ## Where does the score come from?
#
# The features are the *mean* of feature maps $f_k$, and the score is linear in them. So the sum can be taken the other way
# round, and every place has a share in the score (Zhou et al. 2016):
#
# $$z_c = \sum_k w_{ck}\, \frac{1}{P}\sum_p f_k(p) = \frac{1}{P} \sum_p M_c(p), \qquad M_c(p) = \sum_k w_{ck} f_k(p).$$
#
# No approximation: the map's mean *is* the score. **Predict:** which third of the picture adds most for the class it chose, the upper,
# the middle or the lower one? (A map this coarse cannot tell an eye from a brow.)

# %%
from scnlib.models import normalize
from scnlib.plots.style import signed

pixels = normalize(crops[:1], own.normalization)
maps = predict.activation_maps(own.network, pixels)[0]
with torch.inference_mode():
    scores = own.network(pixels)[0][0]
top = scores.argsort(descending=True)[:3]
exact = float((maps.mean((1, 2)) - scores).abs().max())
figure = plots.activation_maps(crops[0], maps[top], [f"{names[c]}: {signed(float(scores[c]))}" for c in top],
                               title="What adds to a score, and where",
                               note=f"SCN without relabelling; titles: the score, the mean of the map; "
                                    f"{maps.shape[1]} x {maps.shape[2]} places")
ctx.save(figure, "maps",
         alt="The face, and over it for three classes a coarse grid of what each place adds to the class's score, red "
             "more and blue less.")

# %%
thirds = [part.sum() / maps[0].numel() for part in maps[top[0]].tensor_split(3)]
ctx.say("To the score of *{name}* {thirds}: together {score}. Mean of the map and score differ by at most {gap:.0e}. α "
        "multiplies all scores alike, so it moves no map.", name=names[top[0]], score=signed(float(scores[top[0]])),
        thirds=", ".join(f"the {place} third adds {signed(float(adds))}" for place, adds in
                         zip(("upper", "middle", "lower"), thirds, strict=True)), gap=exact, origin="measured here")

# %% [markdown]
# A map says where a number comes from. It does not say that the number is right: a wrong answer has a map as pretty as a
# right one. And each "place" here has seen far more than its square, since the convolutions before it overlap.
#
# ## A folder, with a table
#
# People have folders, and folders have everything in them. Here is one with a face, a picture of two, a meadow, and a file
# that broke off. In a shell: `scn predict FOLDER --csv FILE.csv --out FOLDER`.

# %%
with own_photo.example_folder(picture) as folder:
    every = [one for _, seen in predict.predict_files(predict.photographs([folder]), own, detector) for one in seen]
rows = predict.table(every, names, own_test=standing.own, photographs=standing.on_photographs)
rows["file"] = [path.rpartition("/")[2] for path in rows["file"]]
rows = rows[["file", "status", "faces", "face", "label", "probability", "alpha", "own_test", "photographs"]]
rows.round({"probability": 2, "alpha": 2, "own_test": 1, "photographs": 1})

# %% [markdown]
# Every picture has a row, whatever is wrong with it: who drops what cannot be read reports a rate over an unknown
# denominator. And the two last columns travel with each row, also into somebody's spreadsheet.
#
# ## Which of your labels does it doubt?
#
# Who trains on a folder of their own has labels, and some are wrong. `scn suspects RUN --root DIR` lists the training pictures whose labels
# a finished run doubts most. How good is such a list? Where we made three labels in ten wrong, as in lessons 04 and 07, it can be counted.
# SCN has an order of its own: what it relabelled, for good or once, then the lowest $\alpha$. Every run has another one: how seldom the network's answers in
# training were the given label; many labels were never its answer, and of these the one comes first where the finished network is surest of
# another class. *Lift*: how many times as many wrong labels as in a random list.
#
# **Predict:** a list in random order has 30 wrong labels among its first 100. How many have these three?

# %%
from scnlib import suspects

scn_noisy, baseline_noisy = ctx.run("scn", noise_rate=0.3), ctx.run("baseline", noise_rate=0.3)
faces = ctx.faces("train", noise_rate=0.3)
asked = {"SCN, its own": (scn_noisy, "own"), "SCN, answers": (scn_noisy, "answers"),
         "baseline, answers": (baseline_noisy, "answers")}
doubts = {label: suspects.ranked(run.samples, faces.ids, faces.class_names, by) for label, (run, by) in asked.items()}
worth = pd.DataFrame({label: suspects.precision(table, 100) for label, table in doubts.items()}).T
worth[["shown", "wrong", "lift"]].astype({"shown": int, "wrong": int}).round(2)

# %%
first = pd.concat([table.head(8) for table in doubts.values()])
captions = (first["given"] + "\n→ " + first["run_says"]).tolist()
figure = plots.face_grid(faces.images[torch.tensor(first.index)], captions,
                         first["wrong"].map({True: "wrong", False: "right"}).tolist(), row_titles=list(doubts),
                         title="The labels that they doubt most",
                         note="given label → what the run says; ✗: the label is really wrong, ✓: it is right; "
                              f"{len(faces):,} training faces, 30 % wrong labels, 1 run each, seed {seed}; measured "
                              "here")
ctx.save(figure, "suspects",
         alt="Three rows of eight faces, the first of each list, with the given label, what the run says instead, and "
             "a sign for whether the label is really wrong.")

# %%
own, by_answers = doubts["SCN, its own"].head(100), doubts["baseline, answers"]
never = by_answers.loc[by_answers["agreed"] == 0, "wrong"]
ctx.say("Among the first {shown:.0f} of SCN's own list **{own:.0f}** labels are really wrong; {relabelled} of the "
        "pictures were relabelled for good, {once} once, and {rest} stand there for their α. By SCN's answers it is "
        "**{answers:.0f}**, by the baseline's **{plain:.0f}**. Of all {n:,} labels {share:.0%} are wrong.",
        shown=worth["shown"].iloc[0], own=worth["wrong"].iloc[0], relabelled=own["relabelled"].sum(),
        once=(own["relabelled_in"].notna() & ~own["relabelled"]).sum(), rest=own["relabelled_in"].isna().sum(),
        answers=worth["wrong"].iloc[1], plain=worth["wrong"].iloc[2], n=len(faces), share=worth["share"].iloc[0],
        origin="measured here")
ctx.say("Never answered by the baseline: {never:,} labels, {wrong:.0%} of them wrong. The rest is done by how sure it "
        "is of another class.", never=len(never), wrong=never.mean() if len(never) else 0.0, origin="measured here")

# %% [markdown]
# A doubt is a reason to look, and no proof. The count flatters, too: flips drawn at random fall on faces of all kinds, while people err on
# faces that look like the wrong class, and there a network errs along (lesson 10). Who cleans a test set by such a list makes it agree with
# the network.
#
# ## Take it elsewhere
#
# `scn export RUN OUT.onnx` (or `.pt2`) writes one file that needs none of this project: bytes in, probabilities and $\alpha$ out,
# any number of faces. Scaling of pixels is inside, since it is easily forgotten with other people's networks,
# and class names and frame are in the metadata. Before the file gets its name, its outputs are compared with the network's.

# %%
import tempfile

from scnlib.errors import ScnError
from scnlib.export import TOLERANCE, export

with tempfile.TemporaryDirectory() as folder:
    for ending in ("pt2",) if ctx.smoke else ("pt2", "onnx"):
        try:
            done = export(scn, f"{folder}/scn.{ending}")
            ctx.say("`.{ending}`: {outputs}; largest difference {gap:.0e} on {n} rendered faces (allowed {most:g}).",
                    ending=ending, outputs=" and ".join(done.outputs), gap=done.difference, n=done.faces,
                    most=TOLERANCE, origin="measured here")
        except ScnError as reason:
            ctx.say("> `.{ending}`: {reason}", ending=ending, reason=reason)

# %% [markdown]
# ## For whom does it work?
#
# One accuracy hides whom it is made of. Rendered faces let us ask without asking anybody for their skin or age: both are *latents*, numbers
# that the renderer draws before it paints, without regard to the expression. So whatever differs between groups comes from the pictures,
# from the network or from chance.
#
# **Predict:** will skin, age or expression make the largest difference?

# %%
from scnlib import model_card

latents = ctx.faces("test").latents
groups = model_card.test_performance(scn, latents)
figure = plots.group_accuracy(groups, title="Right, by group",
                              note=f"SCN without relabelling, 1 run, seed {seed}; {len(labels):,} own test faces, "
                                   "measured here")
ctx.save(figure, "groups",
         alt="Accuracy with intervals for each expression and, of rendered faces, for groups of skin, age, features "
             "and covered faces, with a line at the mean.")

# %%
spread = groups.dropna().groupby("factor", sort=False)["accuracy"].agg(lambda values: values.max() - values.min())
chances = model_card.gaps(scn, latents).set_index("factor")["p"] if latents else {}
for factor, points in spread.items():
    ctx.say("**{factor}**: {points:.1f} points between the best and the worst group{chance}.",
            factor=factor.capitalize(), points=points,
            chance=f"; chance alone makes such a gap {chances[factor]:.1%} of the time" if factor in chances else "",
            origin="measured here")
if len(chances):
    ctx.say("**{few} of {m}** are gaps that chance alone makes less than one time in ten; if all were chance, "
            "{due:.1f} would be.", few=int((chances < 0.1).sum()), m=len(chances), due=0.1 * len(chances),
            origin="measured here")

# %% [markdown]
# Read it twice before you conclude. Several questions are asked of one table, so one small p among them is no surprise, but several are;
# the intervals of small groups are wide; and this is *one* training, whose luck is in none of the intervals. Which gap is real, other seeds
# must say. And whatever they say, it is little of people: our renderer paints skin and wrinkles with formulas. Measurements on real faces have found large gaps between
# groups, for instance in classifying gender from portraits (Buolamwini and Gebru 2018).
#
# ## What it must not be used for
#
# Suppose it were right in 99 %. **An expression is still not an emotion.** Barrett et al. (2019) went through the evidence: people do sometimes smile
# when happy and scowl when angry, more often than by chance; but how an emotion is expressed varies substantially across
# cultures, situations and people, and one configuration of a face stands for more than one emotion, or for none. The labels here are names that
# annotators gave to pictures (or that a renderer was told). What a network learns is to predict the *name*.
#
# Law has begun to say so. In the European Union the AI Act (Regulation (EU) 2024/1689) prohibits, in Article 5(1)(f), to place on the market,
# to put into service for this purpose, or to use AI systems to infer emotions of a natural person in the areas of workplace and education
# institutions, except where the system is intended to be put in place or into the market for medical or safety reasons. It applies since
# 2 February 2025. (This is a summary and no legal advice; other uses have duties of their own.)
#
# So: not for grading, hiring, policing, health or credit; not on people who have not agreed, or cannot refuse; and never to say what
# somebody *feels*.
#
# ## A model card
#
# What a user should know belongs beside the file. Mitchell et al. (2019) proposed a form for it, with performance group by group at its
# heart. This one is computed from the run, so that no number in it was typed. `scn predict --card FILE.md --run DIR` writes it for any run.

# %%
from scnlib.course import show

card = model_card.model_card(scn, latents)
show.markdown(card.replace("\n## ", "\n#### ").replace("# Model card", "### Model card", 1))

# %% [markdown]
# ## Recap
#
# You took a photograph through **detect, align, ask**, in the network's own frame. You measured **what the answer is worth** on photographs before
# you believed it. You asked **alpha** whether it raises an alarm, over thousands of faces and not over one; you drew **maps** that add up to the score exactly; you did a **folder** with a row for
# everything; you asked a run **which labels it doubts**, and counted how often it is right to; you **exported** the network and checked the copy. And you wrote down **for whom it works and what it must not do**, from numbers.
#
# ## What would change our mind
#
# - A network trained on rendered faces that beats "always the commonest class" on FER+ would be worth asking about photographs. `scn transfer`
#   measures any run; pretraining on rendered faces and training on real ones is another matter (lesson 10).
# - An $\alpha$ that tells right answers on photographs from wrong ones, over several seeds and better than the probability, would be the certainty
#   that SCN's paper hopes for.
# - A gap between groups that keeps its sign over seeds would be a property of method and data, and not of one training.
#
# ## Exercises
#
# [A quiz](exercises/16_your_own_faces.ipynb) goes with this lesson. Further questions, which nobody checks but you:
#
# 1. Feed the network something that is no face: a rendered scene without a portrait, noise, an upside-down test face. What do probability and
#    $\alpha$ say? What would you need in the training to make them say "I do not know"?
# 2. Turn your photograph by 5, 10, 20 degrees before `find_faces`. From where on does the answer change, and which step saves it that long?
# 3. Write the interval of the difference between two groups. Why do two overlapping intervals not mean that there is none?
# 4. Which section of the card would have to change if somebody trained on FER+? Which sentence would stay, whatever the accuracy?
#
# ## References
#
# - Zhou, Khosla, Lapedriza, Oliva, Torralba: *Learning Deep Features for Discriminative Localization*, CVPR 2016.
# - Mitchell, Wu, Zaldivar, Barnes, Vasserman, Hutchinson, Spitzer, Raji, Gebru: *Model Cards for Model Reporting*, FAT* 2019.
# - Barrett, Adolphs, Marsella, Martinez, Pollak: *Emotional Expressions Reconsidered: Challenges to Inferring Emotion From Human Facial Movements*,
#   Psychological Science in the Public Interest 20(1), 2019.
# - Buolamwini, Gebru: *Gender Shades: Intersectional Accuracy Disparities in Commercial Gender Classification*, FAT* 2018.
# - Regulation (EU) 2024/1689 (Artificial Intelligence Act), Article 5(1)(f), Article 113.
# - Barsoum, Zhang, Canton Ferrer, Zhang: *Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label Distribution* (FER+), ICMI 2016.

# %% tags=["remove-cell"]
assert exact < 1e-4, exact
assert all(abs(sum(values.values()) - 1) < 1e-4 for values in shares.values())
assert {one.status for one in every} >= {"no face", "unreadable"} and len({one.file for one in every}) == 4
assert groups[groups["factor"] == "class"]["n"].sum() == len(labels)
assert all(sorted(table.index) == list(range(len(faces))) for table in doubts.values())
assert all(title in card
           for title in ("Intended use", "Quantitative analyses", "Ethical considerations", standing.words()))
if profile == "quick":
    assert 0.5 < standing.own / 100 < 0.9
    assert worth["lift"].iloc[1:].min() > 2 and worth["lift"].iloc[0] < worth["lift"].iloc[1:].min()
    assert aligned["accuracy"].max() < aligned["commonest_share"].min(), "it beats the commonest class on photographs: rewrite the story"
