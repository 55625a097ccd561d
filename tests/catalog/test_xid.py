"""The reviewed table of Xids, its sub-codes, the SXids, and what the text of a record adds."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import csvfile, metrics
from catalog.errors import CatalogError
from catalog.event import Severity
from catalog.xid import counters, lookup, nvlink5, record, sxid
from catalog.xid.actions import Action, gravest
from catalog.xid.lookup import Concern, Xid
from catalog.xid.nvlink5 import Next, Pattern, Reach, SubCode
from catalog.xid.sxid import Fatality

WORDS = st.integers(0, 2**32 - 1)
TABLE = tuple(lookup.catalogued().values())
USED = tuple(xid for xid in TABLE if xid.used)


def code_of(xid: Xid) -> str:
    return str(xid.code)


def test_the_whole_catalogue_is_there() -> None:
    """172 codes, each once, in their order; 110 of them are in use."""
    assert list(lookup.catalogued()) == list(range(1, 173))
    assert len(USED) == 110


@pytest.mark.parametrize("xid", TABLE, ids=code_of)
def test_every_code_has_a_reason(xid: Xid) -> None:
    """One sentence that says why, and a description that is none."""
    assert re.fullmatch(r"[A-Z].*[A-Za-z0-9]\.", xid.reason)
    assert ". " not in xid.reason
    assert xid.description
    assert not xid.description.endswith(".")
    assert re.fullmatch(r"[A-Z0-9_]+", xid.mnemonic)


@pytest.mark.parametrize("xid", TABLE, ids=code_of)
def test_companions_are_codes_in_use(xid: Xid) -> None:
    """Nobody is a companion of itself, and no code is both kinds of companion."""
    assert xid.code not in {*xid.decided_with, *xid.comes_with}
    assert not set(xid.decided_with) & set(xid.comes_with)
    assert all(lookup.explain(code).used for code in (*xid.decided_with, *xid.comes_with))


@pytest.mark.parametrize("xid", TABLE, ids=code_of)
def test_unused_codes_ask_for_nothing(xid: Xid) -> None:
    """What no driver of today reports is kept, without an action."""
    assert xid.used or (xid.action is Action.NONE and xid.description == "Unused")


@pytest.mark.parametrize("xid", TABLE, ids=code_of)
def test_user_code_never_pages(xid: Xid) -> None:
    """Nobody is woken over what an application did."""
    assert xid.concerns is not Concern.APPLICATION or xid.action is Action.RESTART_APP


@pytest.mark.parametrize("xid", USED, ids=code_of)
def test_gpus_are_products_of_the_catalogue(xid: Xid) -> None:
    """Oldest first; only 152 and 153 are in no product."""
    products = ("A100", "H100", "B100", "GB200")

    assert xid.gpus == tuple(product for product in products if product in xid.gpus)
    assert xid.gpus or xid.code in {152, 153}


@pytest.mark.parametrize("xid", USED, ids=code_of)
def test_metrics_that_reasons_name_exist(xid: Xid) -> None:
    """A reason sends nobody to a metric that is not there."""
    assert set(re.findall(r"gpu_\w+", xid.reason)) <= set(metrics.BY_NAME)


def test_no_action_both_pages_and_tickets() -> None:
    """Each action does one of three things, and is shown accordingly."""
    assert {action: action.severity for action in Action} == {
        Action.NONE: Severity.INFO,
        Action.RESTART_APP: Severity.WARNING,
        Action.CONTACT_SUPPORT: Severity.CRITICAL,
        Action.RESET_GPU: Severity.CRITICAL,
        Action.REBOOT_NODE: Severity.CRITICAL,
    }
    assert not any(action.pages and action.tickets for action in Action)
    assert not lookup.paging() & lookup.ticketing()


def test_the_gravest_action_pages_if_any_does() -> None:
    """A page is never lost in a choice."""
    for actions in itertools.product(Action, repeat=2):
        assert gravest(actions).pages == any(action.pages for action in actions)
    assert gravest(()) is Action.NONE


@pytest.mark.parametrize(
    ("code", "action"),
    [
        (13, "restart_app"),
        (31, "restart_app"),
        (43, "restart_app"),
        (45, "restart_app"),
        (46, "reset_gpu"),
        (48, "reset_gpu"),
        (54, "contact_support"),
        (62, "reset_gpu"),
        (63, "none"),
        (64, "reset_gpu"),
        (68, "restart_app"),
        (69, "restart_app"),
        (74, "reset_gpu"),
        (79, "reboot_node"),
        (92, "none"),
        (94, "restart_app"),
        (95, "reset_gpu"),
        (109, "reset_gpu"),
        (110, "reboot_node"),
        (119, "reset_gpu"),
        (120, "reset_gpu"),
        (121, "none"),
        (136, "reset_gpu"),
        (137, "restart_app"),
        (140, "reset_gpu"),
        (142, "contact_support"),
        (143, "reset_gpu"),
        (149, "reset_gpu"),
        (151, "reboot_node"),
        (154, "reset_gpu"),
        (156, "reset_gpu"),
        (157, "contact_support"),
        (158, "reset_gpu"),
        (167, "reboot_node"),
        (171, "reset_gpu"),
        (172, "reset_gpu"),
    ],
)
def test_actions_that_an_operator_knows(code: int, action: str) -> None:
    """The codes that are met in practice, spelled out."""
    assert lookup.explain(code).action == action


def test_the_codes_that_page() -> None:
    """Spelled out, so that no slip in the table wakes somebody."""
    assert sorted(lookup.paging()) == [
        *(46, 48, 54, 62, 64, 74, 78, 79, 95, 109, 110, 119, 120, 136, 140, 142, 143, 144, 145),
        *(146, 149, 150, 151, 154, 155, 156, 157, 158, 159, 161, 164, 165, 166, 167, 168, 169),
        *(170, 171, 172),
    ]


def test_cleanup_yields_to_whatever_tears_applications_down() -> None:
    """Every code that brings a 45 along and asks for something decides it."""
    causes = {xid.code for xid in USED if 45 in xid.comes_with and xid.action is not Action.NONE}

    assert causes <= set(lookup.explain(45).decided_with)
    assert all(
        lookup.explain(code).action is not Action.NONE for xid in USED for code in xid.decided_with
    )


@given(st.integers().filter(lambda code: not 1 <= code <= 172))
def test_unknown_codes_are_for_somebody_to_judge(code: int) -> None:
    """A code that NVIDIA does not list is an event too, and a page."""
    xid = lookup.explain(code)

    assert (xid.code, xid.action) == (code, Action.CONTACT_SUPPORT)
    assert not xid.catalogued
    assert not xid.used


# The tables as files.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code\n1\n", "t.csv:1: the header must be code,name"),
        ("", "t.csv:1: the header must be code,name"),
        ("code,name\n1\n", "t.csv:2: "),
        ("code,name\n1,a,b\n", "t.csv:2: "),
        ("code,name\n1,a\nx,b\n", "t.csv:3: invalid literal"),
        ('code,name\n1,"a\n', "t.csv:2: "),
    ],
)
def test_a_slip_in_a_table_is_named_with_its_line(text: str, message: str) -> None:
    """Header, length of rows, values and quotes are checked."""
    with pytest.raises(CatalogError, match=re.escape(message)):
        tuple(csvfile.parse(text, "t.csv", ("code", "name"), lambda cells: int(cells["code"])))


def test_a_code_listed_twice_is_an_error() -> None:
    """No row hides behind another."""
    with pytest.raises(CatalogError, match=re.escape("t.csv: 1 is listed twice")):
        csvfile.unique("t.csv", (1.0, 1.5), int)


def test_a_reason_without_a_full_stop_is_an_error() -> None:
    """A reason is a sentence."""
    cells = dict.fromkeys(lookup._COLUMNS, "")

    with pytest.raises(ValueError, match="no sentence"):
        lookup._row({**cells, "reason": "because"})


# Sub-codes of NVLink 5.


def matching(pattern: Pattern, noise: int) -> int:
    """A word that fits *pattern*, the bits that do not matter taken from *noise*."""
    return pattern.bits | noise & ~pattern.mask & 0xFFFFFFFF


def overlap(left: Pattern, right: Pattern) -> bool:
    """Whether some word fits both."""
    return not (left.bits ^ right.bits) & left.mask & right.mask


def answers(row: SubCode | None) -> tuple[object, ...]:
    assert row is not None
    return row.code, row.action, row.reach, row.next


@given(noise=WORDS, status=WORDS)
def test_every_row_is_found_whatever_the_other_bits(noise: int, status: int) -> None:
    """Both layouts lead to the row, or to one that says the same."""
    for row in nvlink5.sub_codes():
        for layout, number in itertools.product(row.layouts, row.statuses or {status}):
            found = nvlink5.decode(row.code, matching(layout, noise), number)
            assert answers(found) == answers(row)


def test_no_word_fits_rows_that_disagree() -> None:
    """So neither the order of rows nor the driver's version matters."""
    for left, right in itertools.combinations(nvlink5.sub_codes(), 2):
        same_status = not left.statuses or not right.statuses or left.statuses & right.statuses
        layouts = itertools.product(left.layouts, right.layouts)
        if left.code == right.code and same_status and any(overlap(*pair) for pair in layouts):
            assert answers(left) == answers(right)


