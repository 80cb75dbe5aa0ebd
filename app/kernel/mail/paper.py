"""Words of mails: one plain text from a template, and the same as simple HTML; no page, no request, Chinese only.

Templates lie in a folder `letters` of their capability. A line that is an address of ours and nothing else becomes a
button, so no text of other people can look like one of our links.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_STYLE = Markup(
    "body{margin:0;padding:24px;background:#f5f3ee;color:#1f2a25;"
    "font:16px/1.75 'PingFang SC','Microsoft YaHei',sans-serif}"
    "main{max-width:36em;margin:0 auto;padding:24px 28px;background:#fff;border-radius:8px}"
    "h1{font-size:20px;line-height:1.5;margin:0 0 16px}p{margin:0 0 14px;white-space:pre-line;overflow-wrap:anywhere}"
    "a{color:#14532d}a.button{display:inline-block;padding:10px 22px;border-radius:6px;background:#14532d;color:#fff;"
    "text-decoration:none}small{color:#5b665f}hr{border:0;border-top:1px solid #ddd9cf;margin:20px 0}"
)
#: Stands in templates between the message and the lines about why it came.
RULE = "--"


@cache
def _templates(folder: Path) -> Environment:
    return Environment(  # plain text: HTML is made of the finished text, and escaped there
        loader=FileSystemLoader(folder), autoescape=False, undefined=StrictUndefined, trim_blocks=True,  # noqa: S701
        lstrip_blocks=True, finalize=_one_line,
    )  # fmt: skip


def _one_line(value: object) -> object:
    """Keep a value from beginning a line of its own, whoever wrote it."""
    return " ".join(value.split()) if isinstance(value, str) else value


def write_text(template: Path, **values: object) -> str:
    """Fill a template; every text among the values stays on its line."""
    return _templates(template.parent).get_template(template.name).render(**values).strip() + "\n"


def to_html(text: str, *, title: str, base_url: str) -> str:
    """Set a plain text as HTML: paragraphs, our own addresses as links, small print behind the rule."""
    parts, is_small = [], False
    for paragraph in text.strip().split("\n\n"):
        if paragraph.strip() == RULE:
            parts.append(Markup("<hr>"))
            is_small = True
            continue
        lines = Markup("\n").join(_line(line, base_url, is_button=not is_small) for line in paragraph.split("\n"))
        parts.append((Markup("<p><small>{}</small></p>") if is_small else Markup("<p>{}</p>")).format(lines))
    head = Markup(
        '<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>{}</title><style>{}</style></head>'
    )
    body = Markup("<body><main><h1>{}</h1>{}</main></body></html>\n").format(title, Markup("\n").join(parts))
    return str(head.format(title, _STYLE) + body)


def _line(line: str, base_url: str, *, is_button: bool) -> Markup:
    address = line.strip()
    if not address.startswith(f"{base_url}/") or " " in address:
        return Markup("{}").format(line)
    if is_button:
        return Markup('<a class="button" href="{0}">打开</a>').format(address)
    return Markup('<a href="{0}">{0}</a>').format(address)
