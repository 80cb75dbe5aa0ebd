"""Made-up content of the style guide: long titles, missing pictures, every state. No row of a database is read."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup, escape

_LONG_TITLE: Final = (
    "冬季供暖期间家庭燃气、一氧化碳与小太阳取暖器的安全使用常识及"
    "突发情况下的自救互救方法（适合独居老人与照护者一起观看）"
)

_LECTURES: Final = (
    ("八段锦完整教学：跟着做，一遍十二分钟", 742, "周老师", "滨海市老年大学", "滨海市", "#2f7a5f"),
    (_LONG_TITLE, 2710, "吴老师、郑老师、钱老师", "北山职业技术学院继续教育与社区服务中心", "北山市", "#b4481a"),
    ("手机字太小？三步把字放大", 305, "孙老师", "柳河社区学校", "柳河市", "#8a6a1f"),
    ("春季养生：吃什么、怎么动、几点睡", 1485, "赵老师", "省开放大学", "省直", "#42705c"),
    ("识破“保健品讲座”骗局", 918, "李老师", "东港社区教育中心", "东港市", "#7c3a2b"),
    ("剪纸入门：团花与窗花", 1260, "王老师", "县文化馆", "平川县", "#1d5a46"),
)


def _poster(title: str, colour: str) -> str:
    """Draw a lecture's first slide as a data: address."""
    words = escape(title[:9])
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 270"><path fill="{colour}" d="M0 0h480v270H0z"/>'
        '<path fill="#fdf9ee" opacity=".16" d="M300 270V60h28v210zM332 270V96h20v174zM356 270V40h34v230z'
        'M394 270V120h22v150zM420 270V76h30v194z"/>'
        f'<text x="32" y="120" font-size="42" font-weight="700" fill="#fdf9ee" font-family="sans-serif">{words}</text>'
        f'<path stroke="#fdf9ee" stroke-width="4" d="M34 150h96"/></svg>'
    )
    return "data:image/svg+xml," + quote(drawing)


def _lecture(number: int) -> dict[str, Any]:
    title, duration_s, teacher, institution, city, colour = _LECTURES[number]
    return {
        "url": "/styleguide?page=home", "title": title, "duration_s": duration_s, "teacher": teacher,
        "institution": institution, "city": city, "poster_url": _poster(title, colour), "badges": [],
    }


def samples() -> dict[str, Any]:
    """Return everything the style guide's templates show."""
    lectures = [_lecture(number) for number in range(len(_LECTURES))]
    lectures[0]["badges"] = [{"label": "有字幕", "kind": "", "sign": "captions"}, {"label": "零基础", "kind": "good"}]
    lectures[1]["badges"] = [{"label": "含 AI 生成内容", "kind": "busy", "sign": "info"}]
    lectures[2]["progress_percent"] = 40
    lectures[2]["note"] = "上次看到第 2 分钟，接着看"
    lectures[3] |= {
        "poster_url": None, "kind": "audio",
        "title_html": Markup("春季<mark>养生</mark>：吃什么、怎么动、几点睡"),
        "summary_html": Markup(
            "省开放大学<mark>养生</mark>课第三讲：立春以后早起半小时，饭后慢走，"
            "少吃酸，多吃甜。附菜谱和穴位图，可以打印。"
        ),
    }
    return {
        "lectures": lectures,
        "playlist": {
            "url": "/styleguide", "title": "重阳这一周：动一动、笑一笑、不上当", "lecture_count": 7,
            "owner": "东港社区教育中心", "city": "东港市", "poster_url": _poster("重阳这一周", "#b4481a"),
            "duration_s": 5460, "badges": [], "note": "每天上午九点在二楼教室一起看，来不了的在家扫码看。",
        },
        "facet_groups": _facet_groups(),
        "step_items": [
            {"label": "上传", "state": "done", "note": "1.2 GB，用了 6 分钟"},
            {"label": "检查", "state": "done"},
            {"label": "转码", "state": "current", "note": "第一分钟已经可以看了"},
            {"label": "发布", "state": "todo"},
        ],
        "columns": [("title", "课程"), ("state", "状态"), ("size", "大小", "number"), ("views", "观看", "number")],
        "rows": _rows(),
        "themes": ("light", "dark", "contrast"),
        "swatches": _SWATCHES,
        "long_title": _LONG_TITLE,
        "page_url": "/styleguide?page={}".format,
    }


#: Token and what it is for.
_SWATCHES: Final = (
    *(("paper", "纸面：页面底色"), ("sheet", "卡片、输入框"), ("sunken", "凹处、表头")),
    *(("ink", "正文"), ("ink-soft", "次要文字"), ("line", "分隔线"), ("line-strong", "控件边框")),
    *(("brand", "松绿：主要按钮"), ("brand-text", "链接"), ("brand-tint", "浅松绿：选中、横幅")),
    *(("accent", "柿红：书签、搜索"), ("accent-text", "柿红文字"), ("accent-tint", "浅柿红")),
    *(("danger", "出错"), ("danger-tint", "出错底色"), ("warn-text", "提醒"), ("warn-tint", "提醒底色")),
    *(("mark", "搜索命中"), ("focus", "键盘焦点"), ("header", "页眉页脚"), ("header-deep", "最上一行")),
)


def _facet_groups() -> list[dict[str, Any]]:
    def option(label: str, count: int, *, selected: bool = False) -> dict[str, Any]:
        return {"label": label, "url": "/styleguide", "count": count, "is_selected": selected}

    topics = [option("全民健康", 1204, selected=True), option("网络生活", 386), option("全民阅读", 95)]
    audiences = [option("老年人群", 2211), option("社区居民", 1870), option("高素质农民", 64)]
    cities = [option("滨海市", 310), option("北山市", 287), option("柳河市", 42)]
    return [
        {"label": "话题", "options": topics},
        {"label": "人群", "options": audiences},
        {"label": "城市", "options": cities},
    ]


def _rows() -> list[dict[str, Any]]:
    badge = Markup('<span class="badge is-{}">{}</span>').format
    return [
        {"title": "八段锦完整教学", "state": badge("good", "已发布"), "size": "218 MB", "views": "12,408"},
        {"title": _LONG_TITLE, "state": badge("busy", "转码中 43%"), "size": "1.2 GB", "views": "—"},
        {"title": "手机字太小？三步把字放大", "state": badge("bad", "没有成功"), "size": "96 MB", "views": "—"},
    ]
