"""Counts as people write them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from autofas.config.counts import Count, parse_count


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("300000", 300_000),
        ("300K", 300_000),
        ("0.3M", 300_000),
        ("0.53G", 530_000_000),
        ("1.5k", 1500),
        (7, 7),
    ],
)
def test_units_are_thousands(written, meant):
    assert parse_count(written) == meant
    assert TypeAdapter(Count).validate_python(written) == meant


@pytest.mark.parametrize("written", ["many", "3T", "-1K", "nan", "inf", "0", "0.0001K", 0, "", True])
def test_what_is_no_positive_count_is_refused(written):
    with pytest.raises(ValidationError):
        TypeAdapter(Count).validate_python(written)
