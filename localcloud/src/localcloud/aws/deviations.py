"""Where the emulated AWS is known to differ from the service without refusing."""

from __future__ import annotations

from localcloud.deviation import Deviation

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "state of a killed process",
        "S3 objects with their metadata and versions are kept; bucket settings and all else go back to the last "
        "clean stop, so the process is not restarted and the next `up` starts the data of the stack afresh",
        "every acknowledged write is kept",
    ),
)
