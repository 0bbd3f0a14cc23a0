"""Language codes, and what the text of a language looks like."""

import re

# The languages that are written; all other texts are left out.
LANGUAGES = frozenset(
    """
    en
    af am ar as ast az be bg bn bo br bs ca ckb cs cy da de dz el eo es et eu fa fi fr fy ga gd
    gl gu ha he hi hr hu hy id ig is it ja jv ka kk km kn ko ku ky lb lo lt lv mai mg mk ml mn
    mr ms mt my nb ne nl nn oc om or pa pl ps pt ro ru rw sa sd si sk sl so sq sr su sv sw ta te
    tg th ti tk tl tr tt ug uk ur uz vi wo xh yi yo zh-cn zh-tw zu
    """.split()
)

SCRIPTS = {
    "Latin": "A-Za-z\u00aa\u00ba\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua78a",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "Armenian": "\u0530-\u058f",
    "Hebrew": "\u0590-\u05ff",
    "Arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff",
    "Devanagari": "\u0900-\u097f",
    "Bengali": "\u0980-\u09ff",
    "Gurmukhi": "\u0a00-\u0a7f",
    "Gujarati": "\u0a80-\u0aff",
    "Oriya": "\u0b00-\u0b7f",
    "Tamil": "\u0b80-\u0bff",
    "Telugu": "\u0c00-\u0c7f",
    "Kannada": "\u0c80-\u0cff",
    "Malayalam": "\u0d00-\u0d7f",
    "Sinhala": "\u0d80-\u0dff",
    "Thai": "\u0e00-\u0e7f",
    "Lao": "\u0e80-\u0eff",
    "Tibetan": "\u0f00-\u0fff",
    "Burmese": "\u1000-\u109f",
    "Georgian": "\u10a0-\u10ff\u1c90-\u1cbf",
    "Ethiopic": "\u1200-\u139f",
    "Khmer": "\u1780-\u17ff",
    "Mongolian": "\u1800-\u18af",
    "Hangul": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "Kana": "\u3040-\u30ff\u31f0-\u31ff",
    "Han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
}

# Languages whose script is not Latin. Japanese needs kana, Korean needs Hangul.
LANGUAGE_SCRIPTS = {
    "am": "Ethiopic",
    "ar": "Arabic",
    "as": "Bengali",
    "be": "Cyrillic",
    "bg": "Cyrillic",
    "bn": "Bengali",
    "bo": "Tibetan",
    "ckb": "Arabic",
    "dz": "Tibetan",
    "el": "Greek",
    "fa": "Arabic",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Devanagari",
    "hy": "Armenian",
    "ja": "Kana",
    "ka": "Georgian",
    "kk": "Cyrillic",
    "km": "Khmer",
    "kn": "Kannada",
    "ko": "Hangul",
    "ky": "Cyrillic",
    "lo": "Lao",
    "mai": "Devanagari",
    "mk": "Cyrillic",
    "ml": "Malayalam",
    "mn": "Cyrillic",
    "mr": "Devanagari",
    "my": "Burmese",
    "ne": "Devanagari",
    "or": "Oriya",
    "pa": "Gurmukhi",
    "ps": "Arabic",
    "ru": "Cyrillic",
    "sa": "Devanagari",
    "sd": "Arabic",
    "si": "Sinhala",
    "sr": "Cyrillic",
    "ta": "Tamil",
    "te": "Telugu",
    "tg": "Cyrillic",
    "th": "Thai",
    "ti": "Ethiopic",
    "tt": "Cyrillic",
    "ug": "Arabic",
    "uk": "Cyrillic",
    "ur": "Arabic",
    "yi": "Hebrew",
    "zh-cn": "Han",
    "zh-tw": "Han",
}

# The least share of letters that must be of the language's own script: technical text in scripts
# that write a word with one or two characters carries many letters of code and names.
LEAST_SHARE = {"ja": 0.12, "zh-cn": 0.3, "zh-tw": 0.3, "ko": 0.35}
USUAL_LEAST_SHARE = 0.5

