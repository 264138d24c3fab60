# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # From one CPU to many GPUs
#
# *After this lesson you can say where the time of a training step goes, read a table of speeds with suspicion, split a batch over
# GPUs without changing its loss, and plan a paper's worth of runs.*
#
# | | |
# |---|---|
# | **You will** | take a step apart · compare it with what the machine can do · see why a step must not ask questions · rank a batch in shares and as a whole · average gradients exactly, and wrongly · name runs by their content · count what two papers cost |
# | **You need** | lessons 05, 06 and 08 |
# | **Time** | 35 minutes to read, half a minute to run (`quick`, 2 CPU cores; nothing is trained) |
# | **Data** | rendered faces; measured results that come with the project |
# | **Paper** | SCN section 3.5 |

# %% tags=["parameters"]
profile = "quick"  # smoke | quick | paper
seed = 0

# %%
from scnlib.course import start

ctx = start("A2_from_one_cpu_to_many_gpus", profile=profile, seed=seed)

# %% [markdown]
# ## A step, taken apart
#
# SCN's section 3.5 spends one sentence on it: batches of 1,024 on 8 GPUs. What a GPU changes and what it must not change is this
# lesson. It begins with one device and one step on 64 faces: bytes become floats, faces are moved and mirrored,
# the network goes forwards and backwards, the weights move.
#
# **Predict:** which part takes longest, and how much longer is the way back than the way there?

# %%
import torch

from scnlib import plots
from scnlib.course import scale
from scnlib.precision import choose_device, choose_precision

device = choose_device()
precision = choose_precision(device)
faces, few = ctx.faces("train", noise_rate=0.3), torch.arange(64)
config, batch = ctx.config("scn", noise_rate=0.3), faces.select(few)
times = scale.step_times(config, batch, device, precision, turns=3 if ctx.smoke else 9)

# %%
medians = times.median()
told = (f"{config.backbone} network, {batch.images.shape[-1]} px, batch of {len(batch)}, {device.type} in "
        f"{str(precision.dtype).removeprefix('torch.')}; medians of n = {len(times)} steps, measured here")
figure = plots.share_bars(dict(medians / medians.sum()), title="Where a step's time goes", note=told,
                          label="share of the step")
ctx.save(figure, "parts",
         alt="Bars with the share of a training step that scaling, augmentation, forward pass, backward pass and "
             "update take.")
whole = times.sum(axis="columns")
ctx.say("A step takes {ms:.0f} ms here ({low:.0f} to {high:.0f} in {n} steps): {rate:,.0f} images/s. Backwards takes "
        "{ratio:.1f} times as long as forwards; what is not network takes {rest:.0%}.", ms=1e3 * whole.median(),
        low=1e3 * whole.min(), high=1e3 * whole.max(), n=len(whole), rate=len(batch) / whole.median(),
        ratio=medians["backward"] / medians["forward and loss"],
        rest=1 - (medians["forward and loss"] + medians["backward"]) / medians.sum(), origin="measured here")

# %% [markdown]
# A layer's way back is two products, one for its inputs and one for its weights, where the way there was one.
#
# ## Decode once, move together
#
# The released code keeps faces as JPEG files. In every epoch it decodes each face again, and moves and erases it by itself, in worker
# processes. Here all faces are decoded once and stay in memory as bytes, and a
# batch is moved in one resampling, each face by its own numbers.
#
# **Predict:** how many times faster are the same 64 faces ready, in one process?

# %%
turns_taken = 3 if ctx.smoke else 7
ready = scale.preparation_rates(batch, device, turns=turns_taken, seconds=0 if ctx.smoke else 0.05)
steps = "A bar runs from the rate before to the rate with it; ×: median of neighbouring turns. "
note = (f"{steps}64 faces of {batch.images.shape[-1]} px, one process; medians of n = {turns_taken} turns; lines: 95 % "
        "intervals of the medians (of fewer than six turns: the least and the largest); measured here")
ctx.save(plots.speedup_steps(ready, title="Faces made ready for the network", note=note), "ready",
         alt="Images a second that are made ready: decoded from files one by one, from memory one by one, from memory "
             "a batch at once.")
ctx.say("As a batch from memory the faces are ready **{times:.1f} times** as fast as from files one by one. The "
        "network's step alone takes {step:,.0f} images/s.", times=ready["value"].iloc[-1] / ready["value"].iloc[0],
        step=len(batch) / whole.median(), origin="measured here")

