"""What a source carries beside picture and sound: named by probing, subtitles taken out as WebVTT, chapters listed."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from media_pipeline import Cancelled, EncodingFailed, probe
from media_pipeline.chapters import MAX_CHAPTERS
from media_pipeline.embedded import extract_subtitles
from tests.factories import odd_clips
from tests.integration.media_pipeline.conftest import Recorder

CODECS = {"mkv": "subrip", "mp4": "mov_text", "webm": "webvtt", "ass.mkv": "ass"}
CHINESE = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n同学们好\n\n00:00:03.000 --> 00:00:04.000\n请打开设置\n"


@pytest.fixture
def served(shelf):
    """Addresses of the clips, as a store signs them; what is asked for is noted."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_args):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(shelf.folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield lambda path: f"http://127.0.0.1:{server.server_port}/{path.name}?signature=x", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("ending", sorted(CODECS))
def test_words_come_out_with_their_times(shelf, tools, tmp_path, ending):
    path = odd_clips.subtitled(shelf, ending)
    info = probe(path)
    assert [each.codec for each in info.subtitles] == [CODECS[ending]] * 2
    assert [each.language for each in info.subtitles] == ["chi", "eng"]
    found = extract_subtitles(tools, path, info, work_dir=tmp_path)
    assert list(found) == [each.stream_index for each in info.subtitles]
    chinese, english = found.values()
    assert chinese == CHINESE
    assert "Hello all" in english


def test_an_address_is_read_once(shelf, tools, tmp_path, served):
    path = odd_clips.subtitled(shelf, "mkv")
    address, asked = served
    found = extract_subtitles(tools, address(path), probe(path), work_dir=tmp_path)
    assert len(found) == 2
    assert found[min(found)] == CHINESE
    assert len(asked) == 1


def test_an_address_that_is_gone_is_tried_again_later(shelf, tools, tmp_path, served):
    path = odd_clips.subtitled(shelf, "mkv")
    with pytest.raises(EncodingFailed) as caught:
        extract_subtitles(tools, served[0](path.with_name("nosuch.mkv")), probe(path), work_dir=tmp_path)
    assert (caught.value.code, caught.value.is_transient) == ("subtitles_failed", True)


def test_pictures_of_words_are_named_but_not_taken_out(shelf, tools, tmp_path):
    path = odd_clips.picture_subtitles(shelf)
    info = probe(path)
    assert [(each.codec, each.is_text) for each in info.subtitles] == [("dvd_subtitle", False)] * 2
    assert extract_subtitles(tools, path, info, work_dir=tmp_path) == {}


def test_subtitles_without_words_are_left_out(shelf, tools, tmp_path):
    path = odd_clips.half_empty_subtitles(shelf)
    info = probe(path)
    assert len(info.subtitles) == 2
    assert list(extract_subtitles(tools, path, info, work_dir=tmp_path)) == [info.subtitles[1].stream_index]


def test_a_file_that_changed_meanwhile_is_refused(shelf, tools, tmp_path):
    path = odd_clips.subtitled(shelf, "mkv")
    info = probe(path)
    other = tmp_path / "other.mkv"
    other.write_bytes(path.read_bytes()[:300])
    with pytest.raises(EncodingFailed) as caught:
        extract_subtitles(tools, other, info, work_dir=tmp_path)
    assert (caught.value.code, caught.value.is_transient) == ("subtitles_failed", False)


def test_taking_out_can_be_stopped(shelf, tools, tmp_path):
    path = odd_clips.subtitled(shelf, "mkv")
    recorder = Recorder()
    recorder.cancelled.set()
    with pytest.raises(Cancelled):
        extract_subtitles(tools, path, probe(path), work_dir=tmp_path, cancel=recorder)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_chapters_of_the_file_are_listed(shelf, ending):
    info = probe(odd_clips.with_chapters(shelf, ending))
    listed = [(each.start_s, each.title) for each in info.chapters]
    assert listed == [(0, "开场"), (1.5, "打开设置 & 显示"), (3, "第 3 节")]


def test_a_file_of_a_thousand_chapters_is_bounded(shelf):
    info = probe(odd_clips.with_many_chapters(shelf))
    assert len(info.chapters) == MAX_CHAPTERS
    assert max(len(each.title) for each in info.chapters) == 60
    assert info.duration_s == pytest.approx(300, abs=0.1)
