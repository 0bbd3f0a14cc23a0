"""Manual pages (man and mdoc source) to plain text."""

import re

from . import mdoc
from .roff import arguments, plain

# Legal notices, names and addresses, in the languages that manual pages are translated into.
_SKIPPED_SECTIONS = re.compile(
    r"^(?:COPYRIGHT|COPYING|LICENSE|COLOPHON|REPORTING BUGS|AUTHORS?|TRANSLATION"
    r"|ÜBERSETZUNG|AUTOR(?:EN)?|FEHLER(?:BERICHTE)? MELDEN|LIZENZ|KOLOPHON"
    r"|TRADUCTION|AUTEURS?|SIGNALER DES (?:BOGUES|ANOMALIES)|DROITS? D['’]AUTEUR"
    r"|COPYRIGHT ET LICENCE"
    r"|TRADUCCI[ÓO]N|AUTOR(?:ES)?|INFORMAR DE ERRORES|DERECHOS DE AUTOR|COLOF[ÓO]N"
    r"|TRADUZIONE|AUTOR[EI]|SEGNALA(?:RE|ZIONE) (?:I )?BUG|TRADUÇÃO|TŁUMACZENIE|AUTORZY"
    r"|PRAWA AUTORSKIE"
    r"|ZGŁASZANIE BŁĘDÓW|VERTALING|AUTEUR|BUGS RAPPORTEREN|PŘEKLAD|AUTOŘI|TRADUCERE|OVERSÆTTELSE"
    r"|ПЕРЕВОД|АВТОРЫ?|АВТОРСКИЕ ПРАВА|СООБЩЕНИЕ ОБ ОШИБКАХ"
    r"|ЗАМЕЧАНИЯ О ДАННОЙ СТРАНИЦЕ|ПЕРЕКЛАД|АВТОРИ?"
    r"|著者|著作権|翻訳|バグの報告|この文書について|作者|版权|版權|跋|中文版维护人|ÇEVİREN|YAZAN|ÖVERSÄTTNING|UPPHOVSMÄN)\b.*$",
    re.I,
)

_MACRO = re.compile(r"^[.'][ \t]*([A-Za-z0-9\[\]*]+)?[ \t]*(.*)$")
_BULLET = re.compile(r"^[•*o·\-]$")
_TRANSLATORS = re.compile(r"^\[中文版维护人\]|^《中国linux论坛man手册", re.M)


def manual_page_text(source):
    """The text of a manual page, or nothing if the page only names another."""
    source = source.replace("\r", "")
    if re.match(r"^\s*(?:[.']\\\".*\n)*\.so\s", source):
        return ""
    page = _Page(re.search(r"^\.Dd\b|^\.Sh\b", source, re.M) is not None)
    for line in re.sub(r"\\\n", "", source).split("\n"):
        page.read(line)
    page.flush()
    return _TRANSLATORS.split("\n\n".join(page.blocks))[0].rstrip()


