"""`python -m easy_esmm`: the command `easy-esmm`."""

from __future__ import annotations

from easy_esmm.cli import main

if __name__ == "__main__":
    main()