@given(code=st.integers(0, 200), intrinfo=WORDS, status=WORDS)
def test_decode_answers_only_what_fits(code: int, intrinfo: int, status: int) -> None:
    """Any numbers are answered; an answer fits them."""
    row = nvlink5.decode(code, intrinfo, status)

    assert row is None or row.fits(code, intrinfo, status)
    assert row is None or code in nvlink5.CODES


@given(intrinfo=WORDS, bit=st.integers(0, 31))
def test_flipping_a_bit_that_matters_leaves_the_row(intrinfo: int, bit: int) -> None:
    """Every bit of a mask counts, no other does."""
    pattern = Pattern.parse("------000000----------0111000110")
    word = matching(pattern, intrinfo)

    assert pattern.fits(word ^ 1 << bit) == (not pattern.mask >> bit & 1)


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "2" * 32, " " * 32])
def test_a_pattern_has_32_bits(text: str) -> None:
    """Anything else is a slip in the table."""
    with pytest.raises(ValueError, match="no pattern"):
        Pattern.parse(text)


@pytest.mark.parametrize("code", nvlink5.CODES)
def test_undecoded_it_counts_as_the_worst_sub_code(code: int) -> None:
    """Whoever cannot read the numbers is on the safe side."""
    worst = gravest(row.action for row in nvlink5.sub_codes() if row.code == code)

    assert lookup.explain(code).action is worst