# %% [markdown]
# The released way does other things to a face than ours (erasing, noise), so the first two bars compare recipes, the last two one
# recipe. A single face from memory is no bargain: its dozens of small operations each have a fixed price, which a batch pays once. All this matters only
# where preparing is slower than the network. A few workers hide it behind a CPU; the faster the device, the more of them it takes.
#
# ## What could the machine do?
#
# "Fast" needs a yardstick. Nearly all of a network's work is products of matrices, so we measure how fast this machine multiplies large
# ones, count the multiplications of a step, and divide.
#
# **Predict:** which share of that rate does a training step reach: 90 %, 50 %, 10 %?

# %%
from scnlib.bench import machine, turns
from scnlib.bench.rows import number

side, formats = 256 if ctx.smoke else 1024, dict.fromkeys([torch.float32, precision.dtype])
pairs = {dtype: [torch.randn(side, side, device=device).to(dtype) for _ in range(2)] for dtype in formats}
products = {dtype: turns.repeating(lambda pair=pair: pair[0] @ pair[1], 2 * side**3, device, 0 if ctx.smoke else 0.1)
            for dtype, pair in pairs.items()}
rates = turns.take_turns(products, 5)
best = turns.median_interval(rates[precision.dtype])[0]

# %%
import pandas as pd

sizes = {"small": (48,), "resnet18": (48, 112, 224)}
needs = {(network, size): {"a training step": machine.flops(network, size) / 1e9,
                           "forwards alone": machine.flops(network, size, backward=False) / 1e9}
         for network in sizes for size in sizes[network]}
used = machine.flops(config.backbone, batch.images.shape[-1]) * len(batch) / whole.median()
ctx.say("The small network's step reaches **{share:.0%}** of the rate measured here ({formats}), at which ResNet-18 "
        "could train at most {most} images/s at 224 px. Below: billions of operations for each image, counted.",
        formats="; ".join(f"{str(dtype).removeprefix('torch.')} {number(turns.median_interval(values)[0] / 1e12)} "
                          "TFLOP/s" for dtype, values in rates.items()),
        most=number(best / machine.flops("resnet18", 224)), share=used / best, origin="measured here")
pd.DataFrame(needs).T.round(2).rename_axis(["network", "pixels"])

# %% [markdown]
# Much of the rest is memory: normalisation, ReLU, resampling and updates touch every number and multiply little. (Where other work shares the
# machine, such a short measurement wobbles, and so does the share.) The count
# grows with the area of the image, but not quite: small maps are rounded up to whole cells.
#
# What follows was measured at length by `scn bench`, arms in turns: our loop, and the released recipe, rebuilt.
#
# **Predict:** how many times faster is ours, and does the factor grow or shrink with the size of the images?

# %%
from scnlib.bench.rows import read_measured

bench = read_measured()
training = bench[(bench["group"] == "training") & (bench["name"] == "resnet18")]
shown = training[(training["unit"] == "images/s") & (training["method"] != "baseline")]
shown = shown.replace({"method": {"scn": "SCN", "released": "released recipe"}})
on_cpu, on_gpu = (scale.on_first(shown, cpu=cpu) for cpu in (True, False))
not_measured = ("> {what}: not measured yet; `scn bench --csv data/results/bench_NAME.csv` on a machine that does "
                "nothing else fills this in.")

# %%
if len(on_cpu):
    ctx.save(plots.throughput_by_size(on_cpu, title="Training ResNet-18 on a CPU",
                                      note=plots.measured_on(on_cpu, "measured at full scale")), "throughput_cpu",
             alt="Images a second in training on a CPU over their size for SCN here and in the released recipe, both "
                 "axes logarithmic.")
if len(on_gpu):
    ctx.save(plots.throughput_by_size(on_gpu, title="Training ResNet-18 on a GPU",
                                      note=plots.measured_on(on_gpu, "measured at full scale")), "throughput_gpu",
             alt="Images a second in training on a GPU over their size for SCN here and in the released recipe, both "
                 "axes logarithmic.")
for what, found in {"Training on a CPU": on_cpu, "Training on a GPU": on_gpu}.items():
    if not len(found):
        ctx.say(not_measured, what=what)

# %%
beside = scale.beside_released(training)
for name, rows in beside.groupby("device", sort=False):
    small, large = rows.loc[rows["size"].idxmin()], rows.loc[rows["size"].idxmax()]
    ctx.say("SCN on {name}: **{low:.1f} times** the released recipe at {small} px, **{high:.1f} times** at {large} px "
            "(batch {batch}); {least:.0%} to {most:.0%} of the matrix rate (n = {n} turns).", name=name,
            low=small["times released"], high=large["times released"], small=small["size"], large=large["size"],
            batch=small["batch"], n=rows["repeats"].min(), least=rows["share of matrix rate"].min(),
            most=rows["share of matrix rate"].max(), origin="measured at full scale")

