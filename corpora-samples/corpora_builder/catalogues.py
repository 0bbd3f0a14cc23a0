"""Message catalogues to lists of strings: gettext, JSON, Fluent, properties, DTD."""

import html
import json
import re
import struct

_TAGS = re.compile(r"<[/!?]?[A-Za-z][^<>]*>")
_MNEMONIC = re.compile(r"[ ]?[(（\[][_&~][A-Za-z0-9][)）\]]")
_UNDERSCORE = re.compile(
    r"(?<![\w/.%$-])_(?=\w)|(?<=[a-z\u00df-\u024f\u0430-\u045f])_(?=[a-z\u00df-\u024f\u0430-\u045f]+\b(?![_(=]))"
)
_AMPERSAND = re.compile(r"&(?=[^\W_])(?![A-Za-z]{2,8};)(?!#)")
_TILDE = re.compile(r"~(?=\w)")
_CHARSET = re.compile(r"charset=([A-Za-z0-9_.:-]+)")


def cleaned_string(text):
    """A message without mnemonics and markup."""
    text = _MNEMONIC.sub("", text)
    if "<" in text:
        text = _TAGS.sub(" ", text)
    text = _AMPERSAND.sub("", text)
    text = _UNDERSCORE.sub("", text)
    text = _TILDE.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    text = text.replace("\\n", " ").replace("\\t", " ").replace('\\"', '"').replace("\\'", "'")
    return " ".join(text.split())


def gettext_messages(data):
    """The pairs of a .mo file: the English message and its translations."""
    if len(data) < 28:
        return []
    magic = struct.unpack("<I", data[:4])[0]
    if magic == 0x950412DE:
        order = "<"
    elif magic == 0xDE120495:
        order = ">"
    else:
        return []
    count, originals, translations = struct.unpack(order + "III", data[8:20])
    if originals + 8 * count > len(data) or translations + 8 * count > len(data):
        return []
    charset = "utf-8"
    pairs = []
    for index in range(count):
        length, offset = struct.unpack_from(order + "II", data, originals + 8 * index)
        original = data[offset : offset + length]
        length, offset = struct.unpack_from(order + "II", data, translations + 8 * index)
        translated = data[offset : offset + length]
        if not original:
            found = _CHARSET.search(translated.decode("ascii", "ignore"))
            if found:
                charset = found.group(1)
            continue
        try:
            english = original.decode(charset).split("\x04")[-1]
            foreign = translated.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
        pairs.append((english.split("\0")[0], foreign.split("\0")))
    return pairs


# KDE's credits: names and addresses.
_CREDITS = ("Your names", "Your emails", "translator-credits")


def gettext_strings(data):
    """The translations of a .mo file that differ from the English message."""
    strings = []
    for english, translations in gettext_messages(data):
        if english in _CREDITS:
            continue
        for text in dict.fromkeys(translations):
            if text.strip() and text.strip() != english.strip():
                strings.append(text)
    return strings


def gettext_pairs(data):
    """The English messages of a .mo file, each with its first translation."""
    return [
        (english, translations[0])
        for english, translations in gettext_messages(data)
        if english not in _CREDITS
    ]


def gettext_originals(data):
    """The English messages of a .mo file."""
    return [english for english, _ in gettext_messages(data)]


_PO_STRING = re.compile(r'^\s*"(.*)"\s*$')


def po_strings(text):
    """The translations of a .po file that differ from the English message."""
    strings = []
    for entry in re.split(r"\n\s*\n", text):
        if "#, fuzzy" in entry or "\n#~" in entry or entry.startswith("#~"):
            continue
        fields = {}
        current = None
        for line in entry.split("\n"):
            match = re.match(
                r'^(msgid|msgstr|msgctxt|msgid_plural|msgstr\[\d+\])\s+"(.*)"\s*$', line
            )
            if match:
                current = match.group(1)
                fields[current] = match.group(2)
            elif current:
                more = _PO_STRING.match(line)
                if more:
                    fields[current] += more.group(1)
        if not fields.get("msgid"):
            continue
        for key, value in fields.items():
            if key.startswith("msgstr") and value and value != fields["msgid"]:
                strings.append(value.replace('\\"', '"').replace("\\n", " "))
    return strings


_WIKI_MARKUP = re.compile(
    r"'{2,}|\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]|\[(?:https?:)?//\S+ ([^\]]*)\]"
)
_WIKI_PLURAL = re.compile(r"\{\{(?:PLURAL|GENDER|GRAMMAR)[^|{}]*\|([^|{}]*)(?:\|[^{}]*)?\}\}")


def json_strings(text):
    """The strings of a flat JSON catalogue (MediaWiki and others)."""
    try:
        content = json.loads(text)
    except ValueError:
        return []
    strings = []
    if isinstance(content, dict):
        for key, value in content.items():
            if key.startswith("@") or not isinstance(value, str):
                continue
            value = _WIKI_PLURAL.sub(lambda m: m.group(1), value)
            value = _WIKI_MARKUP.sub(lambda m: m.group(1) or m.group(2) or "", value)
            strings.append(value)
    return strings


_BRANDS = re.compile(r"\{\s*-(?:brand|vendor)[\w-]*(?:\([^)]*\))?\s*\}")
_PLACEABLE = re.compile(r"\{\s*(?:\"([^\"]*)\"|[^{}]*)\s*\}")


def fluent_strings(text):
    """The values of a Fluent file."""
    strings = []
    current = []

    def flush():
        if current:
            value = " ".join(current)
            value = _BRANDS.sub("Firefox", value)
            if "->" not in value:
                value = _PLACEABLE.sub(lambda m: m.group(1) or "…", value)
                strings.append(value)
            current.clear()

    for line in text.split("\n"):
        if not line.strip() or line.startswith("#"):
            flush()
            continue
        match = re.match(r"^(?:-?[A-Za-z][\w-]*|\s+\.[A-Za-z][\w-]*)\s*=\s*(.*)$", line)
        if match:
            flush()
            current.append(match.group(1))
        elif line[:1] in " \t":
            variant = re.match(r"^\s+\*?\[[^\]]+\]\s*(.*)$", line)
            if variant:
                flush()
                current.append(variant.group(1))
            elif line.strip() != "}":
                current.append(line.strip())
        else:
            flush()
    flush()
    return [value for value in strings if value.strip(" {}")]


_UNICODE_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")


def properties_strings(text):
    """The values of a Java-style properties file."""
    text = text.replace("\\\n", "")
    strings = []
    for line in text.split("\n"):
        match = re.match(r"^\s*[^#!\s=:][^=:]*[=:]\s*(.*)$", line)
        if match:
            value = _UNICODE_ESCAPE.sub(lambda m: chr(int(m.group(1), 16)), match.group(1))
            strings.append(value.encode("utf-8", "ignore").decode("utf-8"))
    return strings


def dtd_strings(text):
    """The values of the entities of a DTD."""
    return [b or c for b, c in re.findall(r"<!ENTITY\s+[\w.-]+\s+(?:\"([^\"]*)\"|'([^']*)')", text)]
