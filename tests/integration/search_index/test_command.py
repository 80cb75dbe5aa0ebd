"""``python -m search_index`` over a collection of JSON lines."""

import json

import pytest

from search_index.__main__ import main


@pytest.fixture
def collection(tmp_path):
    rows = [
        {"id": 1, "title": "春季养生", "tags": ["健康"], "facets": {"city": ["沈阳市"]}, "published_at": "2026-01-01"},
        {"id": "b", "title": "手机入门", "description": "微信", "facets": {"city": ["大连市"]}},
        {"id": "c", "title": "养生功", "facets": {"city": ["大连市"]}},
    ]
    path = tmp_path / "documents.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n", "utf-8")
    return path


def test_build_then_query(collection, index_folder, capsys):
    assert main(["build", str(index_folder), str(collection)]) == 0
    assert capsys.readouterr().out == "3 documents\n"
    assert main(["query", str(index_folder), "养生", "--facet", "city", "--filter", "city=沈阳市"]) == 0
    out = capsys.readouterr().out
    assert "春季[养生]" in out
    assert "1 hits, 1 exact" in out
    assert "city: 大连市 1, 沈阳市 1" in out


def test_query_prints_json(collection, index_folder, capsys):
    main(["build", str(index_folder), str(collection)])
    capsys.readouterr()
    assert main(["query", str(index_folder), "微信", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "b"


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', '{"id": "x", "title": "t", "published_at": "gestern"}'])
def test_a_bad_line_is_named_and_nothing_is_built(collection, index_folder, capsys, line):
    collection.write_text('{"id": 1, "title": "好"}\n' + line, "utf-8")
    assert main(["build", str(index_folder), str(collection)]) == 1
    assert "Line 2" in capsys.readouterr().err
    assert main(["query", str(index_folder), "好"]) == 1
    assert "no index" in capsys.readouterr().err
