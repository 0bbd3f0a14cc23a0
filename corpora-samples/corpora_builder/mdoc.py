"""The lines of mdoc, the macros of BSD manual pages, to text."""

from .roff import plain

FONTS = frozenset(
    """
    Ar Cm Ic Li Em Sy Va Vt Ft Fa Ev Pa Dv Er Ad An Ms Tn No Cd In Xc Xo Nm Fn Fl Lk Mt Ox Fx
    Nx Bx Ux Dx Bsx St Rv Ex Ta Cx
    """.split()
)
ENCLOSING = {
    "Op": ("[", "]"),
    "Pq": ("(", ")"),
    "Bq": ("[", "]"),
    "Dq": ("“", "”"),
    "Sq": ("‘", "’"),
    "Ql": ("‘", "’"),
    "Qq": ('"', '"'),
    "Aq": ("<", ">"),
    "Brq": ("{", "}"),
    "Eq": ("", ""),
}
OPENING = {"Oo": "[", "Po": "(", "Bo": "[", "Do": "“", "So": "‘", "Qo": '"', "Ao": "<", "Bro": "{"}
CLOSING = {"Oc": "]", "Pc": ")", "Bc": "]", "Dc": "”", "Sc": "’", "Qc": '"', "Ac": ">", "Brc": "}"}
NAMES = {
    "Ox": "OpenBSD",
    "Fx": "FreeBSD",
    "Nx": "NetBSD",
    "Bx": "BSD",
    "Ux": "UNIX",
    "Dx": "DragonFly",
    "At": "AT&T UNIX",
}
_PUNCTUATION = frozenset(". , : ; ) ] ? !".split())


def inline_text(macro, arguments, state):
    """The text of one line of mdoc, whose macros may call each other."""
    words = []
    closers = []
    join = False

    def add(word):
        nonlocal join
        if words and (join or word in _PUNCTUATION):
            words[-1] += word
        else:
            words.append(word)
        join = False

    tokens = [macro] + arguments
    index = 0
    flag = False
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if token in ENCLOSING:
            opening, closing = ENCLOSING[token]
            add(opening)
            join = True
            closers.append(closing)
            flag = False
        elif token in OPENING:
            add(OPENING[token])
            join = True
        elif token in CLOSING:
            if words:
                words[-1] += CLOSING[token]
            else:
                words.append(CLOSING[token])
        elif token == "Fl":
            flag = True
            if index >= len(tokens) or tokens[index] in FONTS:
                add("-")
                flag = False
        elif token == "Nm":
            flag = False
            if (
                index < len(tokens)
                and tokens[index] not in _PUNCTUATION
                and tokens[index] not in FONTS
            ):
                state.setdefault("name", plain(tokens[index]))
            elif "name" in state:
                add(state["name"])
        elif token == "Xr":
            flag = False
            if index < len(tokens):
                name = plain(tokens[index])
                index += 1
                if index < len(tokens) and tokens[index] not in _PUNCTUATION:
                    name += "(" + tokens[index] + ")"
                    index += 1
                add(name)
        elif token == "Ns":
            join = True
        elif token in NAMES:
            flag = False
            add(NAMES[token])
        elif token in ("Ap",):
            if words:
                words[-1] += "'"
            join = True
        elif token == "Fn":
            flag = False
            if index < len(tokens):
                add(plain(tokens[index]) + "()")
                index += 1
                while (
                    index < len(tokens)
                    and tokens[index] not in _PUNCTUATION
                    and tokens[index] not in FONTS
                ):
                    index += 1
        elif token == "Sm" or token == "Pf":
            if token == "Pf" and index < len(tokens):
                add(plain(tokens[index]))
                index += 1
                join = True
        elif token in FONTS:
            flag = False
        else:
            word = plain(token)
            if word:
                if flag and word not in _PUNCTUATION and word not in ("(", "[", "|"):
                    word = "-" + word
                add(word)
                if word in ("(", "["):
                    join = True
    for closing in reversed(closers):
        if words:
            # Punctuation that ends the line stays outside.
            last = words[-1]
            if len(last) > 1 and last[-1] in ".,;:":
                words[-1] = last[:-1] + closing + last[-1]
            else:
                words[-1] += closing
    return " ".join(words)


MACROS = (
    FONTS | set(ENCLOSING) | set(OPENING) | set(CLOSING) | set(NAMES) | {"Xr", "Ns", "Pf", "Ap"}
)