# %%
goals = scale.beside_goals(scale.on_first(beside, cpu=True))
ctx.say("Goals missed: **{missed} of {n}**.", missed=int((goals["of the goal, %"] < 100).sum()), n=len(goals),
        origin="measured at full scale")
goals

# %% [markdown]
# They were set before this code was written, from a trial of a plain bfloat16 loop on *another* machine with two cores. Images a second do not travel from machine to machine,
# so the third column judges the machines as much as the loop; the last one is the same question asked of this machine alone: how much of what it can do at best does training reach?
#
# ## Fewer bits, another order
#
# Two techniques change how numbers lie and not what is computed. **bfloat16** keeps float32's range and 8 of its 24 bits of precision, so memory moves
# half as much and special instructions multiply faster. **Channels last** puts the channels of a pixel side by side, the order in which fast convolutions read.
#
# **Predict:** what does rounding to 8 bits do to a gradient's direction, at the start of training, before any step? And to the *ranks* of
# 64 importances, then and once a network is trained?

# %%
from scnlib import losses
from scnlib.methods import make_method
from scnlib.models import in_three_channels, make_backbone, normalize

pictures, labels = in_three_channels(normalize(batch.images)), batch.labels
def build():
    torch.manual_seed(seed)
    return make_method("scn").build(make_backbone("small", pictures.shape[-1], seed), batch.num_classes)

def loss_of(network, features):
    z, alpha = network.classifier(features), torch.sigmoid(network.importance(features)).squeeze(1)
    weighted, rank = losses.logit_weighted_cross_entropy(z, alpha, labels), losses.rank_regularization(alpha)
    return losses.total_loss(weighted, rank), alpha

# %%
def direction(rounded, layout):
    network = build().to(memory_format=layout)
    with torch.autocast("cpu", torch.bfloat16, enabled=rounded):
        features = network.backbone(pictures.contiguous(memory_format=layout))
    loss, alpha = loss_of(network, features.float())
    loss.backward()
    return torch.cat([p.grad.flatten() for p in network.parameters()]).double(), alpha.detach()

plain, alpha = direction(False, torch.contiguous_format)
cosines = {name: float(torch.nn.functional.cosine_similarity(plain, direction(*how)[0], dim=0)) for name, how in
           {"channels last": (False, torch.channels_last), "bfloat16": (True, torch.contiguous_format)}.items()}

# %%
from scnlib import paper
from scnlib.course.readings import keys_of

results, recorded = paper.load_results(), ctx.results("rendered_alpha")
keys = keys_of(results, paper.arm("scn", 0.3, relabelling=False))
pool = torch.from_numpy(scale.draw_alpha(recorded[recorded["key"].isin(keys)], 16_384, seed))
ctx.say("Cosine with the plain gradient, before any step: channels last {last:.6f}, bfloat16 **{rounded:.4f}**. The "
        "{many} importances have {plain} different values; rounded to bfloat16 they would have **{left}**. Of as many "
        "of trained networks **{trained}** would be left, and a rank loss would sort the rest by chance.",
        last=cosines["channels last"], rounded=cosines["bfloat16"], many=len(alpha), plain=len(alpha.unique()),
        left=len(alpha.bfloat16().unique()), trained=len(pool[: len(alpha)].bfloat16().unique()),
        origin="measured here; trained: drawn from measured α")
ctx.say("A batch of {shape} pictures has strides {plain} in rows and {last} with channels last: the step from one "
        "channel to the next is {one}.", shape=" × ".join(map(str, pictures.shape)),
        plain=pictures.contiguous().stride(), last=pictures.to(memory_format=torch.channels_last).stride(),
        one=pictures.to(memory_format=torch.channels_last).stride(1), origin="computed")

# %% [markdown]
# So the backbone computes in bfloat16 where the device can, and the heads, $\alpha$ and the losses in float32, always. What each technique
# is worth depends on the machine; here each is added on top of those before it.

# %%
on_cpu, on_gpu = (scale.ladder(scale.on_first(bench, cpu=cpu)) for cpu in (True, False))
for_title = "Technique by technique: {0[name]} at {0[size]} px, batch {0[batch]}"
if len(on_cpu):
    ctx.save(plots.speedup_steps(on_cpu, title=for_title.format(on_cpu.iloc[0]),
                                 note=steps + plots.measured_on(on_cpu, "measured at full scale")), "ladder_cpu",
             alt="Images a second of training loops on a CPU, each with one technique more than the one before.")
