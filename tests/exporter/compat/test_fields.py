"""The table of dcgm-exporter's fields."""

import pytest

from catalog import csvfile
from catalog.errors import CatalogError
from catalog.metric import Kind
from exporter.compat import fields
from exporter.compat.fields import Listed, Type, all_fields
from exporter.compat.page import dcgm_page
from exporter.compat.special import SPECIAL


def test_every_default_field_is_supplied_or_says_why_not() -> None:
    """Only what belongs to virtual GPUs is missing of what dcgm-exporter has on by default."""
    on = [field for field in all_fields() if field.listed is Listed.ON]

    assert len(on) == 26
    assert [field.legacy.name for field in on if field.missing] == [
        "DCGM_FI_DEV_VGPU_LICENSE_STATUS"
    ]
    assert all(field.missing.endswith(".") for field in all_fields() if field.missing)


def test_no_name_is_given_twice() -> None:
    """Neither among the old names nor among the new."""
    for names in (
        [field.legacy.name for field in all_fields()],
        [field.current.name for field in all_fields()],
    ):
        assert len(set(names)) == len(names)
        assert all(name.startswith(("DCGM_FI_", "DCGM_EXP_")) for name in names)


def test_the_renames_of_4_9() -> None:
    """23 fields have another name since, of which 11 have another unit."""
    renamed = [field for field in all_fields() if field.current is not field.legacy]
    changed = [field for field in renamed if field.current.scale != field.legacy.scale]

    assert len(renamed) == 23
    assert len(changed) == 11


def test_what_is_special_is_written() -> None:
    """Each function has a field, each field its function."""
    special = {field.special for field in all_fields() if field.special}

    assert special == {*SPECIAL, "nvlink_rate", "label"}


def test_a_counter_is_supplied_by_something_that_counts() -> None:
    """So that rate() of it means what it meant; what NVML keeps as a number of rows or pages is one too."""
    for field in all_fields():
        if field.type is Type.GAUGE:
            assert all(term.metric.kind is Kind.GAUGE for term in field.read)


@pytest.mark.parametrize(
    "line",
    [
        "X,,gauge,on,w,,,,,gpu_no_such_metric,,",
        "X,,gauge,on,w,,,,,gpu_clock_hertz{colour=sm},,",
        "X,,gauge,on,w,,,,,gpu_power_watts gpu_power_watts,,",
        "X,,gauge,on,w,,,,,,,",
        "X,,gauge,on,w,,,,,gpu_power_watts,,but missing.",
    ],
)
def test_a_slip_in_the_table_is_found(line: str) -> None:
    """A metric that does not exist, a label that it does not have, both or neither of supplied and missing."""
    header = ",".join(fields._COLUMNS)

    with pytest.raises(CatalogError, match=r"t.csv:2: "):
        tuple(csvfile.parse(f"{header}\n{line}\n", "t.csv", fields._COLUMNS, fields._row))


def test_the_page_lists_every_field() -> None:
    """With where it comes from, or why it does not."""
    page = dcgm_page()

    assert all(page.count(f"| `{field.legacy.name}` |") == 1 for field in all_fields())
    assert "25 of the 26 that are on are supplied" in page
