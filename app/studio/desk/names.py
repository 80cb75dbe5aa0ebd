"""What file names say: series, number, title and teacher out of paths such as `八段锦/第03讲_起势_张老师.mp4`.

Pure functions. What cannot be told stays empty: a camera's name has no title, a name without a mark has no teacher.
Not here: the drafts made from it (`services`), numerals and the order of names (`numerals`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import rjieba

from app.studio.desk.numerals import NUMERAL, parse_numeral

_UNITS: Final = "讲|课|节|集|章|回|期|单元|部分|课时|堂"
_ORDINAL: Final = re.compile(rf"[（(【\[]?\s*第\s*({NUMERAL})\s*(?:{_UNITS})(?:课)?\s*[）)】\]]?")
_ENGLISH: Final = re.compile(r"(?<![a-z])(?:lecture|lesson|lec|episode|ep|part)[ ._-]*(\d{1,3})(?!\d)", re.IGNORECASE)
#: `03-`, `03 `, `3、`, `（三）`, `三、`; directly before a word only when it is padded: 24式太极拳 is a title.
_LEADING: Final = re.compile(
    rf"^\s*(?:[（(【\[]\s*({NUMERAL})\s*[）)】\]]\s*|({NUMERAL})\s*[、．]\s*"
    r"|(\d{1,3})\s*(?:\.(?!\d)|[-_—－＿)）\s])\s*|(0\d{1,2})(?=[^\d\W]))"
)
_SECTION: Final = re.compile(r"^\s*(\d{1,2})\.(\d{1,2})(?=[\s_、\-—])[\s_、\-—]*")
_TRAILING: Final = re.compile(r"(?:[-_—－＿\s]+(\d{1,3})|(?<=\D)(0\d{1,2}))\s*$")
_DATE: Final = re.compile(r"(?<!\d)(?:19|20)\d\d[-._年]?(?:0?[1-9]|1[0-2])[-._月]?(?:3[01]|[12]\d|0?[1-9])日?(?!\d)")
_CAMERA: Final = re.compile(
    r"^(?:VID|IMG|MVI|MOV|DSC[NF]?|DJI|PXL|GH\d\d|G[XP]\d\d|GOPR|CLIP|REC|mmexport|wx_camera|lv_0|Screen ?record\w*"
    r"|WeChat|TikTok|output|untitled|微信视频|录屏|屏幕录制|新建视频|未命名|无标题)[\s_\-.]*[\d\s_\-.T]*$"
    r"|^[CP]\d{4,8}$|^[\d\s_\-.T]{4,}$|^[0-9a-f]{16,}$", re.IGNORECASE)  # fmt: skip
_VERSION_WORDS: Final = (
    r"终版|最终版?|终稿|定稿|成片|成品|修改版?|修订版?|改|新版?|正式版|完整版|高清版?|超清|无水印|带字幕|字幕版|剪辑版?"
    r"|导出|压缩|转码|final|edit(?:ed)?|export|new|hd|1080p|720p|4k|copy"
)
_VERSION: Final = re.compile(
    rf"(?:[（(【\[]\s*(?:{_VERSION_WORDS}|v)\s*\d*\s*[）)】\]]|[-_—\s]+(?:{_VERSION_WORDS}|v\d)\s*\d*(?=$|[-_—\s]))",
    re.IGNORECASE)  # fmt: skip
_COPY: Final = re.compile(r"\s*[-—]?\s*(?:副本|拷贝|复件)\s*(?:[（(]\d+[）)]|\d+)?\s*$|\s[（(]\d{1,2}[）)]$|^复件\s*")
_TITLED: Final = re.compile(
    r"^(?:主讲人?|讲师|授课人?|教师)?[:：]?\s*([\u4e00-\u9fff·]{1,4}?"
    r"(?:副教授|教授|老师|博士|医生|大夫|讲师|教练|导师|师傅))$")  # fmt: skip
_MARKED: Final = re.compile(r"^(?:主讲人?|讲师|授课人?|教师)[:：\s]*([\u4e00-\u9fff·]{2,4})$")
_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦"
    "贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
)
_EVERYDAY_FOLDERS: Final = re.compile(
    r"^(?:新建文件夹.*|视频\d*|素材|成片|导出|桌面|下载|课程|录像|上传|待上传|未命名.*|DCIM|\d{3}[A-Z_]{4,5}"
    r"|videos?|downloads?|desktop|export|output|untitled.*|camera|mp4|new folder.*)$", re.IGNORECASE)  # fmt: skip
_BOOK: Final = re.compile(r"《([^《》]{1,60})》")
_SEPARATOR: Final = re.compile(r"[_＿]+|\s*[-—–－]+\s*|\s+")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_WIDE_RANGES: Final = (range(0xFF10, 0xFF1A), range(0xFF21, 0xFF3B), range(0xFF41, 0xFF5B))
_WIDE: Final = {code: code - 0xFEE0 for codes in _WIDE_RANGES for code in codes}
_EDGES: Final = " \t_＿-—–－.．,，、:：·"


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What one path says; empty where it does not say it."""

    path: str
    series: str = ""
    number: int | None = None
    title: str = ""
    teacher: str = ""
    #: The name ends as programs name second copies.
    is_copy: bool = False
    #: Chapter and place in it, of names such as `1.2 标题`.
    section: tuple[int, int] | None = None