if len(on_gpu):
    ctx.save(plots.speedup_steps(on_gpu, title=for_title.format(on_gpu.iloc[0]),
                                 note=steps + plots.measured_on(on_gpu, "measured at full scale")), "ladder_gpu",
             alt="Images a second of training loops on a GPU, each with one technique more than the one before.")
for what, found in {"Techniques on a CPU": on_cpu, "Techniques on a GPU": on_gpu}.items():
    if not len(found):
        ctx.say(not_measured, what=what)

# %%
compiled = bench[(bench["group"] == "techniques") & bench["method"].str.startswith("torch.compile")]
compiled = compiled.dropna(subset="value")
for device, rows in compiled.groupby("device", sort=False):
    again, first = rows["ratio"].dropna(), rows.loc[rows["unit"] == "s", "value"]
    ctx.say("Compiled, the same step of ResNet-18 runs at {least:.1%} to {most:.1%} of its speed on {device}, and the "
            "first one takes {first:.0f} s.", least=again.min(), most=again.max(), device=device, first=first.max(),
            origin="measured at full scale")

# %% [markdown]
# **What the training loop does only when asked**, and on what evidence. `scn run --compile` computes the backbone's maps by `torch.compile`, with static shapes: an epoch's
# batches have two sizes at most, so there are two programs, and other seeds of the same process (`scn table --run --seeds 3 --compile`) find them there. The line above says what
# that is worth. On CUDA it also replays the backbone's two passes as *CUDA graphs*, so that the host need not launch each of their kernels, which should help where batches are small.
# There is no evidence of that yet: no GPU was at hand (`scn bench --only techniques` asks one).
#
# ## A question stops the line
#
# A GPU is given work and does it later. The host, meanwhile, prepares the next step, unless it asks: *what is the loss? is it above 0? which
# samples are to be relabelled?* Then it must wait until everything before the answer is done, and the GPU waits for the host after that.
#
# **Predict:** the host needs 1 ms to prepare a step, the GPU 2 ms to compute it. How long do five steps take, with and without a question in each?

# %%
plans = {"without a question": scale.lanes(1, 2, 5, waits=False),
         "a question in each step": scale.lanes(1, 2, 5, waits=True)}
ctx.save(plots.host_and_device(plans, title="Five steps: 1 ms to prepare, 2 ms to compute",
                               note="assumed times, to show the order of things", unit="ms"), "lanes",
         alt="Two timelines of host and device. Without questions the device works without a pause; with a question "
             "in each step host and device take turns.")

# %%
from scnlib.bench import released
from scnlib.methods.base import Batch


def ours():
    make_method("scn", relabel_epoch=1).step(network, Batch(pictures, labels, labels, few), 1).loss.backward()

def theirs():
    loss, scores = released.loss_of(network, pictures, labels)
    loss.backward()
    (torch.softmax(scores, 1).max(1).values > 0.9).nonzero()  # whom to relabel

network = build()
asked = {"ours": scale.questions(ours), "released": scale.questions(theirs)}
ends = [plan["end"].max() for plan in plans.values()]
ctx.say("{free:g} ms against {waiting:g}: without questions the slower of the two decides, with them their sum. "
        "Counted in one SCN step with relabelling: the released way asks **{released}** times, ours **{ours}** times.",
        free=ends[0], waiting=ends[1], **asked, origin="counted")

# %% [markdown]
# The loss, its `max(0, ·)`, the groups and the new labels are tensors to the end; all that people want to read is added up on the device and read once
# an epoch. On a CPU a question costs nothing. On a GPU it costs most where steps are short: small faces, small batches.
#
# ## What SCN costs beyond the baseline
#
# Its heads multiply features by one column more; sorting a batch and comparing probabilities touch a few thousand numbers.
#
# **Predict:** how much longer does a step take, in percent? How would you measure 1 % on a machine whose speed wanders by 5 %?

# %%
overhead, goal = scale.where(bench[bench["group"] == "overhead"]), 3.0
if len(overhead):
    ctx.save(plots.overhead_intervals(overhead, goal=goal, title="A step of SCN against one of the baseline",
                                      note=plots.measured_on(overhead, "measured at full scale")), "overhead",
             alt="Extra time of a training step with SCN in percent of the baseline's, with intervals, beside zero "
                 "and the goal.")
    for verdict, found in scale.against_goal(overhead, goal).items():
        ctx.say("Goal of under {goal:g} % *{verdict}*: {found}.", verdict=verdict, goal=goal,
                found="; ".join(found) or "nowhere", origin="measured at full scale")
