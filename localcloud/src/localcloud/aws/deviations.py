"""Where the emulated AWS is known to differ from the service without refusing."""

from __future__ import annotations

from localcloud.deviation import Deviation

DEVIATIONS: tuple[Deviation, ...] = ()
