"""HTML and XML pages to plain text.

One regular expression finds the tags and the text between them is put into blocks: much faster
than `html.parser`, and as forgiving. A block is a paragraph, a heading, a list item, a table row or
preformatted text.
"""

import functools
import html
import re

TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<[!?][^>]*>"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][\w:.-]*)"
    r"(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.S,
)
CLASS = re.compile(r"""\bclass\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.I)
ID = re.compile(r"""\bid\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.I)
HIDDEN = re.compile(r"display:\s*none|role=\"?navigation|role=\"?search")

VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr command frame".split()
)

# Elements whose whole content is not text of the document.
HTML_SKIPPED = frozenset(
    "script style head nav footer aside select button noscript template textarea object iframe svg "
    "applet map annotation annotation-xml dialog".split()
)
# Classes (whole words) of navigation and other boilerplate.
BOILERPLATE_CLASSES = frozenset(
    """
    navheader navfooter navigation navbar nav sphinxsidebar sphinxsidebarwrapper sphinxsidebartitle
    related relations footer headerlink toc table-of-contents breadcrumb breadcrumbs sidebar
    sidebar-nav toctree-wrapper searchbox quicksearch linenos linenodiv lineno linenumber
    tocset navsetbottom navsettop searchform navset versionbox versionnoflash page-header
    navigation-bottom navigation-top bottomnav topnav wy-nav-side wy-nav-top rst-footer-buttons
    rst-versions page-nav prev-next-area bd-sidebar bd-toc noprint printfooter mw-jump catlinks
    jump-to-nav editsection t-navbar t-rev-inl-noborder mw-editsection toplang bottomlang langs
    sphinx-sidebar document-toc skip-nav skip-navigation visually-hidden sr-only navpath navrow
    tabs2 tabs3 footnav headernav chapternav book-toc shortcontents SHORTCONTENTS nav_table
    tocheader tocframe navigation_header navigation_center nav-container toc-container sidetoc
    self-link permalink spirit-nav navtop navbottom subnavlist module-nav topNav bottomNav subNav
    refsect1-toc trailbar hashlink srclink selflink local-toc theme-switcher sidebar-toggle
    DonationFrame donateicon notable-traits hideme out-of-band notable-traits-tooltip
    WRITER CALC DRAW IMPRESS MATH CHART MAC picker
    """.split()
)
# Ids (whole words), of elements that are no sections.
BOILERPLATE_IDS = frozenset(
    """
    navheader navfooter navbar navigation footer toc TOC breadcrumbs sidebar page-header preamble
    quickview TopLeftHeader contentSub siteSub DonationFrame table-of-contents column2
    apicontent-toc nav-path doc-title searchbox toc-container gtoc
    """.split()
)

BLOCKS = frozenset(
    """
    p div section article main header h1 h2 h3 h4 h5 h6 ul ol dl dt dd li table thead tbody tfoot tr
    caption blockquote pre hr address fieldset form figure figcaption center body html details
    summary td th menu dir refentry title bridgehead
    """.split()
)
# Elements inside a block that change nothing about its text.
PLAIN = frozenset(
    "span em i b strong code tt kbd var samp cite font small big abbr dfn q u s".split()
)
# Blocks that do not end the text of a table's cell, unless it is so long that the table is layout.
ROW_ENDS = frozenset("tr table pre".split())
CELL_BLOCKS = frozenset("p div ul ol li dl dd dt section".split())
GREATEST_CELL_SIZE = 500
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())

# Mallard and DocBook.
XML_SKIPPED = frozenset(
    "info media links revhistory bookinfo articleinfo refmeta indexterm keywordset license "
    "authorgroup author legalnotice copyright imageobject cover primaryindex".split()
)
XML_BLOCKS = frozenset(
    """
    p title subtitle para simpara formalpara item steps list terms section page note listing screen
    code-block programlisting literallayout synopsis table tr td th row entry thead tbody listitem
    varlistentry itemizedlist orderedlist variablelist term sect1 sect2 sect3 sect4 chapter appendix
    example caption quote tip warning caution important important desc comment div media
    refsect1 refsect2 refname refpurpose cmdsynopsis member step substeps procedure tree figure
    """.split()
)
XML_PREFORMATTED = frozenset("screen programlisting literallayout listing synopsis".split())

