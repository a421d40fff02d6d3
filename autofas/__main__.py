"""`python -m autofas`."""

import sys

from autofas.cli import main

sys.exit(main())
