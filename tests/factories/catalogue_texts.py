"""Makes realistic Chinese lecture records for search tests and benches: as many as asked, the same for the same seed.

Topics, audiences and resource types are the catalogue's own; places are in Liaoning; teachers are invented (a surname
and 老师). Nothing here is about a real person.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

FIRST_PUBLISHED_AT = datetime(2020, 9, 1, 8, tzinfo=UTC)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CITIES = _words("""
沈阳市 大连市 鞍山市 抚顺市 本溪市 丹东市 锦州市 营口市 阜新市 辽阳市 盘锦市 铁岭市 朝阳市 葫芦岛市
""")
DISTRICTS = _words("""
和平区 沈河区 铁西区 皇姑区 中山区 西岗区 立山区 新抚区 平山区 振兴区 古塔区 站前区 海州区 白塔区
""")
STREETS = _words("""
青年街道 滨河街道 文化路街道 新华街道 桥头镇 红旗街道 明山街道 万泉街道 兴隆镇 长江街道
""")
SURNAMES = _words("""
张 李 王 刘 陈 杨 赵 黄 周 吴 徐 孙 马 朱 胡 郭 何 林 高 罗 郑 梁 谢 宋 唐 许 邓 韩 冯 曹 曾 彭 萧 蔡 潘 田 董
""")
AUDIENCES = _words("""
企业职工 现代服务业员工 进城农民工 退役军人 新型职业农民 社区居民 老年人群 成人继续教育工作者
""")
KINDS_OF_RESOURCE = _words("""
微课 讲座 系列课 直播回放 音频 朗诵
""")
LEVELS = ("零基础", "入门", "提高")

TOPICS: dict[str, tuple[str, ...]] = {
    "全民健康": _words("""
        春季养生与经络调理 夏季养生与饮食起居 高血压的家庭管理 糖尿病饮食控制 老年人合理用药 颈椎病的预防与锻炼
        膝关节保护 睡眠与心理调适 骨质疏松的预防 家庭常用急救方法 心肺复苏操作 中医穴位按摩 体检报告怎么看
        口腔护理 冬季呼吸道防护
    """),
    "常态化防疫": _words("""
        居家消毒方法 口罩的正确佩戴 疫苗接种常识 传染病的预防 公共场所防护 洗手七步法 居家隔离心理支持
    """),
    "健身运动": _words("""
        八段锦跟练 二十四式太极拳 太极剑基础 五禽戏教学 广场舞基本步法 健步走的正确姿势 老年瑜伽 毽球入门
        乒乓球发球技巧 柔力球
    """),
    "网络生活": _words("""
        老年人智能手机入门 微信视频通话 手机字体放大设置 手机缴纳水电费 网上预约挂号 健康码使用 手机地图导航
        短视频拍摄与剪辑 手机清理内存 防范电信诈骗 识别网络谣言 移动支付安全 网上购物维权 WiFi连接与路由器设置
        平板电脑使用
    """),
    "职业技能": _words("""
        焊接工艺基础 数控车床编程 电工安全操作 家政服务礼仪 月嫂护理技能 养老护理员实操 美发基础 汽车维修保养
        叉车安全驾驶 Excel表格制作 PPT课件设计 Photoshop图片处理 直播电商运营 网店开设流程 面点制作 西式烘焙
        咖啡拉花 茶艺师入门
    """),
    "乡村振兴": _words("""
        设施蔬菜栽培 草莓大棚管理 苹果树修剪 葡萄病虫害防治 水稻测土配方施肥 玉米密植增产 食用菌栽培 肉牛养殖
        海参育苗 农产品直播带货 家庭农场经营 农业机械保养 土地流转政策 民宿经营与服务 蓝莓种植技术
    """),
    "传统文化": _words("""
        楷书基本笔画 行书结构与章法 国画牡丹画法 山水画皴法 剪纸艺术入门 评剧唱腔欣赏 二人转传统曲目 皮影戏制作
        满族刺绣 蒙古族长调欣赏 古诗词吟诵 论语精读 二十四节气与民俗 中国结编织 茶文化漫谈 京剧脸谱绘制 篆刻基础
    """),
    "文娱休闲": _words("""
        声乐发声练习 合唱训练方法 二胡基础 葫芦丝入门 古筝指法 手风琴伴奏 民族舞组合 模特步训练 手机摄影构图
        人像摄影用光 多肉植物养护 阳台种菜 家庭插花 围棋入门 编织毛衣花样 手工布艺
    """),
    "家庭生活": _words("""
        隔代教育的智慧 亲子沟通技巧 青春期心理辅导 儿童情绪管理 家庭收纳整理 家常菜烹饪 面食花样 燃气安全使用
        冬季供暖常识 家庭理财入门 垃圾分类指南 电动自行车防火 家庭读书会组织 婚姻家庭关系
    """),
    "公民修养": _words("""
        民法典与生活 遗嘱与继承 消费者权益保护 劳动合同法解读 物业纠纷处理 社区志愿服务 国防教育 生态文明建设
        宪法常识 反诈法律知识 公共礼仪 退役军人就业政策
    """),
    "全民阅读": _words("""
        红楼梦人物赏析 三国演义导读 鲁迅小说选读 唐诗三百首诵读 宋词之美 红色经典朗诵 散文写作 普通话正音
        朗诵技巧
    """),
    "辽宁文化": _words("""
        沈阳故宫史话 辽宁红色六地 抗美援朝精神 雷锋故事 大连海洋文化 辽河流域文明 红山文化玉器 东北抗联历史
        锦州战役回顾 盘锦红海滩生态 本溪水洞地质 鞍钢工业遗产 东北方言趣谈
    """),
}

_INSTITUTION_ENDINGS = (
    "开放大学",
    "社区学院",
    "老年大学",
    "职业技术学院",
    "社区教育指导中心",
    "成人教育中心",
    "科普学校",
)
_TITLE_FORMS = (
    "{subject}",
    "{subject}（第{part}讲）",
    "{audience}{subject}",
    "{city}社区大讲堂：{subject}",
    "{subject}{level}",
    "跟{teacher}学{subject}",
    "{subject}与{other}",
    "{year}年全民终身学习活动周·{subject}",
    "一起学：{subject}",
    "{subject}：常见问题解答",
)
_SENTENCES = (
    "本课由{institution}{teacher}主讲，适合{audience}学习。",
    "课程从{subject}讲起，结合{other}，配有实例和练习。",
    "学完以后，您能独立完成{subject}的基本步骤。",
    "时长约{minutes}分钟，语速较慢，字幕清晰，可以反复观看。",
    "内容包括基础知识、示范讲解、注意事项和课后作业。",
    "结合{city}{district}居民的生活实际，讲解通俗易懂。",
    "特别提醒大家注意安全，量力而行，循序渐进。",
    "欢迎在{street}学习点集中收看，现场有志愿者辅导。",
    "老师用身边的故事说明道理，听得懂、学得会、用得上。",
    "第{part}部分介绍{other}，帮助大家举一反三。",
    "如果您没有基础，请先学习零基础课程。",
    "讲义可以免费下载打印，字号较大，方便阅读。",
)


_WORDS_SPOKEN = 8000
_TELLERS = 101
_CUE_S, _CUE_CHARS = 4.5, 17
"""A caption, as speech recognition cuts them."""


@dataclass(frozen=True, slots=True)
class LectureText:
    """One lecture as the catalogue would describe it."""

    number: int
    title: str
    description: str
    teacher: str
    institution: str
    tags: tuple[str, ...]
    city: str
    audiences: tuple[str, ...]
    topic: str
    resource_type: str
    published_at: datetime

    @property
    def facets(self) -> dict[str, tuple[str, ...]]:
        """Facet values as the catalogue counts them."""
        return {
            "city": (self.city,),
            "institution": (self.institution,),
            "audience": self.audiences,
            "topic": (self.topic,),
            "type": (self.resource_type,),
        }


def lecture_texts(count: int, *, seed: int = 2026) -> Iterator[LectureText]:
    """Yield lectures numbered from 1; the first ones are the same however many are asked for."""
    chance = random.Random(seed)
    for number in range(1, count + 1):
        yield _lecture(number, chance)


def spoken_text(text: LectureText, characters: int) -> str:
    """Return a transcript of about so many characters: its own words among thousands, frequent as in speech (Zipf)."""
    chance = random.Random(text.number)
    subjects = [subject for those in TOPICS.values() for subject in those]
    own = [text.title, text.topic, *text.tags, *chance.choices(subjects, k=9)]
    return "".join(
        chance.choice(own) if chance.random() < 0.05 else _word(int(_WORDS_SPOKEN ** chance.random()))
        for _ in range(characters // 2)
    )


def spoken_cues(text: LectureText, minutes: float) -> Iterator[tuple[float, str]]:
    """Yield second and words of each caption of so long a lecture: what it is about comes up every other minute."""
    own = (text.title, text.topic, *text.tags)
    for place, said in enumerate(_captions(text.number % _TELLERS, int(minutes * 60 / _CUE_S))):
        yield round(place * _CUE_S, 3), f"接着讲{own[place // 25 % len(own)]}，" if place % 25 == 5 else said


@lru_cache(maxsize=_TELLERS)
def _captions(teller: int, count: int) -> tuple[str, ...]:
    """Captions somebody says in every lecture; made once, because words are dear to choose."""
    said = spoken_text(next(lecture_texts(1, seed=teller)), count * _CUE_CHARS)
    return tuple(said[at * _CUE_CHARS : (at + 1) * _CUE_CHARS - 1] + "，" for at in range(count))


def _word(rank: int) -> str:
    """Return the word of two characters at this place of a list by frequency."""
    first, second = divmod(rank * 7919 % 1_000_003, 1000)
    return chr(0x4E00 + first % 1500) + chr(0x4E00 + second)


def _lecture(number: int, chance: random.Random) -> LectureText:
    topic = chance.choice(tuple(TOPICS))
    subject = chance.choice(TOPICS[topic])
    other = chance.choice(TOPICS[chance.choice(tuple(TOPICS))])
    city = chance.choice(CITIES)
    district = chance.choice(DISTRICTS)
    institution = (city if chance.random() < 0.5 else city[:-1] + district) + chance.choice(_INSTITUTION_ENDINGS)
    audiences = tuple(chance.sample(AUDIENCES, chance.choice((1, 1, 2, 3))))
    words = {
        "subject": subject,
        "other": other,
        "city": city,
        "district": district,
        "street": chance.choice(STREETS),
        "institution": institution,
        "teacher": chance.choice(SURNAMES) + "老师",
        "audience": audiences[0],
        "level": chance.choice(LEVELS),
        "part": chance.randint(1, 12),
        "minutes": chance.randint(3, 45),
        "year": chance.randint(2020, 2026),
    }
    sentences = chance.sample(_SENTENCES, chance.randint(2, 6))
    return LectureText(
        number=number,
        title=chance.choice(_TITLE_FORMS).format(**words),
        description="".join(sentences).format(**words),
        teacher=str(words["teacher"]),
        institution=institution,
        tags=(topic, subject[:4], chance.choice(LEVELS)),
        city=city,
        audiences=audiences,
        topic=topic,
        resource_type=chance.choice(KINDS_OF_RESOURCE),
        published_at=FIRST_PUBLISHED_AT + timedelta(minutes=chance.randint(0, 3_000_000)),
    )
