"""The escapes and arguments of roff, which manual pages are written in."""

import re
import unicodedata

_SPECIAL = {
    "em": "—",
    "en": "–",
    "bu": "•",
    "lq": "“",
    "rq": "”",
    "oq": "‘",
    "cq": "’",
    "aq": "'",
    "dq": '"',
    "co": "©",
    "rg": "®",
    "tm": "™",
    "ha": "^",
    "ti": "~",
    "ga": "`",
    "mi": "−",
    "mu": "×",
    "->": "→",
    "<-": "←",
    "<=": "≤",
    ">=": "≥",
    "!=": "≠",
    "==": "≡",
    "+-": "±",
    "hy": "-",
    "rs": "\\",
    "sl": "/",
    "ba": "|",
    "br": "|",
    "bv": "|",
    "at": "@",
    "sh": "#",
    "Do": "$",
    "ul": "_",
    "ru": "_",
    "fo": "‹",
    "fc": "›",
    "Fo": "«",
    "Fc": "»",
    "de": "°",
    "sc": "§",
    "dg": "†",
    "14": "¼",
    "12": "½",
    "34": "¾",
    "ss": "ß",
    "ae": "æ",
    "oe": "œ",
    "/o": "ø",
    "/O": "Ø",
    "*a": "α",
    "*b": "β",
    "*p": "π",
    "*m": "μ",
    "mc": "µ",
    "if": "∞",
    "sq": "□",
    "lB": "[",
    "rB": "]",
    "lC": "{",
    "rC": "}",
    "la": "⟨",
    "ra": "⟩",
    "Bq": "„",
    "bq": "‚",
    "OK": "✓",
    "ss ": "ß",
    ",c": "ç",
    ",C": "Ç",
    "oa": "å",
    "oA": "Å",
    "eu": "€",
    "Eu": "€",
    "ct": "¢",
    "Po": "£",
    "Ye": "¥",
    "r!": "¡",
    "r?": "¿",
    "no": "¬",
    "di": "÷",
    "ap": "~",
    "ci": "○",
    "lh": "☜",
    "rh": "☞",
    "da": "↓",
    "ua": "↑",
    "12 ": "½",
}
_ACCENTS = {":": "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303"}
_STRINGS = {
    "lq": "“",
    "rq": "”",
    "Lq": "“",
    "Rq": "”",
    'L"': "“",
    'R"': "”",
    "Tm": "™",
    "R": "®",
    "Ba": "|",
    "Am": "&",
    "Ne": "≠",
    "Le": "≤",
    "Ge": "≥",
    "Lt": "<",
    "Gt": ">",
    "Pm": "±",
    "q": '"',
    "C+": "C++",
    "C'": "",
    "C`": "",
    "--": "—",
    "PI": "π",
}

_ESCAPE = re.compile(
    r"\\(?:"
    r"(?P<comment>[\"#].*)"
    r"|[fFmMOgkYn](?:\[[^\]]*\]|\(..|.)"
    r"|s(?:[+-]?(?:\[[^\]]*\]|\(..|'[^']*'|\d{1,2})|[+-]\d)"
    r"|\((?P<two>..)"
    r"|\[(?P<long>[^\]]*)\]"
    r"|\*(?:\((?P<string2>..)|\[(?P<string>[^\]]*)\]|(?P<string1>.))"
    r"|[hvwlLDbxXZRHSoNABC](?P<quote>['\"])(?P<argument>[^'\"]*)(?P=quote)"
    r"|(?P<one>.)"
    r"|$)"
)


def _named(name):
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name.startswith("u") and re.match(r"^u[0-9A-F]{4,6}(_[0-9A-F]{4,6})*$", name):
        return "".join(
            chr(int(part, 16)) for part in name[1:].split("_") if int(part, 16) < 0x110000
        )
    if len(name) == 2 and name[0] in _ACCENTS and name[1].isalpha():
        return unicodedata.normalize("NFC", name[1] + _ACCENTS[name[0]])
    return ""


def _replaced(match):
    if match.group("two") is not None:
        return _named(match.group("two"))
    if match.group("long") is not None:
        return _named(match.group("long"))
    for key in ("string2", "string", "string1"):
        if match.group(key) is not None:
            return _STRINGS.get(match.group(key), "")
    one = match.group("one")
    if one is None:
        return ""
    if one == "-":
        return "-"
    if one == "e" or one == "\\":
        return "\ue002"
    if one in " ~0t":
        return " "
    if one == "'":
        return "'"
    if one == "`":
        return "`"
    if one == ".":
        return "."
    return ""


def plain(text):
    """The text without escapes."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_replaced, text).replace("\ue002", "\\")


_ARGUMENT = re.compile(r'"((?:[^"]|"")*)"?|(\S+)')


def arguments(text):
    """The arguments of a macro; a space after a backslash does not end one."""
    text = text.replace("\\ ", "\ue003")
    found = []
    for quoted, word in _ARGUMENT.findall(text):
        value = word if word else quoted.replace('""', '"')
        if value.startswith('\\"'):
            break
        found.append(value.replace("\ue003", "\\ "))
    return found