@pytest.mark.parametrize(
    ("code", "intrinfo", "status", "expected"),
    [
        # As drivers before R575 wrote them.
        (149, 0x021425C6, 0, ("NETIR_LINK_EVT/NETIR_LINK_DOWN", "reset_gpu", "check_peer")),
        (149, 0x025001C6, 0, ("NETIR_LINK_EVT/NETIR_LINK_DOWN", "reset_gpu", "check_peer")),
        (149, 0x026001C6, 0, ("NETIR_LINK_EVT/NETIR_LINK_DOWN", "none", "check_software")),
        (149, 0x000FE406, 0, ("NETIR/NETIR_INT", "reset_gpu", "check_companions")),
        (145, 0x0409A0C2, 8, ("RLW_RXPIPE", "none", "contact_support")),
        (145, 0x000000C2, 1, ("RLW_RXPIPE", "none", "contact_support")),
        (145, 0x000004C2, 1, ("RLW_RXPIPE", "reset_gpu", "contact_support")),
        (145, 0x00000082, 0x40, ("RLW_REMAP", "reset_gpu", "contact_support")),
        # As drivers since R575 write them.
        (145, 0x00000004, 0x1, ("RLW_REMAP", "restart_app", "contact_support")),
        (144, 0x00000001, 0x8, ("SAW_MVB", "none", "contact_support")),
        (150, 0x00000000, 0xFFFFFFFF, ("MSE_Degraded", "reset_gpu", "contact_support")),
    ],
)
def test_numbers_of_real_records(
    code: int, intrinfo: int, status: int, expected: tuple[str, str, str]
) -> None:
    """As kernel logs show them, in both layouts."""
    row = nvlink5.decode(code, intrinfo, status)

    assert row is not None
    assert (row.unit, row.action, row.next) == expected


def test_the_vocabulary_of_sub_codes_is_all_in_use() -> None:
    """No word is kept that no row says."""
    rows = nvlink5.sub_codes()

    assert {row.reach for row in rows} == set(Reach)
    assert {row.next for row in rows} == set(Next)
    assert {row.code for row in rows} == set(nvlink5.CODES)


# What the text of a record adds.


@pytest.mark.parametrize(
    ("code", "text", "action"),
    [
        (79, "GPU has fallen off the bus.", "reboot_node"),
        (154, "GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)", "reset_gpu"),
        (154, "GPU recovery action changed from 0x0 (None) to 0x1 (PF FLR)", "reset_gpu"),
        (154, "GPU recovery action changed from 0x0 (None) to 0x2 (OS Reboot)", "reboot_node"),
        (154, "GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)", "reboot_node"),
        (154, "GPU recovery action changed from 0x0 (None) to 0x3 (Drain P2P)", "restart_app"),
        (154, "GPU recovery action changed from 0x0 (None) to 0x4 (Drain and Reset)", "reset_gpu"),
        (154, "GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)", "none"),
        (154, "GPU recovery action changed from 0x0 (None) to 0x63 (New)", "reset_gpu"),
        (154, "", "reset_gpu"),
        (45, "pid=1, name=python3, Ch 00000001 caused by previous Xid 149", "none"),
        (45, "pid=1, name=python3, Ch 00000001", "restart_app"),
        (149, "NETIR_LINK_EVT  Fatal   XC0 i0 Link 01 (0x021425c6 0x00000000 0x00000000)", "reset_gpu"),
        (149, "NETIR Fatal XC0 i0 Link -1 (0x000fe406 0x00000000 0x00000000)", "reset_gpu"),
        (149, "NETIR_LINK_EVT Fatal XC0 i0 Link 00 (0x026001c6 0x00000000 0x00000000)", "none"),
        (145, "RLW_REMAP Nonfatal XC1 i0 Link 05 (0x00000004 0x00000001)", "restart_app"),
        (145, "RLW_REMAP Nonfatal XC1 i0 Link 05 (0x00000004 0x00000003)", "none"),
        (145, "RLW_REMAP Fatal XC1 i0 Link 05 (0x00000004 0x00000003)", "reset_gpu"),
        (149, "NETIR_LINK_EVT", "reset_gpu"),
        (9999, "", "contact_support"),
    ],
)  # fmt: skip
def test_the_text_decides(code: int, text: str, action: str) -> None:
    """As drivers of several versions word it."""
    assert record.action(code, text) == action
    assert record.action(code, text) in record.possible(code)


