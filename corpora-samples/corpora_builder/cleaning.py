"""What is left out of a text, and when a whole document is."""

import collections
import re

from . import languages

LEAST_DOCUMENT_SIZE = 200  # bytes
GREATEST_DOCUMENT_SIZE = 100_000  # characters; longer ones are cut between paragraphs

CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc"
    "\ue000-\uf8ff\U000f0000-\U0010ffff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_SPACE = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")
_TRAILING = re.compile(r"[ \t]+\n")


def normalized(text):
    """Line feeds, ordinary spaces, no control characters, at most one empty line in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = CONTROL.sub("", text)
    text = _SPACE.sub(" ", text)
    if "\ufffd" in text:
        text = "\n".join(line for line in text.split("\n") if "\ufffd" not in line)
    text = text.replace("\t", "    ") if text.count("\t") and "\n\t" not in text else text
    text = _TRAILING.sub("\n", text)
    text = text.strip("\n").rstrip()
    # The first empty line of a run ends the paragraph; the indentation after it is kept.
    return re.sub(r"\n{3,}", "\n\n", text)


FALLBACKS = {
    "ja": ("euc_jp", "shift_jis"),
    "ru": ("koi8_r", "cp1251"),
    "uk": ("koi8_u", "cp1251"),
    "ko": ("euc_kr",),
    "zh-cn": ("gb18030",),
    "zh-tw": ("big5",),
    "cs": ("iso8859_2",),
    "hu": ("iso8859_2",),
    "pl": ("iso8859_2",),
    "ro": ("iso8859_2",),
    "hr": ("iso8859_2",),
    "sk": ("iso8859_2",),
    "sl": ("iso8859_2",),
    "tr": ("iso8859_9",),
    "el": ("iso8859_7",),
    "bg": ("cp1251",),
    "he": ("iso8859_8",),
    "th": ("tis_620",),
    "ar": ("cp1256",),
}
USUAL_FALLBACKS = ("cp1252",)


def decoded(data, language=None, declared=None):
    """Text out of bytes: UTF-8 if it is valid, then the declared charset, then a likely one."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    likely = FALLBACKS.get(language, USUAL_FALLBACKS)
    for charset in ((declared,) if declared else ()) + likely:
        if charset.lower().replace("-", "").replace("_", "") == "utf8":
            continue
        try:
            return data.decode("cp1252" if charset.lower() == "iso-8859-1" else charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


_RULE = re.compile(r"^[\s\W_]*$")
_LEGAL = re.compile(
    r"^(?:copyright\b|©|\(c\)\s|all rights reserved|generated (?:by|on|from)"
    r"|last (?:updated|modified|change)"
    r"|created using sphinx|this page (?:was|has been)|license: )",
    re.I,
)
_NAVIGATION = re.compile(
    r"^(?:(?:- )?(?:next|previous|prev|up|home|top|contents|index|table of contents|back to top"
    r"|module index|modules|search|show source|permalink|list of figures"
    r"|list of tables|list of examples)"
    r"[\s|:»«>]*)+$",
    re.I,
)


# Breadcrumbs, and indexes that are letters with bars between them.
_INDEX = re.compile(r"^(?:[^>]{1,40} > ){3,}[^>]{1,60}$|^(?:\S{1,3} \| ){5,}")
_ENGLISH_LINE = re.compile(r"^(?:- )?[A-Z][a-z]")


def is_untranslated(line, language):
    """Whether a line of a language with another script is an English phrase."""
    if not _ENGLISH_LINE.match(line) or languages.has_own_script(line, language):
        return False
    words = line.split()
    if len(words) < 2 or len(line) < 10:
        return False
    return sum(word.strip("-.,:;()\"'!?/").isalpha() for word in words) >= 0.7 * len(words)


def prose_lines(text, language):
    """Drops the lines that are not text: rules, legal notices, navigation, English in others."""
    lines = text.split("\n")
    kept = []
    other = language != "en"
    for line in lines:
        if not line:
            kept.append(line)
            continue
        if len(line) < 200:
            if not line[0].isspace() and (
                _LEGAL.match(line) or _NAVIGATION.match(line) or _INDEX.match(line)
            ):
                continue
            if other and language in languages.LANGUAGE_SCRIPTS and is_untranslated(line, language):
                continue
            if _RULE.match(line) and len(line.strip()) > 3 and len(set(line.strip())) <= 2:
                continue
        if other and len(line) >= 30 and line.count(" ") >= 4:
            if languages.english_share(line) > 0.15 and (
                language not in languages.LANGUAGE_SCRIPTS
                or languages.script_count(line, languages.LANGUAGE_SCRIPTS[language])
                < 0.1 * len(line)
            ):
                continue
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")


_HEADING = re.compile(r"^\w+(?: \w+)?$")


def repeated_edges(texts):
    """Lines that stand at the start or the end of many documents: titles of the manual, menus."""
    if len(texts) < 20:
        return frozenset()
    counts = collections.Counter()
    for text in texts:
        lines = [line for line in text.split("\n") if line]
        counts.update(set(lines[:4] + lines[-5:]))
    return frozenset(
        line
        for line, count in counts.items()
        if count >= max(10, 0.15 * len(texts)) and not _HEADING.match(line)
    )


def without_edges(text, repeated):
    """The text without the repeated lines among its first and last ones."""
    lines = text.split("\n")
    first = 0
    seen = 0
    kept = []
    for number, line in enumerate(lines):
        seen += bool(line)
        if seen > 4:
            first = number
            break
        if line not in repeated:
            kept.append(line)
    else:
        return "\n".join(kept).strip("\n")
    tail = []
    seen = 0
    last = len(lines)
    for number in range(len(lines) - 1, first - 1, -1):
        seen += bool(lines[number])
        if seen > 5:
            break
        last = number
        if lines[number] not in repeated:
            tail.append(lines[number])
    text = "\n".join(kept + lines[first:last] + tail[::-1])
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def sample(text):
    """Enough of a text to judge it by."""
    if len(text) <= 16_000:
        return text
    middle = len(text) // 2
    return text[:6000] + text[middle : middle + 6000]


def is_english_prose(text):
    """Whether a document reads as English sentences rather than as a listing."""
    text = sample(text)
    if languages.function_word_share(text) < 0.17:
        return False
    letters = languages.letter_count(text)
    return letters >= 0.5 * len(text.replace(" ", "").replace("\n", ""))


def is_other_prose(text, language):
    """Whether a document is of the language and not a listing or an untranslated page."""
    text = sample(text)
    if not languages.fits(text, language):
        return False
    visible = len(text.replace(" ", "").replace("\n", ""))
    if languages.letter_count(text) < 0.45 * visible:
        return False
    if language not in languages.LANGUAGE_SCRIPTS and languages.english_share(text) > 0.1:
        return False
    return True


def pieces(text):
    """A document in pieces that are not too long, cut between paragraphs."""
    if len(text) <= GREATEST_DOCUMENT_SIZE:
        return [text]
    result = []
    current = []
    size = 0
    for paragraph in text.split("\n\n"):
        if size and size + len(paragraph) > GREATEST_DOCUMENT_SIZE // 2:
            result.append("\n\n".join(current))
            current, size = [], 0
        while len(paragraph) > GREATEST_DOCUMENT_SIZE:
            cut = paragraph.rfind("\n", 0, GREATEST_DOCUMENT_SIZE)
            if cut <= 0:
                cut = paragraph.rfind(" ", 0, GREATEST_DOCUMENT_SIZE)
            if cut <= 0:
                cut = GREATEST_DOCUMENT_SIZE
            result.append(paragraph[:cut])
            paragraph = paragraph[cut:].lstrip("\n ")
        current.append(paragraph)
        size += len(paragraph) + 2
    if current:
        result.append("\n\n".join(current))
    return result


def message_lines(strings, language):
    """The strings of one catalogue, cleaned, without those that say nothing."""
    lines = []
    seen = set()
    for text in strings:
        if len(text) > 4000:
            continue
        if text in seen or not text or text[0] in "<{" or "://" in text[:12]:
            continue
        seen.add(text)
        visible = len(text) - text.count(" ")
        letters = languages.letter_count(text)
        if letters < 2 or letters < 0.55 * visible:
            continue
        if not languages.has_own_script(text, language):
            continue
        if language not in languages.LANGUAGE_SCRIPTS and languages.english_share(text) > 0.15:
            continue
        lines.append(text)
    return lines