else:
    ctx.say(not_measured, what="SCN's price")

# %% [markdown]
# How: many short turns of each take turns, each is compared with its neighbour, and the median of these ratios gets an interval. Where the interval holds the
# goal, the honest word is *open*.
#
# ## Many GPUs: whose rank?
#
# A batch of 1,024 on 8 GPUs is 128 faces on each. Cross-entropy does not mind: the mean of eight means is the mean. But the rank loss sorts
# *a batch*, and equation 5 relabels *its* low group. Is that the batch, or a GPU's 128? The paper does not say.
# (PyTorch's older `DataParallel` brings all outputs to one GPU before the loss, its successor `DistributedDataParallel` does not; the released code uses neither.)
#
# Here are 1,024 importances that trained SCNs without relabelling might give. They are drawn from the histograms of several runs (rendered faces, 30 % wrong
# labels, last epoch); the bins are 0.05 wide, and places within a bin are made up evenly.
#
# **Predict:** how many of the 1,024 change their group if each eighth ranks for itself?

# %%
from scnlib.course.importance import batch_gaps, group_gap
from scnlib.relabel import low_importance

gpus, size = (paper.setting("scn", name).value for name in ("GPUs", "batch_size"))
alphas = pool[:size]
own, globally = scale.low_in_shares(alphas, gpus), low_importance(alphas)
note = (f"1,024 α drawn from the histograms of n = {len(keys)} runs, rendered faces, 30 % wrong labels, measured at "
        "full scale; dashed: where the whole batch cuts")
ctx.save(plots.ranks_in_shares(alphas, own, globally, gpus, title="Low groups of eight shares and of the whole",
                               note=note), "shares",
         alt="The importances of eight shares of a batch; most samples are in the same group either way, those near "
             "the border are not.")

# %%
hinges = [max(0, 0.15 - group_gap(part.numpy())) for part in alphas.tensor_split(gpus)]
borders = [float(part[low_importance(part)].max()) for part in alphas.tensor_split(gpus)]
ctx.say("**{moved}** of {n:,} change their group, {share:.1%}, all near the border, which lies between {low:.3f} and "
        "{high:.3f} in the shares. The rank loss of the whole is {whole:.4f}, the mean of the eight {mean:.4f} "
        "({least:.4f} to {most:.4f}).", moved=int((own != globally).sum()), n=len(alphas),
        share=float((own != globally).float().mean()), low=min(borders), high=max(borders),
        whole=max(0, 0.15 - group_gap(alphas.numpy())), mean=sum(hinges) / gpus, least=min(hinges), most=max(hinges),
        origin="computed from measured α")

# %% [markdown]
# So a batch of its own share is a *smaller batch*, with the scatter of one. The hinge $\max(0, \cdot)$ is convex: the mean of eight is never below the hinge
# of the mean gap, and where gaps lie around the margin it is above. This is lesson 06's question again: the paper has a margin of 0.15 at 1,024,
# the readme of its code 0.07 at 64. If their eight GPUs ranked by themselves, the two batches would be **128** and 64.
#
# Suppose that one sets the margin so that one batch in twenty falls short of it. Small batches scatter more, so theirs would be smaller by scatter alone.
#
# **Predict:** how much of the step from 0.15 to 0.07 does that explain in each reading?

# %%
gaps = batch_gaps(pool.numpy(), (64, 128, 1024), seed=seed)
ctx.save(plots.gaps_by_batch_size({"drawn from measured α": gaps}, title="The gap that 64, 128 and 1,024 faces show",
                                  note="400 batches each; bars: middle 90 %; computed from measured α"), "gaps",
         alt="Mean gap between the groups with its middle ninety percent for batches of 64, 128 and 1024 faces; the "
             "mean stays, the scatter shrinks.")
floors = {size: pd.Series(values).quantile(0.05) for size, values in gaps.items()}
explained = {size: (floors[size] - floors[64]) / (0.15 - 0.07) for size in (128, 1024)}
ctx.say("One batch in twenty falls short of {a:.3f} at 64, {b:.3f} at 128 and {c:.3f} at 1,024. So by this rule "
        "scatter explains **{wide:.0%}** of the step if the margin of 0.15 was meant for 1,024 faces, and "
        "**{narrow:.0%}** if it was for 128.", a=floors[64], b=floors[128], c=floors[1024], wide=explained[1024],
        narrow=explained[128], origin="computed from measured α")

