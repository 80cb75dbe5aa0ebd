"""What the names of files say, and what they do not."""

from __future__ import annotations

import random

import pytest

from app.studio.desk.names import ParsedName, parse_path, parse_paths
from app.studio.desk.numerals import natural_key, parse_numeral


def told(parsed: ParsedName) -> tuple[str, int | None, str, str]:
    return parsed.series, parsed.number, parsed.title, parsed.teacher


@pytest.mark.parametrize(
    ("path", "series", "number", "title", "teacher"),
    [
        ("第03讲_八段锦_张老师.mp4", "", 3, "八段锦", "张老师"),
        ("03-八段锦(上)-张老师.MP4", "", 3, "八段锦(上)", "张老师"),
        ("八段锦 第三讲.mp4", "", 3, "八段锦", ""),
        ("第十二讲 防范电信诈骗.mov", "", 12, "防范电信诈骗", ""),
        ("第一百零三集_剪纸.mkv", "", 103, "剪纸", ""),
        ("第２讲＿微信怎么用＿李老师.mp4", "", 2, "微信怎么用", "李老师"),
        ("【第5课】太极拳入门.mp4", "", 5, "太极拳入门", ""),
        ("（三）高血压怎么吃（终版2）.mp4", "", 3, "高血压怎么吃", ""),
        ("八段锦（终版2）.mp4", "", None, "八段锦", ""),
        ("八段锦_最终版.mp4", "", None, "八段锦", ""),
        ("八段锦 1080p.mp4", "", None, "八段锦", ""),
        ("1、认识手机.mp4", "", 1, "认识手机", ""),
        ("3.手机支付.mp4", "", 3, "手机支付", ""),
        ("03手机支付.mp4", "", 3, "手机支付", ""),
        ("24式太极拳.mp4", "", None, "24式太极拳", ""),
        ("3分钟学会视频通话.mp4", "", None, "3分钟学会视频通话", ""),
        ("1.5小时学会剪纸.mp4", "", None, "1.5小时学会剪纸", ""),
        ("二、识谱.mp4", "", 2, "识谱", ""),
        ("一起学剪纸.mp4", "", None, "一起学剪纸", ""),
        ("识谱03.mp4", "", 3, "识谱", ""),
        ("识谱-7.mp4", "", 7, "识谱", ""),
        ("Lecture 4 Tai Chi for Beginners.mp4", "", 4, "Tai Chi for Beginners", ""),
        ("EP05_书法.mp4", "", 5, "书法", ""),
        ("2026-03-05 防诈骗讲座.mp4", "", None, "防诈骗讲座", ""),
        ("20260305_防诈骗讲座_王教授.mp4", "", None, "防诈骗讲座", "王教授"),
        ("冬季养生（主讲：赵建国）.mp4", "", None, "冬季养生", "赵建国"),
        ("冬季养生-主讲人周敏.mp4", "", None, "冬季养生", "周敏"),
        ("05_剪纸入门_张伟.mp4", "", 5, "剪纸入门", "张伟"),
        ("05_饮食_高血压.mp4", "", 5, "饮食-高血压".replace("-", " "), ""),
        ("第4讲.mp4", "", 4, "", ""),
        ("VID_20261123_101500.mp4", "", None, "", ""),
        ("MVI_0012.MOV", "", None, "", ""),
        ("DSC00123.mp4", "", None, "", ""),
        ("GH010045.MP4", "", None, "", ""),
        ("mmexport1700000000000.mp4", "", None, "", ""),
        ("20261123_101500.mp4", "", None, "", ""),
        ("微信视频20261123101500.mp4", "", None, "", ""),
        ("智能手机/第1讲 开关机.mp4", "智能手机", 1, "开关机", ""),
        ("02 智能手机系列/1、开关机.mp4", "智能手机系列", 1, "开关机", ""),
        ("老年大学/新建文件夹 (2)/识谱.mp4", "老年大学", None, "识谱", ""),
        ("DCIM/100CANON/MVI_0012.MP4", "", None, "", ""),
        ("《智能手机》第3讲 微信.mp4", "智能手机", 3, "微信", ""),
        ("《智能手机》.mp4", "", None, "智能手机", ""),
        ("第二章第3节 和面.mp4", "", 3, "第二章 和面", ""),
        ("1.2 和面.mp4", "", None, "和面", ""),
        ("..\\..\\etc\\识谱.mp4", "etc", None, "识谱", ""),
        ("课件.final.mp4", "", None, "课件", ""),
        ("没有扩展名", "", None, "没有扩展名", ""),
        ("", "", None, "", ""),
    ],
)
def test_what_one_name_says(path: str, series: str, number: int | None, title: str, teacher: str):
    assert told(parse_path(path)) == (series, number, title, teacher)


