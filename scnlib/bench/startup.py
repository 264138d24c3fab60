"""How long a person waits before anything happens: fresh processes, in turns with one that does nothing."""

import subprocess
import sys

import torch

from scnlib.bench.how import How, Task
from scnlib.bench.rows import Row, rows_of
from scnlib.bench.turns import take_turns, timed

COMMANDS = {
    "python alone": ["-c", "pass"],
    "import scnlib": ["-c", "import scnlib"],
    "scn --help": ["-m", "scnlib", "--help"],
    "import torch": ["-c", "import torch"],
    "import scnlib.training": ["-c", "import scnlib.training"],
}


def tasks(how: How) -> list[Task]:
    return [Task("start-up", 10 * (how.turns + 1), lambda: startup(how))]


def startup(how: How) -> list[Row]:
    """Seconds of each command."""

    def seconds_of(command: list[str]) -> float:
        words = [sys.executable, *command]
        return timed(lambda: subprocess.run(words, check=True, capture_output=True), torch.device("cpu"))

    arms = {name: lambda command=command: seconds_of(command) for name, command in COMMANDS.items()}
    return rows_of(take_turns(arms, how.turns), None, group="startup", name="fresh process", unit="s")
