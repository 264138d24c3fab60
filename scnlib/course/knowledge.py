"""What alpha and its rivals know of each known uncertainty, on one scale."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scnlib.afterwards import features
from scnlib.datasets import FaceSet
from scnlib.evaluation import auroc
from scnlib.knowledge import load_knowledge
from scnlib.methods.names import method_label
from scnlib.paper.arms import Recipe, rows_of
from scnlib.paper.grid import Selector
from scnlib.paper.plain import DATASETS
from scnlib.paper.quick import plain_runs
from scnlib.paper.results import load_results, prepare
from scnlib.results import table_path
from scnlib.run_folder import Run
from scnlib.uncertainty import TITLES, knows


def overview(known: Mapping[str, Tensor]) -> pd.DataFrame:
    """Each known uncertainty: whether it is a yes or no, and how many faces it concerns.

    Args:
        known: of ``known_uncertainty``.

    Returns:
        Index the quantity's title; columns kind, ``faces concerned, %`` (above its smallest value, undefined faces
        left out) and ``median of these`` (of a yes or no: empty).
    """
    rows = {}
    for name, quantity in known.items():
        values = quantity[~quantity.isnan()].numpy()
        above = values[values > values.min()]
        answered = quantity.dtype == torch.bool
        rows[TITLES[name]] = {
            "kind": "yes or no" if answered else "how much",
            "faces concerned, %": round(100 * len(above) / max(len(values), 1), 1),
            "median of these": "" if answered or not len(above) else round(float(np.median(above)), 3),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def knowledge(signals: Mapping[str, Tensor | np.ndarray], known: Mapping[str, Tensor]) -> pd.DataFrame:
    """What each signal of trust knows of each uncertainty, on one scale.

        knowledge = 2 AUROC - 1          of a yes or no
                    Spearman's rho       of a continuous quantity, both of the negated signal

    Args:
        signals: name -> ``(N,)``, larger = more trusted.
        known: of ``known_uncertainty``.

    Returns:
        Columns title, signal, knowledge (1: everything, 0: nothing, below: the wrong way round), chance (95 % of blind
        signals lie within +- that), quantity, n; all signals of a quantity stand together.
    """
    tables = []
    for name, signal in signals.items():
        table = knows(torch.as_tensor(np.asarray(signal, dtype=np.float64)), known)
        chance = [_chance(known[quantity]) for quantity in table["quantity"]]
        tables.append(on_one_scale(table).assign(signal=name, chance=chance))
    table = pd.concat(tables, ignore_index=True)
    order = {quantity: place for place, quantity in enumerate(known)}
    table = table.sort_values("quantity", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    return table[["title", "signal", "knowledge", "chance", "quantity", "n"]]


def on_one_scale(table: pd.DataFrame) -> pd.DataFrame:
    """A table of ``uncertainty.knows`` or ``NAME_knows.csv.xz`` with the columns ``knowledge`` and ``title`` added."""
    answered = table["measure"] != "spearman"
    scaled = table["value"].astype(float).where(~answered, 2 * table["value"].astype(float) - 1)
    return table.assign(knowledge=scaled, title=[TITLES.get(name, name) for name in table["quantity"]])


def _chance(quantity: Tensor) -> float:
    """1.96 standard deviations of the knowledge of a signal that is independent of the quantity.

    Spearman's rho has variance 1 / (n - 1); AUROC of p against q samples has (p + q + 1) / (12 p q).
    """
    if quantity.dtype != torch.bool:
        return 1.96 / max(int((~quantity.isnan()).sum()) - 1, 1) ** 0.5
    yes, no = int(quantity.sum()), int((~quantity).sum())
    return 2 * 1.96 * ((yes + no + 1) / (12 * max(yes * no, 1))) ** 0.5


def disagreement_auroc(run: Run) -> pd.DataFrame:
    """How well alpha, and the bare fact that the network names another class than the label, tell wrong labels.

    Returns:
        Columns epoch, ``α``, ``prediction ≠ given label``: AUROC in each epoch, NaN without wrong labels.
    """
    samples = run.samples
    wrong = torch.from_numpy(samples["given"] != samples["true"])
    disagrees = torch.from_numpy((samples["prediction"] != samples["given"]).astype(np.float32))
    alpha = torch.from_numpy(samples["alpha"].astype(np.float32))
    return pd.DataFrame(
        {
            "epoch": run.metrics["epoch"],
            "α": [float(auroc(-row, wrong)) for row in alpha],
            "prediction ≠ given label": [float(auroc(row, wrong)) for row in disagrees],
        }
    )


def look(run: Run, faces: FaceSet) -> dict[str, Tensor]:
    """The finished network's view of faces, in evaluation mode on the unchanged images.

    Returns:
        ``features`` (N, D), ``prediction`` (N,), and signals of trust ``(N,)``, larger = more trusted: ``alpha``,
        ``confidence`` (largest probability of the plain logits), ``margin`` (largest minus second), and
        ``given_label`` (log probability of the label as given, minus its loss: it knows the label).
    """
    network, together = run.network(), features(run, faces.images)
    with torch.no_grad():
        logits, alpha = network.classifier(together), torch.sigmoid(network.importance(together)).squeeze(1)
    first, second = logits.softmax(1).topk(2, dim=1).values.unbind(1)
    own = logits.log_softmax(1).gather(1, faces.labels[:, None]).squeeze(1)
    return {
        "features": together, "prediction": logits.argmax(1), "alpha": alpha, "confidence": first,
        "margin": first - second, "given_label": own,
    }  # fmt: skip


def probe(features: Tensor, known: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """How certain a linear model of the features, trained on the truth, would call each face: a ceiling for alpha.

    Logistic regression for a yes or no, ridge regression for the rest, on standardised features; each face is judged by
    the model of the folds that it is not in, of five.

    Args:
        features: ``(N, D)``.
        known: of ``known_uncertainty``; a quantity with fewer faces on one side than folds is left out.

    Returns:
        Quantity -> ``(N,)``, larger = less uncertain, as a signal; 0 where the quantity is undefined.
    """
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds, judged = 5, {}
    for name, quantity in known.items():
        answered, defined = quantity.dtype == torch.bool, ~quantity.isnan()
        values, x = quantity[defined].numpy(), features[defined].numpy()
        rarest = min(values.sum(), (~values).sum()) if answered else len(np.unique(values))
        if rarest < folds:
            continue
        model = LogisticRegression(C=0.01, max_iter=500) if answered else Ridge(1000.0)
        method = "decision_function" if answered else "predict"
        judged[name] = torch.zeros(len(quantity), dtype=torch.float64)
        guesses = cross_val_predict(make_pipeline(StandardScaler(), model), x, values, cv=folds, method=method)
        judged[name][defined] = -torch.from_numpy(guesses).double()
    return judged


def full_scale_knowledge(name: str, runs: Selector, mode: str = "test", within: bool = False) -> pd.DataFrame:
    """What alpha of committed runs of the quick profile knows: a row for each quantity and seed that was measured.

    Args:
        name: of the results and of their dataset, ``"ferplus"``.
        runs: which arm, of ``scnlib.paper.arm``.
        mode: ``"train"``, ``"eval"`` or ``"test"``, see ``results.knowledge``.
        within: of wrong labels the AUROC within each true class instead of that over all, and nothing else.

    Returns:
        Columns title, quantity, seed, knowledge, n.
    """
    table = load_knowledge(table_path(name, "_knows"))
    if table.empty:
        return pd.DataFrame(columns=["title", "quantity", "seed", "knowledge", "n"])
    rows = rows_of(prepare(load_results()), runs, name, Recipe.of("quick", name))
    table = table[(table["measure"] == "auroc_within") == within]
    found = table[table["mode"] == mode].merge(rows[["key", "seed"]], on="key")
    return on_one_scale(found)[["title", "quantity", "seed", "knowledge", "n"]]


def best_epoch_bonus(runs: pd.DataFrame) -> pd.DataFrame:
    """How many points the best epoch on the test set is above the last one, for ``scnlib.plots.epoch_bonus``.

    Args:
        runs: ``load_results()``, of which those of the quick recipe, from scratch and with a method's own options, are
            looked at.

    Returns:
        A row for each run, those of a dataset and method (all labels and seeds) together, of which there must be five:
        label, group, bonus.
    """
    own = plain_runs(runs).drop_duplicates("key")  # measured here and at full scale: once
    own = own[own["label"] == own["method"].map(method_label)]
    own = own.assign(bonus=own["best_accuracy"] - own["accuracy"]).dropna(subset="bonus")
    parts = [
        same.assign(label=method_label(method), group=DATASETS.get(dataset, dataset))[["label", "group", "bonus"]]
        for (dataset, method), same in own.groupby(["dataset", "method"], sort=False)
        if len(same) >= 5
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["label", "group", "bonus"])
