"""The packages that the corpora are built out of, by name.

The order matters: where two packages have the same text, the first one keeps it, and English stops
at its limit, so the best prose comes first. A name may be several with `|` between them, one for
each release; the first that the release has is taken.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One package, and what to read in it."""

    names: str
    kind: str = "text"  # text or code
    language: str = ""  # of all its documents, if the paths do not say it
    include: str = ""  # a pattern that the paths of its documents match
    exclude: str = ""  # a pattern of those left out
    plain: str = ""  # a pattern of the files without a known extension that are plain text
    limit: float = 0  # megabytes of its English that are taken, 0 for all
    share: float = 1  # of its files that are read: those whose path has a small hash
    originals: str = ""  # the language whose catalogues give English prose as well
    optional: bool = False  # only some releases have it


HTML = r"\.html(\.gz)?$"

# Prose, in English or in many languages at once.
PROSE = [
    Source("debian-reference-en", language="en", include=HTML),
    Source("debian-policy", language="en", include=HTML, exclude=r"upgrading|\.ja/"),
    Source("debian-kernel-handbook", language="en", include=HTML),
    Source("debian-faq", language="en", include=HTML),
    Source("maint-guide", language="en", include=HTML),
    Source("developers-reference", language="en", include=HTML),
    Source("installation-guide-amd64", include=HTML),
    Source("apt-doc", include=HTML),
    Source("aptitude-doc-en", language="en", include=HTML),
    Source("mh-book", language="en", include=HTML),
    Source("sword-text-web", language="en", include=r"\.bz[sz]$"),
    Source("sword-text-kjv", language="en", include=r"\.bz[sz]$"),
    Source("sword-comm-tdavid", language="en", include=r"\.cz[sz]$", limit=5),
    Source("fortunes", plain=r"/fortunes/[^.]*$", language="en"),
    Source("fortunes-min", plain=r"/fortunes/[^.]*$", language="en"),
    Source("anarchism", language="en", include=HTML, limit=5),
    Source("dict-jargon", language="en"),
    Source("dict-devil", language="en"),
    Source("dict-gcide", language="en", limit=16),
    Source("dict-foldoc", language="en"),
    Source("python3.11-doc|python3.12-doc|python3.10-doc", language="en", include=HTML),
    Source("linux-doc-6.1|linux-doc", include=r"/html/", limit=24),
    Source("postgresql-doc-15|postgresql-doc-16|postgresql-doc-14", language="en", include=HTML),
    Source("perl-doc", language="en", limit=11),
    Source("git-doc", language="en", include=HTML, exclude=r"RelNotes"),
    Source("sqlite3-doc", language="en", include=HTML),
    Source(
        "vim-runtime",
        include=r"/doc/.*\.txt|/tutor/tutor\..*utf-8$|\.mo$",
        plain=r"/tutor/tutor\.",
    ),
    Source("python-django-doc", language="en", include=HTML),
    Source("libreoffice-help-en-us", language="en", include=HTML),
    Source("apache2-doc", include=HTML),
    Source("gnome-user-docs", include=r"\.page$"),
    Source("gnome-devel-docs", include=r"\.page$"),
    Source("manpages", language="en"),
    Source("manpages-dev", language="en"),
    Source("nodejs-doc", language="en", include=HTML),
    Source("lyx-common", include=r"/lyx/doc/.*\.lyx$|\.mo$"),
    Source("cmake-doc", language="en", include=HTML),
    Source("zsh-doc", language="en", include=HTML),
    Source("exim4-doc-html", language="en", include=HTML),
    Source("postfix-doc", language="en", include=r"(?<!\.[158])\.html(\.gz)?$"),
    Source("ntpsec-doc", language="en", include=HTML),
    Source("r-doc-html", language="en", include=HTML),
    Source("nova-doc", language="en", include=HTML),
    Source("cinder-doc", language="en", include=HTML),
    Source("llvm-14-doc|llvm-18-doc", language="en", include=HTML, exclude="doxygen"),
    Source("python-sqlalchemy-doc", language="en", include=HTML),
    Source("cppreference-doc-en-html", language="en", include=HTML, limit=5),
    Source("libboost1.74-doc", language="en", include=HTML, limit=5),
    Source("dict-wn", language="en", limit=10),
]

