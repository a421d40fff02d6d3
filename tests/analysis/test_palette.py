"""The palette: every operation has its own colour and a dash."""

from autofas.analysis.palette import OPERATION_DASHES, PALETTE
from autofas.models.candidates import CANDIDATES


def test_every_operation_has_its_own_colour_and_a_dash() -> None:
    assert set(CANDIDATES) <= set(PALETTE)
    assert set(CANDIDATES) <= set(OPERATION_DASHES)
    assert len({PALETTE[name] for name in CANDIDATES}) == len(CANDIDATES)
