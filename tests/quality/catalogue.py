"""The judged catalogue: over two thousand lectures made from data/subjects.txt, the same on every machine.

Each lesson of each subject is given by four teachers in four places, with its own title, description and captions.
Teachers' names are invented; nothing here is about a real person. What a lecture is really about is known from how it
was made, so judgements need no guessing: see judgements.py.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
GIVERS = 4
_STARTED_AT = datetime(2021, 3, 1, 9, tzinfo=UTC)


def _words(text: str) -> list[str]:
    return text.split()


_CITIES = _words("沈阳市 大连市 鞍山市 抚顺市 本溪市 丹东市 锦州市 营口市 阜新市 辽阳市 盘锦市 铁岭市 朝阳市 葫芦岛市")
_DISTRICTS = _words("和平区 沈河区 铁西区 皇姑区 立山区 振兴区 古塔区 站前区 海州区 白塔区 双台子区 银州区")
_SCHOOLS = _words("开放大学 社区学院 老年大学 职业技术学院 社区教育指导中心 成人教育中心 科普学校")
_SURNAMES = _words("秦 贺 温 陶 岳 霍 邢 尹 骆 柏 苗 戚 卫 康 窦 乔 翟 米")
_GIVEN = _words("望舒 兰亭 秋禾 听澜 知远 若谷 松涛 云起 牧之 景行 采薇 长庚 清和 怀瑾 晚晴 疏影 守拙 星河")
_TYPES = ("micro_course", "lecture", "series", "audio")
_LEVELS = ("零基础", "入门", "提高")
_AUDIENCES = {
    "全民健康": ("老年人群", "社区居民"),
    "健身运动": ("老年人群", "社区居民"),
    "网络生活": ("老年人群", "进城农民工"),
    "职业技能": ("企业职工", "现代服务业员工", "进城农民工"),
    "乡村振兴": ("新型职业农民",),
    "公民修养": ("社区居民", "退役军人"),
}
_TITLES = (
    "{subject}：{lesson}",
    "{lesson}（{subject}第{part}讲）",
    "{subject}系列课·{lesson}",
    "跟{teacher}老师学{subject}：{lesson}",
    "{city}社区大讲堂｜{subject}之{lesson}",
    "{lesson}",
    "{subject}{level}班 第{part}课 {lesson}",
    "{audience}课堂：{lesson}与{subject}",
)
_BEFORE = (
    "本课是《{subject}》的一节，主讲{teacher}，由{institution}录制。",
    "《{subject}》公益课程，面向{audience}开放。",
    "{institution}推出的{subject}课，{level}学员也能听懂。",
)
_AFTER = (
    "时长约{minutes}分钟，字幕清晰，可以反复观看。",
    "学完本讲可以继续学习《{other}》。",
    "欢迎到{district}学习点集中收看，有志愿者辅导。",
    "讲义字号较大，可以免费下载打印。",
    "上一期我们聊过{other}，没看过的朋友可以补课。",
    "课后有小练习，请在评论区交流心得。",
)
_FILLER = (
    "各位学员大家好，欢迎来到今天的课堂。",
    "上节课的作业大家都完成得不错。",
    "这个地方我再重复一遍，请大家记一下笔记。",
    "如果跟不上，可以先暂停一会儿。",
    "下面我们来看一个身边的例子。",
    "有的朋友可能会问，这样做到底有没有用。",
    "我们换一个角度再来看一下。",
    "好，接下来进入今天的第二部分。",
    "请大家注意看屏幕上的这张图。",
    "这是初学者最容易犯的毛病。",
    "不着急，慢慢来，每天进步一点点。",
    "刚才有位阿姨留言说听不清，我把声音调大一些。",
    "这一点在家里练习的时候也要记住。",
    "今天的内容就到这里，我们下次再见。",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A line of data/subjects.txt."""

    topic: str
    name: str
    lessons: tuple[str, ...]
    about: str
    spoken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lecture:
    """A made lecture: what the index gets, and what it is about."""

    id: str
    title: str
    description: str
    teacher: str
    institution: str
    tags: tuple[str, ...]
    cues: tuple[tuple[float, str], ...]
    facets: dict[str, tuple[str, ...]]
    published_at: datetime
    subject: str
    lesson: str
    spoken: int
    mentions: frozenset[str] = field(default_factory=frozenset)