BOOK_LANGUAGES = {"pt-br": "pt", "zh": "zh-cn"}
_HELP = ("cs da de el es fi fr hi hu id it ja km ko nl pl pt-br ru sv tr vi zh-cn zh-tw").split()
_INTERFACE = (
    "af am ar as be bg bn bs ca cy eo et eu fa ga gl gu he hi hr is ka kk km kn ko lt lv mk ml mn"
    " mr nb ne nn or pa-in ro si sk sl sr ta te tg th tr ug uk uz vi xh zu"
).split()
_BROWSER = {
    "af": "af",
    "ar": "ar",
    "az": "az",
    "be": "be",
    "bg": "bg",
    "bn": "bn",
    "br": "br",
    "bs": "bs",
    "ca": "ca",
    "cy": "cy",
    "eo": "eo",
    "et": "et",
    "eu": "eu",
    "fa": "fa",
    "fy-nl": "fy",
    "ga-ie": "ga",
    "gd": "gd",
    "gl": "gl",
    "gu-in": "gu",
    "he": "he",
    "hi-in": "hi",
    "hr": "hr",
    "hy-am": "hy",
    "is": "is",
    "ka": "ka",
    "kk": "kk",
    "km": "km",
    "kn": "kn",
    "ko": "ko",
    "lt": "lt",
    "lv": "lv",
    "mk": "mk",
    "mr": "mr",
    "ms": "ms",
    "my": "my",
    "nb-no": "nb",
    "ne-np": "ne",
    "nn-no": "nn",
    "pa-in": "pa",
    "ro": "ro",
    "si": "si",
    "sk": "sk",
    "sl": "sl",
    "sq": "sq",
    "sr": "sr",
    "ta": "ta",
    "te": "te",
    "th": "th",
    "tl": "tl",
    "tr": "tr",
    "uk": "uk",
    "ur": "ur",
    "uz": "uz",
    "vi": "vi",
    "xh": "xh",
}
_MAIL = {"ar": "ar", "he": "he", "ko": "ko", "th": "th"}
# Ubuntu takes the catalogues out of the packages and has them here.
_LANGUAGE_PACKS = (
    "am ar az be bg bn bs cs el eo fa gu he hi hr hu id ja ka kk km kn ko lt lv mk ml mn mr"
    " my nb ne pa ro ru si sk sl sq sr sv sw ta te tg th tr ug uk ur uz vi zh-hans zh-hant"
).split()

OTHER_LANGUAGES = (
    [Source("libreoffice-help-" + tag, include=HTML) for tag in _HELP]
    + [
        Source(
            f"{package}-{tag}",
            language=BOOK_LANGUAGES.get(tag, tag),
            include=HTML,
            exclude="big-page",
        )
        for package, tags in (
            ("debian-reference", "id ja pt-br zh-cn zh-tw"),
            ("maint-guide", "ja ru vi zh-cn"),
            ("developers-reference", "ja"),
            ("debian-faq", "ja ko ru zh-cn"),
            ("aptitude-doc", "cs es fi fr it ja nl ru"),
            ("lilypond-doc-html", "ca cs hu ja nl zh"),
        )
        for tag in tags.split()
    ]
    + [
        Source("manpages-" + tag)
        for tag in (
            "cs da de el es fi fr hu id it ja mk nb nl pl pt-br ro ru sr sv tr uk uk-dev vi zh"
        ).split()
    ]
    + [
        Source(
            "fortunes-" + tag,
            language=tag,
            include="/fortunes/",
            plain=r"/fortunes/(?:[^.]*|.*\.u8)$",
        )
        for tag in "bg cs de eo es it pl ru".split()
    ]
    + [
        Source("fortunes-br", language="pt", include="/fortunes/", plain=r"/fortunes/[^.]*$"),
        Source("fortunes-zh", language="zh-cn", include="/fortunes/", plain=r"/fortunes/[^.]*$"),
        Source("debian-policy-ja", language="ja", include=HTML),
    ]
    # Games that tell stories.
    + [
        Source(f"wesnoth-1.16-{name}|wesnoth-1.14-{name}", include=r"\.mo$", originals="de")
        for name in "dm did".split()
    ]
    # The handbooks and messages of programs.
    + [
        Source(name, include=r"\.mo$|\.docbook(\.bz2)?$|/help/.*\.(page|xml)$")
        for name in (
            "kate5-data krusader kmail kleopatra konsole lokalize korganizer k3b-i18n"
            " krita-l10n step cantor kturtle kio kdevelop-l10n libkf5kdelibs4support-data"
            " plasma-discover-common evolution-common gnucash-common gramps gimp-data"
            " iso-codes vlc-l10n cinnamon-l10n libvirt-l10n libgtk-3-common libglib2.0-data"
            " nautilus-data gedit-common evince-common gnome-control-center-data"
            " epiphany-browser-data rhythmbox-data shotwell-common gnumeric-common"
            " pidgin-data filezilla-common audacity-data synaptic aptitude-common apt dpkg"
            " gnupg-l10n util-linux-locales binutils-common gcc-12-locales libc-l10n"
            " claws-mail-i18n bluefish-data geany-common totem-common mc-data grub-common"
            " phpmyadmin coreutils bash gnome-software-common poedit-common tellico-data"
            " planner-data gnome-terminal-data eog simple-scan"
        ).split()
    ]
    + [
        Source("wordpress-l10n", include=r"\.mo$"),
        Source("mediawiki", include=r"/i18n/.*\.json$"),
    ]
    + [Source("libreoffice-l10n-" + tag, include=r"\.mo$") for tag in _INTERFACE]
    + [
        Source(f"firefox-esr-l10n-{tag}|firefox-locale-{tag}", language=language)
        for tag, language in _BROWSER.items()
    ]
    + [
        Source(f"thunderbird-l10n-{tag}|thunderbird-locale-{tag}", language=language)
        for tag, language in _MAIL.items()
    ]
    + [
        Source(f"language-pack-{part}{tag}-base", include=r"\.mo$", optional=True)
        for part in ("", "gnome-")
        for tag in _LANGUAGE_PACKS
    ]
)

