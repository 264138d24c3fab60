"""Every figure: plain arrays and tables in, a matplotlib ``Figure`` out. No pyplot, no global state, no files.

Colours are Okabe and Ito's; what a colour says, a dash, a marker, a hatch or a sign says too.
"""

from scnlib.plots.ablations import lucky_leads, seed_gains, tuning_curves
from scnlib.plots.alpha import (
    alpha_histogram,
    alpha_histogram_from_counts,
    alpha_in_epoch,
    alpha_over_epochs,
    alpha_ridge,
    by_bins,
)
from scnlib.plots.answers import face_and_answer, mixture
from scnlib.plots.cures import class_flow, cure_fates, doctor_over_epochs, margin_choice, margin_gains, margin_sweep
from scnlib.plots.curves import label_accuracy_curves, memorisation_curves, relabel_flow, training_curves
from scnlib.plots.datasets import class_shares, copy_distances, disagreement_map
from scnlib.plots.diagram import scn_diagram
from scnlib.plots.faces import alpha_rows, face_grid, lowest_alpha_faces, uncertainty_ladder
from scnlib.plots.knowledge import auroc_curves, knowledge_dots, knowledge_matrix
from scnlib.plots.ledger import claims_ledger
from scnlib.plots.lrn import centre_moves, class_maps, lrn_diagram, probabilities_over_noise
from scnlib.plots.margins import gaps_by_batch_size, margin_loss, margin_paths, rank_groups, rank_loss
from scnlib.plots.other_cures import (
    density_curriculum,
    label_pulls,
    matrix_pair,
    method_scatter,
    mirror_attention,
    schedules,
    share_bars,
    weight_maps,
)
from scnlib.plots.predicting import activation_maps, group_accuracy
from scnlib.plots.preprocessing import found_faces
from scnlib.plots.released import common_class_over_alpha, epoch_bonus, label_kinds, published_gains
from scnlib.plots.results import effects, gain_matrix, results_bars, sweep
from scnlib.plots.scale import host_and_device, ranks_in_shares, ways_beside_one
from scnlib.plots.speed import measured_on, overhead_intervals, speedup_steps, throughput_by_size
from scnlib.plots.tables import class_counts, commonest_mistake, confusion_matrix, transition_matrix
from scnlib.plots.webemotion import clip_timeline
from scnlib.plots.weighting import alpha_by_step, loss_by_alpha, loss_histogram, loss_over_alpha, slope_against_loss

__all__ = [
    "activation_maps",
    "alpha_by_step",
    "alpha_histogram",
    "alpha_histogram_from_counts",
    "alpha_in_epoch",
    "alpha_over_epochs",
    "alpha_ridge",
    "alpha_rows",
    "auroc_curves",
    "by_bins",
    "centre_moves",
    "claims_ledger",
    "class_counts",
    "class_flow",
    "class_maps",
    "class_shares",
    "clip_timeline",
    "common_class_over_alpha",
    "commonest_mistake",
    "confusion_matrix",
    "copy_distances",
    "cure_fates",
    "density_curriculum",
    "disagreement_map",
    "doctor_over_epochs",
    "effects",
    "epoch_bonus",
    "face_and_answer",
    "face_grid",
    "found_faces",
    "gain_matrix",
    "gaps_by_batch_size",
    "group_accuracy",
    "host_and_device",
    "knowledge_dots",
    "knowledge_matrix",
    "label_accuracy_curves",
    "label_kinds",
    "label_pulls",
    "loss_by_alpha",
    "loss_histogram",
    "loss_over_alpha",
    "lowest_alpha_faces",
    "lrn_diagram",
    "lucky_leads",
    "margin_choice",
    "margin_gains",
    "margin_loss",
    "margin_paths",
    "margin_sweep",
    "matrix_pair",
    "measured_on",
    "memorisation_curves",
    "method_scatter",
    "mirror_attention",
    "mixture",
    "overhead_intervals",
    "probabilities_over_noise",
    "published_gains",
    "rank_groups",
    "rank_loss",
    "ranks_in_shares",
    "relabel_flow",
    "results_bars",
    "schedules",
    "scn_diagram",
    "seed_gains",
    "share_bars",
    "slope_against_loss",
    "speedup_steps",
    "sweep",
    "throughput_by_size",
    "training_curves",
    "transition_matrix",
    "tuning_curves",
    "uncertainty_ladder",
    "ways_beside_one",
    "weight_maps",
]
