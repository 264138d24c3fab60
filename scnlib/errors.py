"""What can go wrong without being a mistake in the code; the command line shows the message and nothing else."""


class ScnError(Exception):
    """Something that the reader of the message can mend."""
