"""Every figure: plain arrays and tables in, a matplotlib ``Figure`` out. No pyplot, no global state, no files.

Colours are Okabe and Ito's; what a colour says, a dash, a marker, a hatch or a sign says too.
"""

from scnlib.plots.alpha import alpha_histogram, alpha_histogram_from_counts, alpha_over_epochs, auroc_of_counts
from scnlib.plots.curves import label_accuracy_curves, memorisation_curves, relabel_flow, training_curves
from scnlib.plots.diagram import scn_diagram
from scnlib.plots.faces import alpha_rows, face_grid, lowest_alpha_faces, uncertainty_ladder
from scnlib.plots.results import results_bars
from scnlib.plots.tables import class_counts, commonest_mistake, confusion_matrix, transition_matrix

__all__ = [
    "alpha_histogram",
    "alpha_histogram_from_counts",
    "alpha_over_epochs",
    "alpha_rows",
    "auroc_of_counts",
    "class_counts",
    "commonest_mistake",
    "confusion_matrix",
    "face_grid",
    "label_accuracy_curves",
    "lowest_alpha_faces",
    "memorisation_curves",
    "relabel_flow",
    "results_bars",
    "scn_diagram",
    "training_curves",
    "transition_matrix",
    "uncertainty_ladder",
]
