"""One package to documents: which of its files are text, in which language and which format."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import re
import subprocess
import tarfile
import zipfile

from . import catalogues, cleaning, code, languages, manual_pages, markup, plain_text

# Files that are no documents in any package.
_NEVER = re.compile(
    r"(?:^|/)(?:copyright|changelog[^/]*|NEWS\.Debian[^/]*|README\.Debian[^/]*|COPYING[^/]*|LICEN[CS]E[^/]*"
    r"|AUTHORS[^/]*|THANKS[^/]*|ChangeLog[^/]*|CREDITS[^/]*|TODO[^/]*"
    r"|genindex[^/]*|search\.html|py-modindex\.html|modindex[^/]*|classes\.html|annotated\.html"
    r"|hierarchy\.html|inherits\.html|namespaces\.html|namespacemembers[^/]*|functions[_a-z0-9]*\.html"
    r"|globals[_a-z0-9]*\.html|files\.html|index-all\.html|allclasses[^/]*|overview-tree\.html"
    r"|package-tree\.html|constant-values\.html|serialized-form\.html|doc-index[^/]*|[^/]*-members\.html"
    r"|[^/]*_source\.html|[^/]*_8[a-z]+\.html|dir_[0-9a-f]{32}\.html|graph_legend\.html|fdl\.html|gpl[^/]*\.html"
    r"|searchindex\.js|objects\.inv|all\.html|changes?\.html|whatsnew\.html|license\.html|credits\.html)(?:\.gz)?$"
    r"|/(?:_modules|class-use|_sources|_static|search|src-html|hoogle|source/plot_directive)/"
)
_CODE_EXTENSIONS = frozenset(
    """
    .py .c .h .cpp .cc .hpp .hh .cxx .ipp .go .rs .pm .pl .rb .el .js .mjs .ts .erl .hrl .m .scm
    .lisp .vim .sh .java .hs .lua .R .sql .php .pas .ml .mli .jl .tcl .cmake .adb .ads .swift
    .scala .f90 .css
    """.split()
)

_CATALOGUES = {
    ".json": catalogues.json_strings,
    ".ftl": catalogues.fluent_strings,
    ".properties": catalogues.properties_strings,
    ".dtd": catalogues.dtd_strings,
    ".po": catalogues.po_strings,
}
_READERS = {
    extension: reader
    for extensions, reader in (
        (".html .htm .xhtml .shtml", markup.html_text),
        (".page .docbook .xml .dbk", markup.xml_text),
        (".pod", plain_text.pod_text),
        (".lyx", plain_text.lyx_text),
        (".dict", plain_text.dictionary_documents),
        (".txt .text .md .rst .asciidoc .adoc", plain_text.unwrapped),
    )
    for extension in extensions.split()
}
_MARKUP = (markup.html_text, markup.xml_text)

# Where a path names the language.
_LANGUAGE_PATHS = [
    re.compile(pattern)
    for pattern in (
        r"/([A-Za-z_@.-]{2,20})/LC_MESSAGES/",
        r"/share/man/([A-Za-z_@.-]{2,20})/man\d",
        r"/share/help/([A-Za-z_@.-]+)/",
        r"/gnome/help/[^/]+/([A-Za-z_@.-]+)/",
        r"/doc/(?:kde/)?HTML/([A-Za-z_@.-]+)/",
        r"/libreoffice/help/([A-Za-z_@-]+)/",
        r"/apache2-doc/manual/([a-z-]+)/",
        r"/html/translations/([A-Za-z_]+)/",
        r"/lyx/(?:doc|examples)/([a-z]{2}(?:_[A-Z]{2})?)/",
        r"/installation-guide-[a-z0-9]+/([A-Za-z_-]+)/",
        r"/i18n/(?:[\w-]+/)*([a-z]{2,3}(?:-[a-z]+)?)\.json$",
        r"/tutor(?:\.([a-z]{2}(?:_[a-zA-Z]{2})?))(?:\.utf-8)?$",
        r"\.([a-z]{2}(?:[-_][a-zA-Z]{2,4})?)\.(?:html|txt|xhtml)$",
        r"/(?:admin-|continents-cities-|admin-network-)?([a-z]{2,3}(?:[-_][A-Z]{2})?)\.(?:po|mo)$",
    )
]


def path_language(path):
    """The language that a path names; "" if it names none, None if it is one left out."""
    for pattern in _LANGUAGE_PATHS:
        found = pattern.search(path)
        if found and found.group(1):
            tag = found.group(1)
            if tag == "C":
                return "en"
            return languages.language_code(tag)
    return ""


class Extractor:
    """Collects the documents of one package."""

    def __init__(self, source, package):
        self.source = source
        self.package = package
        self.sword = {}
        self.documents = {}  # language -> list of (path, index, kind, text)
        self.include = re.compile(source.include) if source.include else None
        self.exclude = re.compile(source.exclude) if source.exclude else None

    def add(self, language, path, kind, text, index=0):
        self.documents.setdefault(language, []).append((path, index, kind, text))

    # Archives

    def read_package(self, deb):
        process = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            for member in archive:
                if not member.isreg() or member.size == 0 or member.size > 80_000_000:
                    continue
                name = member.name.encode("utf-8", "replace").decode("utf-8")
                path = name[2:] if name.startswith("./") else name
                if self.wanted(path):
                    self.read_file(path, archive.extractfile(member).read())
        self.finish_sword()
        process.stdout.close()
        if process.wait() != 0:
            raise RuntimeError(f"dpkg-deb could not read {deb}")

    def wanted(self, path):
        if self.include and not self.include.search("/" + path):
            return False
        if self.exclude and self.exclude.search("/" + path):
            return False
        if self.source.share < 1:
            digest = hashlib.blake2b(path.encode("utf-8", "replace"), digest_size=4).digest()
            if int.from_bytes(digest, "big") >= self.source.share * 2**32:
                if not path.endswith((".tar.xz", ".tar.gz", ".tar.bz2", ".zip")):
                    return False
        return not _NEVER.search("/" + path)

    def read_file(self, path, data):
        name = path
        try:
            if name.endswith(".dz") or name.endswith(".gz"):
                name = name[:-3]
                data = gzip.decompress(data)
            elif name.endswith(".xz"):
                name = name[:-3]
                data = lzma.decompress(data)
            elif name.endswith(".bz2"):
                name = name[:-4]
                data = bz2.decompress(data)
        except (OSError, EOFError, lzma.LZMAError):
            return
        if self.source.kind == "code":
            if name.endswith(".tar"):
                self.read_inner_archive(path, data)
            elif name.endswith(".zip"):
                self.read_zip(path, data)
            else:
                self.read_code(path, name, data)
        elif name.endswith((".xpi", ".jar", ".zip")):
            self.read_zip(path, data)
        else:
            self.read_text(path, name, data)

    def read_zip(self, path, data):
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile:
            return
        for name in sorted(archive.namelist()):
            inner = path + "/" + name
            if name.endswith("/") or not self.wanted(inner):
                continue
            read = self.read_code if self.source.kind == "code" else self.read_text
            read(inner, inner, archive.read(name))

    def read_inner_archive(self, path, data):
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                inner = path + "/" + member.name.encode("utf-8", "replace").decode("utf-8")
                if member.isreg() and self.wanted(inner):
                    self.read_code(inner, inner, archive.extractfile(member).read())

    # Files

    def language_of(self, path):
        if self.source.language:
            return self.source.language
        found = path_language("/" + path)
        return "en" if found == "" else found

    def read_code(self, path, name, data):
        extension = os.path.splitext(name)[1]
        if extension not in _CODE_EXTENSIONS and not data.startswith(b"#!"):
            if not (self.source.plain and re.search(self.source.plain, "/" + path)):
                return
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return
        text = code.cleaned(text)
        if text is None:
            return
        self.add("en", path, "code", text)

    def read_text(self, path, name, data):
        extension = os.path.splitext(name)[1].lower()
        language = self.language_of(name)
        if language not in languages.LANGUAGES:
            return
        if extension == ".mo":
            if language == "en":
                return
            self.add_messages(language, path, catalogues.gettext_strings(data))
            self.add_pairs(language, path, catalogues.gettext_pairs(data))
            if self.source.originals and language == self.source.originals:
                self.add_originals(path, data)
            return
        if extension in _CATALOGUES:
            text = cleaning.decoded(data, language)
            if text is not None:
                self.add_messages(language, path, _CATALOGUES[extension](text))
            return
        if extension in (".bzs", ".bzz", ".czs", ".czz"):
            self.sword[name] = data
            return
        reader = self.reader(path, extension)
        if reader is None:
            return
        declared = markup.declared_charset(data) if reader in _MARKUP else None
        text = cleaning.decoded(data, language, declared)
        if text is None:
            return
        documents = reader(text)
        for index, document in enumerate([documents] if isinstance(documents, str) else documents):
            self.add_prose(language, path, document, index)

    def reader(self, path, extension):
        """The function that makes text out of a file, or nothing if it is no document."""
        path = "/" + path
        if re.search(r"/man/(?:[^/]+/)?man\d\w*/", path):
            return manual_pages.manual_page_text
        if "/info/" in path:
            return plain_text.info_documents
        if "/fortunes/" in path and extension in ("", ".u8"):
            return plain_text.fortune_documents
        if "/vim/vim" in path and "/doc/" in path and extension == ".txt":
            return plain_text.vim_help_text
        if self.source.plain and re.search(self.source.plain, path):
            return plain_text.unwrapped
        return _READERS.get(extension)

    # Documents

    def add_prose(self, language, path, text, index):
        text = cleaning.normalized(text)
        if len(text) < cleaning.LEAST_DOCUMENT_SIZE // 4:
            return
        text = cleaning.prose_lines(text, language)
        for number, piece in enumerate(cleaning.pieces(text)):
            if len(piece.encode("utf-8")) < cleaning.LEAST_DOCUMENT_SIZE:
                continue
            if language == "en":
                if not cleaning.is_english_prose(piece):
                    continue
            elif not cleaning.is_other_prose(piece, language):
                continue
            self.add(language, path, "prose", piece, index * 1000 + number)

    def finish_sword(self):
        """The books of SWORD modules: the index and the text of a testament are two files."""
        for name in sorted(self.sword):
            if name.endswith("s") and name[:-1] + "z" in self.sword:
                blocks = plain_text.sword_documents(self.sword[name], self.sword[name[:-1] + "z"])
                for index, text in enumerate(blocks):
                    self.add_prose(self.source.language, name, text, index)

    def add_messages(self, language, path, strings):
        if language == "en":
            return
        cleaned = [catalogues.cleaned_string(cleaning.normalized(text)) for text in strings]
        lines = cleaning.message_lines(cleaned, language)
        if lines:
            self.add(language, path, "messages", "\n".join(lines))

    def add_pairs(self, language, path, pairs):
        """English messages and their translations, a tab between them, each pair on a line."""
        lines = []
        for pair in pairs:
            english, foreign = (
                " ".join(catalogues.cleaned_string(cleaning.normalized(text)).split())
                for text in pair
            )
            if languages.letter_count(english) < 2 or english == foreign:
                continue
            if cleaning.message_lines([foreign], language):
                lines.append(f"{english}\t{foreign}")
        if lines:
            self.add(language, path, "pairs", "\n".join(lines))

    def add_originals(self, path, data):
        """The English side of a catalogue that tells a story."""
        lines = []
        for text in catalogues.gettext_originals(data):
            text = catalogues.cleaned_string(cleaning.normalized(text))
            if len(text) >= 60 and languages.function_word_share(text) >= 0.2:
                lines.append(text)
        text = "\n\n".join(lines)
        for number, piece in enumerate(cleaning.pieces(text)):
            if len(piece) >= cleaning.LEAST_DOCUMENT_SIZE:
                self.add("en", path, "prose", piece, number)

    def write(self, folder):
        """One file for each language, in the order of the paths."""
        for language in sorted(self.documents):
            documents = self.documents[language]
            documents.sort(key=lambda document: document[:2])
            pages = [
                text for path, _, kind, text in documents if kind == "prose" and "/man/" not in path
            ]
            repeated = cleaning.repeated_edges(pages)
            file = os.path.join(folder, language + ".jsonl")
            with open(file, "w", encoding="utf-8") as output:
                for path, _, kind, text in documents:
                    if repeated and kind == "prose" and "/man/" not in path:
                        text = cleaning.without_edges(text, repeated)
                    json.dump(
                        {"kind": kind, "source": self.package + "/" + path, "text": text},
                        output,
                        ensure_ascii=False,
                    )
                    output.write("\n")


def program_hash():
    """A hash of the programs that make documents: other programs, other results."""
    folder = os.path.dirname(os.path.abspath(__file__))
    digest = hashlib.sha256()
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and name not in ("packages.py", "downloading.py", "assembling.py"):
            with open(os.path.join(folder, name), "rb") as handle:
                digest.update(name.encode() + b"\0" + handle.read())
    return digest.hexdigest()