# %% [markdown]
# All of it in neither. (These α come from trainings in batches of one size. They tell what a smaller batch *sees* of a network, not what it would have *made* of it.)
#
# Whatever the authors did, *the loss should not depend on the number of machines*. So this package ranks the whole batch: each process runs the backbone on its
# share, all features are put together, and every process computes the same loss.
#
# ## The exact gradient
#
# Now the trap. A process knows the others' features only as numbers: its gradient flows back through its own share alone. Then gradients are **averaged** over the $W$
# processes. But the parts of one loss's gradient must be *added*. So each process multiplies the gradient at its own features by $W$ before it goes on back.
#
# **Predict:** what happens to the backbone's gradient if one forgets the factor? If one puts it in twice? And to the heads'?

# %%
network = build().double().eval()  # fixed statistics in batch normalisation, see below
images, parameters = pictures.double(), list(network.parameters())

def gradient(features):
    return torch.autograd.grad(loss_of(network, features)[0], parameters)

exact = gradient(network.backbone(images))

def averaged(W, factor):
    """The mean over W processes, one after the other, of the gradient that each finds."""
    shares = images.tensor_split(W)
    known = [network.backbone(share).detach() for share in shares]  # what all processes are told
    found = []
    for r, share in enumerate(shares):
        own = network.backbone(share)
        own = own.detach() + factor * (own - own.detach())  # the same numbers, the gradient times the factor
        found.append(gradient(torch.cat([*known[:r], own, *known[r + 1 :]])))
    return [sum(parts) / W for parts in zip(*found, strict=True)]

# %%
W, heads = 4, {id(p) for p in (*network.classifier.parameters(), *network.importance.parameters())}
ways = {"W: exact": averaged(W, W), "1: forgotten": averaged(W, 1), "W²: put in twice": averaged(W, W * W)}
def length(gradients, of_heads):
    chosen = [g.flatten() for g, p in zip(gradients, parameters, strict=True) if (id(p) in heads) == of_heads]
    return float(torch.cat(chosen).norm())

def largest_error(gradients):
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(gradients, exact, strict=True))

factors = pd.DataFrame({name: {"backbone": length(g, False) / length(exact, False),
                               "heads": length(g, True) / length(exact, True),
                               "largest error": largest_error(g)} for name, g in ways.items()}).T
factors.map("{:.3g}".format)

# %%
ctx.say("Length beside one process's gradient, W = {W}, float64. With the factor the largest error is {error:.0e} of "
        "a layer's largest entry: rounding. Forgotten, the backbone's gradient is **{less:g}** times as long; put in "
        "twice, **{more:g}** times. With SGD that is another learning rate. The heads stand behind the place where "
        "features meet, and are right each time.", W=W,
        error=factors.loc["W: exact", "largest error"], less=round(factors.loc["1: forgotten", "backbone"], 9),
        more=round(factors.loc["W²: put in twice", "backbone"], 9), origin="measured here")

# %% [markdown]
# That is why the mistake is easily overlooked: nothing crashes, the loss falls, and the backbone trains at another learning rate than its heads. Where nothing is
# put together at all (each GPU ranks its own), no factor helps: it is another loss.
#
# ## What batch normalisation sees
#
# One layer still knows about the shares. Batch normalisation subtracts the mean *of what it is given*.
#
# **Predict:** the same 256 faces through the same network before its first step, normalised as a whole and in shares. How small may a share be before the ranks move?

# %%
network, many = build().train(), in_three_channels(normalize(faces.images[:256]))
def importances(size):
    with torch.no_grad():
        features = torch.cat([network.backbone(part) for part in many.split(size)])
        return torch.sigmoid(network.importance(features)).squeeze(1)

reference = importances(len(many))
scopes = {f"shares of {part}": ((importances(part) - reference).abs().mean() / reference.std(),
                                (low_importance(importances(part)) != low_importance(reference)).float().mean())
          for part in (128, 64, 32, 8) if part < len(many)}
scope = pd.DataFrame({name: {"α moves, in its standard deviations": float(a), "change their group, %": 100 * float(b)}
                      for name, (a, b) in scopes.items()}).T.round(2)
moved = scope["change their group, %"]
ctx.say("They move at once: {least:.1f} % of the faces change their group in {large}, {most:.1f} % in {small}.",
        large=moved.index[0], least=moved.iloc[0], small=moved.index[-1], most=moved.iloc[-1], origin="measured here")
scope

