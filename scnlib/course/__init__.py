"""What lessons need and nothing else does: one call to begin, runs shared between lessons, figures with alt text.

from scnlib.course import start
ctx = start("04_baseline", profile="quick", seed=0)
"""

from scnlib.course.comparison import Comparison
from scnlib.course.context import Context, start

__all__ = ["Comparison", "Context", "start"]
