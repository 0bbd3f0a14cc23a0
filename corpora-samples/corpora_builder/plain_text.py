"""Plain-text formats: hard-wrapped text, info, POD, LyX, dictionaries and fortunes."""

import html
import re
import struct
import unicodedata
import zlib

_PARAGRAPH_END = re.compile(r"\n[ \t]*\n+")
_UNDERLINE = re.compile(r"^\s*([=\-~^*#\"'+`_.])\1{3,}\s*$")
_INNER_GAP = re.compile(r"(?<![.!?:;)\"'])\s{2,}(?=\S)|\t")
_BULLET = re.compile(r"^(\s*)(?:[-*+o•]|\d{1,2}[.)]|[a-z][.)])\s+")


def unwrapped(text):
    """Joins the lines of hard-wrapped paragraphs; code and tables stay as they are."""
    output = []
    for paragraph in _PARAGRAPH_END.split(text):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        lines = [line for line in lines if line and not _UNDERLINE.match(line)]
        if not lines:
            continue
        if len(lines) > 1 and _is_prose(lines):
            output.append(" ".join(" ".join(lines).split()))
        elif len(lines) == 1:
            output.append(lines[0].strip() if not lines[0].startswith("    ") else lines[0])
        else:
            output.append("\n".join(_joined_items(lines)))
    return "\n\n".join(output)


def _indentation(line):
    return len(line) - len(line.lstrip())


def _is_prose(lines):
    if any(_INNER_GAP.search(line.strip()) for line in lines):
        return False
    indents = {_indentation(line) for line in lines[1:]}
    if len(indents) > 1:
        return False
    if max(map(len, lines)) < 50 or max(map(len, lines)) > 110:
        return False
    if any(len(line) < 40 for line in lines[:-1]):
        return False
    return not any(_BULLET.match(line) for line in lines[1:])


def _joined_items(lines):
    """Joins the lines of each item of a list whose items stand without empty lines."""
    groups = [[lines[0]]]
    for line in lines[1:]:
        previous = groups[-1]
        item = _BULLET.match(previous[0])
        if (
            item
            and not _BULLET.match(line)
            and _indentation(line) > _indentation(previous[0])
            and len(previous[-1]) >= 50
            and not _INNER_GAP.search(line.strip())
        ):
            previous.append(line)
        else:
            groups.append([line])
    return [
        group[0]
        if len(group) == 1
        else group[0] + " " + " ".join(part.strip() for part in group[1:])
        for group in groups
    ]


_INFO_HEADER = re.compile(r"^File: [^\n]*,\s+Node: [^\n]*\n+")
_INFO_MENU = re.compile(r"^\* Menu:.*", re.M | re.S)
_INFO_NOTE = re.compile(r"\*[Nn]ote\s+([^:]+?)::|\*[Nn]ote\s+([^:]+?):\s*[^.,]*[.,]", re.S)
_INFO_IMAGE = re.compile("\0\x08\\[.*?\0\x08\\]", re.S)


def info_documents(text):
    """The nodes of an info file, several to a document."""
    nodes = text.split("\x1f")
    documents = []
    current = []
    size = 0
    for node in nodes[1:]:
        node = node.lstrip("\n")
        if not node.startswith("File:"):
            continue
        name = node.split("\n", 1)[0]
        if re.search(r"Node: [^,]*(Index|Copying|License|Concept)\b", name):
            continue
        node = _INFO_HEADER.sub("", node)
        node = _INFO_MENU.sub("", node)
        node = _INFO_IMAGE.sub("", node)
        node = _INFO_NOTE.sub(lambda m: " ".join((m.group(1) or m.group(2)).split()), node)
        node = unwrapped(node).strip()
        if not node:
            continue
        current.append(node)
        size += len(node)
        if size > 8000:
            documents.append("\n\n".join(current))
            current, size = [], 0
    if current:
        documents.append("\n\n".join(current))
    return documents


_POD_CODE = re.compile(r"([A-Z])(?:<<+\s+(.*?)\s+>>+|<([^<>]*)>)", re.S)
_POD_ESCAPES = {"lt": "<", "gt": ">", "sol": "/", "verbar": "|", "amp": "&", "quot": '"'}


