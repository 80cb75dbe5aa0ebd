"""What is wrong with a promise that is not kept, in one sentence: pages and notices say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.green_channel.promises import Broken, Cause
from app.kernel.sentences import Sentence

_TEMPLATES: Final[Mapping[Cause, str]] = {
    Cause.LICENCE_NARROWER: "这一讲的使用许可比开放时承诺的窄。",
    Cause.DRAFT: "还没有公开。",
    Cause.WITHDRAWN: "已经下架：%(reason)s",
    Cause.CLOSED: "没有登录的人打不开视频。",
    Cause.NO_MEDIA: "视频还没有上传，或者还没有处理好。",
    Cause.TOO_FAST: "最省的一档平均每秒 %(rate)s 千比特，超过 %(limit)s。",
    Cause.NO_SOUND: "没有可以单独听的声音。",
    Cause.NO_CAPTIONS: "居民看到的这一讲没有字幕。",
    Cause.NO_FILE: "没有可以下载的文件。",
    Cause.FILE_MISSING: "视频的文件在存储里找不到了。",
    Cause.ADVERT: "有推广用语“%(word)s”。",
    Cause.FOREIGN_LINK: "写着别的网站的地址“%(link)s”。",
    Cause.NOT_SIGNED: "没有签过“没有广告、有权使用”的承诺。",
    Cause.NOT_REVIEWED: "没有经过审核。",
    Cause.CHANGED_SINCE: "审核以后又改过，改动没有审。",
}


def problem_of(broken: Broken) -> Sentence:
    """Say why a promise is not kept."""
    return Sentence(_TEMPLATES[broken.cause], **broken.values)
