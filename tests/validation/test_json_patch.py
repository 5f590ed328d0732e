"""JSON Patch: the examples of its RFC, and patches that are made to do harm."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid, TooLarge
from reyna.validation.json_patch import MAX_PATCH_OPERATIONS, apply_json_patch

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-99, 99)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab~/", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/0-", max_size=2), inner, max_size=3),
    max_leaves=12,
)
POINTERS = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "01", "~0", "~1", "~", ""]), max_size=3).map(
    lambda steps: "".join(f"/{step}" for step in steps)
)
ANYTHING = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "append"])},
    optional={"path": POINTERS, "from": POINTERS, "value": JSON},
)

APPENDIX_A = [  # RFC 6902, appendix A: original, patch, result
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    (
        {"baz": "qux", "foo": "bar"},
        [{"op": "replace", "path": "/baz", "value": "boo"}],
        {"baz": "boo", "foo": "bar"},
    ),
    (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    (
        {"foo": "bar"},
        [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}], {"foo": "bar", "baz": "qux"}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}], {"foo": ["bar", ["abc", "def"]]}),
    ({"foo": 1}, [{"op": "replace", "path": "", "value": [1]}], [1]),
    ({"foo": [1]}, [{"op": "copy", "from": "/foo", "path": "/bar"}], {"foo": [1], "bar": [1]}),
    ({"foo": 1}, [{"op": "test", "path": "/foo", "value": 1.0}], {"foo": 1}),
    ({"foo": 1}, [], {"foo": 1}),
]


@pytest.mark.parametrize(("original", "patch", "result"), APPENDIX_A)
def test_a_patch_does_what_its_rfc_says(original: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy((original, patch))
    assert apply_json_patch(original, patch) == result
    assert (original, patch) == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/baz", "value": "bar"},  # appendix A.9
        {"op": "add", "path": "/nowhere/bat", "value": "qux"},  # A.12
        {"op": "test", "path": "/~01", "value": "10"},  # A.15
        {"op": "test", "path": "/one", "value": True},
        {"op": "remove", "path": "/nowhere"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/nowhere", "value": 1},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "add", "path": "/list/01", "value": 1},
        {"op": "add", "path": "/list/-1", "value": 1},
        {"op": "add", "path": "/text/0", "value": "x"},
        {"op": "replace", "path": "/list/-", "value": 1},
        {"op": "move", "from": "/deep", "path": "/deep/er"},
        {"op": "copy", "from": "/list/-", "path": "/x"},
        {"op": "copy", "from": "/nowhere", "path": "/x"},
    ],
)
def test_what_cannot_be_done_is_refused_by_its_place_in_the_patch(operation: Any) -> None:
    document = {"baz": "qux", "list": [1], "text": "x", "one": 1, "deep": {}, "~1": 10}
    with pytest.raises(Invalid) as refused:
        apply_json_patch(document, [{"op": "test", "path": "/baz", "value": "qux"}, operation])
    assert refused.value.errors[0].path == "/json_patch/1"


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ({}, "/op"),
        ({"op": "append", "path": "/a", "value": "x"}, "/op"),
        ({"op": ["add"], "path": "/a", "value": "x"}, "/op"),
        ({"op": "remove"}, "/path"),
        ({"op": "remove", "path": 7}, "/path"),
        ({"op": "move", "path": "/a"}, "/from"),
        ({"op": "copy", "path": "/a", "from": None}, "/from"),
        ({"op": "add", "path": "/a"}, "/value"),
        ({"op": "add", "path": "/a" * 101, "value": 1}, "/path"),
        ({"op": "add", "path": "/a", "value": "a\0b"}, "/value"),
        ({"op": "add", "path": "/a", "value": 2**64}, "/value"),
    ],
)
def test_what_is_no_operation_is_refused_by_the_field(operation: Any, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        apply_json_patch({"a": "b"}, [operation])
    assert refused.value.errors[0].path == f"/json_patch/0{path}"


def test_a_patch_that_doubles_the_document_line_by_line_is_stopped() -> None:
    bomb: list[dict[str, Any]] = [{"op": "copy", "from": "", "path": f"/{number}"} for number in range(40)]
    with pytest.raises(TooLarge):
        apply_json_patch({"text": "x" * 1_000}, bomb)


def test_a_patch_that_copies_back_and_forth_is_stopped() -> None:
    copies = [{"op": "copy", "from": "/text", "path": "/again"} for _ in range(MAX_PATCH_OPERATIONS)]
    with pytest.raises(TooLarge):
        apply_json_patch({"text": "x" * 1_000_000}, copies)


def test_a_patch_that_nests_deeper_than_data_may_be_is_stopped() -> None:
    deeper: list[dict[str, Any]] = [
        {"op": "copy", "from": "/a", "path": "/a/a"},
        {"op": "move", "from": "/a", "path": "/b"},
    ]
    deeper.append({"op": "move", "from": "/b", "path": "/a"})
    with pytest.raises(Invalid, match="deeper than 100"):
        apply_json_patch({"a": {}}, deeper * 120)
    into: list[dict[str, Any]] = [{"op": "add", "path": "/a" * 60, "value": _nested(60)}]
    with pytest.raises(Invalid, match="deeper than 100"):
        apply_json_patch(_nested(60), into)


def test_a_patch_of_too_many_operations_is_refused_as_a_whole() -> None:
    with pytest.raises(Invalid) as refused:
        apply_json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": 1}] * (MAX_PATCH_OPERATIONS + 1))
    assert refused.value.errors[0].path == "/json_patch"


def test_what_comes_out_is_held_to_the_limits_of_data() -> None:
    with pytest.raises(TooLarge):
        apply_json_patch({"text": "x" * 3_000_000}, [{"op": "copy", "from": "/text", "path": "/again"}])


def test_a_value_is_not_shared_between_documents_that_were_patched_alike() -> None:
    patch: list[dict[str, Any]] = [
        {"op": "add", "path": "/tags", "value": []},
        {"op": "add", "path": "/tags/-", "value": "x"},
    ]
    assert apply_json_patch({}, patch) == apply_json_patch({}, patch) == {"tags": ["x"]}


@given(JSON, st.lists(ANYTHING, max_size=4))
def test_whatever_is_sent_is_either_done_or_refused(document: Any, patch: Any) -> None:
    before = copy.deepcopy((document, patch))
    try:
        apply_json_patch(document, patch)
    except Invalid as refused:
        assert refused.errors[0].path.startswith("/json_patch/")
    assert (document, patch) == before


def _nested(depth: int) -> Any:
    inner: Any = {}
    for _ in range(depth - 1):
        inner = {"a": inner}
    return inner