MENU_SEQUENCE = re.compile(r"</(gui\w*)>\s*<gui")
KEY_SEQUENCE = re.compile(r"</(key|keycap)>\s*<(?:key|keycap)\b")
EMPTY_CELLS = re.compile(r"(?: \|)+(?= |$)")
KNOWN_ENTITIES = {
    "Ctrl": "Ctrl",
    "Alt": "Alt",
    "Shift": "Shift",
    "Enter": "Enter",
    "Esc": "Esc",
    "Tab": "Tab",
    "Del": "Del",
    "Space": "Space",
    "eg": "e.g.",
    "ie": "i.e.",
    "etc": "etc.",
    "LMB": "",
    "RMB": "",
    "MMB": "",
    "Linux": "Linux",
    "X-Window": "X Window",
    "Qt": "Qt",
    "Ins": "Ins",
    "Home": "Home",
    "End": "End",
    "PgUp": "PgUp",
    "PgDn": "PgDn",
    "Backspace": "Backspace",
    "kde": "KDE",
    "kappname": "",
    "Unix": "UNIX",
    "UNIX": "UNIX",
    "ASCII": "ASCII",
    "PostScript": "PostScript",
    "libreoffice": "LibreOffice",
    "app": "LibreOffice",
    "plasma": "Plasma",
}
UNKNOWN_ENTITY = re.compile(r"&([A-Za-z][\w.-]*);")


def entity_name(match):
    """What an entity that the document's own DTD defines most likely stands for."""
    name = match.group(1)
    if name in KNOWN_ENTITIES:
        return KNOWN_ENTITIES[name]
    if name.isalpha() and name.islower() and 2 < len(name) < 14:
        return name.upper() if len(name) == 3 else name.capitalize()
    return name if name.isalpha() and name.isupper() and len(name) < 6 else ""


class _Blocks:
    """Collects blocks of text and joins them."""

    def __init__(self):
        self.blocks = []  # (text, tight, link length, heading)
        self.inline = []
        self.prefix = ""
        self.tight = False
        self.link_length = 0
        self.heading = False

    def flush(self):
        if self.inline:
            text = " ".join("".join(self.inline).split())
            if " | " in text or text.endswith(" |"):
                text = EMPTY_CELLS.sub(" |", text).strip(" |")
            self.inline.clear()
            if text:
                self.blocks.append((self.prefix + text, self.tight, self.link_length, self.heading))
                self.prefix = ""
                self.tight = False
        self.link_length = 0

    def preformatted(self, text):
        lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
        while lines and not lines[0].strip():
            lines.pop(0)
        while lines and not lines[-1].strip():
            lines.pop()
        if lines:
            self.blocks.append(("\n".join(lines), False, 0, False))
        self.prefix = ""

    def start(self, name, closing):
        """Sets how the block that starts after this tag looks."""
        if name == "tr":
            self.tight = not closing
            if not closing:
                self.prefix = ""
        elif name == "table":
            self.tight = False
        elif name == "li":
            if not closing:
                self.prefix = "- "
                self.tight = True
        elif name == "dt" or name == "dd":
            self.tight = not closing and name == "dd"
            if not closing:
                self.prefix = ""
        elif name in HEADINGS:
            self.prefix = ""
            self.tight = False
            self.heading = not closing
        elif closing and name in ("ul", "ol", "dl"):
            self.prefix = ""
            self.tight = False

    def joined(self):
        """The text, without runs of blocks that are links and nothing else."""
        kept = []
        run = []
        for block in self.blocks:
            text, _, links, _ = block
            if links * 10 >= len(text) * 7:
                run.append(block)
                continue
            if len(run) < 3:
                kept.extend(run)
            run = []
            kept.append(block)
        if len(run) < 2:
            kept.extend(run)
        pieces = []
        if kept and kept[-1][3]:
            kept.pop()  # a heading with nothing below it
        for text, tight, _, _ in kept:
            if pieces:
                pieces.append("\n" if tight else "\n\n")
            pieces.append(text)
        return "".join(pieces)


@functools.lru_cache(maxsize=4096)
def is_boilerplate(name, attributes):
    """Whether the classes, the id or the style of an element say that it is not text."""
    classes = set()
    if "class" in attributes:
        found = CLASS.search(attributes)
        if found:
            classes = set((found.group(1) or found.group(2) or found.group(3) or "").split())
            if not BOILERPLATE_CLASSES.isdisjoint(classes):
                return True
    if "id" in attributes and name != "section" and "section" not in classes:
        found = ID.search(attributes)
        if found and name in ("div", "table", "ul", "p", "header", "td", "form"):
            value = found.group(1) or found.group(2) or found.group(3) or ""
            if value in BOILERPLATE_IDS:
                return True
    return HIDDEN.search(attributes) is not None