# %%
weights = sum(p.numel() for p in make_backbone("resnet18", 224, seed).parameters())
ctx.say("So on GPUs batch normalisation takes the whole batch, too (`SyncBatchNorm`; torch has none for CPUs). What "
        "travels: for ResNet-18 at every step {gradients:.0f} MB of gradients, and for the ranks {features:.1f} MB of "
        "features of 1,024 faces, {share:.0%} of that.", gradients=4 * weights / 1e6, features=4 * 1024 * 512 / 1e6,
        share=1024 * 512 / weights, origin="computed")

# %% [markdown]
# All of it is one command: `torchrun --nproc-per-node=8 -m scnlib run --profile paper ...`. Tests hold its loss, gradients and new labels against one process's, with
# two and three processes on CPUs. **On several GPUs it has not been run**: how it scales there nobody has measured, so no curve of it stands here. What can be measured without them is
# what the cores of a CPU are worth.
#
# ## One core more
#
# A second core can be a second *thread* of the same run, a second *run* beside it, or a second *process* that trains the same run with half of every batch.
#
# **Predict:** which of the three brings most images a second, and which of them two times as many?

# %%
uses = scale.ways_of_scaling(bench)
if len(uses):
    title = "SCN, {0[name]} network, {0[size]} px, batch {0[batch]}".format(uses.iloc[0])
    note = plots.measured_on(uses, "measured at full scale")
    ctx.save(plots.ways_beside_one(uses, int(uses["cores"].iloc[0]), title=title, note=note,
                                   label="images/s, of all runs together"), "cores",
             alt="Bars of the images a second that one thread, several threads, several runs side by side and one run "
                 "in two processes reach together on a CPU, beside multiples of one thread.")
    ctx.say("Beside one thread: {words}. Most images a second: {best}.",
            words="; ".join(f"{row.method} × {row.ratio:.2f}" for row in uses[1:].itertuples()),
            best=uses.loc[uses["value"].idxmax(), "method"], origin="measured at full scale")
else:
    ctx.say(not_measured, what="Threads, runs and processes on a CPU")

# %% [markdown]
# Threads share each layer's work and wait for one another at its end. Two processes of one run wait at every step, too, and send features and gradients between them. Runs side by side wait for
# nobody; what they share is memory and its speed. A table of many runs may have what is fastest of all; a single run has only threads and processes to choose from.
#
# ## Many runs
#
# More often one has many runs than a large one: methods, noise rates, seeds. They need no fast network between machines. They need a **name that says what a run is**:
# a hash of everything that decides its numbers, and of the data.
#
# **Predict:** which of these have the same name?

# %%
from scnlib import runs, splits

root = ctx.ferplus_root() if ctx.dataset == "ferplus" else None
def name(**changed):
    config = ctx.config("scn", noise_rate=0.3, **changed)
    return runs.run_key(config, splits.load_splits(config, root))

names = pd.Series({"a run": name(), "the same again": name(), "γ = 0.5, said aloud": name(gamma=0.5),
                   "γ = 0.6": name(gamma=0.6), "another seed": name(seed=seed + 1)})
names

# %% [markdown]
# A finished run is found and not repeated, on any machine that shares the folder; one that was stopped goes on. With that, a *scheduler* need know
# nothing of training. A table is a target, a run is a job, and its output is the manifest that is written last:
#
#     snakemake --cores 2 table_scn_5 --config dataset=rendered seeds=3
#     snakemake --profile workflow/profiles/slurm table_scn_5
#
# **Predict:** tables 5 and 6 share runs. How many jobs are left of the two together?

# %%
from scnlib.paper.jobs import plan

jobs = plan(("scn-5", "scn-6"), ctx.dataset, ctx.profile, (seed,), root).jobs
distinct = {job.path for table in jobs.values() for job in table}
ctx.say("{five} and {six} jobs, **{both}** together. The first: `scn {words}`, which fills `{path}`.",
        five=len(jobs["scn-5"]), six=len(jobs["scn-6"]), both=len(distinct), words=" ".join(jobs["scn-5"][0].arguments),
        path=jobs["scn-5"][0].path.name, origin="computed")

# %% [markdown]
# The same targets went through a real SLURM, version 22.05 on one node, on miniature runs: jobs that wait for others, one that fails, and a second call
# that does only that one. Several nodes, and GPUs under a scheduler, have not been tried.
#
# ## What two papers cost
#
# A run costs images divided by images per second, and runs add up. Rates come from `scn bench`, or from runs that were finished; what nobody measured stays
# unknown, for a guess would look like a number. First every table on rendered faces (`quick`, three seeds), then the papers' own data, size and length (`paper`, one seed).
#
# **Predict:** how many million images do the papers' tables train on and judge?