def parse_paths(paths: Sequence[str]) -> list[ParsedName]:
    """Read the names of files that were chosen together; what all of them share tells more than one alone."""
    parsed = [parse_path(path) for path in paths]
    by_folder: dict[str, list[int]] = {}
    for position, each in enumerate(parsed):
        by_folder.setdefault(each.path.rpartition("/")[0], []).append(position)
    for positions in by_folder.values():
        for position, better in zip(positions, _read_together([parsed[at] for at in positions]), strict=True):
            parsed[position] = better
    return parsed


def parse_path(path: str) -> ParsedName:
    """Read one relative path by itself."""
    *folders, name = [part for part in path.replace("\\", "/").split("/") if part not in {"", ".", ".."}] or [""]
    stem = _without_extension(name).translate(_WIDE).replace("\u3000", " ").strip()
    series = _series_of(folders)
    shorter = _COPY.sub("", stem)
    is_copy, stem = shorter != stem, shorter
    if _CAMERA.match(stem):
        return ParsedName(path, series, is_copy=is_copy)
    stem = _DATE.sub(" ", _VERSION.sub("", stem)).strip(_EDGES)
    number, section, rest = _take_number(stem)
    book = _BOOK.search(rest)
    if book and rest.replace(book[0], "").strip(_EDGES):
        inner = _split(rest.replace(book[0], " "))
        if _teacher_of(inner)[1]:
            series, rest = series or book[1], rest.replace(book[0], " ")
    teacher, tokens = _teacher_of(_split(rest))
    title = _join(tokens, rest)
    whole = _BOOK.fullmatch(title)
    return ParsedName(path, series, number, whole[1] if whole else title, teacher, is_copy, section)


def _without_extension(name: str) -> str:
    return re.sub(r"(?:\.(?=[a-z0-9]*[a-z])[a-z0-9]{2,5}){1,2}$", "", name, flags=re.IGNORECASE)


def _series_of(folders: Sequence[str]) -> str:
    for folder in reversed(folders):
        name = folder.translate(_WIDE).strip()
        if _EVERYDAY_FOLDERS.match(name) or _CAMERA.match(name):
            continue
        cleaned = _VERSION.sub("", _DATE.sub(" ", name)).strip(_EDGES)
        without_number = _LEADING.sub("", cleaned, count=1).strip(_EDGES)
        book = _BOOK.fullmatch(without_number)
        if without_number:
            return book[1] if book else without_number
    return ""


def _take_number(stem: str) -> tuple[int | None, tuple[int, int] | None, str]:
    """Take the number of the lecture out of a name; return number, section and what is left."""
    ordinals = [*_ORDINAL.finditer(stem)]
    if ordinals:
        last = ordinals[-1]  # 第二章第3节: the smaller unit stands last
        return parse_numeral(last[1]), None, f"{stem[: last.start()]} {stem[last.end() :]}".strip(_EDGES)
    english = _ENGLISH.search(stem)
    if english:
        return int(english[1]), None, f"{stem[: english.start()]} {stem[english.end() :]}".strip(_EDGES)
    section = _SECTION.match(stem)
    if section:
        return None, (int(section[1]), int(section[2])), stem[section.end() :].strip(_EDGES)
    if re.fullmatch(r"\d{1,3}", stem):
        return int(stem), None, ""
    for pattern in (_LEADING, _TRAILING):
        found = pattern.search(stem)
        rest = (stem[: found.start()] + stem[found.end() :]).strip(_EDGES) if found else ""
        if found and rest:
            return parse_numeral(next(group for group in found.groups() if group)), None, rest
    return None, None, stem