class _Page:
    """Reads the lines of one page."""

    def __init__(self, is_mdoc):
        self.is_mdoc = is_mdoc
        self.blocks = []
        self.words = []  # of the paragraph that is being read
        self.lines = []  # of the preformatted text that is being read
        self.filled = True
        self.tag_follows = False  # the next text is the tag of a paragraph
        self.after_tag = False  # the next paragraph belongs to the tag before it
        self.section_is_out = False
        self.skipped_until = None
        self.in_table = False
        self.conditional_depth = 0
        self.link = ""
        self.state = {}

    # Blocks

    def flush(self):
        if self.words:
            text = " ".join(" ".join(self.words).split())
            self.words.clear()
            if text and not self.section_is_out:
                if self.after_tag and self.blocks:
                    self.blocks[-1] += "\n" + text
                else:
                    self.blocks.append(text)
                self.after_tag = False
        if self.lines:
            text = "\n".join(line.rstrip() for line in self.lines).strip("\n")
            self.lines.clear()
            if text and not self.section_is_out:
                self.blocks.append(text)
                self.after_tag = False

    def add(self, text):
        if not self.filled:
            self.lines.append(text)
        elif text:
            self.words.append(text)
            if self.tag_follows:
                self.end_tag()

    def end_tag(self):
        self.after_tag = False
        self.flush()
        self.tag_follows = False
        self.after_tag = True

    # Lines

    def read(self, line):
        if self.skipped_until is not None:
            if line.strip() in self.skipped_until:
                self.skipped_until = None
        elif self.conditional_depth:
            depth = self.conditional_depth + line.count("\\{") - line.count("\\}")
            self.conditional_depth = max(0, depth)
        elif self.in_table:
            self.in_table = not line.startswith(".TE")
        elif line[:1] in (".", "'"):
            match = _MACRO.match(line)
            if match and match.group(1):
                self.read_macro(match.group(1), match.group(2), line)
        else:
            self.read_text(line)

    def read_text(self, line):
        text = plain(line)
        if not self.filled:
            self.add(text)
        elif text.strip():
            if line[:1] == " ":
                self.flush()
            self.add(text.strip())
        elif not line.strip():
            self.flush()

    def read_macro(self, macro, rest, line):
        reader = _READERS.get(macro)
        if reader is not None:
            reader(self, macro, rest)
        elif macro in ("if", "ie", "el"):
            self.conditional_depth = max(0, line.count("\\{") - line.count("\\}"))
        elif self.is_mdoc and macro in mdoc.MACROS:
            self.add(mdoc.inline_text(macro, arguments(rest), self.state))
        # Everything else sets registers, titles and sizes.

    # Macros

    def definition(self, _, rest):
        name = rest.split()[0] if rest.split() else ""
        self.skipped_until = ("..", ".." + name, ". .")

    def table(self, _, __):
        self.flush()
        self.in_table = True

    def heading(self, macro, rest):
        self.flush()
        self.filled = True
        self.tag_follows = False
        self.after_tag = False
        text = " ".join(plain(word) for word in arguments(rest)).strip()
        if macro in ("SH", "Sh"):
            self.section_is_out = _SKIPPED_SECTIONS.match(text) is not None
        if text and not self.section_is_out:
            self.blocks.append(text)
        elif not text and macro in ("SH", "SS"):
            self.tag_follows = True

    def paragraph(self, macro, _):
        if self.filled:
            self.flush()
        elif macro != "br":
            self.lines.append("")

    def tagged_paragraph(self, _, __):
        self.flush()
        self.after_tag = False
        self.tag_follows = True

    def indented_paragraph(self, _, rest):
        self.flush()
        words = [plain(word).strip() for word in arguments(rest)]
        if words and _BULLET.match(words[0]):
            self.words.append("-")
        elif words and words[0]:
            self.words.append(words[0])
            self.end_tag()

    def unfilled(self, macro, rest):
        self.flush()
        if macro != "Bd" or "-literal" in rest or "-unfilled" in rest:
            self.filled = False

    def filled_again(self, _, __):
        self.flush()
        self.filled = True

    def indentation(self, _, __):
        if self.filled:
            self.flush()

    def item(self, _, rest):
        self.flush()
        words = arguments(rest)
        if words:
            self.after_tag = False
            self.add(mdoc.inline_text(words[0], words[1:], self.state))
            self.end_tag()
        else:
            self.words.append("-")

    def display_line(self, _, rest):
        self.flush()
        words = arguments(rest)
        if words:
            self.add(mdoc.inline_text(words[0], words[1:], self.state))
        self.flush()

    def description(self, _, rest):
        self.add("— " + plain(rest))

    def font(self, _, rest):
        self.add(" ".join(plain(word) for word in arguments(rest)))

    def alternating_fonts(self, _, rest):
        self.add("".join(plain(word) for word in arguments(rest)))

    def start_link(self, _, rest):
        self.link = rest.strip()

    def end_link(self, _, rest):
        link, self.link = plain(self.link), ""
        trailing = plain(rest.strip())
        if link and self.filled:
            self.add("<" + link + ">" + trailing)
        elif trailing:
            self.add(trailing)

    def option(self, _, rest):
        self.add("[" + " ".join(plain(word) for word in arguments(rest)) + "]")

    def synopsis(self, _, rest):
        self.flush()
        self.font(_, rest)


_READERS = {
    macro: reader
    for macros, reader in (
        ("de ig am de1", _Page.definition),
        ("TS", _Page.table),
        ("SH SS Sh Ss", _Page.heading),
        ("PP P LP Pp sp HP br Lp", _Page.paragraph),
        ("TP TQ", _Page.tagged_paragraph),
        ("IP", _Page.indented_paragraph),
        ("nf EX Bd", _Page.unfilled),
        ("fi EE Ed", _Page.filled_again),
        ("RS RE Bl El YS", _Page.indentation),
        ("It", _Page.item),
        ("D1 Dl", _Page.display_line),
        ("Nd", _Page.description),
        ("B I SM SB R CW", _Page.font),
        ("BR RB IR RI BI IB", _Page.alternating_fonts),
        ("UR MT", _Page.start_link),
        ("UE ME", _Page.end_link),
        ("OP", _Page.option),
        ("SY", _Page.synopsis),
    )
    for macro in macros.split()
}
