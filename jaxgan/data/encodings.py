"""How own data become examples and samples become data again, as a record in the folder of a run."""

from typing import Any

import numpy as np

from jaxgan.data.preparation import Scaling
from jaxgan.data.tables import Column, TableEncoding

Encoding = Scaling | TableEncoding
FILE = "encoding.json"  # in the folder of a run


def encoding_as_json(encoding: Encoding) -> dict[str, Any]:
    """What a JSON file holds of an encoding; `encoding_from_json` reads it."""
    if isinstance(encoding, Scaling):
        return {"kind": "scaling", "centre": encoding.centre.tolist(), "spread": encoding.spread.tolist()}
    return {"kind": "table", "label": encoding.label, "columns": [column._asdict() for column in encoding.columns]}


def encoding_from_json(value: Any, where: str) -> Encoding:
    """Reads an encoding.

    Args:
      value: what `json.loads` made.
      where: what it is called in the error.

    Raises:
      ValueError: it is none; one line.
    """
    try:
        if value["kind"] == "scaling":
            return Scaling(np.asarray(value["centre"], np.float64), np.asarray(value["spread"], np.float64))
        if value["kind"] == "table":
            listed = ({**column, **{x: tuple(column[x]) for x in ("values", "levels")}} for column in value["columns"])
            return TableEncoding(tuple(Column(**column) for column in listed), value["label"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{where} holds no encoding of data: {error!r}") from error
    raise ValueError(f"{where} holds an encoding of kind {value['kind']!r}; known are scaling and table")