# %%
from scnlib.paper import cost

rates_known = cost.rates(bench, results)
machines = cost.machines(rates_known)
cost_here = [work for table in paper.GRIDS for work in cost.work(table, "rendered", "quick", range(3), results)]
scale.cost_table(cost_here, rates_known, machines)

# %%
papers = [work for table in paper.GRIDS for work in cost.work(table, None, "paper", (0,), results)]
total = scale.cost_table(papers, rates_known, machines)
everything = total.loc["all"]
ctx.say("{runs} runs, **{images:,.0f} million** images at 224 px. {words}.{gpu}", runs=everything["runs"],
        images=everything["images, millions"],
        words="; ".join(f"On {name}: {everything[name]}" for name in total.columns[2:]) or "No machine was measured",
        origin="from measured rates", gpu="" if any(not cost.is_cpu(name) for name, _ in machines)
        else " On GPUs nobody has measured yet: `scn bench --csv data/results/bench_NAME.csv` there.")
total

# %% [markdown]
# Tables share runs, so the rows add up to more than *all*, which counts each run once. Reading and decoding data come on top, once. A seed more costs the same again, and eight devices with runs of their own finish in an eighth of the time only while there
# are many more runs than devices: the last one waits for the longest.
#
# ## Recap
#
# You took a step **apart** and held it against the **machine's own rate**. You saw that **decoding once and moving together** takes preparation out of the way, what **eight bits** may
# touch, and that a **question** turns the slower of two into their sum. You ranked a batch **in shares and as a whole**, averaged gradients **exactly** and with the two wrong factors, and
# saw what **batch normalisation** sees. You gave runs **names**, and know what two papers **cost** and what of it nobody has measured.
#
# ## What would change our mind
#
# - If training with ranks per GPU ended at another accuracy than with global ranks, over several seeds, the paper's silence would matter for its numbers, and not only for ours.
# - A measurement on eight GPUs. Ours might scale badly where features and statistics wait for the slowest.
# - A machine on which `scn bench` puts the released recipe level with ours: then decoding and waiting are not what they cost here.
#
# ## Exercises
#
# [A quiz](exercises/A2_from_one_cpu_to_many_gpus.ipynb) goes with this lesson. Further questions, which nobody checks but you:
#
# 1. Replace the rank loss in `gradient` by one that each share computes for itself. What is the cosine with the exact gradient, and how does it change with W?
# 2. In `scale.lanes`, what does a question every tenth step cost? Derive it before you look.
# 3. Eight GPUs can train one run at batch 1,024 or eight runs at batch 128. What is equal, what is not, and which would you choose for a table with three seeds?
#
# ## References
#
# - Wang, Peng, Yang, Lu, Qiao: *Suppressing Uncertainties for Large-Scale Facial Expression Recognition* (SCN), CVPR 2020, section 3.5.
# - Goyal et al.: *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour*, 2017.
# - Li et al.: *PyTorch Distributed: Experiences on Accelerating Data Parallel Training*, VLDB 2020.
# - Micikevicius et al.: *Mixed Precision Training*, ICLR 2018.
# - Mölder et al.: *Sustainable data analysis with Snakemake*, F1000Research 2021.

# %% tags=["remove-cell"]
assert (times > 0).all().all() and used > 0
assert asked["ours"] == 0 and asked["released"] == 2, "who waits for the device has changed: rewrite the lesson's story"
assert ends == [11, 15]
assert cosines["channels last"] > 0.999 and cosines["bfloat16"] > 0.8 and len(alpha.bfloat16().unique()) < len(alpha.unique())
for found, wanted in zip(ways["W: exact"], exact, strict=True):
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-9 * float(wanted.abs().max()))
assert abs(factors.loc["1: forgotten", "backbone"] - 1 / W) < 1e-6 and abs(factors.loc["W²: put in twice", "backbone"] - W) < 1e-6
assert (factors["heads"] - 1).abs().max() < 1e-6
assert own.sum() == gpus * low_importance(alphas[: size // gpus]).sum() and 0 < (own != globally).sum() < 200
assert sum(hinges) / gpus >= max(0, 0.15 - sum(group_gap(part.numpy()) for part in alphas.tensor_split(gpus)) / gpus) - 1e-12
assert names["a run"] == names["the same again"] == names["γ = 0.5, said aloud"]
assert names.nunique() == 3 and max(explained.values()) < 1
assert len(distinct) < len(jobs["scn-5"]) + len(jobs["scn-6"])
