"""Example series: found by what selectors say, or written in a file."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ConfigError
from catalog.promql.expr import Foreign
from catalog.promql.selector import parse
from slo.example import of_ratio
from slo.indicator import Ratio
from slo.openslo.examples import example
from slo.regex_sample import samples


@pytest.mark.parametrize(
    "pattern",
    ["5..", "a|bc", "(?:GET|POST)x?", r"v\d+", "[a-f]+", "4[0-9]{2}", "30|30.0", ".*", "x.+y"],
)
def test_what_a_pattern_matches_is_found(pattern: str) -> None:
    """At least one text, and none that it does not match."""
    found = list(samples(pattern))

    assert found
    assert all(re.fullmatch(pattern, text) for text in found)


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@given(st.from_regex(r"([a-z0-9.|()\[\]*+?\\^$-]){0,12}", fullmatch=True))
def test_no_pattern_is_too_much(pattern: str) -> None:
    """One that is too intricate has no samples; none has a wrong one."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    assert all(compiled.fullmatch(text) for text in samples(pattern))


@pytest.mark.parametrize(
    ("total", "bad"),
    [
        ("c", 'c{code=~"5.."}'),
        ('c{job="llm",code!~"4.."}', 'c{job="llm",code=~"5..|4.."}'),
        ('c{path!="/healthz"}', 'c{path!="/healthz",code!="200"}'),
    ],
)
def test_series_of_a_ratio_are_those_that_its_selectors_mean(total: str, bad: str) -> None:
    """One is bad, one is not, and both are of all."""
    failed, well = of_ratio(Ratio(total=Foreign(total), bad=Foreign(bad)), {"node": "a"}, 60)

    labels = [
        {one.label: one.value for one in parse(line.series).matchers} for line in (failed, well)
    ]
    assert [parse(bad).accepts(one) for one in labels] == [True, False]
    assert all(parse(total).accepts(one) and one["node"] == "a" for one in labels)
    assert (failed.good, failed.bad, well.good, well.bad) == (0, 60, 60, 0)


def test_a_ratio_of_nothing_has_no_series() -> None:
    """Bad events that are none of all cannot be shown."""
    with pytest.raises(ConfigError, match="no series was found that c selects"):
        of_ratio(Ratio(total=Foreign('c{a="1"}'), bad=Foreign('c{a="2"}')), {}, 60)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("series: []\n", "it holds no series"),
        ("series: [{series: a, good: 1}]\n", "e.yaml:1: series[0]: the field 'bad' is missing"),
        (
            "series: [{series: a, good: 1, bad: 0}]\nstarts: soon\n",
            "e.yaml:2: starts: expected a time",
        ),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    """With its line."""
    (tmp_path / "e.yaml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        example(tmp_path / "e.yaml")

    assert complaint in str(caught.value)