def html_text(source):
    """The text of an HTML page, without markup, navigation and boilerplate."""
    blocks = _Blocks()
    inline = blocks.inline
    skipping = None  # the name of the element that is left out
    depth = 0
    pre = None
    in_link = 0
    row = 0
    position = 0
    unescape = html.unescape
    for match in TAG.finditer(source):
        start, end = match.span()
        if skipping is None and start > position:
            text = source[position:start]
            if pre is not None:
                pre.append(unescape(text))
            elif text.isspace():
                inline.append(" ")
            else:
                if "&" in text:
                    text = unescape(text)
                inline.append(text)
                if in_link:
                    blocks.link_length += len(text.strip())
        position = end
        slash, name, attributes = match.group("close", "name", "attributes")
        if name is None:
            continue
        name = name.lower()
        if skipping is not None:
            if name == skipping and not attributes.endswith("/"):
                depth += -1 if slash else 1
                if depth == 0:
                    skipping = None
            continue
        closing = slash == "/"
        if not closing:
            if name in HTML_SKIPPED and not attributes.endswith("/"):
                skipping, depth = name, 1
                continue
            if "=" in attributes and name not in VOID and name != "body":
                if is_boilerplate(name, attributes) and not attributes.endswith("/"):
                    skipping, depth = name, 1
                    continue
        if name in PLAIN:
            continue
        if pre is not None:
            if name == "pre":
                if closing:
                    blocks.preformatted("".join(pre))
                    pre = None
            elif name == "br":
                pre.append("\n")
            elif name in ("div", "p", "tr", "li", "table") and closing:
                if pre and not pre[-1].endswith("\n"):
                    pre.append("\n")
            continue
        if name == "a":
            in_link = 0 if closing else (1 if "href" in attributes else 0)
        elif name == "br":
            inline.append(" ")
        elif name in BLOCKS:
            if name == "td" or name == "th":
                if not closing:
                    if "".join(inline).strip() and row:
                        inline.append(" | ")
                    row += 1
                continue
            if row and name in CELL_BLOCKS and sum(map(len, inline)) < GREATEST_CELL_SIZE:
                inline.append(" ")
                continue
            blocks.flush()
            if name in ROW_ENDS:
                row = 0
            if name == "pre" and not closing:
                pre = []
            else:
                blocks.start(name, closing)
    if skipping is None:
        text = source[position:]
        if pre is not None:
            pre.append(unescape(text))
            blocks.preformatted("".join(pre))
        elif text.strip():
            inline.append(unescape(text))
    blocks.flush()
    return blocks.joined()


def xml_text(source):
    """The text of a Mallard or DocBook page."""
    blocks = _Blocks()
    inline = blocks.inline
    skipping = None
    depth = 0
    pre = None
    pre_name = None
    position = 0

    def unescape(text):
        return UNKNOWN_ENTITY.sub(entity_name, html.unescape(text)) if "&" in text else text

    source = KEY_SEQUENCE.sub("</\\1>+<\\1", source)
    source = MENU_SEQUENCE.sub("</\\1> > <gui", source)
    for match in TAG.finditer(source):
        start = match.start()
        if skipping is None and start > position:
            text = unescape(source[position:start])
            (pre if pre is not None else inline).append(text)
        position = match.end()
        cdata = match.group("cdata")
        if cdata is not None and skipping is None:
            (pre if pre is not None else inline).append(cdata)
        name = match.group("name")
        if name is None:
            continue
        name = name.lower().split(":")[-1]
        closing = match.group("close") == "/"
        empty = match.group("attributes").endswith("/")
        if skipping is not None:
            if name == skipping and not empty:
                depth += -1 if closing else 1
                if depth == 0:
                    skipping = None
            continue
        if not closing and not empty and name in XML_SKIPPED:
            if name != "media":
                blocks.flush()
            skipping, depth = name, 1
            continue
        if pre is not None:
            if name == pre_name and closing:
                blocks.preformatted("".join(pre))
                pre = None
            continue
        if name in XML_PREFORMATTED or (name == "code" and "mime" in match.group("attributes")):
            if not closing and not empty:
                blocks.flush()
                pre, pre_name = [], name
        elif name in XML_BLOCKS:
            blocks.flush()
            if name in ("item", "listitem", "step", "member"):
                blocks.prefix = "" if closing else "- "
                blocks.tight = not closing
            elif name == "td" or name == "entry":
                blocks.tight = not closing
    blocks.flush()
    return blocks.joined()


DECLARED_CHARSET = re.compile(
    rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)|encoding\s*=\s*["']([A-Za-z0-9_.-]+)"""
)


def declared_charset(data):
    """The charset that the start of an HTML or XML file declares, or nothing."""
    found = DECLARED_CHARSET.search(data[:3000])
    if found is None:
        return None
    return (found.group(1) or found.group(2)).decode("ascii", "ignore")
