"""``python -m scnlib ...`` is ``scn ...``; ``torchrun -m scnlib ...`` starts it on many GPUs."""

from scnlib.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