_RUST = (
    "tokio regex regex-syntax clap serde serde-json syn nix hyper rayon rand itertools futures-util"
    " rustls h2 image nom petgraph chrono object gimli rusqlite tower cargo bstr indexmap hashbrown"
    " num-bigint tracing-subscriber sequoia-openpgp zbus quinn-proto"
)
_GO = (
    "golang-golang-x-tools golang-golang-x-net golang-golang-x-crypto golang-google-grpc"
    " golang-github-docker-docker golang-github-containerd-containerd golang-github-spf13-cobra"
    " golang-github-prometheus-client-golang golang-github-gin-gonic-gin"
    " golang-github-stretchr-testify golang-github-hashicorp-raft golang-gopkg-yaml.v3"
)

# names, megabytes that are taken, share of the files that are read, pattern of files left out
CODE = (
    [
        Source(names, kind="code", limit=limit, share=share, exclude=exclude)
        for names, limit, share, exclude in (
            (
                "libpython3.11-stdlib|libpython3.12-stdlib|libpython3.10-stdlib",
                8,
                1,
                "idlelib|encodings",
            ),
            ("python3-django", 4, 1, "/locale/|/tests?/"),
            ("python3-twisted", 4, 0.4, ""),
            ("python3-sklearn", 4, 1, "/tests/"),
            ("ansible-core", 4, 1, ""),
            ("python3-sphinx", 1.5, 1, "/locale/|/search/"),
            ("newlib-source", 7, 0.25, "/testsuite/"),
            ("openafs-modules-source|openafs-modules-dkms", 5, 1, ""),
            ("lttng-modules-dkms", 1.5, 1, ""),
            ("linux-libc-dev", 2.5, 1, ""),
            ("libeigen3-dev", 4, 1, ""),
            ("libcgal-dev", 5, 0.2, ""),
            ("nlohmann-json3-dev", 1, 1, ""),
            ("libglm-dev", 1, 1, ""),
            ("openjfx-source", 10, 0.5, ""),
            (
                "perl-modules-5.36|perl-modules-5.38|perl-modules-5.34",
                5,
                1,
                "unicore|/Locale/|Unihan|Unicode/Collate",
            ),
            ("libruby3.1|libruby3.2|libruby3.0", 5, 1, "/rbs-|unicode"),
            ("phpmyadmin", 4, 1, "/locale/|/vendor/js|/js/vendor"),
            ("node-lodash", 1, 1, r"\.min\."),
            ("erlang-src", 5, 0.25, ""),
            ("elpa-magit", 1, 1, ""),
            ("swi-prolog-core-packages", 1, 1, ""),
        )
    ]
    + [Source("bash-completion", kind="code", plain=r"/completions/[^.]*$")]
    + [Source(f"librust-{name}-dev", kind="code", limit=1.2) for name in _RUST.split()]
    + [
        Source(
            name + "-dev",
            kind="code",
            limit=2,
            exclude=r"/testdata/|zsys|ztypes|zerrors|tables|\.pb\.go",
        )
        for name in _GO.split()
    ]
)

ALL = PROSE + OTHER_LANGUAGES + CODE
