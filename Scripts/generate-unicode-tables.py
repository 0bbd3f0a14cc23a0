#!/usr/bin/env python3
"""Writes the tables of Sources/TesseraTokenizers/Unicode/.

    Scripts/generate-unicode-tables.py ../shared/data/unicode_tables.json

The JSON file holds ranges of code points for some classes, as tokenizers and tiktoken use them, and
what tokenizers' own pre-tokenizers take for digits and punctuation. General categories and scripts
are not in the file: they are asked of tokenizers 0.23.3 itself, by which code points each
`\\p{...}` of its regular expressions matches, and must agree with the file. What an added token
with `single_word` takes for a word character, the `\\w` of another regular expression, is asked in
the same way. So run this in an environment that has it (Benchmarks/peers/requirements.txt).
"""
import json
import pathlib
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

# In the order of the cases of GeneralCategory. Nothing is Cs: surrogates are no characters.
CATEGORIES = ("Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp "
              "Cc Cf Co").split()

# The scripts of Unicode 16.0: name and ISO 15924 code, as expressions may spell them.
SCRIPTS = [name.split("/") for name in """
unknown/zzzz common/zyyy latin/latn bopomofo/bopo inherited/zinh greek/grek coptic/copt
cyrillic/cyrl armenian/armn hebrew/hebr arabic/arab syriac/syrc thaana/thaa nko/nkoo
samaritan/samr mandaic/mand devanagari/deva bengali/beng gurmukhi/guru gujarati/gujr oriya/orya
tamil/taml telugu/telu kannada/knda malayalam/mlym sinhala/sinh thai/thai lao/laoo tibetan/tibt
myanmar/mymr georgian/geor hangul/hang ethiopic/ethi cherokee/cher canadianaboriginal/cans
ogham/ogam runic/runr tagalog/tglg hanunoo/hano buhid/buhd tagbanwa/tagb khmer/khmr mongolian/mong
limbu/limb taile/tale newtailue/talu buginese/bugi taitham/lana balinese/bali sundanese/sund
batak/batk lepcha/lepc olchiki/olck braille/brai glagolitic/glag tifinagh/tfng han/hani
hiragana/hira katakana/kana yi/yiii lisu/lisu vai/vaii bamum/bamu sylotinagri/sylo phagspa/phag
saurashtra/saur kayahli/kali rejang/rjng javanese/java cham/cham taiviet/tavt meeteimayek/mtei
linearb/linb lycian/lyci carian/cari olditalic/ital gothic/goth oldpermic/perm ugaritic/ugar
oldpersian/xpeo deseret/dsrt shavian/shaw osmanya/osma osage/osge elbasan/elba
caucasianalbanian/aghb vithkuqi/vith todhri/todr lineara/lina cypriot/cprt imperialaramaic/armi
palmyrene/palm nabataean/nbat hatran/hatr phoenician/phnx lydian/lydi meroitichieroglyphs/mero
meroiticcursive/merc kharoshthi/khar oldsoutharabian/sarb oldnortharabian/narb manichaean/mani
avestan/avst inscriptionalparthian/prti inscriptionalpahlavi/phli psalterpahlavi/phlp
oldturkic/orkh oldhungarian/hung hanifirohingya/rohg garay/gara yezidi/yezi oldsogdian/sogo
sogdian/sogd olduyghur/ougr chorasmian/chrs elymaic/elym brahmi/brah kaithi/kthi sorasompeng/sora
chakma/cakm mahajani/mahj sharada/shrd khojki/khoj multani/mult khudawadi/sind grantha/gran
tulutigalari/tutg newa/newa tirhuta/tirh siddham/sidd modi/modi takri/takr ahom/ahom dogra/dogr
warangciti/wara divesakuru/diak nandinagari/nand zanabazarsquare/zanb soyombo/soyo paucinhau/pauc
sunuwar/sunu bhaiksuki/bhks marchen/marc masaramgondi/gonm gunjalagondi/gong makasar/maka
kawi/kawi cuneiform/xsux cyprominoan/cpmn egyptianhieroglyphs/egyp anatolianhieroglyphs/hluw
gurungkhema/gukh mro/mroo tangsa/tnsa bassavah/bass pahawhhmong/hmng kiratrai/krai
medefaidrin/medf miao/plrd tangut/tang nushu/nshu khitansmallscript/kits duployan/dupl
signwriting/sgnw nyiakengpuachuehmong/hmnp toto/toto wancho/wcho nagmundari/nagm olonal/onao
mendekikakui/mend adlam/adlm
""".split()]

CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
ALL = "".join(map(chr, CODES))


def matched(expression):
    """The code points that a regular expression of tokenizers matches."""
    rest = set(map(ord, normalizers.Replace(Regex(expression), "").normalize_str(ALL)))
    return [code for code in CODES if code not in rest]


