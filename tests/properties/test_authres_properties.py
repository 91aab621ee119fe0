"""Authentication-Results: reading never raises, and nothing that a sender writes becomes a result."""

from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.authres import read, trusted_results
from bccd.mail.authres_write import write
from bccd.model.auth import AuthResult

WORDS = [
    "mx.example",
    ";",
    "dmarc=pass",
    "header.from=a.example",
    "(",
    ")",
    '"',
    "\\",
    "none",
    " ",
    "=",
    "é",
    "\n ",
]
SOUP = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from(WORDS), max_size=14).map(lambda w: "".join(w).encode())
)
DOMAINS = st.sampled_from(["a.example", "xn--w-uga1v8h.example", "ann@a.example", "o'neil=x@a.example", ""])
RESULTS = st.builds(
    AuthResult,
    st.sampled_from(["dkim", "auth"]),
    st.sampled_from(["pass", "fail", "none", "temperror"]),
    DOMAINS,
    st.text(max_size=30),
)


@given(SOUP)
def test_reading_never_raises(value: bytes) -> None:
    """Whatever stands in a field, it is read or proves nothing."""
    found = read(value)
    assert all(result.method and result.result for result in found.results)
    trusted_results(
        b"Authentication-Results: " + value.replace(b"\n", b"\n ") + b"\r\n", frozenset({"mx.example"})
    )


@given(st.text(max_size=40))
def test_what_a_sender_writes_into_a_comment_or_a_quote_is_no_result(text: str) -> None:
    """As long as the writer escapes it, as RFC 5322 says."""
    found = (AuthResult("spf", "fail", "a.example", text), AuthResult("dkim", "fail", text))
    for result in read(write("mx.example", found).encode("utf-8", "replace")).results:
        assert (result.method, result.result) in (("spf", "fail"), ("dkim", "fail"))


@given(st.lists(RESULTS, max_size=6))
def test_our_own_field_reads_as_it_was_meant(results: list[AuthResult]) -> None:
    """Methods, results and subjects come back in order."""
    found = read(write("mx.example", results).encode("utf-8", "replace"))
    assert found.authserv_id == "mx.example"
    assert [(r.method, r.result, r.domain) for r in found.results] == [
        (r.method, r.result, r.domain) for r in results
    ]
