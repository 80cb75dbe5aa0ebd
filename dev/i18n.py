"""`make i18n`: collect the texts for readers, bring the English catalogue in step with them, and compile it.

Chinese is the language of the source, so every Chinese string is a text to translate: in templates what stands in
`_('…')`, in Python every literal (also the sentences of errors, which are translated where they are shown). babel.cfg
says which files and which constants are left out. `--check` writes nothing; both ways the exit status is 1 while a text
has no translation. Not here: the page's choice of language (app/web/preferences.py).
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.util import pathmatch
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "app/translations"
LOCALES: Final = ("en",)
SOURCE_FOLDERS: Final = ("app", "media_pipeline")
_SKIPPED_FOLDERS: Final = frozenset({"__pycache__", "static", "node_modules"})
#: `mark` writes a punctuation mark (app/web/formats.py).
_TRANSLATORS: Final = frozenset({"_", "gettext", "ngettext", "mark"})
#: Marks that Chinese text alone uses.
_WIDE_MARK: Final = re.compile("[\u3000-\u303f\uff00-\uffef]")
#: A language is called by its own name on every page.
_OWN_NAMES: Final = frozenset({"中文"})
#: Whole tags, and the halves left where an expression stands inside of one.
_TAG: Final = re.compile(r"<[a-z/!][^<>]*(?:>|$)|^[^<>]*\"[^<>]*>")

#: No dates, names or addresses: the file changes only when a text does.
_HEADER: Final = """\
# The {language} texts of the pages, by the Chinese ones. Kept in step by `make i18n`; only msgstr is written by hand.
msgid ""
msgstr ""
"Language: {locale}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

#: What babel hands on and expects back: (line, function or None, texts, comments).
Extracted = tuple[int, str | None, str | tuple[str, ...], list[str]]


def main(arguments: Sequence[str]) -> int:
    """Update and compile, or only check; return the exit status."""
    is_check = "--check" in arguments
    found = collect()
    problems: list[str] = []
    for locale in LOCALES:
        path = catalogue_path(locale)
        merged = merge(found, read_catalogue(path, locale))
        problems += [f"{locale}: no translation: {text}" for text in untranslated(merged)]
        text = render(merged)
        if is_check:
            if not path.is_file() or path.read_bytes() != text:
                problems.append(f"{locale}: {path.relative_to(ROOT)} is not in step; run `make i18n`")
            continue
        _replace(path, text)
        compile_catalogue(path, locale)
        print(f"i18n: {len(merged)} texts in {path.relative_to(ROOT)}")
    for stray in find_strays():
        print(f"i18n: shown in Chinese only: {stray.place}: {stray.text}", file=sys.stderr)
    for problem in problems:
        print(f"i18n: {problem}", file=sys.stderr)
    return 1 if problems else 0


# --- collecting -------------------------------------------------------------------------------------------------------


