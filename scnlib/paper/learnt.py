"""What networks learn of right and of wrong labels, from the curves of their runs."""

import pandas as pd


def learnt(curves: pd.DataFrame, wrong: float) -> pd.DataFrame:
    """Shares of the right and of the wrong labels that a network predicts, and of the test faces, epoch by epoch.

        train_accuracy_given = (1 - wrong) right + wrong memorised        solved for right

    Args:
        curves: rows of ``load_epochs()``, of runs of one arm.
        wrong: share of wrong labels, 0 to 1 without 1.

    Returns:
        ``epoch``; ``right``, ``memorised``, ``test``: means over the runs, with the least and the most of them in
        ``right_low``, ``right_high`` and so on.
    """
    right = (curves["train_accuracy_given"] - wrong * curves["memorised"]) / (1 - wrong)
    shares = curves[["epoch", "memorised"]].assign(right=right, test=curves["test_accuracy"]).groupby("epoch")
    return shares.mean().join(shares.min().add_suffix("_low")).join(shares.max().add_suffix("_high")).reset_index()


def stopped_early(curves: pd.DataFrame) -> pd.Series:
    """Key -> test accuracy, 0 to 1, in the epoch of a run's highest accuracy on noisy validation labels.

    What a run would have ended with had somebody watched those labels and stopped; the first such epoch on a tie.

    Args:
        curves: rows of ``load_epochs()``.
    """
    return curves.loc[curves.groupby("key")["val_accuracy"].idxmax()].set_index("key")["test_accuracy"]
