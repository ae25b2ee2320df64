"""`python -m jaxgan`, the same as the command `jaxgan`."""

import sys

from jaxgan.commands.main import main

sys.exit(main())