def has_chinese(text: str) -> bool:
    """Tell whether a Chinese character is in the text; full-width punctuation alone is none."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def is_for_chinese_readers(text: str) -> bool:
    """Tell whether a reader of English would stumble: over Chinese characters or over full-width marks."""
    return has_chinese(text) or _WIDE_MARK.search(text) is not None


def collect() -> Catalog:
    """Read every text from the sources that babel.cfg names; each keeps its places."""
    methods, options = _mapping()
    catalogue = Catalog(charset="utf-8")
    for place, line, text, comments, context in extract_from_dir(
        str(ROOT), methods, options, DEFAULT_KEYWORDS, directory_filter=_is_searched
    ):
        if not has_chinese(text if isinstance(text, str) else "".join(text)):
            raise SystemExit(f"i18n: {place}:{line}: a text to translate is written in Chinese first: {text!r}")
        catalogue.add(text, None, [(place, line)], auto_comments=comments, context=context)
    return catalogue


def _mapping() -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    return list(methods), dict(options)


def _is_searched(folder: str | os.PathLike[str]) -> bool:
    # Not resolved: node_modules may be a link to a place outside.
    parts = Path(os.path.abspath(folder)).relative_to(ROOT).parts  # noqa: PTH100 - pathlib has no way without links
    return parts[0] in SOURCE_FOLDERS and not _SKIPPED_FOLDERS.intersection(parts)


def extract_chinese(
    file: IO[bytes], _keywords: Mapping[str, object], _comment_tags: Sequence[str], options: Mapping[str, Any]
) -> Iterator[Extracted]:
    """Yield every Chinese literal of a Python file that is neither docstring nor data (babel's extractor interface)."""
    tree = ast.parse(file.read())
    left_out = _docstrings(tree) | _data(tree, frozenset(str(options.get("data", "")).split()))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out.update(id(part) for part in node.values)
        elif isinstance(node, ast.Call) and _called(node) == "ngettext":
            left_out.update(id(part) for part in node.args[:2])
            yield node.lineno, "ngettext", tuple(ast.literal_eval(part) for part in node.args[:2]), []
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and has_chinese(text) and id(node) not in left_out:
            yield getattr(node, "lineno", 0), None, text, []


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _docstrings(tree: ast.Module) -> set[int]:
    # A string that stands alone says nothing to anybody but the reader of the code.
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _data(tree: ast.Module, names: frozenset[str]) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            found.update(id(part) for part in ast.walk(node))
    return found


# --- what no catalogue can translate ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stray:
    """Chinese that readers of English will see: a sentence with values put in by Python, or words outside of `_()`."""

    place: str
    text: str


def find_strays() -> list[Stray]:
    """List Chinese that is shown as it stands in the source."""
    methods, _options = _mapping()
    found: list[Stray] = []
    for path in sorted((ROOT / "app").rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        method = next((method for pattern, method in methods if pathmatch(pattern, name)), "ignore")
        if not path.is_file() or method == "ignore":
            continue
        text = path.read_text(encoding="utf-8")
        strays = _strays_of_template(text) if method == "jinja2" else _strays_of_python(text)
        found += [Stray(f"{name}:{line}", words) for line, words in strays if is_for_chinese_readers(words)]
    return [stray for stray in found if stray.text not in _OWN_NAMES]


def _strays_of_python(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            words = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(str(word) for word in words)


def _strays_of_template(text: str) -> Iterator[tuple[int, str]]:
    tree = Environment(autoescape=True).parse(text)
    translated = {
        id(part)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in _TRANSLATORS
        for part in call.args
    }
    for data in tree.find_all(nodes.TemplateData):
        for number, line in enumerate(data.data.splitlines(), start=data.lineno):
            yield number, _TAG.sub("", line).strip()
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and id(constant) not in translated:
            yield constant.lineno, constant.value


# --- catalogues -------------------------------------------------------------------------------------------------------


def catalogue_path(locale: str) -> Path:
    """Return where the texts of a language are kept."""
    return TRANSLATIONS / locale / "LC_MESSAGES/messages.po"


def read_catalogue(path: Path, locale: str) -> Catalog:
    """Read a catalogue; a language that has none yet begins with an empty one."""
    if not path.is_file():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale, charset="utf-8", abort_invalid=True)


def merge(found: Catalog, known: Catalog) -> Catalog:
    """Give the collected texts the translations that are known; nothing is guessed, what is gone is dropped."""
    merged = Catalog(locale=known.locale, charset="utf-8")
    for message in _texts(found):
        old = known.get(message.id, message.context)
        translation = old.string if old is not None and old.pluralizable == message.pluralizable else None
        merged.add(message.id, translation, user_comments=old.user_comments if old else (), context=message.context)
    return merged


def untranslated(catalogue: Catalog) -> list[str]:
    """List the texts without a translation, or with one that is only guessed."""
    return [_name(each) for each in _texts(catalogue) if each.fuzzy or not all(_forms(each.string))]


def render(catalogue: Catalog) -> bytes:
    """Write a catalogue as bytes that depend on the texts alone."""
    language = catalogue.locale.english_name if catalogue.locale else ""
    header = _HEADER.format(language=language, locale=catalogue.locale, plural_forms=catalogue.plural_forms)
    body = BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    return header.encode() + body.getvalue().strip(b"\n") + b"\n"


def compile_catalogue(path: Path, locale: str) -> None:
    """Write the .mo that gettext reads, beside its .po (dev/setup.py does the same at set-up)."""
    body = BytesIO()
    write_mo(body, read_catalogue(path, locale))
    _replace(path.with_suffix(".mo"), body.getvalue())


def _texts(catalogue: Catalog) -> Iterable[Message]:
    return [message for message in catalogue if message.id]


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def _name(message: Message) -> str:
    return _forms(message.id)[0]


def _replace(path: Path, content: bytes) -> None:
    """Swap the file in one step: a server or another test run may be reading it."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_bytes(content)
    scratch.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