def _split(text: str) -> list[str]:
    """Cut at separators; a space parts only where Chinese words stand on both of its sides."""
    tokens: list[str] = []
    glue = False
    for piece in re.split(rf"({_SEPARATOR.pattern})", text):
        if not piece:
            continue
        if _SEPARATOR.fullmatch(piece):
            glue = piece.isspace() and bool(tokens)
            continue
        if glue and not (_HAN.search(tokens[-1][-1]) and _HAN.match(piece)):
            tokens[-1] = f"{tokens[-1]} {piece}"
        else:
            tokens.append(piece)
        glue = False
    return [token for token in (token.strip(_EDGES) for token in tokens) if token]


def _teacher_of(tokens: list[str]) -> tuple[str, list[str]]:
    """Return the teacher and the tokens without them. A bare name counts only at the end, behind a title."""
    for position in reversed(range(len(tokens))):
        bare = tokens[position].strip("（()）【】[] ")
        teacher = _marked_teacher(bare)
        if teacher:
            return teacher, tokens[:position] + tokens[position + 1 :]
        bracket = re.search(r"[（(【\[]([^（(【\[）)】\]]{2,10})[）)】\]]$", tokens[position])
        teacher = _marked_teacher(bracket[1]) if bracket else ""
        if bracket and teacher:
            return teacher, [*tokens[:position], tokens[position][: bracket.start()], *tokens[position + 1 :]]
    if len(tokens) > 1 and _is_name(tokens[-1]):
        return tokens[-1], tokens[:-1]
    return "", tokens


def _marked_teacher(words: str) -> str:
    """Return the teacher of 张老师, 主讲：赵建国 and their like; 老师 alone is nobody."""
    titled = _TITLED.match(words)
    if titled and len(titled[1]) > 2:
        return titled[1]
    marked = _MARKED.match(words)
    return marked[1] if marked else ""


def _is_name(word: str) -> bool:
    """Tell names of people from words: 张伟 is one, 高血压 and 方法 are not."""
    if not 2 <= len(word) <= 3 or word[0] not in _SURNAMES or not all(_HAN.match(letter) for letter in word):
        return False
    return all(kind == "nr" for _, kind in rjieba.tag(word))


def _join(tokens: Sequence[str], text: str) -> str:
    """Put a title together again as it was typed where its words stand side by side."""
    if not tokens:
        return ""
    start, end = text.find(tokens[0]), text.rfind(tokens[-1]) + len(tokens[-1])
    stretch = text[start:end] if 0 <= start < end else ""
    if _split(stretch) != list(tokens):
        stretch = " ".join(tokens)
    return re.sub(r"[\s_＿]+", " ", stretch).strip(_EDGES)


def _read_together(group: list[ParsedName]) -> list[ParsedName]:
    """Use what the files of one folder share: a first word, numbers in brackets or behind, sections."""
    group = _shared_beginning(group)
    group = _numbers_behind(group)
    majors = {each.section[0] for each in group if each.section}
    if len(majors) == 1 and all(each.section or each.number is None for each in group):
        group = [replace(each, number=each.section[1]) if each.section else each for each in group]
    counts = Counter((each.series, each.title) for each in group if each.title and each.number is not None)
    return [_told_apart(each) if counts[each.series, each.title] > 1 else each for each in group]


def _shared_beginning(group: list[ParsedName]) -> list[ParsedName]:
    tokens = [_split(each.title) for each in group]
    firsts = {each[0] for each in tokens if each}
    if len(group) < 3 or len(firsts) != 1 or any(len(each) < 2 for each in tokens):
        return group
    first = firsts.pop()
    return [
        replace(each, series=each.series or first, title=_join(words[1:], each.title))
        for each, words in zip(group, tokens, strict=True)
    ]


def _numbers_behind(group: list[ParsedName]) -> list[ParsedName]:
    """八段锦1, 八段锦2 or 八段锦（一）, 八段锦（二）: one such name could be anything, several are numbers."""
    pattern = re.compile(rf"^(.*?\D)(?:(\d{{1,3}})|[（(]({NUMERAL})[）)])$")
    found = [pattern.match(each.title) if each.number is None else None for each in group]
    bases = Counter(match[1] for match in found if match)
    numbers = Counter((match[1], parse_numeral(match[2] or match[3])) for match in found if match)
    return [
        replace(each, number=parse_numeral(match[2] or match[3]))
        if match and bases[match[1]] > 1 and numbers[match[1], parse_numeral(match[2] or match[3])] == 1
        else each
        for each, match in zip(group, found, strict=True)
    ]


def _told_apart(each: ParsedName) -> ParsedName:
    """Keep the number in titles that would be equal without it."""
    return replace(each, title=f"{each.title} 第{each.number}讲")
