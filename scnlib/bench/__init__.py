"""How fast everything is, measured on the machine at hand; ``scn bench``.

turns         whose turn it is, and what to make of the rates: medians, intervals, ratios of neighbours
rows          one row for each measurement, with where it comes from; the CSV and the printed table
machine       the machine's own rate of multiplication, and how many a network needs
ours          the training loop of this project, as it stands
released      the training loop of SCN's released code, rebuilt from its description
training      both, and the baseline, side by side; what SCN costs beyond the baseline; peak memory
methods       what a step and an epoch of every method cost beside the baseline's
techniques    from the plainest loop to the fast one, a technique at a time
preparing     renderer, alignment, augmentation, label noise, evaluation
startup       how long a fresh process takes to be there
load          what a training set as large as AffectNet costs in time and memory
scaling       one thread, all of them, runs side by side, one run in two processes
run           all of it, in groups, with the time left
"""

from scnlib.bench.run import GROUPS, bench

__all__ = ["GROUPS", "bench"]
