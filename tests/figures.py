"""Reading what was sent to be drawn: charts of an ``AppTest``, and their packed arrays."""

import base64
import json
from typing import Any

import numpy as np
import numpy.typing as npt
from streamlit.testing.v1 import AppTest


def unpacked(array: dict[str, str]) -> npt.NDArray[Any]:
    """Return an array that was sent in Plotly's typed form."""
    flat = np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
    return flat.reshape([int(n) for n in array["shape"].split(",")]) if "shape" in array else flat


def specs(app: AppTest) -> list[dict[str, Any]]:
    """Return the specification of every chart on a page, in its order."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