@pytest.mark.parametrize("name", ["八段锦 - 副本.mp4", "八段锦 (1).mp4", "八段锦-副本(2).mp4", "复件 八段锦.mp4"])
def test_second_copies_are_noticed(name: str):
    parsed = parse_path(name)
    assert (parsed.title, parsed.number, parsed.is_copy) == ("八段锦", None, True)


def test_a_word_that_all_names_begin_with_is_the_series():
    parsed = parse_paths(["八段锦_第1讲_预备.mp4", "八段锦_第2讲_两手托天_周老师.mp4", "八段锦_第3讲_收势.mp4"])
    assert [told(each) for each in parsed] == [
        ("八段锦", 1, "预备", ""), ("八段锦", 2, "两手托天", "周老师"), ("八段锦", 3, "收势", ""),
    ]


def test_equal_titles_keep_their_numbers():
    parsed = parse_paths(["八段锦 第一讲.mp4", "八段锦 第二讲.mp4"])
    assert [(each.number, each.title) for each in parsed] == [(1, "八段锦 第1讲"), (2, "八段锦 第2讲")]


def test_numbers_behind_count_only_among_others():
    assert [each.number for each in parse_paths(["八段锦1.mp4", "八段锦2.mp4", "太极24.mp4"])] == [1, 2, None]
    assert [each.number for each in parse_paths(["剪纸（一）.mp4", "剪纸（二）.mp4"])] == [1, 2]
    assert [each.title for each in parse_paths(["剪纸（一）.mp4", "剪纸（二）.mp4"])] == ["剪纸（一）", "剪纸（二）"]


def test_sections_are_numbers_within_one_chapter():
    assert [each.number for each in parse_paths(["1.1 开机.mp4", "1.2 关机.mp4"])] == [1, 2]
    assert [each.number for each in parse_paths(["1.1 开机.mp4", "2.1 微信.mp4"])] == [None, None]


def test_folders_are_read_by_themselves():
    parsed = parse_paths(["书法/1.mp4", "书法/第2讲 横.mp4", "剪纸/第2讲 窗花.mp4"])
    assert [(each.series, each.number, each.title) for each in parsed] == [
        ("书法", 1, ""), ("书法", 2, "横"), ("剪纸", 2, "窗花"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("十", 10), ("十二", 12), ("二十", 20), ("二十一", 21), ("一百零三", 103), ("一百二", 102), ("二三", 23),
     ("〇五", 5), ("两", 2), ("叁", 3), ("12", 12), ("１２", 12), ("", None), ("讲", None)],
)  # fmt: skip
def test_numerals(text: str, value: int | None):
    assert parse_numeral(text) == value


def test_names_sort_as_people_count():
    ordered = ["第二讲.mp4", "第九讲 a.mp4", "第十讲.mp4", "第十一讲.mp4"]
    assert sorted(["第十讲.mp4", "第十一讲.mp4", "第九讲 a.mp4", "第二讲.mp4"], key=natural_key) == ordered
    mixed = ["a/2.mp4", "a/10.mp4", "b/1.mp4"]
    assert sorted(["b/1.mp4", "a/10.mp4", "a/2.mp4"], key=natural_key) == mixed


def test_no_name_breaks_it():
    letters = "第三讲课_-—（）()【】《》 .、：张老师副本终版0123456789１２aV\u3000😀\n\t/\\"
    chance = random.Random(7)
    for _ in range(3000):
        path = "".join(chance.choice(letters) for _ in range(chance.randint(0, 40)))
        parsed = parse_path(path)
        natural_key(path)
        assert parsed.number is None or parsed.number >= 0
        assert "\n" not in parsed.title.strip()
