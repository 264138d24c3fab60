"""Papermill in a process that ends with the one that started it: python -m scnlib.lesson_process ARGUMENTS

Who starts it holds its standard input open. When that is closed, since whoever held it was killed, papermill ends at
once, and the kernel ends by itself as kernels do whose parent is gone.
"""

import os
import threading


def _end_with_stdin() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    from papermill.cli import papermill

    threading.Thread(target=_end_with_stdin, daemon=True).start()
    papermill()
