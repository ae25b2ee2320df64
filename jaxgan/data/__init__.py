"""Data to imitate: mixtures with known modes, curves, digits, image sets, sequences and anybody's own arrays.

Everything here that stays on the device satisfies `types.Task`: `task.sample(key, n)` draws n examples, and `kind`
says what they are. Where the modes are known it is also a `types.KnownModes`, which labels them itself, or a
`types.Classified`, whose modes a classifier can be trained to tell.
"""

from jaxgan.data import preparation as preparation
from jaxgan.data.arrangements import embedded_mixture as embedded_mixture
from jaxgan.data.arrangements import grid as grid
from jaxgan.data.arrangements import ring as ring
from jaxgan.data.arrays import arrays as arrays
from jaxgan.data.balance import Balanced as Balanced
from jaxgan.data.balance import balanced as balanced
from jaxgan.data.clusters import clustered as clustered
from jaxgan.data.curves import Curve as Curve
from jaxgan.data.curves import spiral as spiral
from jaxgan.data.curves import swiss_roll as swiss_roll
from jaxgan.data.digits import digits as digits
from jaxgan.data.encodings import encoding_as_json as encoding_as_json
from jaxgan.data.encodings import encoding_from_json as encoding_from_json
from jaxgan.data.examples import Examples as Examples
from jaxgan.data.examples import to_uint8 as to_uint8
from jaxgan.data.images import ImageStream as ImageStream
from jaxgan.data.images import images as images
from jaxgan.data.mixtures import Mixture as Mixture
from jaxgan.data.mixtures import mixture as mixture
from jaxgan.data.own_data import own_data as own_data
from jaxgan.data.sequences import DigitsInTime as DigitsInTime
from jaxgan.data.sequences import digits_in_time as digits_in_time
from jaxgan.data.source import MissingData as MissingData
from jaxgan.data.stacked import Stacked as Stacked
from jaxgan.data.stacked import stacked_digits as stacked_digits
from jaxgan.data.stacked import stacked_mnist as stacked_mnist
from jaxgan.data.tables import TableEncoding as TableEncoding
from jaxgan.data.tables import fit_table as fit_table