def word_characters():
    """The code points beside which tokenizers does not find an added token with `single_word`."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.add_tokens([AddedToken("ab", single_word=True, normalized=False)])
    token = tokenizer.token_to_id("ab")
    found = set()
    for start in range(0, len(CODES), 50_000):
        batch = CODES[start:start + 50_000]
        encodings = tokenizer.encode_batch([chr(c) + "ab" for c in batch])
        found |= {c for c, encoding in zip(batch, encodings) if encoding.ids[-1] != token}
    return found


def partition(expressions):
    """For each code point the index of the one expression that matches it, else 0."""
    values = bytearray(0x110000)
    for index, expression in enumerate(expressions):
        if index == 0:
            continue
        for code in matched(expression):
            assert values[code] == 0, f"{expression} overlaps {expressions[values[code]]}"
            values[code] = index
    for code in matched(expressions[0]):
        assert values[code] == 0, f"{expressions[0]} overlaps {expressions[values[code]]}"
    return values


def ranges(codes):
    result = []
    for code in sorted(codes):
        if result and result[-1][1] == code - 1:
            result[-1][1] = code
        else:
            result.append([code, code])
    return result


def expand(pairs):
    return {c for first, last in pairs for c in range(first, last + 1)}


def packed(comment, name, values):
    """Lines of Swift: a number for each maximal range with equal values."""
    entries = [(c, values[c]) for c in range(0x110000) if c == 0 or values[c] != values[c - 1]]
    lines = ["", *comment, f"let {name}: [UInt32] = ["]
    for i in range(0, len(entries), 8):
        row = ", ".join(f"0x{c << 8 | v:08X}" for c, v in entries[i:i + 8])
        lines.append(f"  {row},")
    return lines + ["]"]


def closed(comment, name, pairs):
    """Lines of Swift: ranges of code points."""
    lines = ["", *comment, f"let {name}: [ClosedRange<UInt32>] = ["]
    for i in range(0, len(pairs), 4):
        row = ", ".join(f"0x{a:X}...0x{b:X}" for a, b in pairs[i:i + 4])
        lines.append(f"  {row},")
    return lines + ["]"]


def write(name, about, lines):
    folder = pathlib.Path(__file__).resolve().parent.parent / "Sources/TesseraTokenizers/Unicode"
    head = ["// Generated by Scripts/generate-unicode-tables.py; do not edit.", f"// {about}"]
    (folder / name).write_text("\n".join(head + lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(lines) + 2} lines")


def main():
    assert tokenizers.__version__ == "0.23.3", "another version may know another Unicode"
    source = json.load(open(sys.argv[1], encoding="utf-8"))
    classes = {name: expand(pairs) for name, pairs in source["classes"].items()}

    categories = partition([rf"\p{{{name}}}" for name in CATEGORIES])
    for name, codes in classes.items():
        if name == "ws":
            continue
        indices = {i for i, category in enumerate(CATEGORIES) if category.startswith(name)}
        # Surrogates count as unassigned in the table, and are in no class of the file.
        assert codes == {c for c in CODES if categories[c] in indices}, name
    assert set(matched(r"\s")) == classes["ws"]
    assert set(matched(r"\d")) == {c for c in CODES if CATEGORIES[categories[c]] == "Nd"}

    letters_and_marks = classes["L"] | classes["M"]
    words = word_characters()
    assert letters_and_marks <= words, "letters and marks are word characters"
    # As CodePointSet has it: `\w` holds no joiners, but outside of brackets six numbers.
    joiners, numbers = {0x200C, 0x200D}, {0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE}
    assert joiners <= words and not numbers & words
    assert set(matched(r"[\w]")) == words - joiners
    assert set(matched(r"\w")) == words - joiners | numbers

    scripts = partition([rf"\p{{{name}}}" for name, _ in SCRIPTS])
    for index, (name, code) in enumerate(SCRIPTS):
        if code != name:
            assert matched(rf"\p{{{code}}}") == matched(rf"\p{{{name}}}"), name

    write("UnicodeRanges.swift",
          "Classes of code points of Unicode 16.0, as tokenizers 0.23 and tiktoken 0.14 know them.",
          packed(["/// Maximal ranges of code points with equal categories, in order: each number",
                  "/// is the first code point shifted left by eight, and the ``GeneralCategory``."],
                 "unicodeCategoryRanges", categories)
          + closed(["/// White_Space."], "unicodeWhitespaceRanges", ranges(classes["ws"]))
          + closed(["/// The code points other than letters and marks that a `\\w` holds: Nd, Nl,",
                    "/// Pc, Join_Control, and the symbols that are Alphabetic. Ranges in order."],
                   "unicodeWordRanges", ranges(words - letters_and_marks)))
    names = [f'  "{name}/{code}",' for name, code in SCRIPTS]
    write("UnicodeScripts.swift", "Scripts of Unicode 16.0, as tokenizers 0.23 knows them.",
          ["", "/// The names of scripts in lower case, each with its code of four letters.",
           "let unicodeScriptNames: [String] = [", *names, "]"]
          + packed(["/// Maximal ranges of code points with equal scripts, in order: each number",
                    "/// is the first code point shifted left by eight, and the index of the name."],
                   "unicodeScriptRanges", scripts))


if __name__ == "__main__":
    main()