_CODES = {
    "zh_cn": "zh-cn",
    "zh_hans": "zh-cn",
    "zh_sg": "zh-cn",
    "zh": "zh-cn",
    "zh_tw": "zh-tw",
    "zh_hk": "zh-tw",
    "zh_hant": "zh-tw",
    "zh_hans_cn": "zh-cn",
    "zh_hant_tw": "zh-tw",
    "zh_cn.utf_8": "zh-cn",
    "zh_cn.utf8": "zh-cn",
    "no": "nb",
    "nb_no": "nb",
    "nn_no": "nn",
    "iw": "he",
    "in": "id",
    "jp": "ja",
    "ja_jp": "ja",
    "sr_ec": "sr",
    "sr_cyrl": "sr",
    "kk_cyrl": "kk",
    "tg_cyrl": "tg",
    "fil": "tl",
    "tt_cyrl": "tt",
    "be_tarask": None,
    "sr_el": None,
    "sr_latn": None,
    "kk_latn": None,
    "kk_arab": None,
    "ug_latn": None,
    "tg_latn": None,
    "tt_latn": None,
    "zh_mo": None,
    "zh_my": None,
    "ca_valencia": None,
    "uz_cyrl": None,
    "ku_arab": None,
    "ks_arab": None,
    "ks_deva": None,
    "ruq_latn": None,
    "crh_cyrl": None,
    "pa_arab": None,
    "az_arab": None,
    "ja_kansai": None,
    "ja_jp_mac": None,
    "ckb_arab": "ckb",
    "hbs": None,
    "qqq": None,
    "qqx": None,
}
_CODE = re.compile(r"^[a-z]{2,3}$")
# Regions whose text is the language's own written standard and is folded into it.
_REGION = re.compile(r"^([a-z]{2,3})_(?:[a-z]{2}|419|latn)(?:\.utf-?8|\.[a-z0-9-]+)?$")


def language_code(tag):
    """Our code for a locale name such as `pt_BR` or `zh-Hans`; nothing for those left out."""
    tag = tag.strip().replace("-", "_").lower()
    if tag in _CODES:
        return _CODES[tag]
    if "@" in tag:
        return None
    if _CODE.match(tag):
        return tag
    region = _REGION.match(tag)
    if region is None:
        return None
    base = region.group(1)
    if base == "en":
        return "en-other"  # British and other spellings of texts that are there already
    return _CODES.get(base, base)


_LETTER = {name: re.compile("[" + ranges + "]") for name, ranges in SCRIPTS.items()}
_NOT_LETTER = re.compile("[^" + "".join(SCRIPTS.values()) + "]+")
_NOT = {name: re.compile("[^" + ranges + "]+") for name, ranges in SCRIPTS.items()}


def letter_count(text):
    return len(_NOT_LETTER.sub("", text))


def script_count(text, script):
    return len(_NOT[script].sub("", text)) if script in _NOT else 0


_ENGLISH = frozenset(
    """
    a the of and to for with that this you are be is in it as by from not can on or an if which when
    will your has have was were but they his their all one would there been who so what
    """.split()
)
# Words of the list above that are words of other languages too are not in this one.
_ENGLISH_ONLY = frozenset(
    "the of and to for with that this you are by from not which when your has have will be".split()
)
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:'[a-z]+)?")


def english_share(text):
    """The share of words that only English has among its most frequent ones."""
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return sum(word.lower() in _ENGLISH_ONLY for word in words) / len(words)


def function_word_share(text):
    """The share of English function words: about 0.4 in prose, near 0 in lists of names."""
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return sum(word in _ENGLISH or word.lower() in _ENGLISH for word in words) / len(words)


def has_own_script(text, language):
    """Whether a line has a letter of the script that the language is written in."""
    script = LANGUAGE_SCRIPTS.get(language, "Latin")
    if script not in _LETTER:
        return True
    if _LETTER[script].search(text):
        return True
    return language == "ja" and _LETTER["Han"].search(text) is not None


def fits(text, language):
    """Whether the script of a document fits its language."""
    script = LANGUAGE_SCRIPTS.get(language, "Latin")
    if script not in SCRIPTS:
        return True
    letters = letter_count(text)
    if letters == 0:
        return False
    share = script_count(text, script) / letters
    if language in ("zh-cn", "zh-tw") and script_count(text, "Kana") > 0.05 * letters:
        return False
    return share >= LEAST_SHARE.get(language, USUAL_LEAST_SHARE)