@lru_cache(maxsize=1)
def subjects() -> tuple[Subject, ...]:
    """Read the subjects."""
    lines = (DATA / "subjects.txt").read_text("utf-8").splitlines()
    return tuple(_subject(line) for line in lines if line and not line.startswith("#"))


def _subject(line: str) -> Subject:
    topic, name, lessons, about, spoken = line.split("|")
    return Subject(topic, name, tuple(lessons.split("/")), about, tuple(filter(None, spoken.split("。"))))


@lru_cache(maxsize=1)
def lectures() -> tuple[Lecture, ...]:
    """Make the catalogue."""
    return tuple(_lectures(random.Random(20261128)))


def _lectures(chance: random.Random) -> Iterator[Lecture]:
    number = 0
    for place, subject in enumerate(subjects()):
        for giver in range(GIVERS):
            city = _CITIES[(place + 4 * giver) % len(_CITIES)]
            teacher = _teacher(place * GIVERS + giver)
            institution = city + chance.choice(["", *_DISTRICTS]) + _SCHOOLS[(place + giver) % len(_SCHOOLS)]
            for part, lesson in enumerate(subject.lessons, start=1):
                number += 1
                words = {
                    "subject": subject.name,
                    "lesson": lesson,
                    "part": part,
                    "teacher": teacher,
                    "city": city,
                    "district": chance.choice(_DISTRICTS),
                    "institution": institution,
                    "level": _LEVELS[(place + giver) % len(_LEVELS)],
                    "audience": chance.choice(_AUDIENCES.get(subject.topic, ("社区居民", "老年人群"))),
                    "minutes": chance.randint(5, 45),
                    "other": chance.choice([other.name for other in subjects() if other is not subject]),
                }
                yield _lecture(number, subject, words, giver, chance)


def _teacher(number: int) -> str:
    return _SURNAMES[number % len(_SURNAMES)] + _GIVEN[(number + number // len(_SURNAMES) % 4) % len(_GIVEN)]


def _lecture(number: int, subject: Subject, words: dict[str, object], giver: int, chance: random.Random) -> Lecture:
    after = " ".join(chance.sample(_AFTER, 2))
    description = f"{chance.choice(_BEFORE)}{subject.about}{after}".format(**words)
    spoken = (int(str(words["part"])) + giver) % len(subject.spoken)
    return Lecture(
        id=f"q{number:04d}",
        title=chance.choice(_TITLES).format(**words),
        description=description,
        teacher=str(words["teacher"]),
        institution=str(words["institution"]),
        tags=(subject.name,),
        cues=_cues(subject.spoken[spoken], chance),
        facets={
            "city": (str(words["city"]),),
            "institution": (str(words["institution"]),),
            "audience": (str(words["audience"]),),
            "topic": (subject.topic,),
            "type": (_TYPES[(number + giver) % len(_TYPES)],),
            "level": (str(words["level"]),),
        },
        published_at=_STARTED_AT + timedelta(minutes=chance.randint(0, 2_800_000)),
        subject=subject.name,
        lesson=str(words["lesson"]),
        spoken=spoken + 1,
        mentions=frozenset({str(words["other"])}) if str(words["other"]) in description else frozenset(),
    )


def _cues(own: str, chance: random.Random) -> tuple[tuple[float, str], ...]:
    """Captions of a lecture: small talk, and somewhere in it what this lecture alone says."""
    said = [chance.choice(_FILLER) for _ in range(24)]
    said.insert(chance.randint(5, 22), own + "。")
    return tuple((at * 7.5, text) for at, text in enumerate(said))
