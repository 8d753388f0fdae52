"""`python -m mmrecon`."""

from __future__ import annotations

from mmrecon.cli.app import main

if __name__ == "__main__":
    main()
