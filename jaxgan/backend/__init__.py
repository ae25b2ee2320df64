"""The only place that asks what machine this is, and where a program for another machine is asked for."""

from jaxgan.backend.platforms import Backend as Backend
from jaxgan.backend.platforms import compiling_for as compiling_for
from jaxgan.backend.platforms import in_force as in_force
from jaxgan.backend.platforms import of_platform as of_platform
