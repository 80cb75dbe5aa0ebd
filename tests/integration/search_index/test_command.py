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


def test_a_file_of_queries_becomes_a_ranked_run(collection, index_folder, tmp_path, capsys):
    main(["build", str(index_folder), str(collection), "--engine", "tantivy"])
    asked = tmp_path / "queries.tsv"
    asked.write_text('q1\t养生\n{"id": 2, "text": "shouji"}\n\nq3\t\n', "utf-8")
    capsys.readouterr()
    assert main(["run", str(index_folder), str(asked), "--depth", "5", "--name", "mine"]) == 0
    rows = [line.split(" ") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["q1", "q1", "2"]
    assert {row[2] for row in rows[:2]} == {"1", "c"}
    assert rows[2][1:] == ["Q0", "b", "1", "5", "mine"]
    asked.write_text("no query", "utf-8")
    assert main(["run", str(index_folder), str(asked)]) == 1
    assert "Line 1" in capsys.readouterr().err


def test_suggestions_are_printed(collection, index_folder, capsys):
    main(["build", str(index_folder), str(collection)])
    capsys.readouterr()
    assert main(["suggest", str(index_folder), "sj"]) == 0
    assert "title\t手机入门" in capsys.readouterr().out
