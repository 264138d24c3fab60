"""Learning with uncertain labels in facial expression recognition: the Self-Cure Network and what surrounds it.

Import the rooms by name: ``from scnlib import losses, relabel, runs``. Nothing is re-exported and nothing runs here, so
importing the package costs nothing.
"""

__version__ = "0.1.0"