def _pod_inline(text):
    def replaced(match):
        code = match.group(1)
        body = match.group(2) if match.group(2) is not None else match.group(3)
        if code == "E":
            if body in _POD_ESCAPES:
                return {"<": "\ue000", ">": "\ue001"}.get(_POD_ESCAPES[body], _POD_ESCAPES[body])
            if body.isdigit():
                return chr(int(body)) if int(body) < 0x110000 else ""
            return html.unescape("&" + body + ";")
        if code in "XZ":
            return ""
        if code == "L":
            if "|" in body:
                return body.split("|", 1)[0]
            if body.startswith(("http", "ftp")):
                return body
            return body.replace("/", " ").replace('"', "").strip()
        return body.replace("<", "\ue000").replace(">", "\ue001")

    for _ in range(4):
        changed = _POD_CODE.sub(replaced, text)
        if changed == text:
            break
        text = changed
    return text.replace("\ue000", "<").replace("\ue001", ">")


def pod_text(source):
    """The text of Perl's plain old documentation."""
    blocks = []
    active = False
    foreign = 0
    for paragraph in _PARAGRAPH_END.split(source.replace("\r", "")):
        paragraph = paragraph.strip("\n")
        if paragraph.startswith("="):
            command, _, rest = paragraph.partition(" ")
            command = command.split("\n")[0].strip()
            if command == "=cut":
                active = False
                continue
            active = True
            if command == "=begin":
                foreign += 1
            elif command == "=end":
                foreign = max(0, foreign - 1)
            elif command.startswith("=head") and not foreign:
                blocks.append(_pod_inline(" ".join(rest.split())))
            elif command == "=item" and not foreign:
                item = _pod_inline(" ".join(rest.split()))
                if item not in ("*", "") and not re.match(r"^\d+\.?$", item):
                    blocks.append(item[2:] if item.startswith("* ") else item)
            continue
        if not active or foreign or not paragraph.strip():
            continue
        if paragraph[0] in " \t":
            blocks.append(paragraph.expandtabs())
        else:
            blocks.append(_pod_inline(" ".join(paragraph.split())))
    return "\n\n".join(block for block in blocks if block.strip())


_LYX_KEPT_INSETS = ("Quotes", "space", "Flex", "Newline", "Newpage", "Text", "Foot", "Box", "Float")
_LYX_INSET_SETTING = re.compile(
    r"^(?:status|placement|wide|sideways|type|name|position|hor_pos|has_inner_box|inner_pos"
    r"|use_parbox|use_makebox|width|special|height|height_special|thickness|separation|shadowsize"
    r"|framecolor|backgroundcolor) "
)


def lyx_text(source):
    """The text of a LyX document."""
    source = re.sub(r"(?<=[^\n])\\SpecialChar (\w+)", r"\1", source)
    body = source.split("\\begin_body", 1)[-1].split("\\end_body", 1)[0]
    blocks = []
    buffer = []
    insets = []  # whether each open inset is left out
    skipped = 0

    def flush():
        text = " ".join("".join(buffer).split())
        buffer.clear()
        if text:
            blocks.append(text)

    for line in body.split("\n"):
        if line.startswith("\\begin_inset"):
            parts = line.split()
            kind = parts[1] if len(parts) > 1 else ""
            out = not kind.startswith(_LYX_KEPT_INSETS)
            if kind == "Quotes" and not skipped:
                buffer.append('"')
            if kind == "space" and not skipped:
                buffer.append(" ")
            insets.append((out, kind))
            skipped += out
        elif line.startswith("\\end_inset"):
            if insets:
                skipped -= insets.pop()[0]
        elif line.startswith("\\begin_layout"):
            if not skipped and not any(kind.startswith("Flex") for _, kind in insets):
                flush()
        elif line.startswith("\\"):
            if line.startswith("\\SpecialChar") and not skipped:
                name = line.split()[-1]
                buffer.append(
                    {
                        "ldots": "…",
                        "\\ldots{}": "…",
                        "menuseparator": " > ",
                        "LyX": "LyX",
                        "TeX": "TeX",
                        "LaTeX": "LaTeX",
                        "LaTeX2e": "LaTeX2e",
                    }.get(name, "")
                )
            elif line.startswith("\\backslash") and not skipped:
                buffer.append("\\")
            elif line.startswith("\\end_layout") and not skipped:
                buffer.append(" ")
        elif not skipped and not (insets and _LYX_INSET_SETTING.match(line + " ")):
            buffer.append(line)
    flush()
    return "\n\n".join(blocks)


