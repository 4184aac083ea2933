"""`python -m localcloud`."""

import sys

from localcloud.stack.cli import main

sys.exit(main())
