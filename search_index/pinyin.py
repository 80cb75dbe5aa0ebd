"""Sound of Chinese text: syllables, initials, and reading what people type in Latin letters as pinyin.

Terms: two neighbouring syllables joined by a blank ("yang sheng"), and two to four neighbouring initials ("ysjl").
Tones are left out, ü is v. Which fields are indexed by sound is in schema.py.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from pypinyin import lazy_pinyin

from search_index import analysis

_SYLLABLE_TABLE = """
a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen ceng cha
chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci cong cou cu cuan cui
cun cuo da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du duan dui dun duo e ei en eng er
fa fan fang fei fen feng fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gua guai guan guang gui gun guo ha
hai han hang hao he hei hen heng hong hou hu hua huai huan huang hui hun huo ji jia jian jiang jiao jie jin jing jiong
jiu ju juan jue jun ka kai kan kang kao ke kei ken keng kong kou ku kua kuai kuan kuang kui kun kuo la lai lan lang lao
le lei leng li lia lian liang liao lie lin ling liu lo long lou lu luan lun luo lv lve ma mai man mang mao me mei men
meng mi mian miao mie min ming miu mo mou mu na nai nan nang nao ne nei nen neng ni nian niang niao nie nin ning niu
nong nou nu nuan nuo nv nve o ou pa pai pan pang pao pei pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang
qiao qie qin qing qiong qiu qu quan que qun ran rang rao re ren reng ri rong rou ru ruan rui run ruo sa sai san sang
sao se sen seng sha shai shan shang shao she shei shen sheng shi shou shu shua shuai shuan shuang shui shun shuo si
song sou su suan sui sun suo ta tai tan tang tao te teng ti tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan
wang wei wen weng wo wu xi xia xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo
yong you yu yuan yue yun za zai zan zang zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong
zhou zhu zhua zhuai zhuan zhuang zhui zhun zhuo zi zong zou zu zuan zui zun zuo
"""
_SYLLABLES = frozenset(_SYLLABLE_TABLE.split())
_MAX_SYLLABLE_CHARS = 6
_MAX_READINGS = 4
_MAX_TYPED_CHARS = 60
INITIALS_LENGTHS = (2, 3, 4)
WORD_START_WEIGHT = 2.0


@lru_cache(maxsize=50_000)
def syllables(word: str) -> tuple[str, ...]:
    """Toneless syllable of each character of a word; a character without one stands for itself."""
    sounds = tuple(lazy_pinyin(word))
    if len(sounds) == len(word):
        return sounds
    return tuple(sound for char in word for sound in lazy_pinyin(char)[:1])


@lru_cache(maxsize=10_000)
def run_syllables(run_text: str) -> tuple[tuple[str, ...], frozenset[int]]:
    """Syllables of a CJK run, read word by word so that 银行 sounds hang, and the places where words begin."""
    sounds: list[str] = []
    word_starts: set[int] = set()
    for word in analysis.words(run_text):
        word_starts.add(len(sounds))
        sounds.extend(syllables(word))
    return tuple(sounds), frozenset(word_starts)


def add_sounds(pinyin: dict[str, float], initials: dict[str, float], folded: str, weight: float) -> None:
    """Add the sound terms of one field to a document's merged weights; those that begin a word weigh more."""
    for run in analysis.runs(folded):
        if run.kind != "cjk" or len(run.text) < 2:
            continue
        sounds, word_starts = run_syllables(run.text)
        letters = "".join(sound[:1] for sound in sounds)
        for at in range(len(sounds) - 1):
            gain = weight * (WORD_START_WEIGHT if at in word_starts else 1.0)
            pair = f"{sounds[at]} {sounds[at + 1]}"
            pinyin[pair] = pinyin.get(pair, 0.0) + gain
            for size in INITIALS_LENGTHS:
                if at + size <= len(letters):
                    key = letters[at : at + size]
                    initials[key] = initials.get(key, 0.0) + gain


def syllable_pairs(sounds: tuple[str, ...]) -> tuple[str, ...]:
    """Index terms of a sequence of syllables."""
    return tuple(f"{first} {second}" for first, second in pairwise(sounds))


def initial_terms(letters: str) -> tuple[str, ...]:
    """Index terms of typed initials: the letters, or every four neighbouring ones when there are more."""
    size = INITIALS_LENGTHS[-1]
    if len(letters) <= size:
        return (letters,)
    return tuple(letters[at : at + size] for at in range(len(letters) - size + 1))


def readings(typed: str) -> list[tuple[str, ...]]:
    """Ways to read typed letters as two or more pinyin syllables, those with fewer syllables first.

    "xian" gives only xi·an: one syllable alone says too little to search by sound.
    """
    if len(typed) > _MAX_TYPED_CHARS or not (typed.isascii() and typed.isalpha()):
        return []
    found = [reading for reading in _split(typed, _reachable_ends(typed)) if len(reading) > 1]
    return sorted(found, key=len)[:_MAX_READINGS]


def _reachable_ends(typed: str) -> list[bool]:
    """For each place, whether the letters from there to the end can be read."""
    readable = [False] * len(typed) + [True]
    for at in range(len(typed) - 1, -1, -1):
        readable[at] = any(readable[at + len(part)] for part in _parts_at(typed, at))
    return readable


def _parts_at(typed: str, at: int) -> Iterator[str]:
    for size in range(min(_MAX_SYLLABLE_CHARS, len(typed) - at), 0, -1):
        if typed[at : at + size] in _SYLLABLES:
            yield typed[at : at + size]


def _split(typed: str, readable: list[bool]) -> list[tuple[str, ...]]:
    """Readings found longest syllable first, a bounded number of them."""
    done: list[tuple[str, ...]] = []
    waiting: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while waiting and len(done) < 4 * _MAX_READINGS:
        at, parts = waiting.pop()
        if at == len(typed):
            done.append(parts)
            continue
        following = [part for part in _parts_at(typed, at) if readable[at + len(part)]]
        waiting.extend((at + len(part), (*parts, part)) for part in reversed(following))
    return done
