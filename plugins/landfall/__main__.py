"""`python -m landfall`: the same as the console script."""

import sys

from landfall.cli import main

sys.exit(main())