@given(code=st.integers(0, 300), text=st.text())
def test_any_text_is_answered(code: int, text: str) -> None:
    """With an action that the code can have."""
    assert record.action(code, text) in record.possible(code)


def test_a_long_line_takes_no_long_time() -> None:
    """Whoever can write to the kernel log cannot keep us busy."""
    for code, text in ((149, "Fatal " * 200_000), (154, "changed from 0x0 (" * 100_000)):
        assert record.action(code, text) is Action.RESET_GPU


@pytest.mark.parametrize("code", nvlink5.CODES)
@given(intrinfo=WORDS, status=WORDS, word=st.sampled_from(["Fatal", "Nonfatal"]))
def test_numbers_outrank_the_driver_s_word(
    code: int, intrinfo: int, status: int, word: str
) -> None:
    """A sub-code that NVIDIA lists is believed; otherwise fatal is a reset."""
    text = f"UNIT {word} XC0 i0 Link 03 (0x{intrinfo:08x} 0x{status:08x} 0x00000000)"
    row = nvlink5.decode(code, intrinfo, status)
    unlisted = Action.RESET_GPU if word == "Fatal" else Action.NONE

    assert record.action(code, text) is (row.action if row else unlisted)
    assert record.action(code, text) in record.possible(code)


# Counters that start at zero.


def test_pairs_from_zero_page_or_ticket() -> None:
    """Every code that may do so, with each of its actions, once."""
    pairs = counters.from_zero("NVIDIA Something New")

    assert len(set(pairs)) == len(pairs)
    assert all(action.pages or action.tickets for _, action in pairs)
    assert {code for code, _ in pairs} == {*lookup.paging(), *lookup.ticketing(), 147, 148}
    assert (145, Action.RESTART_APP) in pairs
    assert (147, Action.RESET_GPU) in pairs
    assert (154, Action.REBOOT_NODE) in pairs
    assert (45, Action.RESTART_APP) in pairs


@pytest.mark.parametrize(
    ("model", "product"),
    [
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H200", "H100"),
        ("NVIDIA GH200 480GB", "H100"),
        ("NVIDIA B200", "B100"),
        ("NVIDIA GB300", "GB200"),
        ("NVIDIA L40S", None),
        ("Tesla T4", None),
        ("NVIDIA RTX A6000", None),
    ],
)
def test_a_model_starts_with_what_it_can_report(model: str, product: str | None) -> None:
    """A model that the catalogue does not know starts with all."""
    pairs = counters.from_zero(model)

    assert pairs == tuple(
        (code, action)
        for code, action in counters.from_zero("")
        if product is None or product in lookup.explain(code).gpus
    )


# Switches.


def test_sxids_that_an_operator_knows() -> None:
    """Corrected errors ask for nothing, fatal ones for a reset, always fatal ones for a reboot."""
    known = {
        code: sxid.explain(code) for code in (11012, 12028, 12020, 10003, 19084, 20012, 22013)
    }

    assert {code: (row.severity, row.action) for code, row in known.items() if row} == {
        11012: ("nonfatal", "none"),
        12028: ("nonfatal", "reset_gpu"),
        12020: ("always_fatal", "reboot_node"),
        10003: ("fatal", "reset_gpu"),
        19084: ("nonfatal", "reset_gpu"),
        20012: ("nonfatal", "contact_support"),
        22013: ("nonfatal", "none"),
    }
    assert sxid.explain(1) is None


def test_fatal_sxids_page() -> None:
    """93 are listed; every fatal one takes GPUs away."""
    rows = sxid.catalogued().values()

    assert len(rows) == 93
    assert all(row.action.pages for row in rows if row.severity is not Fatality.NONFATAL)
    assert sum(row.severity is Fatality.ALWAYS_FATAL for row in rows) == 20
    assert all(text.endswith(".") for row in rows for text in (row.impact, row.recovery))
