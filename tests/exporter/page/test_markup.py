from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import CatalogError
from exporter.page.markup import Markup, join, tag

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"))
"""What HTML can carry: a parser turns carriage returns into newlines and drops NUL."""


class Heard(HTMLParser):
    """Every element, attribute and text of a document."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(text=TEXT, value=TEXT)
def test_text_and_attributes_arrive_as_they_were(text: str, value: str) -> None:
    """Whatever a driver says, the browser reads exactly that, as text, and no element more."""
    heard = Heard(tag("p", text, title=value))

    assert heard.elements == [("p", {"title": value})]
    assert heard.text == text


@given(pieces=st.lists(TEXT, max_size=4))
def test_pieces_nest_without_escaping_twice(pieces: list[str]) -> None:
    """Markup inside markup stays markup, text inside it stays text."""
    heard = Heard(tag("ul", [tag("li", piece) for piece in pieces]))

    assert [name for name, _ in heard.elements] == ["ul", *["li"] * len(pieces)]
    assert heard.text == "".join(pieces)


def test_absent_is_left_out() -> None:
    """None draws nothing; False leaves an attribute out, True writes it bare; 0 is a number."""
    drawn = tag("p", None, 0, hidden=True, title=None, draggable=False)

    assert drawn == "<p hidden>0</p>"


def test_names_of_attributes_are_written_as_html_has_them() -> None:
    """Underscores become hyphens, a trailing one only keeps Python happy."""
    assert (
        tag("td", class_="a", data_unit="W", viewBox="0")
        == '<td class="a" data-unit="W" viewBox="0"></td>'
    )


def test_void_elements_have_no_end() -> None:
    """An element that cannot have content has no closing tag."""
    assert join((tag("br"), tag("meta", charset="utf-8"))) == '<br><meta charset="utf-8">'


@pytest.mark.parametrize(
    ("name", "children", "attributes"),
    [
        ("p", (), {"style": "color: red"}),
        ("p", (), {"onclick": "go()"}),
        ("script", ("alert(1)",), {}),
        ("style", ("p {}",), {}),
        ("a", (), {"href": "javascript:alert(1)"}),
        ("a", (), {"href": "https://example.com"}),
        ("link", (), {"href": "//example.com/a.css"}),
        ("p onload", (), {}),
        ("p", (), {"a b": "c"}),
    ],
)
def test_what_the_policy_forbids_cannot_be_written(
    name: str, children: tuple[str, ...], attributes: dict[str, str]
) -> None:
    """Inline script and style, addresses elsewhere and odd names are errors of ours, not of the browser."""
    with pytest.raises(CatalogError):
        tag(name, *children, **attributes)


def test_markup_is_text() -> None:
    """Markup can be sent as it is."""
    assert isinstance(tag("p"), str)
    assert Markup("<p>").encode() == b"<p>"