_GCIDE_SOURCE = re.compile(
    r"\s*\[(?:1913 Webster|PJC|WordNet[^\]]*|Webster[^\]]*|Century[^\]]*)(?:\s*\+\s*[^\]]*)?\]"
)
_GCIDE_HEAD = re.compile(r"^([^\\\n]{1,60}?) \\[^\\\n]+\\,?\s*", re.M)
# Accents of the dictionary: ['e] is é, [=a] is ā.
_GCIDE_ACCENT = re.compile(r"\[(['`^\"~=,:][A-Za-z]|ae|oe|AE|OE)\]")
_ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    ":": "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ",": "\u0327",
}


def _accented(match):
    name = match.group(1)
    if name[0] in _ACCENTS:
        return unicodedata.normalize("NFC", name[1] + _ACCENTS[name[0]])
    return {"ae": "æ", "oe": "œ", "AE": "Æ", "OE": "Œ"}[name]


_BRACES = re.compile(r"\{([^{}]*)\}", re.S)


def dictionary_documents(text):
    """The entries of a dictd dictionary, several to a document."""
    entries = re.split(r"\n(?=[^\s])", text)
    documents = []
    current = []
    size = 0
    for entry in entries:
        if entry.startswith("00-database") or "00-database" in entry[:40]:
            continue
        entry = _GCIDE_SOURCE.sub("", entry)
        entry = _GCIDE_HEAD.sub(r"\1, ", entry)
        if "[" in entry:
            entry = _GCIDE_ACCENT.sub(_accented, entry)
        entry = _BRACES.sub(lambda m: " ".join(m.group(1).split()), entry)
        paragraphs = [" ".join(part.split()) for part in _PARAGRAPH_END.split(entry)]
        paragraphs = [part for part in paragraphs if part]
        if not paragraphs:
            continue
        entry = "\n".join(paragraphs)
        if len(entry) < 40:
            continue
        current.append(entry)
        size += len(entry)
        if size > 6000:
            documents.append("\n\n".join(current))
            current, size = [], 0
    if current:
        documents.append("\n\n".join(current))
    return documents


def fortune_documents(text):
    """The sayings of a fortune file, several to a document."""
    documents = []
    current = []
    size = 0
    for saying in re.split(r"\n%%?[^\n]*\n", "\n" + text + "\n"):
        saying = saying.strip("\n")
        saying = re.sub(r".\x08", "", saying)
        saying = saying.expandtabs()
        if not saying.strip():
            continue
        body, *attribution = re.split(r"\n(?=\s*(?:--|―|—) )", saying)
        current.append(
            "\n".join([unwrapped(body)] + [" ".join(part.split()) for part in attribution])
        )
        size += len(saying)
        if size > 4000:
            documents.append("\n\n".join(current))
            current, size = [], 0
    if current:
        documents.append("\n\n".join(current))
    return documents


_VIM_TAG = re.compile(r"[ \t]*\*[^\s*|]+\*(?=\s|$)")
_VIM_LINK = re.compile(r"\|([^\s|]+)\|")


def vim_help_text(text):
    """A vim help file without its tags and links."""
    lines = []
    for line in text.split("\n"):
        if re.match(r"^\s*vim:|^\s*(vim|Last change):", line) or line.strip() in ("<", ">"):
            lines.append("")
            continue
        line = _VIM_LINK.sub(r"\1", _VIM_TAG.sub("", line))
        line = re.sub(r"\s*~$", "", line)
        line = re.sub(r" >$", "", line)
        line = re.sub(r"^<(?=\s|$)", "", line)
        lines.append(line.expandtabs())
    return unwrapped("\n".join(lines))


def sword_documents(index, data):
    """The blocks (books or chapters) of a compressed SWORD module."""
    documents = []
    for offset in range(0, len(index) - 11, 12):
        start, size, _ = struct.unpack_from("<III", index, offset)
        try:
            text = zlib.decompress(data[start : start + size]).decode("utf-8", "replace")
        except zlib.error:
            continue
        text = re.sub(r"<note\b.*?</note>|<RF>.*?<Rf>", "", text, flags=re.S)
        text = re.sub(
            r"<(?:p|br|lb|l|lg|title|div|/title|/p|/div|milestone)\b[^>]*>|<CM>", "\n\n", text
        )
        text = re.sub(r"<[^>]*>", "", text)
        text = html.unescape(text.replace("\0", "\n"))
        paragraphs = [" ".join(part.split()) for part in _PARAGRAPH_END.split(text)]
        documents.append("\n\n".join(part for part in paragraphs if part))
    return documents
