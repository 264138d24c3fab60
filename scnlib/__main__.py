"""``python -m scnlib ...`` is ``scn ...``."""

from scnlib.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
