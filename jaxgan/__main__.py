"""`python -m jaxgan`, the same as the command `jaxgan`."""

import sys

from jaxgan.cli import main

sys.exit(main())
